/* The words of `silhouette segment`, right and wrong, and where results go.
 * Must not know pictures.
 * The folder of a test is made fresh, so that "OUT is a folder" is known. */
#include "cli/segment_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

enum { WORDS_MAX = 8, PATH_SIZE = 128 };

/* Parse words, the last being NULL. */
static enum sil_err parse(struct segment_args *args, const char *const *words,
                          struct sil_error *error)
{
    char *argv[WORDS_MAX + 1] = {0};
    int count = 0;

    while (words[count] != NULL) {
        /* argv is not const; nothing writes to it all the same. */
        memcpy(&argv[count], &words[count], sizeof argv[count]);
        count++;
    }
    return segment_args_parse(args, count, argv, error);
}

static void one_picture_has_defaults(void **state)
{
    const char *const words[] = {"a.jpg", NULL};
    struct segment_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_int_equal(args.picture_count, 1);
    assert_string_equal(args.pictures[0], "a.jpg");
    assert_null(args.out);
    assert_null(args.models);
    assert_null(args.model);
    assert_int_equal(args.format, SIL_FORMAT_JSON);
    assert_true(args.options.threshold == 0);
    segment_args_finish(&args);
}

static void flags_may_stand_anywhere(void **state)
{
    const char *const words[] = {"-",
                                 "--threshold=0.25",
                                 "--format",
                                 "png",
                                 "--orientation=stored",
                                 "--model",
                                 "mine",
                                 "-o",
                                 "x.png",
                                 NULL};
    struct segment_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_string_equal(args.pictures[0], "-");
    assert_int_equal(args.format, SIL_FORMAT_PNG);
    assert_int_equal(args.options.orientation, SIL_STORED);
    assert_true(args.options.threshold == 0.25f);
    assert_string_equal(args.model, "mine");
    assert_string_equal(args.out, "x.png");
    assert_false(args.is_out_folder);
    segment_args_finish(&args);
}

static void the_format_follows_the_name(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        enum sil_format format;
        const char *why;
    } rows[] = {
        {{"a.jpg", "-o", "m.png"}, SIL_FORMAT_PNG, "its ending"},
        {{"a.jpg", "-o", "m.PNG"}, SIL_FORMAT_PNG, "in capitals"},
        {{"a.jpg", "-o", "m.json"}, SIL_FORMAT_JSON, "the other one"},
        {{"a.jpg", "-o", "m"}, SIL_FORMAT_JSON, "no ending"},
        {{"a.png", "-o", "x.png/m"}, SIL_FORMAT_JSON, "not the folder's"},
        {{"a.png"}, SIL_FORMAT_JSON, "not the picture's"},
        {{"a.jpg", "-o", "m", "--format", "rle"}, SIL_FORMAT_RLE, "named"},
        {{"a.jpg", "--form", "cutout"}, SIL_FORMAT_PNG, "only a picture"},
        {{"a.jpg", "--form", "alpha"}, SIL_FORMAT_JSON, "either"},
        {{"a.jpg", "-o", "m.png", "--format", "json"},
         SIL_FORMAT_JSON,
         "what is said counts more"},
        {{"a.jpg", "-o", "d.png/"}, SIL_FORMAT_JSON, "a folder has none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment_args args;
        assert_int_equal(parse(&args, rows[i].words, NULL), SIL_OK);
        if (args.format != rows[i].format)
            fail_msg("row %zu: %s", i, rows[i].why);
        segment_args_finish(&args);
    }
}

static void two_dashes_end_the_flags(void **state)
{
    const char *const words[] = {"-o", "d/", "--", "-x.jpg", "--help", NULL};
    struct segment_args args;

    (void)state;
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_int_equal(args.picture_count, 2);
    assert_string_equal(args.pictures[0], "-x.jpg");
    assert_false(args.is_help);
    segment_args_finish(&args);
}

/** Words that are refused, and what the message names. */
struct bad_case {
    const char *words[6];
    const char *named;
};

