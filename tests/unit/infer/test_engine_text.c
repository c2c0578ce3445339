/* engine_text.c: the last line, cut, and without paths.
 * Must not know any engine.
 * Each row is a text as an engine may give it. */
#include "infer/infer_tools.h"

#include "infer/engine_text.h"

enum { SIZE = 12 };

static const char *const ROWS[][2] = {
    {"", ""},
    {"\n\n", ""},
    {"one line", "one line"},
    {"Exception from src/a.cpp:1:\nno such op\n\n", "no such op"},
    {"fine\nin src/a.cpp:1\n", ""},
    {"a line that is long", "a line that"},
};

static void the_last_line_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(ROWS); i++) {
        char text[SIZE];

        engine_text_last(text, sizeof text, ROWS[i][0]);
        assert_string_equal(text, ROWS[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
