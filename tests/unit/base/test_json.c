/* json.c: what is taken, what is refused, and strings out and in again.
 * Must not know what requests mean.
 * Documents end at the end of an allocation: ASan sees a byte too many. */
#include "base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

struct document {
    const char *why, *text;
};

static enum sil_err parse(struct json **out, const char *text, size_t size,
                          struct sil_error *error)
{
    char *exact = malloc(size > 0 ? size : 1);
    enum sil_err err;

    assert_non_null(exact);
    memcpy(exact, text, size);
    err = json_parse(out, exact, size, error);
    free(exact);
    return err;
}

static const struct document refused[] = {
    {"nothing", ""},
    {"blanks", "  \n"},
    {"a word", "imgSrc"},
    {"an array", "[]"},
    {"a string", "\"a\""},
    {"a number", "1"},
    {"null", "null"},
    {"not closed", "{\"a\":1"},
    {"an open string", "{\"a"},
    {"trailing text", "{} x"},
    {"a second document", "{}{}"},
    {"a comma too many", "{\"a\":1,}"},
    {"a bare key", "{a:1}"},
    {"single quotes", "{'a':1}"},
    {"a comment", "{/* */}"},
    {"a byte order mark", "\xEF\xBB\xBF{}"},
    {"a duplicate", "{\"a\":1,\"a\":1}"},
    {"an escaped duplicate", "{\"a\":1,\"\\u0061\":2}"},
    {"a duplicate inside", "{\"o\":{\"b\":1,\"b\":2}}"},
    {"invalid UTF-8", "{\"a\":\"\xFF\"}"},
    {"cut UTF-8", "{\"a\":\"\xC3\"}"},
    {"overlong UTF-8", "{\"a\":\"\xC0\xAF\"}"},
    {"a surrogate in UTF-8", "{\"a\":\"\xED\xA0\x80\"}"},
    {"a lone surrogate", "{\"a\":\"\\ud800\"}"},
    {"the other one", "{\"a\":\"\\udc00\"}"},
    {"two high ones", "{\"a\":\"\\ud800\\ud800\"}"},
    {"an escaped NUL", "{\"a\":\"\\u0000\"}"},
    {"an escaped NUL in a key", "{\"\\u0000\":1}"},
    {"a control character", "{\"a\":\"\n\"}"},
    {"an unknown escape", "{\"a\":\"\\x41\"}"},
    {"a number too large", "{\"a\":1e999}"},
    {"a leading zero", "{\"a\":01}"},
    {"no number", "{\"a\":NaN}"},
    {"nine levels", "{\"a\":[[[[[[[[1]]]]]]]]}"},
    {"nine levels, not closed", "{\"a\":[[[[[[[["},
};

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *text = refused[i].text;
        struct sil_error error = {0};
        struct json *json = NULL;
        if (parse(&json, text, strlen(text), &error) != SIL_E_BAD_JSON)
            fail_msg("taken: %s", refused[i].why);
        assert_null(json);
        assert_int_equal(error.code, SIL_E_BAD_JSON);
        assert_true(strlen(error.detail) > 0);
    }
}

static const struct document taken[] = {
    {"an empty object", "{}"},
    {"blanks around", " \t\r\n{ } \n"},
    {"eight levels", "{\"a\":[[[[[[[1]]]]]]]}"},
    {"brackets in a string", "{\"a\":\"[[[[[[[[[[{{{{{{{{\"}"},
    {"quotes in it too", "{\"a\":\"\\\"[[[[[[[[[[\"}"},
    {"siblings", "{\"a\":[[],[],[],[],[],[],[],[],[],[]]}"},
    {"a whole number beyond 64 bits", "{\"a\":123456789012345678901}"},
    {"the same key elsewhere", "{\"a\":{\"a\":1}}"},
    {"a pair of surrogates", "{\"a\":\"\\ud83d\\udc64\"}"},
    {"Hangul", "{\"\xED\x95\x9C\":\"\xEA\xB8\x80\"}"},
};

static void what_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        const char *text = taken[i].text;
        struct sil_error error = {0};
        struct json *json = NULL;
        if (parse(&json, text, strlen(text), &error) != SIL_OK)
            fail_msg("refused: %s: %s", taken[i].why, error.detail);
        assert_int_equal(json_kind(json), JSON_MAP);
        assert_int_equal(error.code, SIL_OK);
        json_destroy(json);
    }
    json_destroy(NULL);
}

