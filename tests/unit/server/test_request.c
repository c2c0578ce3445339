/* Requests: JSON and queries to structs, and each way to be wrong.
 * Must not know HTTP.
 * Every allocation of a parse is made to fail once. */
#include "server/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static enum sil_err parse(struct request *request, const char *text,
                          struct sil_error *error)
{
    const struct sil_options standard = sil_options_default();

    return request_parse(request, text, strlen(text), &standard, error);
}

static void a_plain_request_has_defaults(void **state)
{
    struct request request;

    (void)state;
    assert_int_equal(parse(&request, "{\"imgSrc\":\"a/b c.jpg\"}", NULL), 0);
    assert_string_equal(request.img_src, "a/b c.jpg");
    assert_int_equal(request.options.quality, SIL_QUALITY_FAST);
    assert_int_equal(request.options.orientation, SIL_UPRIGHT);
    assert_true(request.options.threshold == 0);
    request_finish(&request);
    assert_null(request.img_src);
}

static void options_are_read(void **state)
{
    static const char text[] =
        "{\"threshold\":0.25,\"orientation\":\"stored\",\"people\":\"all\","
        "\"imgSrc\":\"\\uC0AC\\uC9C4.jpg\",\"quality\":\"fast\","
        "\"output\":\"mask\",\"colour\":{\"deep\":[1,2]}}";
    struct request request;

    (void)state;
    assert_int_equal(parse(&request, text, NULL), SIL_OK);
    assert_string_equal(request.img_src, "사진.jpg");
    assert_int_equal(request.options.orientation, SIL_STORED);
    assert_true(request.options.threshold == 0.25f);
    request_finish(&request);
}

/** A body, what it is refused with, and what the detail names. */
struct bad_case {
    const char *text;
    enum sil_err err;
    const char *named;
};

static const struct bad_case bad_cases[] = {
    {"", SIL_E_BAD_JSON, ""},
    {"{", SIL_E_BAD_JSON, ""},
    {"[]", SIL_E_BAD_JSON, "object"},
    {"{\"imgSrc\":\"a\"} x", SIL_E_BAD_JSON, ""},
    {"{\"imgSrc\":\"a\",\"imgSrc\":\"b\"}", SIL_E_BAD_JSON, ""},
    {"{\"imgSrc\":\"a\\u0000\"}", SIL_E_BAD_JSON, ""},
    {"{\"n\":1e999,\"imgSrc\":\"a\"}", SIL_E_BAD_JSON, ""},
    {"{}", SIL_E_MISSING_IMG_SRC, "missing"},
    {"{\"imgsrc\":\"a\"}", SIL_E_MISSING_IMG_SRC, "missing"},
    {"{\"imgSrc\":null}", SIL_E_MISSING_IMG_SRC, "string"},
    {"{\"imgSrc\":[\"a\"]}", SIL_E_MISSING_IMG_SRC, "string"},
    {"{\"imgSrc\":\"\"}", SIL_E_MISSING_IMG_SRC, "empty"},
    {"{\"imgSrc\":\"a\",\"quality\":\"ultra\"}", SIL_E_BAD_OPTION, "quality"},
    {"{\"imgSrc\":\"a\",\"quality\":\"\"}", SIL_E_BAD_OPTION, "quality"},
    {"{\"imgSrc\":\"a\",\"quality\":1}", SIL_E_BAD_OPTION, "quality"},
    {"{\"imgSrc\":\"a\",\"people\":\"one\"}", SIL_E_BAD_OPTION, "people"},
    {"{\"imgSrc\":\"a\",\"output\":\"alpha cutout\"}", SIL_E_BAD_OPTION,
     "output"},
    {"{\"imgSrc\":\"a\",\"orientation\":\"sideways\"}", SIL_E_BAD_OPTION,
     "upright stored"},
    {"{\"imgSrc\":\"a\",\"threshold\":\"0.5\"}", SIL_E_BAD_OPTION, "threshold"},
    {"{\"imgSrc\":\"a\",\"threshold\":0}", SIL_E_BAD_OPTION, "threshold"},
    {"{\"imgSrc\":\"a\",\"threshold\":1}", SIL_E_BAD_OPTION, "threshold"},
    {"{\"imgSrc\":\"a\",\"threshold\":-0.5}", SIL_E_BAD_OPTION, "threshold"},
    /* Above 0 and below 1 until they become floats. */
    {"{\"imgSrc\":\"a\",\"threshold\":1e-60}", SIL_E_BAD_OPTION, "threshold"},
    {"{\"imgSrc\":\"a\",\"threshold\":0.99999999999}", SIL_E_BAD_OPTION,
     "threshold"},
};

