/* eval_args.c: what is taken, and what is told of what is not.
 * Must not open anything.
 * Words are as they stand behind "eval". */
#include "base/cmocka_all.h"

#include <string.h>

#include "cli/eval_args.h"

enum { WORDS_MAX = 20 };

/* words ends with NULL. */
static enum sil_err parse(struct eval_args *args, const char *const *words,
                          struct sil_error *error)
{
    char *argv[WORDS_MAX + 1] = {0};
    int count = 0;

    while (words[count] != NULL) {
        /* argv is not const; nothing writes to it all the same. */
        memcpy(&argv[count], &words[count], sizeof argv[count]);
        count++;
    }
    return eval_args_parse(args, count, argv, error);
}

static void two_folders_are_enough(void **state)
{
    const char *const words[] = {"a", "b", NULL};
    struct eval_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_string_equal(args.images, "a");
    assert_string_equal(args.truth, "b");
    assert_null(args.ignore);
    assert_null(args.sheet);
    assert_null(args.model);
    assert_false(args.has_instances || args.is_json || args.is_help);
}

static void flags_may_stand_anywhere(void **state)
{
    const char *const words[] = {
        "--json",      "a",    "--ignore",  "c",    "--sheet",  "s.png",
        "--instances", "b",    "--model",   "m",    "--models", "d",
        "--threshold", "0.25", "--quality", "fast", NULL};
    struct eval_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_string_equal(args.images, "a");
    assert_string_equal(args.truth, "b");
    assert_string_equal(args.ignore, "c");
    assert_string_equal(args.sheet, "s.png");
    assert_string_equal(args.model, "m");
    assert_string_equal(args.models, "d");
    assert_true(args.has_instances && args.is_json);
    assert_true(args.options.threshold == 0.25F);
    assert_int_equal(args.options.quality, SIL_QUALITY_FAST);
}

static void help_needs_no_folders(void **state)
{
    const char *const words[] = {"-h", NULL};
    struct eval_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_true(args.is_help);
}

/** Words that are refused, and what the message names. */
static const struct {
    const char *words[6];
    const char *named;
} BAD[] = {
    {{NULL}, "IMAGES and TRUTH"},
    {{"a", NULL}, "IMAGES and TRUTH"},
    {{"a", "b", "c", NULL}, "c is one folder too many"},
    {{"a", "b", "--sheet", NULL}, "--sheet needs a value"},
    {{"a", "b", "--ignore", "", NULL}, "--ignore needs a value"},
    {{"a", "b", "--what", "c", NULL}, "--what"},
    {{"a", "b", "-x", NULL}, "-x"},
    {{"a", "b", "--threshold", "1", NULL}, "threshold"},
    {{"a", "b", "--quality", "good", NULL}, "good"},
    {{"a", "b", "--people", "some", NULL}, "people"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct eval_args args = {.images = "as before"};
        struct sil_error error = {0};

        assert_int_equal(parse(&args, BAD[i].words, &error), SIL_E_ARGUMENT);
        assert_int_equal(error.code, SIL_E_ARGUMENT);
        if (strstr(error.detail, BAD[i].named) == NULL)
            fail_msg("row %zu: %s", i, error.detail);
        assert_string_equal(args.images, "as before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_folders_are_enough),
        cmocka_unit_test(flags_may_stand_anywhere),
        cmocka_unit_test(help_needs_no_folders),
        cmocka_unit_test(mistakes_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
