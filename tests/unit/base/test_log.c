/* log.c: each line is one JSON object, whatever is logged.
 * Must not know which events there are.
 * Standard error is a pipe while a line is written, and jansson reads it. */
#include "base/cmocka_all.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

enum { OUTPUT_SIZE = 2 * LIMIT_LOG_LINE_BYTES };

/* What was written to standard error while it was caught. */
struct catch
{
    int kept, ends[2];
    char text[OUTPUT_SIZE];
};

static void catch_begin(struct catch *catch)
{
    assert_int_equal(pipe(catch->ends), 0);
    catch->kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(catch->ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)close(catch->ends[1]);
}

/* Returns how many bytes were written. */
static size_t catch_end(struct catch *catch)
{
    ssize_t size;

    assert_int_equal(dup2(catch->kept, STDERR_FILENO), STDERR_FILENO);
    (void)close(catch->kept);
    size = read(catch->ends[0], catch->text, sizeof catch->text - 1);
    (void)close(catch->ends[0]);
    assert_true(size >= 0);
    catch->text[size] = '\0';
    return (size_t)size;
}

/* Write the line out and read it as JSON. *out: json_destroy(). */
static void write_and_parse(struct json **out, struct log_line *line)
{
    struct catch catch;
    size_t size;

    catch_begin(&catch);
    log_end(line);
    size = catch_end(&catch);
    assert_in_range(size, 2, LIMIT_LOG_LINE_BYTES);
    assert_int_equal(catch.text[size - 1], '\n');
    assert_ptr_equal(strchr(catch.text, '\n'), catch.text + size - 1);
    assert_int_equal(json_parse(out, catch.text, size, NULL), SIL_OK);
}

static const char *text_of(const struct json *line, const char *key)
{
    return json_text(json_member(line, key));
}

static void a_line_holds_its_fields(void **state)
{
    struct log_line line;
    struct json *json;

    (void)state;
    log_begin(&line, LOG_WARN, "request");
    log_text(&line, "key", "path/to.jpg");
    log_text(&line, "absent", NULL);
    log_int(&line, "least", INT64_MIN);
    log_int(&line, "status", 200);
    log_ms(&line, "ms", 1234567);
    write_and_parse(&json, &line);
    assert_int_equal(strlen(text_of(json, "time")), 24);
    assert_string_equal(text_of(json, "level"), "warn");
    assert_string_equal(text_of(json, "event"), "request");
    assert_string_equal(text_of(json, "key"), "path/to.jpg");
    assert_int_equal(json_kind(json_member(json, "absent")), JSON_ABSENT);
    assert_true(json_number(json_member(json, "status"), 0) == 200);
    assert_true(json_number(json_member(json, "least"), 0) < -9.2e18);
    assert_true(json_number(json_member(json, "ms"), 0) == 1.235);
    json_destroy(json);
}

static void foreign_text_stays_in_its_quotes(void **state)
{
    static const char *const texts[] = {
        "\"}\n{\"level\":\"error",  "back\\slash\\",    "\t\r\n\x01\x1f\x7f",
        "\xED\x95\x9C\xEA\xB8\x80", "\xF0\x9F\x91\xA4", ""};
    struct log_line line;
    struct json *json;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        log_begin(&line, LOG_INFO, "event");
        log_text(&line, "text", texts[i]);
        log_text(&line, texts[i], "as a key");
        write_and_parse(&json, &line);
        assert_string_equal(text_of(json, "text"), texts[i]);
        assert_string_equal(text_of(json, texts[i]), "as a key");
        json_destroy(json);
    }
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    struct log_line line;
    struct json *json;

    (void)state;
    log_begin(&line, LOG_INFO, "event");
    log_text(&line, "text",
             "a\xFF"
             "b\xC3");
    write_and_parse(&json, &line);
    assert_string_equal(text_of(json, "text"), "a\xEF\xBF\xBD"
                                               "b\xEF\xBF\xBD");
    json_destroy(json);
}

/* Each length around the end of the line: a field is whole or not there. */
static void what_does_not_fit_is_left_out_whole(void **state)
{
    char text[LIMIT_LOG_LINE_BYTES + 8];
    bool was_dropped = false;
    bool was_kept = false;

    (void)state;
    for (size_t size = LIMIT_LOG_LINE_BYTES - 200; size < LIMIT_LOG_LINE_BYTES;
         size++) {
        struct log_line line;
        struct json *json;
        const char *back;
        memset(text, 'x', size);
        text[size - 1] = '"';
        text[size] = '\0';
        log_begin(&line, LOG_INFO, "event");
        log_text(&line, "long", text);
        log_int(&line, "after", 5);
        write_and_parse(&json, &line);
        back = text_of(json, "long");
        if (back != NULL)
            assert_string_equal(back, text);
        was_kept = was_kept || back != NULL;
        was_dropped = was_dropped || back == NULL;
        /* What is short enough may still follow. */
        if (back == NULL)
            assert_true(json_number(json_member(json, "after"), 0) == 5);
        json_destroy(json);
    }
    assert_true(was_dropped);
    assert_true(was_kept);
}

static size_t size_written(enum log_level level)
{
    struct catch catch;

    catch_begin(&catch);
    log_event(level, "event", "detail");
    return catch_end(&catch);
}

static void lower_levels_are_silent(void **state)
{
    (void)state;
    assert_int_equal(size_written(LOG_DEBUG), 0);
    assert_true(size_written(LOG_INFO) > 0);
    log_set_level(LOG_ERROR);
    assert_int_equal(size_written(LOG_WARN), 0);
    assert_true(size_written(LOG_ERROR) > 0);
    log_set_level(LOG_OFF);
    assert_int_equal(size_written(LOG_ERROR), 0);
    log_set_level(LOG_DEBUG);
    assert_true(size_written(LOG_DEBUG) > 0);
    log_set_level(LOG_INFO);
}

static void levels_have_names(void **state)
{
    enum log_level level = LOG_OFF;

    (void)state;
    assert_true(log_level_from_name(&level, "debug"));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_from_name(&level, "off"));
    assert_int_equal(level, LOG_OFF);
    assert_false(log_level_from_name(&level, "loud"));
    assert_false(log_level_from_name(&level, ""));
    assert_int_equal(level, LOG_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_holds_its_fields),
        cmocka_unit_test(foreign_text_stays_in_its_quotes),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(lower_levels_are_silent),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
