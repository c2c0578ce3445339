/* clock.c: order and form, never durations.
 * Must not know how fast the machine is.
 * Deadlines are set hours away on either side, so that no pause matters. */
#include "base/cmocka_all.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"

static const uint64_t HOUR_NS = 3600 * NS_PER_S;

static void time_never_falls(void **state)
{
    uint64_t last = clock_ns();

    (void)state;
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_ns();
        assert_true(now >= last);
        last = now;
    }
}

static void deadlines_pass(void **state)
{
    (void)state;
    assert_false(clock_is_past(0));
    assert_true(clock_is_past(1));
    assert_true(clock_is_past(clock_ns()));
    assert_false(clock_is_past(clock_ns() + HOUR_NS));
    assert_false(clock_is_past(UINT64_MAX));
}

static void what_is_left_is_bounded(void **state)
{
    uint32_t left;

    (void)state;
    assert_int_equal(clock_left_ms(0, 500), 500);
    assert_int_equal(clock_left_ms(1, 500), 0);
    assert_int_equal(clock_left_ms(clock_ns() + HOUR_NS, 500), 500);
    assert_int_equal(clock_left_ms(UINT64_MAX, UINT32_MAX), UINT32_MAX);
    left = clock_left_ms(clock_ns() + HOUR_NS, UINT32_MAX);
    assert_in_range(left, 1, 3600 * 1000);
}

static void wall_time_has_its_form(void **state)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    clock_text(text);
    assert_int_equal(strlen(text), sizeof form - 1);
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'd')
            assert_true(isdigit((unsigned char)text[i]));
        else
            assert_int_equal(text[i], form[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_never_falls),
        cmocka_unit_test(deadlines_pass),
        cmocka_unit_test(what_is_left_is_bounded),
        cmocka_unit_test(wall_time_has_its_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
