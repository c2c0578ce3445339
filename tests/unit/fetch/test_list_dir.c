/* Walking a folder: everything in it once, and nothing that isn't in it.
 * Must not know what keys are for.
 * The tree is made in a fresh folder, and removed behind. */
#include "fetch_tools.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "fetch/fetch_list.h"

enum { PATH_SIZE = 512 };

static int enter(void **state)
{
    char *path = malloc(PATH_SIZE);

    assert_non_null(path);
    (void)snprintf(path, PATH_SIZE, "/tmp/sil-list-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    *state = path;
    return 0;
}

static int leave(void **state)
{
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(*state), 0);
    free(*state);
    return 0;
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static struct fetch_list *open_list(const char *store)
{
    struct fetch_options options = {.store = store, .bytes_max = 1};
    struct fetch_list *list = NULL;

    assert_int_equal(fetch_list_open(&list, &options, NULL), SIL_OK);
    return list;
}

static void everything_once(void **state)
{
    static const char *const wanted[] = {"a",      "d/b",          "d/e/c d",
                                         "d/link", "\xEC\x82\xAC", ".hidden"};
    int found[6] = {0};
    struct fetch_list *list;
    const char *key;

    (void)state;
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(mkdir("d/e", 0755), 0);
    assert_int_equal(mkdir("empty", 0755), 0);
    for (int i = 0; i < 6; i++)
        if (strcmp(wanted[i], "d/link") != 0)
            touch(wanted[i]);
    touch(".silhouette-00");
    assert_int_equal(symlink("nowhere", "d/link"), 0);
    assert_int_equal(symlink("..", "d/e/up"), 0); /* a circle */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    list = open_list("dir:.");
    for (;;) {
        int i = 0;

        assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
        if (key == NULL)
            break;
        if (strcmp(key, "d/e/up") == 0)
            continue; /* a link: a key, but never gone into */
        while (i < 6 && strcmp(key, wanted[i]) != 0)
            i++;
        if (i == 6)
            fail_msg("%s was not wanted", key);
        found[i]++;
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(found[i], 1);
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
    assert_null(key); /* the end stays the end */
    fetch_list_close(list);
    assert_int_equal(unlink("d/link") | unlink("d/e/up") | unlink("pipe") |
                         unlink(".silhouette-00"),
                     0);
    for (int i = 0; i < 6; i++)
        if (strcmp(wanted[i], "d/link") != 0)
            assert_int_equal(unlink(wanted[i]), 0);
    assert_int_equal(rmdir("d/e") | rmdir("d") | rmdir("empty"), 0);
}

/* One floor more than may be; told, and poisoned. */
static void too_deep(void **state)
{
    struct fetch_list *list;
    const char *key = NULL;
    struct sil_error error = {0};
    enum sil_err err = SIL_OK;

    for (int i = 0; i < LIMIT_WALK_DEPTH_MAX; i++) {
        assert_int_equal(mkdir("d", 0755), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(chdir(*state), 0);
    list = open_list("dir:.");
    err = fetch_list_next(&key, list, &error);
    assert_int_equal(err, SIL_E_STORE_ERROR);
    assert_non_null(strstr(error.detail, "too deep"));
    assert_null(key);
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_E_STATE);
    fetch_list_close(list);
    for (int i = 0; i < LIMIT_WALK_DEPTH_MAX - 1; i++)
        assert_int_equal(chdir("d"), 0);
    for (int i = 0; i < LIMIT_WALK_DEPTH_MAX; i++) {
        assert_int_equal(rmdir("d"), 0);
        assert_int_equal(chdir(".."), 0);
    }
}

static void left_in_the_middle(void **state)
{
    struct fetch_list *list;
    const char *key = NULL;

    (void)state;
    assert_int_equal(mkdir("d", 0755), 0);
    touch("d/a");
    list = open_list("dir:.");
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
    assert_string_equal(key, "d/a");
    fetch_list_close(list);
    assert_int_equal(unlink("d/a") | rmdir("d"), 0);
}

static void places_that_are_none(void **state)
{
    static const char *const stores[] = {"dir:none", "dir:",  "ftp://x",
                                         "x",        "s3://", "s3:///"};
    struct sil_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        struct fetch_options options = {.store = stores[i], .bytes_max = 1};
        struct fetch_list *list = NULL;

        assert_int_equal(fetch_list_open(&list, &options, &error),
                         SIL_E_ARGUMENT);
        assert_null(list);
    }
    fetch_list_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_once, enter, leave),
        cmocka_unit_test_setup_teardown(too_deep, enter, leave),
        cmocka_unit_test_setup_teardown(left_in_the_middle, enter, leave),
        cmocka_unit_test_setup_teardown(places_that_are_none, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