static void a_nul_is_no_end(void **state)
{
    static const char behind[] = "{}\0";
    static const char inside[] = "{\"a\":\"b\0c\"}";
    struct json *json = NULL;

    (void)state;
    assert_int_equal(parse(&json, behind, sizeof behind, NULL), SIL_E_BAD_JSON);
    assert_int_equal(parse(&json, inside, sizeof inside - 1, NULL),
                     SIL_E_BAD_JSON);
    assert_null(json);
}

/* Far deeper than jansson itself would go. */
static void depth_is_bounded_before_parsing(void **state)
{
    enum { DEPTH = 1000000 };
    struct sil_error error = {0};
    struct json *json = NULL;
    char *text = malloc(DEPTH);

    (void)state;
    assert_non_null(text);
    memset(text, '[', DEPTH);
    assert_int_equal(json_parse(&json, text, DEPTH, &error), SIL_E_BAD_JSON);
    assert_non_null(strstr(error.detail, "deeper than 8"));
    free(text);
}

static void values_are_found(void **state)
{
    static const char text[] =
        "{\"t\":\"text\",\"n\":-2.5,\"i\":7,\"y\":true,\"f\":false,"
        "\"z\":null,\"l\":[1,\"two\"],\"o\":{\"p\":3}}";
    struct json *json = NULL;
    const struct json *list;

    (void)state;
    assert_int_equal(parse(&json, text, sizeof text - 1, NULL), SIL_OK);
    assert_string_equal(json_text(json_member(json, "t")), "text");
    assert_true(json_number(json_member(json, "n"), 0) == -2.5);
    assert_true(json_number(json_member(json, "i"), 0) == 7);
    assert_int_equal(json_kind(json_member(json, "z")), JSON_NOTHING);
    assert_int_equal(json_kind(json_member(json, "y")), JSON_BOOL);
    assert_int_equal(json_kind(json_member(json, "i")), JSON_NUMBER);
    assert_int_equal(json_kind(json_member(json, "n")), JSON_NUMBER);
    list = json_member(json, "l");
    assert_int_equal(json_kind(list), JSON_LIST);
    assert_string_equal(json_text(json_element(list, 1)), "two");
    assert_null(json_element(list, 2));
    assert_true(json_number(json_member(json_member(json, "o"), "p"), 0) == 3);
    assert_string_equal(json_key(json, 0), "t");
    assert_string_equal(json_key(json, 7), "o");
    assert_null(json_key(json, 8));
    json_destroy(json);
}

static void what_is_not_there_is_absent(void **state)
{
    static const char text[] = "{\"t\":\"text\",\"i\":7}";
    struct json *json = NULL;
    const struct json *number;

    (void)state;
    assert_int_equal(parse(&json, text, sizeof text - 1, NULL), SIL_OK);
    number = json_member(json, "i");
    assert_null(json_member(json, "missing"));
    assert_null(json_member(number, "t"));
    assert_null(json_member(NULL, "t"));
    assert_null(json_element(json, 0));
    assert_null(json_element(NULL, 0));
    assert_null(json_key(number, 0));
    assert_null(json_key(NULL, 0));
    assert_null(json_text(number));
    assert_null(json_text(NULL));
    assert_int_equal(json_kind(NULL), JSON_ABSENT);
    assert_true(json_number(json_member(json, "t"), 5) == 5);
    assert_true(json_number(NULL, 5) == 5);
    json_destroy(json);
}

/* Written as a JSON string and parsed again. */
static void assert_round_trip(const char *text, size_t size, const char *wanted)
{
    struct json *json = NULL;
    struct buf buf;

    buf_init(&buf, 10000);
    buf_add_text(&buf, "{\"a\":");
    json_add_text(&buf, text, size);
    buf_add_text(&buf, "}");
    assert_int_equal(buf_err(&buf), SIL_OK);
    assert_int_equal(json_parse(&json, buf.bytes, buf.size, NULL), SIL_OK);
    assert_string_equal(json_text(json_member(json, "a")), wanted);
    json_destroy(json);
    buf_finish(&buf);
}

static void strings_come_back(void **state)
{
    static const char *const texts[] = {
        "",
        "plain",
        "\"",
        "\\",
        "\"}{\\\"",
        "\x01\x02\x1f\x7f\t\n\r",
        "\xED\x95\x9C\xEA\xB8\x80 \xC3\xA9 \xF0\x9F\x91\xA4",
        "/</script>"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_round_trip(texts[i], strlen(texts[i]), texts[i]);
    assert_round_trip("a\xFFz", 3, "a\xEF\xBF\xBDz");
    assert_round_trip("cut \xED\x95", 6, "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(a_nul_is_no_end),
        cmocka_unit_test(depth_is_bounded_before_parsing),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(what_is_not_there_is_absent),
        cmocka_unit_test(strings_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
