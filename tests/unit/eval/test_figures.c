/* figures.c: means, the median and counts of made-up scores.
 * Must not know masks.
 * The figures wanted were computed by hand. */
#include "base/cmocka_all.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "eval/figures.h"

static double ious[] = {0.9, 0.4};

static const struct score SCORES[] = {
    {.iou = 0.9,
     .bf = 0.8,
     .has_ignore = true,
     .iou_ignore = 0.95,
     .bf_ignore = 0.85},
    {.iou = 0.6,
     .bf = 0.5,
     .has_ignore = true,
     .iou_ignore = 0.65,
     .bf_ignore = 0.55,
     .has_people = true,
     .people_count = 2,
     .covered_count = 1,
     .has_persons = true,
     .predicted_count = 4,
     .person_ious = ious},
    {.iou = 0.7, .bf = 0.2},
    {.iou = 0.8, .bf = 0.5},
    {.is_empty = true,
     .false_area = 0.03,
     .has_people = true,
     .has_persons = true,
     .predicted_count = 1},
    {.is_empty = true, .false_area = 0.01},
};

/* What must come out of them, in the order of the enum. */
static const double WANTED[FIGURE_COUNT] = {
    4, 0.75, 0.75, 0.5, 1, 0.8, 0.7, 1, 2, 0.02, 1, 2, 0.5, 5, 0.65, 0.5, 0.2};

static void figures_are_right(void **state)
{
    struct figures figures;

    (void)state;
    assert_int_equal(
        figures_make(&figures, SCORES, sizeof SCORES / sizeof SCORES[0]),
        SIL_OK);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        assert_true(figures.has[i]);
        if (fabs(figures.values[i] - WANTED[i]) > 1e-9)
            fail_msg("%s is %g", figure_names()[i].key, figures.values[i]);
    }
}

static void an_odd_median_is_the_one_in_the_middle(void **state)
{
    struct figures figures;

    (void)state;
    assert_int_equal(figures_make(&figures, SCORES, 3), SIL_OK);
    assert_true(fabs(figures.values[FIGURE_IOU_MEDIAN] - 0.7) < 1e-9);
    assert_false(figures.has[FIGURE_EMPTY_PICTURES]);
}

static void what_nothing_is_known_of_is_no_figure(void **state)
{
    struct figures figures;

    (void)state;
    assert_int_equal(figures_make(&figures, SCORES, 0), SIL_OK);
    for (int i = 0; i < FIGURE_COUNT; i++)
        assert_false(figures.has[i]);
    assert_int_equal(figures_make(&figures, SCORES + 5, 1), SIL_OK);
    assert_true(figures.has[FIGURE_FALSE_AREA_MEAN]);
    assert_false(figures.has[FIGURE_IOU_MEAN]);
    assert_false(figures.has[FIGURE_PEOPLE]);
}

static void figures_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < FIGURE_COUNT; i++) {
        assert_true(strlen(figure_names()[i].key) > 0);
        assert_true(strlen(figure_names()[i].heading) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(figure_names()[i].key,
                                    figure_names()[j].key);
    }
}

static void a_missing_allocation_is_told(void **state)
{
    struct figures figures = {.has = {true}};

    (void)state;
    mem_fail_at(1);
    assert_int_equal(figures_make(&figures, SCORES, 3), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_true(figures.has[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_right),
        cmocka_unit_test(an_odd_median_is_the_one_in_the_middle),
        cmocka_unit_test(what_nothing_is_known_of_is_no_figure),
        cmocka_unit_test(figures_have_names),
        cmocka_unit_test(a_missing_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
