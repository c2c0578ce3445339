/* pairs.c: names of two folders, joined.
 * Must not know pictures: all files are empty.
 * Each test has its own temporary folders. */
#include "base/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "eval/pairs.h"

enum { PATH_SIZE = 256 };

/* A folder with empty files. */
struct folder {
    char path[PATH_SIZE];
    const char *const *names; /* ends with NULL */
};

static void path_in(char *path, const struct folder *folder, const char *name)
{
    assert_true(snprintf(path, PATH_SIZE, "%.100s/%.100s", folder->path, name) >
                0);
}

static void folder_init(struct folder *folder, const char *const *names)
{
    folder->names = names;
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/sil-pairs-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    for (size_t i = 0; names[i] != NULL; i++) {
        char path[PATH_SIZE];
        FILE *file;

        path_in(path, folder, names[i]);
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
}

static void folder_finish(struct folder *folder)
{
    for (size_t i = 0; folder->names[i] != NULL; i++) {
        char path[PATH_SIZE];

        path_in(path, folder, folder->names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder->path), 0);
}

static const char *const PICTURES[] = {"b.JPG",   "a.b.heic",    "c.txt",
                                       "aa.webp", ".hidden.jpg", "a.jpeg",
                                       "d",       NULL};
static const char *const MASKS[] = {"a.png", "b.png",  "a.b.png", "z.png",
                                    "c.png", "aa.png", "b.json",  NULL};
static const char *const TWICE[] = {"a.png", "b.jpg", "a.jpg", NULL};
static const char *const NONE[] = {"a.txt", NULL};

/* The masks by their stems' bytes, and their pictures. */
static const char *const WANTED[][2] = {{"a", "a.jpeg"},   {"a.b", "a.b.heic"},
                                        {"aa", "aa.webp"}, {"b", "b.JPG"},
                                        {"c", NULL},       {"z", NULL}};

static void names_are_joined_by_their_stems(void **state)
{
    struct folder images;
    struct folder truth;
    struct pairs pairs;

    (void)state;
    folder_init(&images, PICTURES);
    folder_init(&truth, MASKS);
    assert_int_equal(pairs_read(&pairs, images.path, truth.path, NULL), SIL_OK);
    assert_int_equal(pairs.count, sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < pairs.count; i++) {
        assert_string_equal(pairs.items[i].stem, WANTED[i][0]);
        if (WANTED[i][1] == NULL)
            assert_null(pairs.items[i].picture);
        else
            assert_string_equal(pairs.items[i].picture, WANTED[i][1]);
    }
    pairs_finish(&pairs);
    pairs_finish(&pairs);
    folder_finish(&images);
    folder_finish(&truth);
}

static void what_can_not_be_joined_is_told(void **state)
{
    struct sil_error error = {0};
    struct folder masks;
    struct folder twice;
    struct folder none;
    struct pairs pairs;

    (void)state;
    folder_init(&masks, MASKS);
    folder_init(&twice, TWICE);
    folder_init(&none, NONE);
    assert_int_equal(pairs_read(&pairs, twice.path, masks.path, &error),
                     SIL_E_IMAGE_NOT_FOUND);
    assert_non_null(strstr(error.detail, "which one"));
    pairs_finish(&pairs);
    assert_int_equal(pairs_read(&pairs, masks.path, none.path, &error),
                     SIL_E_IMAGE_NOT_FOUND);
    assert_non_null(strstr(error.detail, "no PNG"));
    pairs_finish(&pairs);
    assert_int_equal(pairs_read(&pairs, "/nonexistent", masks.path, &error),
                     SIL_E_IMAGE_NOT_FOUND);
    assert_non_null(strstr(error.detail, "/nonexistent"));
    pairs_finish(&pairs);
    folder_finish(&masks);
    folder_finish(&twice);
    folder_finish(&none);
}

static void survives_each_missing_allocation(void **state)
{
    enum sil_err err = SIL_E_NO_MEMORY;
    struct folder images;
    struct folder truth;

    (void)state;
    folder_init(&images, PICTURES);
    folder_init(&truth, MASKS);
    for (size_t n = 1; err; n++) {
        struct pairs pairs;

        mem_fail_at(n);
        err = pairs_read(&pairs, images.path, truth.path, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        pairs_finish(&pairs);
    }
    folder_finish(&images);
    folder_finish(&truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_joined_by_their_stems),
        cmocka_unit_test(what_can_not_be_joined_is_told),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
