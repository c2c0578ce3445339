/* Settings: defaults, environment, flags, their order and their mistakes.
 * Must not know what a setting does.
 * The environment is a small table here, not the process' own. */
#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"

enum { ARGS_MAX = 8, HELP_MAX = 65536 };

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static char *some_variables(const char *name)
{
    static char store[] = "dir:/env";
    static char deadline[] = "123";
    static char empty[] = "";

    if (strcmp(name, "SILHOUETTE_STORE") == 0)
        return store;
    if (strcmp(name, "SILHOUETTE_DEADLINE_MS") == 0)
        return deadline;
    if (strcmp(name, "SILHOUETTE_WORKERS") == 0)
        return empty;
    return NULL;
}

static char *bad_variable(const char *name)
{
    static char value[] = "many";

    return strcmp(name, "SILHOUETTE_WORKERS") == 0 ? value : NULL;
}

/* Load words, the last being NULL. */
static enum sil_err load(struct config *config, const char *const *words,
                         config_variable_fn variable, struct sil_error *error)
{
    char *args[ARGS_MAX + 1] = {0};
    int count = 0;

    while (words[count] != NULL && count < ARGS_MAX) {
        /* argv is not const; nothing writes to it all the same. */
        memcpy(&args[count], &words[count], sizeof args[count]);
        count++;
    }
    return config_load(config, count, args, variable, error);
}

static void defaults_come_from_the_table(void **state)
{
    const char *words[] = {NULL};
    struct config config;

    (void)state;
    assert_int_equal(load(&config, words, no_variable, NULL), SIL_OK);
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.address, "127.0.0.1");
    assert_int_equal(config.port, 8080);
    assert_null(config.store);
    assert_string_equal(config.quality, "best");
    assert_int_equal(config.workers, 0);
    assert_int_equal(config.deadline_ms, LIMIT_DEADLINE_MS);
    assert_int_equal(config.bytes_held, LIMIT_BYTES_HELD_MAX);
    assert_false(config.is_help);
}

static void flags_beat_the_environment(void **state)
{
    const char *words[] = {"--store", "dir:/flag", "--drain-ms=7", NULL};
    struct config config;

    (void)state;
    assert_int_equal(load(&config, words, some_variables, NULL), SIL_OK);
    assert_string_equal(config.store, "dir:/flag");
    assert_int_equal(config.drain_ms, 7);
    assert_int_equal(config.deadline_ms, 123);
    assert_int_equal(config.workers, 0); /* empty is not set */
}

static void help_needs_no_other_setting_to_be_right(void **state)
{
    const char *words[] = {"--help", "--listen", "nowhere", NULL};
    struct config config;

    (void)state;
    assert_int_equal(load(&config, words, no_variable, NULL), SIL_OK);
    assert_true(config.is_help);
}

/** A --listen and what becomes of it. */
struct listen_case {
    const char *listen;
    const char *address; /* NULL: refused */
    int port;
};

static const struct listen_case listen_cases[] = {
    {"0.0.0.0:80", "0.0.0.0", 80},
    {"[::1]:8080", "::1", 8080},
    {"[::]:0", "::", 0},
    {"127.0.0.1:65535", "127.0.0.1", 65535},
    {"127.0.0.1:65536", NULL, 0}, /* no such port */
    {"127.0.0.1:", NULL, 0},      /* no port */
    {"127.0.0.1", NULL, 0},       /* no colon */
    {":8080", NULL, 0},           /* no address */
    {"::1:8080", NULL, 0},        /* which colon? */
    {"[::1:8080", NULL, 0},       /* bracket left open */
    {"[]:8080", NULL, 0},         /* nothing in brackets */
    {"nowhere", NULL, 0},
    {"a:-1", NULL, 0},
};