static const struct bad_case bad_cases[] = {
    {{NULL}, "no picture"},
    {{"-o", "x.json", NULL}, "no picture"},
    {{"a.jpg", "b.jpg", NULL}, "-o DIR/"},
    {{"a.jpg", "b.jpg", "-o", "x.json", NULL}, "-o DIR/"},
    {{"a.jpg", "x/a.png", "-o", "d/", NULL}, "same file"},
    {{"a.jpg", "--format", "gif", NULL}, "gif"},
    {{"a.jpg", "--form", "cutout", "--format", "json", NULL}, "json"},
    {{"a.jpg", "--form", "alpha", "--format=rle", NULL}, "rle"},
    {{"a.jpg", "--format", NULL}, "needs a value"},
    {{"a.jpg", "--quality", "good", NULL}, "good"},
    {{"a.jpg", "--people", "some", NULL}, "people"},
    {{"a.jpg", "--form", "outline", NULL}, "output"},
    {{"a.jpg", "--form=boxes", "--format=png", NULL}, "png"},
    {{"a.jpg", "--threshold", "1", NULL}, "threshold"},
    {{"a.jpg", "--threshold", "0.5x", NULL}, "0.5x"},
    {{"a.jpg", "--threshold", "nan", NULL}, "nan"},
    {{"a.jpg", "--threshold=", NULL}, "threshold"},
    {{"a.jpg", "--orientation", "left", NULL}, "left"},
    {{"a.jpg", "-o", "", NULL}, "-o is empty"},
    {{"a.jpg", "--models=", NULL}, "--models"},
    {{"a.jpg", "--model=", NULL}, "--model is"},
    {{"a.jpg", "--no-such-flag", NULL}, "--no-such-flag"},
    {{"a.jpg", "-q", NULL}, "-q"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        struct segment_args args = {0};
        struct sil_error error = {0};

        assert_int_equal(parse(&args, bad_cases[i].words, &error),
                         SIL_E_ARGUMENT);
        assert_non_null(strstr(error.detail, bad_cases[i].named));
        assert_null(args.pictures); /* untouched */
    }
}

/* Where everybody's result goes. */
static bool out_path(char *path, size_t size, const struct segment_args *args,
                     const char *picture)
{
    const struct segment_target target = {.picture = picture};

    return segment_out_path(path, size, args, &target);
}

/** A picture and the result's path in the folder d/. */
static const char *const out_cases[][2] = {
    {"a.jpg", "d/a.json"},           {"x/y/b.c.jpeg", "d/b.c.json"},
    {"noext", "d/noext.json"},       {".hidden", "d/.hidden.json"},
    {"dir.d/plain", "d/plain.json"}, {"-", "d/stdin.json"},
};

static void results_are_named_by_the_stem(void **state)
{
    struct segment_args args = {.out = "d/", .is_out_folder = true};
    char path[PATH_SIZE];
    char tiny[4];

    (void)state;
    for (size_t i = 0; i < sizeof out_cases / sizeof *out_cases; i++) {
        assert_true(out_path(path, sizeof path, &args, out_cases[i][0]));
        assert_string_equal(path, out_cases[i][1]);
    }
    assert_false(out_path(tiny, sizeof tiny, &args, "a.jpg"));
    args = (struct segment_args){.out = "m.png", .format = SIL_FORMAT_PNG};
    assert_true(out_path(path, sizeof path, &args, "a.jpg"));
    assert_string_equal(path, "m.png");
}

/** Words, and whether each person gets a file. */
struct person_case {
    const char *words[WORDS_MAX];
    bool is_per_person;
};

static const struct person_case person_cases[] = {
    {{"a.jpg", "-o", "d/", NULL}, false},
    {{"a.jpg", "-o", "d/", "--people=each", NULL}, true},
    {{"a.jpg", "-o", "d.png", "--people=each", NULL}, false},
    {{"a.jpg", "--people=each", NULL}, false},
    {{"a.jpg", "-o", "d/", "--people=each", "--form=boxes", NULL}, false},
};

static void people_have_files_of_their_own_in_a_folder(void **state)
{
    const struct segment_target third = {"x/a.jpg", 3};
    char path[PATH_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof person_cases / sizeof *person_cases; i++) {
        struct segment_args args;
        assert_int_equal(parse(&args, person_cases[i].words, NULL), SIL_OK);
        assert_int_equal(segment_is_per_person(&args),
                         person_cases[i].is_per_person);
        if (args.is_out_folder) {
            assert_true(segment_out_path(path, sizeof path, &args, &third));
            assert_string_equal(path, "d/a.3.json");
        }
        segment_args_finish(&args);
    }
}

static void a_folder_is_known_without_its_slash(void **state)
{
    char folder[] = "/tmp/sil_args_XXXXXX";
    const char *words[] = {"a.jpg", "-o", folder, "--format=png", NULL};
    struct segment_args args;
    char path[PATH_SIZE];

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(parse(&args, words, NULL), SIL_OK);
    assert_true(args.is_out_folder);
    assert_true(out_path(path, sizeof path, &args, "a.jpg"));
    assert_string_equal(path + strlen(folder), "/a.png");
    segment_args_finish(&args);
    assert_int_equal(rmdir(folder), 0);
}

static void out_of_memory_is_told(void **state)
{
    const char *const words[] = {"a.jpg", NULL};
    struct segment_args args;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(parse(&args, words, NULL), SIL_E_NO_MEMORY);
    mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_picture_has_defaults),
        cmocka_unit_test(flags_may_stand_anywhere),
        cmocka_unit_test(the_format_follows_the_name),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(results_are_named_by_the_stem),
        cmocka_unit_test(people_have_files_of_their_own_in_a_folder),
        cmocka_unit_test(a_folder_is_known_without_its_slash),
        cmocka_unit_test(out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
