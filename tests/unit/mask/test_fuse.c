/* fuse.c and mirroring: against samples computed one by one.
 * Must not know which planes a pipeline puts together.
 * Sizes are chosen so that enlarging, shrinking and single rows occur. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/fuse.h"

static const double TOLERANCE = 1e-5;

struct row {
    uint32_t width, height, to_width, to_height;
};

static const struct row ROWS[] = {
    {8, 8, 8, 8},   /* as it is */
    {4, 3, 16, 12}, /* whole factors */
    {7, 5, 11, 13}, /* odd ones */
    {13, 9, 5, 4},  /* smaller */
    {1, 1, 6, 3},   /* one value */
    {1, 9, 4, 20},  /* one column */
    {9, 1, 20, 4},  /* one row */
    {6, 6, 1, 1},   /* one value is left */
};

/* Between two values of a row of `count`, at any place; edges go on. */
static double held(double at, uint32_t count)
{
    return fmin(fmax(at, 0), (double)count - 1);
}

static double value_at(const struct plane *plane, double x, double y)
{
    double left = floor(held(x, plane->width));
    double top = floor(held(y, plane->height));
    double sum = 0;

    for (int k = 0; k < 4; k++) {
        double i = left + k % 2;
        double j = top + (double)(k / 2);
        double weight = fmax(0, 1 - fabs(held(x, plane->width) - i)) *
                        fmax(0, 1 - fabs(held(y, plane->height) - j));
        if (weight > 0)
            sum += weight *
                   (double)plane->values[(size_t)j * plane->width + (size_t)i];
    }
    return sum;
}

static void resizing_is_bilinear(void **state)
{
    struct dice dice = {1};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct row *row = &ROWS[i];
        struct plane from = sample_plane(&dice, row->width, row->height, 1);
        struct plane to = {0};

        assert_int_equal(
            plane_resize(&to, &from, row->to_width, row->to_height), SIL_OK);
        assert_int_equal(to.width, row->to_width);
        assert_int_equal(to.height, row->to_height);
        for (uint32_t y = 0; y < to.height; y++)
            for (uint32_t x = 0; x < to.width; x++) {
                double at_x = (x + .5) * row->width / row->to_width - .5;
                double at_y = (y + .5) * row->height / row->to_height - .5;
                double got = (double)to.values[(size_t)y * to.width + x];
                assert_true(fabs(got - value_at(&from, at_x, at_y)) <
                            TOLERANCE);
            }
        plane_finish(&to);
        plane_finish(&from);
    }
}

static void mirrored_twice_is_as_before(void **state)
{
    struct dice dice = {2};

    (void)state;
    for (uint32_t width = 1; width < 9; width++) {
        struct plane plane = sample_plane(&dice, width, 3, 1);
        float values[3 * 8];

        memcpy(values, plane.values, 3 * width * sizeof *values);
        plane_mirror(&plane);
        for (uint32_t i = 0; i < 3 * width; i++)
            assert_true(plane.values[i] ==
                        values[i / width * width + width - 1 - i % width]);
        plane_mirror(&plane);
        assert_memory_equal(values, plane.values, 3 * width * sizeof *values);
        plane_finish(&plane);
    }
}

static void mixing_goes_from_one_to_the_other(void **state)
{
    struct dice dice = {3};
    struct plane a = sample_plane(&dice, 5, 4, 1);
    struct plane b = sample_plane(&dice, 5, 4, 1);
    float first = a.values[7];

    (void)state;
    plane_mix(&a, &b, 0);
    assert_true(a.values[7] == first);
    plane_mix(&a, &b, .25f);
    assert_true(fabs((double)(a.values[7] - (.75f * first +
                                             .25f * b.values[7]))) < TOLERANCE);
    plane_mix(&a, &b, 1);
    for (int i = 0; i < 20; i++)
        assert_true(fabs((double)(a.values[i] - b.values[i])) < TOLERANCE);
    plane_finish(&a);
    plane_finish(&b);
}

static float agreement(const char *a, const char *b)
{
    struct plane one = drawn_plane(&a, 1);
    struct plane other = drawn_plane(&b, 1);
    float share = plane_agreement(&one, &other, .5f);

    plane_finish(&one);
    plane_finish(&other);
    return share;
}

static void agreement_is_the_share_of_both(void **state)
{
    (void)state;
    assert_true(agreement("....", "....") == 1);
    assert_true(agreement("##..", "##..") == 1);
    assert_true(agreement("##..", "..##") == 0);
    assert_true(agreement("###.", ".###") == .5f);
    assert_true(agreement("####", "....") == 0);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {4};
    struct plane from = sample_plane(&dice, 6, 6, 1);
    struct plane to = {0};

    (void)state;
    for (size_t i = 1; i <= 2; i++) {
        mem_fail_at(i);
        assert_int_equal(plane_resize(&to, &from, 9, 9), SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(to.values);
    }
    plane_finish(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizing_is_bilinear),
        cmocka_unit_test(mirrored_twice_is_as_before),
        cmocka_unit_test(mixing_goes_from_one_to_the_other),
        cmocka_unit_test(agreement_is_the_share_of_both),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
