/* The words of `silhouette batch`, right and wrong.
 * Must not know runs.
 * --shard's own words are tested with src/batch/shard.c. */
#include "cli/batch_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 8 };

static char *variable(const char *name)
{
    static char index[] = "3";

    return strcmp(name, "JOB_COMPLETION_INDEX") == 0 ? index : NULL;
}

static enum sil_err parse(struct batch_args *args, const char *const *words,
                          struct sil_error *error)
{
    char *argv[WORDS_MAX + 1] = {0};
    int count = 0;

    while (words[count] != NULL) {
        memcpy(&argv[count], &words[count], sizeof argv[count]);
        count++;
    }
    return batch_args_parse(args, count, argv, variable, error);
}

static void defaults(void **state)
{
    const char *const words[] = {"in", "s3://b/p", NULL};
    struct batch_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_string_equal(args.options.source, "dir:in");
    assert_string_equal(args.options.dest, "s3://b/p");
    assert_int_equal(args.options.format, SIL_FORMAT_PNG);
    assert_int_equal(args.options.shard.count, 1);
    assert_int_equal(args.options.job_count, 0);
    assert_null(args.options.list);
    assert_false(args.options.takes_all || args.options.overwrites);
    assert_false(args.is_json || args.is_help || args.options.is_bare);
    assert_string_equal(args.options.failures_path,
                        "silhouette-failures.jsonl");
    batch_args_finish(&args);
}

static void all_flags(void **state)
{
    const char *const words[] = {"--format=json", "in",      "--jobs", "7",
                                 "dir:out",       "--shard", "auto/9", NULL};
    const char *const others[] = {"--all",
                                  "--overwrite",
                                  "--json",
                                  "--sandbox=off",
                                  "--max-failures=5",
                                  "--list=-",
                                  "out",
                                  NULL};
    struct batch_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_int_equal(args.options.format, SIL_FORMAT_JSON);
    assert_int_equal(args.options.job_count, 7);
    assert_string_equal(args.options.dest, "dir:out");
    assert_int_equal(args.options.shard.index, 3);
    assert_string_equal(args.options.failures_path,
                        "silhouette-failures-3-of-9.jsonl");
    batch_args_finish(&args);
    assert_int_equal(parse(&args, others, NULL), SIL_OK);
    assert_true(args.options.takes_all && args.options.overwrites);
    assert_true(args.is_json && args.options.is_bare);
    assert_int_equal(args.options.failures_max, 5);
    assert_string_equal(args.options.list, "-");
    assert_string_equal(args.options.source, "dir:.");
    batch_args_finish(&args);
}

static const struct {
    const char *words[4];
    const char *said;
} wrong[] = {
    {{NULL}, "SOURCE DEST"},
    {{"a"}, "SOURCE DEST"},
    {{"a", "b", "c"}, "too many"},
    {{"", "b"}, "empty"},
    {{"a", "b", "--jobs"}, "needs a value"},
    {{"a", "b", "--jobs=0"}, "1 to 256"},
    {{"a", "b", "--jobs=257"}, "1 to 256"},
    {{"a", "b", "--jobs= 1"}, "1 to 256"},
    {{"a", "b", "--jobs=+1"}, "1 to 256"},
    {{"a", "b", "--max-failures=0"}, "--max-failures"},
    {{"a", "b", "--max-failures=x"}, "--max-failures"},
    {{"a", "b", "--format=PNG"}, "--format"},
    {{"a", "b", "--threshold=1"}, "--threshold"},
    {{"a", "b", "--sandbox=maybe"}, "--sandbox"},
    {{"a", "b", "--quality=x"}, "--quality"},
    {{"a", "b", "--form=x"}, "one of"},
    {{"a", "b", "--list="}, "--list"},
    {{"a", "b", "--failures="}, "--failures"},
    {{"a", "b", "--models="}, "--models"},
    {{"a", "b", "--shard=2/2"}, "--shard"},
    {{"a", "b", "--"}, "no flag"},
    {{"a", "b", "-j"}, "no flag"},
    {{"a", "b", "--for=png"}, "no flag"},
};

static void wrong_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *words[5] = {NULL};
        struct batch_args args;
        struct sil_error error = {0};

        memcpy(words, wrong[i].words, sizeof wrong[i].words);
        if (parse(&args, words, &error) != SIL_E_ARGUMENT)
            fail_msg("row %zu was taken", i);
        if (strstr(error.detail, wrong[i].said) == NULL)
            fail_msg("row %zu: %s", i, error.detail);
        batch_args_finish(&args);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(all_flags),
        cmocka_unit_test(wrong_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
