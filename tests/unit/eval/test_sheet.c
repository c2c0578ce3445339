/* sheet.c: which pictures are the worst; tests/flow/test_eval.py looks at the
 * sheet itself.
 * Must not know pixels. */
#include "base/cmocka_all.h"

#include <math.h>

#include "eval/sheet.h"

enum { COUNT = 40 };

static void badness_is_what_is_wrong(void **state)
{
    static const struct score good = {.iou = 1};
    static const struct score half = {.iou = 0.5, .false_area = 0.9};
    static const struct score some = {.is_empty = true, .false_area = 0.01};
    static const struct score much = {.is_empty = true, .false_area = 0.5};

    (void)state;
    assert_true(sheet_badness(&good) == 0);
    assert_true(fabs(sheet_badness(&half) - 0.5) < 1e-9);
    assert_true(fabs(sheet_badness(&some) - 0.5) < 1e-9);
    assert_true(sheet_badness(&much) == 1);
}

/* All orders of the same scores give the same rows. */
static void the_worst_come_first(void **state)
{
    (void)state;
    for (size_t step = 1; step < COUNT; step += 2) {
        struct score scores[COUNT] = {{0}};
        struct evaluation evaluation = {.scores = scores, .count = COUNT};
        size_t rows[SHEET_ROWS];

        /* Only these give each score once. */
        if (step % 5 == 0)
            continue;
        for (size_t i = 0; i < COUNT; i++)
            scores[i].iou = (double)(i * step % COUNT) / COUNT;
        assert_int_equal(sheet_worst(rows, &evaluation), SHEET_ROWS);
        for (size_t i = 0; i < SHEET_ROWS; i++)
            assert_true(fabs(scores[rows[i]].iou - (double)i / COUNT) < 1e-9);
    }
}

static void what_has_no_fault_is_left_out(void **state)
{
    struct score scores[] = {{.iou = 1}, {.iou = 0.9}, {.is_empty = true}};
    struct evaluation evaluation = {.scores = scores, .count = 3};
    size_t rows[SHEET_ROWS];

    (void)state;
    assert_int_equal(sheet_worst(rows, &evaluation), 1);
    assert_int_equal(rows[0], 1);
    evaluation.count = 0;
    assert_int_equal(sheet_worst(rows, &evaluation), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badness_is_what_is_wrong),
        cmocka_unit_test(the_worst_come_first),
        cmocka_unit_test(what_has_no_fault_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
