/* Content-Type, Accept and Accept-Encoding, value by value.
 * Must not know requests.
 * NULL stands for an absent field. */
#include "server/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct http_text text_of(const char *value)
{
    if (value == NULL)
        return (struct http_text){NULL, 0};
    return (struct http_text){value, strlen(value)};
}

enum { REFUSED = -1 };

/** A field and what is chosen for it. */
struct choice_case {
    const char *value;
    int chosen; /* REFUSED: the error */
};

static const struct choice_case accept_cases[] = {
    {NULL, SIL_FORMAT_JSON},
    {"", SIL_FORMAT_JSON},
    {"*/*", SIL_FORMAT_JSON}, /* curl, requests, node-fetch */
    {"application/json", SIL_FORMAT_JSON},
    {"Application/JSON; charset=utf-8", SIL_FORMAT_JSON},
    {"image/png", SIL_FORMAT_PNG},
    {"image/*", SIL_FORMAT_PNG},
    {"application/vnd.coco.rle+json", SIL_FORMAT_RLE},
    {"application/*", SIL_FORMAT_JSON}, /* ours, not the other one */
    {"image/png, application/json", SIL_FORMAT_JSON}, /* alike: ours */
    {"image/png, application/json;q=0.9", SIL_FORMAT_PNG},
    {"image/png;q=0.2,*/*;q=0.1", SIL_FORMAT_PNG},
    {"application/json;q=0, */*", SIL_FORMAT_PNG},
    {"*/*;q=0.5, application/json;q=0.1", SIL_FORMAT_PNG},
    {"text/html, image/gif, *; q=.2, */*; q=.2", SIL_FORMAT_JSON},
    {"application/json;q=0.000", REFUSED},
    {"text/html", REFUSED},
    {"image/webp", REFUSED},
    {"application/json;q=2", REFUSED}, /* no such q */
    {"application/json;q=x, image/png;q=0.1", SIL_FORMAT_PNG},
    {"application/json;v=\"a,b;q=0\"", SIL_FORMAT_JSON}, /* quoted */
    {",,;q=1,/", REFUSED},
    {"application/jsonx", REFUSED},
    {"application/json;q=0.1234", SIL_FORMAT_JSON},
};

static void accept_chooses_the_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accept_cases / sizeof *accept_cases; i++) {
        enum sil_format format = SIL_FORMAT_JSON;
        const struct sil_options options = sil_options_default();
        enum sil_err err = negotiate_format(
            &format, text_of(accept_cases[i].value), &options, NULL);
        int chosen = err == SIL_E_NOT_ACCEPTABLE ? REFUSED : (int)format;

        assert_int_equal(chosen, accept_cases[i].chosen);
    }
}

/* A soft edge is a picture or numbers; a cutout is a picture. */
static void what_is_asked_for_limits_the_forms(void **state)
{
    static const struct {
        enum sil_output output;
        const char *accept;
        int chosen;
    } cases[] = {
        {SIL_OUTPUT_ALPHA, NULL, SIL_FORMAT_JSON},
        {SIL_OUTPUT_ALPHA, "image/png", SIL_FORMAT_PNG},
        {SIL_OUTPUT_ALPHA, "application/vnd.coco.rle+json", REFUSED},
        {SIL_OUTPUT_CUTOUT, NULL, SIL_FORMAT_PNG},
        {SIL_OUTPUT_CUTOUT, "*/*", SIL_FORMAT_PNG},
        {SIL_OUTPUT_CUTOUT, "application/json", REFUSED},
        {SIL_OUTPUT_CUTOUT, "application/json, */*;q=0.1", SIL_FORMAT_PNG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sil_options options = sil_options_default();
        enum sil_format format = SIL_FORMAT_JSON;
        enum sil_err err;
        options.output = cases[i].output;
        err =
            negotiate_format(&format, text_of(cases[i].accept), &options, NULL);
        assert_int_equal(err == SIL_E_NOT_ACCEPTABLE ? REFUSED : (int)format,
                         cases[i].chosen);
    }
}

static const struct choice_case coding_cases[] = {
    {NULL, ENCODE_IDENTITY},
    {"", ENCODE_IDENTITY},
    {"identity", ENCODE_IDENTITY},
    {"gzip", ENCODE_GZIP},
    {"GZIP", ENCODE_GZIP},
    {"x-gzip", ENCODE_GZIP},
    {"gzip, deflate", ENCODE_GZIP},     /* requests */
    {"gzip, deflate, br", ENCODE_GZIP}, /* node-fetch */
    {"*", ENCODE_GZIP},
    {"*;q=0", ENCODE_IDENTITY},
    {"gzip;q=0", ENCODE_IDENTITY},
    {"gzip;q=0, *", ENCODE_IDENTITY},
    {"gzip;q=0.5, identity;q=1", ENCODE_IDENTITY},
    {"gzip;q=1, identity;q=0.5", ENCODE_GZIP},
    {"br, zstd", ENCODE_IDENTITY},
};

static void accept_encoding_chooses_the_coding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof coding_cases / sizeof *coding_cases; i++)
        assert_int_equal(negotiate_coding(text_of(coding_cases[i].value)),
                         coding_cases[i].chosen);
}

static const struct choice_case content_cases[] = {
    {"application/json", CONTENT_JSON},
    {"application/json;charset=UTF-8", CONTENT_JSON},
    {" APPLICATION/JSON ; x=y", CONTENT_JSON},
    {"image/jpeg", CONTENT_IMAGE},
    {"image/avif", CONTENT_IMAGE},
    {"image/gif", REFUSED},
    {NULL, REFUSED},
    {"", REFUSED},
    {"application/x-www-form-urlencoded", REFUSED}, /* curl -d */
    {"application/jsonp", REFUSED},
    {"text/json", REFUSED},
};

static void content_type_is_known_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content_cases / sizeof *content_cases; i++) {
        enum content content = CONTENT_JSON;
        struct sil_error error = {0};
        enum sil_err err = negotiate_content(
            &content, text_of(content_cases[i].value), &error);
        int chosen = err == SIL_E_BAD_CONTENT_TYPE ? REFUSED : (int)content;

        assert_int_equal(chosen, content_cases[i].chosen);
        assert_int_equal(error.code, err);
    }
}

static const struct {
    const char *value, *language;
} language_cases[] = {
    {NULL, "en"},
    {"", "en"},
    {"*", "en"},
    {"ko", "ko"},
    {"KO-kr", "ko"},
    {"ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"}, /* Chromium in Korea */
    {"en-US,en;q=0.9,ko;q=0.8", "en"},
    {"en;q=0.5, ko;q=0.6", "ko"},
    {"ko;q=0", "en"},
    {"kok", "en"}, /* Konkani */
    {"fr, ko;q=0.1", "ko"},
};

static void accept_language_chooses_the_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof language_cases / sizeof *language_cases; i++)
        assert_string_equal(
            negotiate_language(text_of(language_cases[i].value)),
            language_cases[i].language);
}

static void forms_are_told_by_their_types(void **state)
{
    (void)state;
    assert_true(negotiate_answers("image/png", 9));
    assert_true(negotiate_answers("application/json", 16));
    assert_false(negotiate_answers("image/pn", 8));
    assert_false(negotiate_answers("text/html", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_chooses_the_form),
        cmocka_unit_test(what_is_asked_for_limits_the_forms),
        cmocka_unit_test(accept_encoding_chooses_the_coding),
        cmocka_unit_test(content_type_is_known_or_refused),
        cmocka_unit_test(accept_language_chooses_the_pages),
        cmocka_unit_test(forms_are_told_by_their_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
