/* manifest_read.c: each reader with what it takes and what it refuses.
 * Must not know what manifests hold.
 * All rows read the member "m" of an object. */
#include "infer/infer_tools.h"

#include <math.h>

#include "infer/manifest_read.h"

enum { TEXT_SIZE = 8 };

static const char *const WORDS[] = {"one", "two", NULL};
static const struct number_range RANGE = {1, 5, true, NAN};
static const struct number_range OPTIONAL = {0, 5, false, 2.5};

/* A document, and what its reading says; NULL: it is right. */
struct row {
    const char *text;
    const char *wrong;
};

/* Read the document with a function and compare the outcome. */
static void check_rows(const struct row *rows, size_t count,
                       void (*read)(struct reading *reading))
{
    for (size_t i = 0; i < count; i++) {
        struct sil_error error = {0};
        struct reading reading = {.prefix = "in.", .error = &error};
        struct json *json = NULL;

        assert_int_equal(
            json_parse(&json, rows[i].text, strlen(rows[i].text), NULL),
            SIL_OK);
        reading.object = json;
        read(&reading);
        assert_int_equal(reading.err,
                         rows[i].wrong == NULL ? SIL_OK : SIL_E_MODEL);
        assert_int_equal(error.code, reading.err);
        if (rows[i].wrong != NULL)
            assert_non_null(strstr(error.detail, rows[i].wrong));
        json_destroy(json);
    }
}

static const struct row WORD_ROWS[] = {
    {"{\"m\":\"two\"}", NULL},
    {"{\"m\":\"three\"}", "\"in.m\" must be one or two"},
    {"{\"m\":2}", "must be"},
    {"{}", "\"in.m\" is missing: it is one or two"},
};

static void read_word(struct reading *reading)
{
    uint32_t index = reading_word(reading, "m", WORDS, "one or two");

    assert_int_equal(index, reading->err ? 0 : 1);
}

static void words_are_of_a_list(void **state)
{
    (void)state;
    check_rows(WORD_ROWS, ROW_COUNT(WORD_ROWS), read_word);
}

static const struct row NUMBER_ROWS[] = {
    {"{\"m\":3}", NULL},     {"{\"m\":3.5}", "must be"},
    {"{\"m\":0}", "must"},   {"{\"m\":6}", "must be"},
    {"{\"m\":[3]}", "must"}, {"{\"m\":\"3\"}", "must be"},
    {"{}", "missing"},
};

static void read_number(struct reading *reading)
{
    double value = reading_number(reading, "m", &RANGE, "1 to 5");

    assert_true(value == (reading->err ? 1 : 3));
}

static const struct row OPTIONAL_ROWS[] = {
    {"{}", NULL},
    {"{\"m\":2.5}", NULL},
    {"{\"m\":null}", "must be"},
    {"{\"m\":-1}", "must be"},
};

static void read_optional(struct reading *reading)
{
    double value = reading_number(reading, "m", &OPTIONAL, "0 to 5");

    assert_true(value == (reading->err ? 0 : 2.5));
}

static void numbers_are_in_their_range(void **state)
{
    (void)state;
    check_rows(NUMBER_ROWS, ROW_COUNT(NUMBER_ROWS), read_number);
    check_rows(OPTIONAL_ROWS, ROW_COUNT(OPTIONAL_ROWS), read_optional);
}

static const struct row LIST_ROWS[] = {
    {"{}", NULL},
    {"{\"m\":[2.5,2.5]}", NULL},
    {"{\"m\":[2.5]}", "list"},
    {"{\"m\":[2.5,2.5,2.5]}", "list"},
    {"{\"m\":[2.5,9]}", "list"},
    {"{\"m\":[]}", "list"},
    {"{\"m\":2.5}", "list"},
};

static void read_list(struct reading *reading)
{
    double values[2];

    reading_numbers(reading, "m", values, 2, &OPTIONAL);
    if (!reading->err)
        assert_true(values[0] == 2.5 && values[1] == 2.5);
}

static void lists_have_their_length(void **state)
{
    (void)state;
    check_rows(LIST_ROWS, ROW_COUNT(LIST_ROWS), read_list);
}

static const struct row TEXT_ROWS[] = {
    {"{\"m\":\"seven b\"}", NULL},
    {"{\"m\":\"eight by\"}", "text"},
    {"{\"m\":\"\"}", "text"},
    {"{\"m\":\"a\\nb\"}", "text"},
    {"{\"m\":\"a\\u007fb\"}", "text"},
    {"{\"m\":1}", "text"},
    {"{}", "missing"},
};

static void read_text(struct reading *reading)
{
    char text[TEXT_SIZE];

    reading_text(reading, "m", text, sizeof text);
    assert_string_equal(text, reading->err ? "" : "seven b");
}

static void texts_are_short_and_plain(void **state)
{
    (void)state;
    check_rows(TEXT_ROWS, ROW_COUNT(TEXT_ROWS), read_text);
}

static const struct row KNOWN_ROWS[] = {
    {"{}", NULL},
    {"{\"two\":1,\"one\":2}", NULL},
    {"{\"one\":1,\"there\":2,\"here\":3}", "\"in.there\" is no member"},
};

static void read_only(struct reading *reading)
{
    reading_only(reading, WORDS);
}

static void unknown_members_are_refused(void **state)
{
    (void)state;
    check_rows(KNOWN_ROWS, ROW_COUNT(KNOWN_ROWS), read_only);
}

static const struct row INNER_ROWS[] = {
    {"{\"m\":{\"m\":\"two\"}}", NULL},
    {"{\"m\":{\"m\":\"six\"}}", "\"deep.m\""},
    {"{\"m\":7}", "\"in.m\" must be an object"},
    {"{}", "\"in.m\" is missing"},
};

static void read_inner(struct reading *reading)
{
    struct reading inner = reading_object(reading, "m", "deep.");

    (void)reading_word(&inner, "m", WORDS, "one or two");
    reading_leave(reading, &inner);
}

static void the_first_wrong_member_is_told(void **state)
{
    (void)state;
    check_rows(INNER_ROWS, ROW_COUNT(INNER_ROWS), read_inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_of_a_list),
        cmocka_unit_test(numbers_are_in_their_range),
        cmocka_unit_test(lists_have_their_length),
        cmocka_unit_test(texts_are_short_and_plain),
        cmocka_unit_test(unknown_members_are_refused),
        cmocka_unit_test(the_first_wrong_member_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
