/* Results in a folder: whole, in their place, and nothing else.
 * Must not know what is written.
 * A limit on the size of files stands for a disk that is full. */
#include "fetch_tools.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fetch/fetch_sink.h"

enum { SINK_PATH_SIZE = 64, TEXT_MAX = 4096 };

static int enter(void **state)
{
    char *path = malloc(SINK_PATH_SIZE);

    assert_non_null(path);
    (void)snprintf(path, SINK_PATH_SIZE, "/tmp/sil-sink-XXXXXX");
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

static struct fetch_sink *open_sink(const char *store)
{
    struct fetch_options options = {.store = store, .bytes_max = 1};
    struct fetch_sink *sink = NULL;

    assert_int_equal(fetch_sink_open(&sink, &options, NULL), SIL_OK);
    return sink;
}

static enum sil_err put(struct fetch_sink *sink, const char *key,
                        const char *text)
{
    struct fetch_parcel parcel = {.key = key,
                                  .bytes = text,
                                  .size = strlen(text),
                                  .content_type = "text/plain"};

    return fetch_sink_put(sink, &parcel, NULL);
}

static bool has(struct fetch_sink *sink, const char *key)
{
    bool is_there = false;

    assert_int_equal(fetch_sink_has(&is_there, sink, key, NULL), SIL_OK);
    return is_there;
}

static void expect(const char *path, const char *text)
{
    struct buf content;

    buf_init(&content, TEXT_MAX);
    assert_int_equal(file_read(&content, path), SIL_OK);
    assert_string_equal(buf_text(&content), text);
    buf_finish(&content);
}

static void put_and_look(void **state)
{
    struct fetch_sink *sink = open_sink("dir:out"); /* it is made */
    struct stat about;

    (void)state;
    assert_false(has(sink, "a.png"));
    assert_int_equal(put(sink, "a.png", "one"), SIL_OK);
    assert_true(has(sink, "a.png"));
    expect("out/a.png", "one");
    assert_int_equal(put(sink, "a.png", "two"), SIL_OK); /* over it */
    expect("out/a.png", "two");
    assert_int_equal(put(sink, "d/e/f g.png", "deep"), SIL_OK);
    assert_int_equal(put(sink, "d/e/h.png", "deep"), SIL_OK);
    expect("out/d/e/f g.png", "deep");
    assert_true(has(sink, "d/e/f g.png"));
    assert_false(has(sink, "d/e"));     /* a folder is no result */
    assert_false(has(sink, "a.png/x")); /* nor is what a file would hold */
    assert_int_equal(stat("out/a.png", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0666 & ~022);
    /* Where a folder or a file is in the way. */
    assert_int_equal(put(sink, "d/e", "x"), SIL_E_BAD_IMG_SRC);
    assert_int_equal(put(sink, "a.png/x", "x"), SIL_E_BAD_IMG_SRC);
    fetch_sink_close(sink);
    assert_int_equal(unlink("out/a.png") | unlink("out/d/e/f g.png") |
                         unlink("out/d/e/h.png"),
                     0);
    /* Nothing else was left behind, or these would fail. */
    assert_int_equal(rmdir("out/d/e") | rmdir("out/d") | rmdir("out"), 0);
}

static void full_disk_leaves_nothing(void **state)
{
    struct rlimit before;
    struct rlimit small;
    struct fetch_sink *sink = open_sink("dir:out");

    (void)state;
    assert_int_equal(put(sink, "a", "old"), SIL_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(put(sink, "a", "new"), SIL_E_INTERNAL);
    assert_int_equal(put(sink, "b", "new"), SIL_E_INTERNAL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    expect("out/a", "old"); /* what was there stays */
    assert_false(has(sink, "b"));
    fetch_sink_close(sink);
    assert_int_equal(unlink("out/a") | rmdir("out"), 0);
}

static void places_that_are_none(void **state)
{
    static const char *const stores[] = {"dir:no/such", "dir:file", "x",
                                         "http://x", "s3://"};
    FILE *file = fopen("file", "w");

    (void)state;
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        struct fetch_options options = {.store = stores[i], .bytes_max = 1};
        struct fetch_sink *sink = NULL;
        struct sil_error error = {0};

        assert_int_equal(fetch_sink_open(&sink, &options, &error),
                         SIL_E_ARGUMENT);
        assert_true(error.detail[0] != '\0');
        assert_null(sink);
    }
    fetch_sink_close(NULL);
    assert_int_equal(unlink("file"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(put_and_look, enter, leave),
        cmocka_unit_test_setup_teardown(full_disk_leaves_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(places_that_are_none, enter, leave),
    };

    (void)umask(022);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