static void mistakes_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        struct request request = {.options.threshold = 0.75f};
        struct sil_error error = {0};

        assert_int_equal(parse(&request, bad_cases[i].text, &error),
                         bad_cases[i].err);
        assert_int_equal(error.code, bad_cases[i].err);
        assert_non_null(strstr(error.detail, bad_cases[i].named));
        assert_true(request.options.threshold == 0.75f); /* untouched */
    }
}

/** A query and what comes of it. */
struct query_case {
    const char *query;
    enum sil_err err;
    enum sil_orientation orientation;
    float threshold;
};

static const struct query_case query_cases[] = {
    {"", SIL_OK, SIL_UPRIGHT, 0},
    {"orientation=stored&threshold=0.5", SIL_OK, SIL_STORED, 0.5f},
    {"threshold=.25&utm=1&x", SIL_OK, SIL_UPRIGHT, 0.25f}, /* unknown names */
    {"&&quality=fast&", SIL_OK, SIL_UPRIGHT, 0},
    {"threshold", SIL_E_BAD_OPTION, 0, 0},
    {"threshold=", SIL_E_BAD_OPTION, 0, 0},
    {"threshold=.", SIL_E_BAD_OPTION, 0, 0},
    {"threshold=0.2.3", SIL_E_BAD_OPTION, 0, 0},
    {"threshold=nan", SIL_E_BAD_OPTION, 0, 0},
    {"threshold=1e-1", SIL_E_BAD_OPTION, 0, 0},
    {"quality", SIL_E_BAD_OPTION, 0, 0},
    {"quality=good", SIL_E_BAD_OPTION, 0, 0},
    {"orientation=%73tored", SIL_E_BAD_OPTION, 0, 0}, /* no decoding */
    {"x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", SIL_E_BAD_OPTION, 0, 0},
};

static void queries_have_the_same_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof query_cases / sizeof *query_cases; i++) {
        const struct query_case *row = &query_cases[i];
        struct request request = {0};
        const struct sil_options standard = sil_options_default();
        enum sil_err err = request_parse_query(
            &request, row->query, strlen(row->query), &standard, NULL);

        assert_int_equal(err, row->err);
        if (err)
            continue;
        assert_null(request.img_src);
        assert_int_equal(request.options.orientation, row->orientation);
        assert_true(request.options.threshold == row->threshold);
    }
}

static void out_of_memory_leaks_nothing(void **state)
{
    struct request request = {0};

    (void)state;
    mem_fail_at(1);
    assert_int_equal(parse(&request, "{\"imgSrc\":\"a\"}", NULL),
                     SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_null(request.img_src);
}

/* The settings of the server are what a request begins with. */
static void what_is_not_said_is_the_standard(void **state)
{
    static const char text[] = "{\"imgSrc\":\"a\"}";
    struct sil_options standard = sil_options_default();
    struct request request;

    (void)state;
    standard.threshold = 0.25f;
    standard.limits.image_bytes_max = 77;
    assert_int_equal(
        request_parse(&request, text, sizeof text - 1, &standard, NULL),
        SIL_OK);
    assert_true(request.options.threshold == 0.25f);
    assert_int_equal(request.options.limits.image_bytes_max, 77);
    request_finish(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_has_defaults),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(mistakes_are_told_apart),
        cmocka_unit_test(queries_have_the_same_options),
        cmocka_unit_test(out_of_memory_leaks_nothing),
        cmocka_unit_test(what_is_not_said_is_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
