/* file.c: files of all sizes, pipes, and paths that lead nowhere.
 * Must not know pictures or models.
 * What may not be read is tried as an ordinary user, in a child. */
#include "base/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { NOBODY = 65534 };

/* A new file of size bytes; path: [64]. */
static void make_file(char *path, size_t size)
{
    int fd;
    FILE *file;

    (void)snprintf(path, 64, "/tmp/silhouette-file-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    file = fdopen(fd, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fputc((int)(i % 251), file), (int)(i % 251));
    assert_int_equal(fclose(file), 0);
}

static void whole_files_are_read(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char path[64];
        struct buf buf;
        make_file(path, sizes[i]);
        buf_init(&buf, sizes[i] + 1);
        assert_int_equal(file_read(&buf, path), SIL_OK);
        assert_int_equal(buf.size, sizes[i]);
        for (size_t k = 0; k < buf.size; k++)
            assert_int_equal(buf.bytes[k], k % 251);
        buf_finish(&buf);
        (void)unlink(path);
    }
}

static void the_cap_is_the_limit(void **state)
{
    char path[64];
    struct buf buf;

    (void)state;
    make_file(path, 1000);
    buf_init(&buf, 1000);
    assert_int_equal(file_read(&buf, path), SIL_OK);
    buf_finish(&buf);
    buf_init(&buf, 999);
    assert_int_equal(file_read(&buf, path), SIL_E_STATE);
    buf_finish(&buf);
    (void)unlink(path);
}

static void what_was_there_stays_in_front(void **state)
{
    char path[64];
    struct buf buf;

    (void)state;
    make_file(path, 2);
    buf_init(&buf, 10);
    buf_add_text(&buf, "before");
    assert_int_equal(file_read(&buf, path), SIL_OK);
    assert_int_equal(buf.size, 8);
    assert_memory_equal(buf.bytes, "before\0\1", 8);
    buf_finish(&buf);
    (void)unlink(path);
}

static void paths_that_lead_nowhere(void **state)
{
    static const char *const paths[] = {"/nowhere/at/all", "/dev/null/x", "/",
                                        ""};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct buf buf;
        buf_init(&buf, 10);
        assert_int_equal(file_read(&buf, paths[i]), SIL_E_IMAGE_NOT_FOUND);
        assert_int_equal(buf.size, 0);
        buf_finish(&buf);
    }
}

static void a_path_too_long_is_our_trouble(void **state)
{
    char path[5000];
    struct buf buf;

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    buf_init(&buf, 10);
    assert_int_equal(file_read(&buf, path), SIL_E_INTERNAL);
    buf_finish(&buf);
}

/* In a child that isn't root: 0 if reading path is forbidden. */
static int child_reads(const char *path)
{
    struct buf buf;
    enum sil_err err;

    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 2;
    buf_init(&buf, 10);
    err = file_read(&buf, path);
    buf_finish(&buf);
    return err == SIL_E_IMAGE_FORBIDDEN ? 0 : 1;
}

static void what_may_not_be_read(void **state)
{
    char path[64];
    int status = -1;
    pid_t child;

    (void)state;
    make_file(path, 1);
    assert_int_equal(chmod(path, 0), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_reads(path));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)unlink(path);
}

static void a_dash_is_standard_input(void **state)
{
    int ends[2];
    int kept = dup(STDIN_FILENO);
    struct buf buf;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    (void)close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    buf_init(&buf, 10);
    assert_int_equal(file_read(&buf, "-"), SIL_OK);
    assert_string_equal(buf_text(&buf), "piped");
    buf_finish(&buf);
    if (kept >= 0)
        (void)dup2(kept, STDIN_FILENO);
    else
        (void)close(STDIN_FILENO);
}

static void without_memory_it_says_so(void **state)
{
    char path[64];
    struct buf buf;

    (void)state;
    make_file(path, 100);
    buf_init(&buf, 100);
    mem_fail_at(1);
    assert_int_equal(file_read(&buf, path), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    buf_finish(&buf);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files_are_read),
        cmocka_unit_test(the_cap_is_the_limit),
        cmocka_unit_test(what_was_there_stays_in_front),
        cmocka_unit_test(paths_that_lead_nowhere),
        cmocka_unit_test(a_path_too_long_is_our_trouble),
        cmocka_unit_test(what_may_not_be_read),
        cmocka_unit_test(a_dash_is_standard_input),
        cmocka_unit_test(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
