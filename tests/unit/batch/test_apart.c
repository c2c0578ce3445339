/* Results beside, inside of, and in the very place of the pictures.
 * Must not know what lies in the folders.
 * Paths are relative to a fresh folder with a, a/in, ab, and a link to a. */
#include "batch/apart.h"

#include "batch_tools.h"

enum { INSIDE_MAX = 4096 };

static const struct {
    const char *source, *dest;
    const char *inside; /* NULL: refused */
} rows[] = {
    {"dir:a", "dir:ab", ""},      /* a name that only begins alike */
    {"dir:a", "dir:a/in", "in/"}, /* in it */
    {"dir:a/", "dir:./a/in/", "in/"},
    {"dir:link", "dir:a/in", "in/"}, /* by another way */
    {"dir:a/in", "dir:a", ""},       /* around it: no result is a picture */
    {"dir:a", "dir:a", NULL},
    {"dir:a", "dir:link", NULL},
    {"dir:a", "dir:a/../a/", NULL},
    {"dir:a", "dir:none", ""}, /* who opens it will tell */
    {"dir:a", "s3://a", ""},
    {"s3://a", "dir:a", ""},
    {"s3://b", "s3://c", ""},
    {"s3://b", "s3://b/masks", "masks/"},
    {"s3://b/p", "s3://b/p/masks/", "masks/"},
    {"s3://b/p", "s3://b/pq", ""},
    {"s3://b/p/", "s3://b/p", NULL},
    {"s3://b", "s3://b/", NULL},
};

static void places(void **state)
{
    (void)state;
    assert_int_equal(mkdir("a", 0755), 0);
    assert_int_equal(mkdir("a/in", 0755), 0);
    assert_int_equal(mkdir("ab", 0755), 0);
    assert_int_equal(symlink("a", "link"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sil_error error = {0};
        struct buf inside;
        enum sil_err err;

        buf_init(&inside, INSIDE_MAX);
        err = apart_find(&inside, rows[i].source, rows[i].dest, &error);
        if (rows[i].inside == NULL)
            assert_int_equal(err, SIL_E_ARGUMENT);
        else if (err || strcmp(buf_text(&inside), rows[i].inside) != 0)
            fail_msg("row %zu: %s \"%s\"", i, error.detail, buf_text(&inside));
        buf_finish(&inside);
    }
    assert_int_equal(unlink("link"), 0);
    assert_int_equal(rmdir("ab"), 0);
    assert_int_equal(rmdir("a/in"), 0);
    assert_int_equal(rmdir("a"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places, folder_enter, folder_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
