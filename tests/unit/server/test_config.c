/* Settings: defaults, environment, flags, their order and their mistakes.
 * Must not know what a setting does.
 * The environment is a small table here, not the process' own. */
#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

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
    assert_string_equal(config.quality, "fast");
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
