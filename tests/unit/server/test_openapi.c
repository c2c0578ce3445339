/* The OpenAPI document against the tables it describes.
 * Must not know how it is written.
 * JSON of requests is limited in depth; this document is deeper, so it is
 * searched as text, and its brackets are counted. */
#include "server/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/options.h"
#include "server/negotiate.h"
#include "server/request.h"
#include "server/routes.h"

enum { PATTERN_SIZE = 256 };

static const struct config config = {
    .quality = "fast", .image_bytes_max = 4321, .image_pixels_max = 87654};
static struct buf document;

static int set_up(void **state)
{
    (void)state;
    buf_init(&document, LIMIT_PAGE_BYTES_MAX);
    openapi_text(&document, &config);
    return (int)buf_err(&document);
}

static int tear_down(void **state)
{
    (void)state;
    buf_finish(&document);
    return 0;
}

static void assert_has(const char *text)
{
    if (strstr(buf_text(&document), text) == NULL)
        fail_msg("the document lacks %s", text);
}

static void brackets_close_in_order(void **state)
{
    char open[64];
    size_t depth = 0;
    bool is_text = false;

    (void)state;
    for (size_t i = 0; i < document.size; i++) {
        char c = (char)document.bytes[i];
        if (c == '\\')
            i++;
        if (c == '"')
            is_text = !is_text;
        if (is_text)
            continue;
        if (c == '{' || c == '[') {
            assert_true(depth < sizeof open);
            open[depth++] = c;
        } else if (c == '}' || c == ']') {
            assert_true(depth > 0);
            assert_int_equal(open[--depth], c == '}' ? '{' : '[');
        }
    }
    assert_int_equal(depth, 0);
    assert_false(is_text);
}

static void each_route_is_there(void **state)
{
    (void)state;
    for (int i = 0; i < ROUTE_NONE; i++) {
        const struct route_row *row = route_row((enum route)i);
        char pattern[PATTERN_SIZE];
        /* What a path of the table ends in, OpenAPI gives a name. */
        int size = (int)strcspn(row->path, "*");

        (void)snprintf(pattern, sizeof pattern, "\n\"%.*s%s\": {\"%s\": {",
                       size, row->path, row->path[size] == '*' ? "{name}" : "",
                       row->method[0] == 'G' ? "get" : "post");
        assert_has(pattern);
        (void)snprintf(pattern, sizeof pattern, "\"operationId\": \"%s\"",
                       row->label);
        assert_has(pattern);
        (void)snprintf(pattern, sizeof pattern, "\"summary\": \"%s\"",
                       row->summary);
        assert_has(pattern);
    }
}

static void each_option_is_there_with_its_words(void **state)
{
    size_t count;
    const struct option_row *rows = option_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char pattern[PATTERN_SIZE];

        (void)snprintf(pattern, sizeof pattern,
                       "\"%s\": {\"type\": \"string\", \"enum\": [\"%.*s\"",
                       rows[i].name, (int)strcspn(rows[i].offered, " "),
                       rows[i].offered);
        assert_has(pattern);
        (void)snprintf(pattern, sizeof pattern,
                       "{\"name\": \"%s\", \"in\": \"query\"", rows[i].name);
        assert_has(pattern);
    }
    assert_has("\"enum\": [\"upright\", \"stored\"], \"default\": "
               "\"upright\"");
    assert_has("\"threshold\": {\"type\": \"number\"");
    assert_has("\"required\": [\"imgSrc\"]");
}

/* The limits are those of this service, not of the table. */
static void limits_are_the_settings(void **state)
{
    (void)state;
    assert_has("At most 4321 bytes and 87654 pixels");
    assert_has("at most 1024 bytes");
}

static void each_content_type_is_there(void **state)
{
    size_t count;
    const char *const *types = negotiate_image_types(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char pattern[PATTERN_SIZE];

        (void)snprintf(pattern, sizeof pattern, "\"%s\": {\"schema\"",
                       types[i]);
        assert_has(pattern);
    }
    assert_has("\"application/json\": {\"schema\"");
    assert_has("\"multipart/form-data\": {\"schema\"");
}

static void each_error_is_there(void **state)
{
    (void)state;
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        char pattern[PATTERN_SIZE];

        (void)snprintf(pattern, sizeof pattern,
                       "\"%d\": {\"description\": ", row->status);
        assert_has(pattern);
        if (row->is_alias)
            continue;
        (void)snprintf(pattern, sizeof pattern, "\"%s\": {\"summary\": \"%.40s",
                       row->code, row->when);
        assert_has(pattern);
        (void)snprintf(pattern, sizeof pattern,
                       "{\"code\": \"%s\", \"status\": %d", row->code,
                       row->status);
        assert_has(pattern);
    }
}

/* No mark is left over, and none of the words that take them away. */
static void nothing_is_left_to_fill_in(void **state)
{
    (void)state;
    assert_null(strstr(buf_text(&document), "@@"));
    assert_has("\"version\": \"" SIL_VERSION "\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_close_in_order),
        cmocka_unit_test(each_route_is_there),
        cmocka_unit_test(each_option_is_there_with_its_words),
        cmocka_unit_test(limits_are_the_settings),
        cmocka_unit_test(each_content_type_is_there),
        cmocka_unit_test(each_error_is_there),
        cmocka_unit_test(nothing_is_left_to_fill_in),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
