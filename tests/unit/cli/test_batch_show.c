/* The lines that people see of a run, and the rate in them.
 * Must not know terminals.
 * Times are the state's own: none is measured. */
#include "cli/batch_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

enum { TEXT_MAX = 4096 };

static const struct {
    struct batch_state state;
    double per_s;
    int columns;
    const char *line;
} rows[] = {
    {{.done_count = 5}, 0, 0, "5 done, 0 failed, 0.0 pictures/s"},
    {{.done_count = 5, .failed_count = 1, .skipped_count = 2},
     12.34,
     0,
     "5 done, 1 failed, 2 skipped, 12.3 pictures/s"},
    {{.done_count = 50, .total_count = 100, .is_counted = true},
     0.01,
     0,
     "50 done, 0 failed of 100, 0.0 pictures/s, 1:23:20 left"},
    {{.done_count = 50, .total_count = 100, .is_counted = true},
     10,
     100,
     "[==========>         ]  50 %  50 done, 0 failed of 100, 10.0 "
     "pictures/s, 0:00:05 left"},
    {{.done_count = 100, .total_count = 100, .is_counted = true},
     10,
     100,
     "[====================] 100 %  100 done, 0 failed of 100, 10.0 "
     "pictures/s, 0:00:00 left"},
    /* More than there were: the list grew. */
    {{.done_count = 9, .total_count = 3, .is_counted = true},
     10,
     100,
     "[====================] 100 %  9 done, 0 failed of 3, 10.0 pictures/s"},
    {{.is_counted = true}, 0, 100, "0 done, 0 failed of 0, 0.0 pictures/s"},
    {{.done_count = 50, .total_count = 100, .is_counted = true},
     10,
     21,
     "[==========>        "},
};

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf line;

        buf_init(&line, TEXT_MAX);
        batch_show_line(&line, &rows[i].state, rows[i].per_s, rows[i].columns);
        assert_string_equal(buf_text(&line), rows[i].line);
        buf_finish(&line);
    }
}

static void rate_is_of_the_last_seconds(void **state)
{
    struct batch_show show;
    struct batch_state at = {0};
    FILE *nowhere = fopen("/dev/null", "w");

    (void)state;
    assert_non_null(nowhere);
    batch_show_init(&show, BATCH_SHOW_LINES, nowhere);
    for (uint64_t second = 1; second <= 100; second++) {
        at.elapsed_ns = second * NS_PER_S;
        at.done_count += second <= 50 ? 100 : 3; /* it has become slow */
        batch_show_state(&show, &at);
        if (second == 40)
            assert_true(batch_show_rate(&show) > 99.9 &&
                        batch_show_rate(&show) < 100.1);
    }
    assert_true(batch_show_rate(&show) > 2.9 && batch_show_rate(&show) < 3.1);
    assert_int_equal(fclose(nowhere), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(rate_is_of_the_last_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