static void listen_is_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof listen_cases / sizeof *listen_cases; i++) {
        const struct listen_case *row = &listen_cases[i];
        const char *words[] = {"--listen", row->listen, NULL};
        struct config config = {0};
        struct sil_error error = {0};
        enum sil_err err = load(&config, words, no_variable, &error);

        assert_int_equal(err, row->address ? SIL_OK : SIL_E_ARGUMENT);
        if (err) {
            assert_non_null(strstr(error.detail, row->listen));
            continue;
        }
        assert_string_equal(config.address, row->address);
        assert_int_equal(config.port, row->port);
    }
}

/** Words that are refused, and what the message names. */
struct bad_case {
    const char *words[3];
    const char *named;
};

static void mistakes_are_named(void **state)
{
    struct bad_case cases[] = {
        {{"--workers", "-1", NULL}, "--workers"},
        {{"--workers", "257", NULL}, "256"}, /* above the range */
        {{"--workers", "1e3", NULL}, "--workers"},
        {{"--workers", "", NULL}, "--workers"},
        {{"--workers", "99999999999999999999999", NULL}, "--workers"},
        {{"--workers=", NULL, NULL}, "--workers"},
        {{"--deadline-ms", "0", NULL}, "from 1"}, /* below the range */
        {{"--workers", NULL, NULL}, "needs a value"},
        {{"--log-level", "loud", NULL}, "debug info"},
        {{"--log-level", "debug info", NULL}, "one of these"},
        {{"--quality", "good", NULL}, "fast"},
        {{"--store", "", NULL}, "--store"},
        {{"--no-such-flag", "1", NULL}, "--no-such-flag"},
        {{"--work", "1", NULL}, "--work"}, /* no abbreviations */
        {{"--s3_endpoint", "1", NULL}, "--s3_endpoint"},
        {{"stray", NULL, NULL}, "stray"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = {.port = 1};
        struct sil_error error = {0};

        assert_int_equal(load(&config, cases[i].words, no_variable, &error),
                         SIL_E_ARGUMENT);
        assert_non_null(strstr(error.detail, cases[i].named));
        assert_int_equal(config.port, 1); /* untouched */
    }
}

static void a_bad_variable_is_named_as_one(void **state)
{
    const char *words[] = {NULL};
    struct config config;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(load(&config, words, bad_variable, &error),
                     SIL_E_ARGUMENT);
    assert_non_null(strstr(error.detail, "SILHOUETTE_WORKERS"));
    assert_non_null(strstr(error.detail, "many"));
}

static void help_names_flag_variable_unit_and_default(void **state)
{
    struct buf help;

    (void)state;
    buf_init(&help, HELP_MAX);
    config_help(&help);
    assert_int_equal(buf_err(&help), SIL_OK);
    assert_non_null(strstr(buf_text(&help), "--s3-endpoint URL"));
    assert_non_null(strstr(buf_text(&help), "SILHOUETTE_S3_ENDPOINT"));
    assert_non_null(strstr(buf_text(&help), "--s3-addressing auto|path|virt"));
    assert_non_null(
        strstr(buf_text(&help), "SILHOUETTE_DEADLINE_MS, ms, default 15000"));
    buf_finish(&help);
}

/** A file's text, and what is said of it; NULL: it is taken. */
struct file_case {
    const char *text;
    const char *said;
};

static const struct file_case file_cases[] = {
    {"store = dir:/file\ndeadline_ms=77 ; a comment\n# another\n", NULL},
    {"", NULL},
    {"stroe = x\n", ":1: \"stroe\" is no setting"},
    {"\n\ndeadline_ms = soon\n", ":3 is \"soon\""},
    {"store = a\nqueue = 3\nstore = b\n", "twice"},
    {"[serve]\nstore = a\n", "sections"},
    {"store\n", ":1: neither"},
    {"config = other.conf\n", "no setting"},
    {"store =\n", "is empty"},
};

/* Write a file of its own; returns its path, static. */
static const char *file_of(const char *text, size_t size)
{
    static char path[] = "/tmp/silhouette-config-XXXXXX";
    int fd;

    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    assert_int_equal(close(fd), 0);
    return path;
}

static void a_file_is_read_and_its_mistakes_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof file_cases / sizeof *file_cases; i++) {
        const struct file_case *row = &file_cases[i];
        const char *path = file_of(row->text, strlen(row->text));
        const char *words[] = {"--config", path, NULL};
        struct config config = {0};
        struct sil_error error = {0};
        enum sil_err err = load(&config, words, no_variable, &error);

        assert_int_equal(err, row->said ? SIL_E_ARGUMENT : SIL_OK);
        if (row->said)
            assert_non_null(strstr(error.detail, row->said));
        config_finish(&config);
        assert_int_equal(unlink(path), 0);
    }
}

