/* Which keys of a folder are pictures, and which of them are this run's.
 * Must not know S3: its lists are tested with their store.
 * A list that was given is taken as it is. */
#include "batch/picture_keys.h"

#include "batch_tools.h"

static const char *const names[] = {
    "a.jpg",     "b.JPEG", "c.png", "d.webp",    "e.heic",      "f.avif",
    "notes.txt", "jpg",    ".jpg",  "x.jpg.txt", "masks/a.jpg", "masks2/a.jpg"};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

/* As many as the stream has; each of the wanted ones exactly once. */
static void expect(const struct picture_keys_options *options,
                   const char *const *wanted, size_t count)
{
    struct picture_keys *keys = NULL;
    const char *key = NULL;
    size_t found = 0;

    assert_int_equal(picture_keys_open(&keys, options, NULL), SIL_OK);
    while (picture_keys_next(&key, keys, NULL) == SIL_OK && key != NULL) {
        bool is_wanted = false;

        for (size_t i = 0; i < count; i++)
            is_wanted = is_wanted || strcmp(key, wanted[i]) == 0;
        if (!is_wanted)
            fail_msg("%s was not wanted", key);
        found++;
    }
    assert_int_equal(found, count);
    picture_keys_close(keys);
}

static int corpus_enter(void **state)
{
    (void)folder_enter(state);
    assert_int_equal(mkdir("masks", 0755), 0);
    assert_int_equal(mkdir("masks2", 0755), 0);
    for (size_t i = 0; i < NAME_COUNT; i++)
        put_text(names[i], "x", 1);
    return 0;
}

static int corpus_leave(void **state)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        assert_int_equal(unlink(names[i]), 0);
    assert_int_equal(rmdir("masks"), 0);
    assert_int_equal(rmdir("masks2"), 0);
    return folder_leave(state);
}

static void by_their_ends(void **state)
{
    static const char *const wanted[] = {"a.jpg",       "b.JPEG",      "c.png",
                                         "d.webp",      "e.heic",      "f.avif",
                                         "masks/a.jpg", "masks2/a.jpg"};
    struct picture_keys_options options = {
        .source = "dir:.", .inside = "", .shard = {0, 1}};

    (void)state;
    expect(&options, wanted, 8);
    options.takes_all = true;
    expect(&options, names, NAME_COUNT);
}

static void results_are_none(void **state)
{
    static const char *const wanted[] = {"a.jpg",       "b.JPEG", "c.png",
                                         "d.webp",      "e.heic", "f.avif",
                                         "masks2/a.jpg"};
    struct picture_keys_options options = {
        .source = "dir:.", .inside = "masks/", .shard = {0, 1}};

    (void)state;
    expect(&options, wanted, 7);
}

static void a_list_is_taken_as_it_is(void **state)
{
    static const char list[] = "notes.txt\nmasks/a.jpg\n../x\n";
    static const char *const wanted[] = {"notes.txt", "masks/a.jpg", "../x"};
    struct picture_keys_options options = {
        .source = "dir:.", .list = "list", .inside = "masks/", .shard = {0, 1}};

    (void)state;
    put_text("list", list, sizeof list - 1);
    expect(&options, wanted, 3);
    assert_int_equal(unlink("list"), 0);
}

static void parts_are_all_of_it(void **state)
{
    size_t count = 0;

    (void)state;
    for (uint64_t part = 0; part < 3; part++) {
        struct picture_keys_options options = {.source = "dir:.",
                                               .inside = "",
                                               .takes_all = true,
                                               .shard = {part, 3}};
        struct picture_keys *keys = NULL;
        const char *key = NULL;

        assert_int_equal(picture_keys_open(&keys, &options, NULL), SIL_OK);
        while (picture_keys_next(&key, keys, NULL) == SIL_OK && key != NULL) {
            assert_true(shard_has(&options.shard, key));
            count++;
        }
        picture_keys_close(keys);
    }
    assert_int_equal(count, NAME_COUNT);
}

static void places_that_are_not_there(void **state)
{
    struct picture_keys_options options = {
        .source = "dir:none", .inside = "", .shard = {0, 1}};
    struct picture_keys *keys = NULL;

    (void)state;
    assert_int_equal(picture_keys_open(&keys, &options, NULL), SIL_E_ARGUMENT);
    options.list = "none";
    assert_int_equal(picture_keys_open(&keys, &options, NULL), SIL_E_ARGUMENT);
    assert_null(keys);
    picture_keys_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_their_ends, corpus_enter,
                                        corpus_leave),
        cmocka_unit_test_setup_teardown(results_are_none, corpus_enter,
                                        corpus_leave),
        cmocka_unit_test_setup_teardown(a_list_is_taken_as_it_is, corpus_enter,
                                        corpus_leave),
        cmocka_unit_test_setup_teardown(parts_are_all_of_it, corpus_enter,
                                        corpus_leave),
        cmocka_unit_test_setup_teardown(places_that_are_not_there, folder_enter,
                                        folder_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
