/* The error body, for each row of the table.
 * Must not know connections: those are in the flows.
 * Foreign text in a detail can't leave its string. */
#include "server/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"

static struct json *body_of(struct buf *text, enum sil_err err,
                            const char *detail, enum sil_stage stage)
{
    struct json *json = NULL;

    buf_init(text, LIMIT_PAGE_BYTES_MAX);
    answer_error_body(text, err, detail, stage);
    assert_int_equal(buf_err(text), SIL_OK);
    assert_int_equal(json_parse(&json, text->bytes, text->size, NULL), SIL_OK);
    return json;
}

static void each_error_has_the_contracts_form(void **state)
{
    (void)state;
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        struct buf text;
        struct json *json = body_of(&text, (enum sil_err)i, "", row->stage);
        const struct json *data = json_member(json, "data");
        const struct json *first = json_element(data, 0);

        assert_memory_equal(text.bytes, "{\"state\":", 9);
        assert_true(json_number(json_member(json, "state"), 9) == row->state);
        assert_int_equal(row->state, row->status >= 500 ? -1 : 0);
        assert_string_equal(json_text(json_member(json, "message")),
                            row->message);
        assert_string_equal(json_text(json_member(json, "errors")), row->when);
        assert_string_equal(json_text(json_member(first, "code")), row->code);
        assert_string_equal(json_text(json_member(first, "stage")),
                            stage_name(row->stage));
        assert_int_equal(json_kind(json_element(data, 1)), JSON_ABSENT);
        json_destroy(json);
        buf_finish(&text);
    }
}

static void details_are_escaped(void **state)
{
    static const char detail[] = "a\"b\\c\nd\x01\xff é";
    struct buf text;
    struct json *json =
        body_of(&text, SIL_E_BAD_JSON, detail, SIL_STAGE_REQUEST);

    (void)state;
    assert_string_equal(json_text(json_member(json, "errors")),
                        "a\"b\\c\nd\x01\xef\xbf\xbd é");
    assert_null(memchr(text.bytes, '\n', text.size));
    json_destroy(json);
    buf_finish(&text);
}

static void the_body_is_exactly_this(void **state)
{
    struct buf text;
    struct json *json = body_of(&text, SIL_E_IMAGE_NOT_FOUND,
                                "no such key in the store", SIL_STAGE_FETCH);

    (void)state;
    assert_string_equal(
        buf_text(&text),
        "{\"state\":0,\"message\":\"image load error\","
        "\"errors\":\"no such key in the store\","
        "\"data\":[{\"code\":\"image_not_found\",\"stage\":\"fetch\"}]}");
    json_destroy(json);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_has_the_contracts_form),
        cmocka_unit_test(details_are_escaped),
        cmocka_unit_test(the_body_is_exactly_this),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