static void a_line_that_is_too_long_is_told(void **state)
{
    char text[300];
    const char *path;
    const char *words[] = {"--config", NULL, NULL};
    struct config config = {0};
    struct sil_error error = {0};

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "store = ", 8);
    path = file_of(text, sizeof text);
    words[1] = path;
    assert_int_equal(load(&config, words, no_variable, &error), SIL_E_ARGUMENT);
    assert_non_null(strstr(error.detail, "longer than"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(load(&config, words, no_variable, &error),
                     SIL_E_ARGUMENT); /* it is gone */
    assert_non_null(strstr(error.detail, "can't be read"));
}

static void the_later_one_wins_and_its_origin_is_told(void **state)
{
    static const char text[] =
        "store = dir:/file\ndeadline_ms = 77\nqueue = 3\nrate = 5\n";
    const char *path = file_of(text, sizeof text - 1);
    const char *words[] = {"--config", path, "--queue=4", NULL};
    struct config config = {0};
    struct buf shown;

    (void)state;
    assert_int_equal(load(&config, words, some_variables, NULL), SIL_OK);
    assert_string_equal(config.store, "dir:/env");
    assert_int_equal(config.deadline_ms, 123);
    assert_int_equal(config.queue, 4);
    assert_int_equal(config.rate, 5);
    assert_int_equal(config.origins[CONFIG_store], CONFIG_BY_VARIABLE);
    assert_int_equal(config.origins[CONFIG_queue], CONFIG_BY_FLAG);
    assert_int_equal(config.origins[CONFIG_rate], CONFIG_BY_FILE);
    assert_int_equal(config.origins[CONFIG_listen], CONFIG_BY_DEFAULT);
    buf_init(&shown, HELP_MAX);
    config_show(&shown, &config);
    assert_non_null(strstr(buf_text(&shown), "rate              file      5"));
    assert_non_null(strstr(buf_text(&shown), "variable  dir:/env"));
    buf_finish(&shown);
    config_finish(&config);
    config_finish(&config);
    assert_int_equal(unlink(path), 0);
}

static void no_memory_for_a_file_is_an_error(void **state)
{
    static const char text[] = "store = dir:/file\nlisten = 127.0.0.1:1\n";
    const char *path = file_of(text, sizeof text - 1);
    const char *words[] = {"--config", path, NULL};
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    for (size_t n = 1; err; n++) {
        struct config config = {0};

        mem_fail_at(n);
        err = load(&config, words, no_variable, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        config_finish(&config);
        assert_true(n < 20);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(flags_beat_the_environment),
        cmocka_unit_test(help_needs_no_other_setting_to_be_right),
        cmocka_unit_test(listen_is_split),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_bad_variable_is_named_as_one),
        cmocka_unit_test(help_names_flag_variable_unit_and_default),
        cmocka_unit_test(a_file_is_read_and_its_mistakes_are_told),
        cmocka_unit_test(a_line_that_is_too_long_is_told),
        cmocka_unit_test(the_later_one_wins_and_its_origin_is_told),
        cmocka_unit_test(no_memory_for_a_file_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
