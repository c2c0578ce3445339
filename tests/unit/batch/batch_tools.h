/* What the tests of this folder share: cmocka, and a folder to write in.
 * Threads: one.
 * All functions are static inline: each test is its own program. */
#ifndef TESTS_BATCH_TOOLS_H
#define TESTS_BATCH_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOOLS_PATH_SIZE = 256 };

/* A cmocka setup: a new folder is the current one, and the state. */
static inline int folder_enter(void **state)
{
    char *path = malloc(TOOLS_PATH_SIZE);

    assert_non_null(path);
    (void)snprintf(path, TOOLS_PATH_SIZE, "/tmp/sil-batch-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    *state = path;
    return 0;
}

/* The teardown to it. What lies in the folder must be gone. */
static inline int folder_leave(void **state)
{
    char *path = *state;

    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(path), 0);
    free(path);
    return 0;
}

static inline void put_text(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

#endif
