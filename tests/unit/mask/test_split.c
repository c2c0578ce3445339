/* split.c: against a vote at each pixel.
 * Must not know whose labels they are.
 * Whatever the labels, the parts are disjoint and together the mask. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/split.h"

enum { PARTS = 4 };

/* The label of a pixel, the slow way: the sum of weights of each label. */
static uint32_t slow_label(const struct plane *labels, const struct box *box,
                           uint32_t x, uint32_t y, double *lead)
{
    double step_x = ((double)box->x1 - (double)box->x0) / labels->width;
    double step_y = ((double)box->y1 - (double)box->y0) / labels->height;
    double at_x = (x + 0.5 - (double)box->x0) / step_x - 0.5;
    double at_y = (y + 0.5 - (double)box->y0) / step_y - 0.5;
    double weights[PARTS] = {0};
    uint32_t best = 0;

    for (int i = 0; i < 4; i++) {
        double column = floor(at_x) + i % 2;
        double row = floor(at_y) + i / 2;
        double weight = (1 - fabs(at_x - column)) * (1 - fabs(at_y - row));
        column = fmin(fmax(column, 0), labels->width - 1);
        row = fmin(fmax(row, 0), labels->height - 1);
        weights[(int)labels
                    ->values[(size_t)row * labels->width + (size_t)column]] +=
            weight;
    }
    for (uint32_t i = 1; i < PARTS; i++)
        if (weights[i] > weights[best])
            best = i;
    *lead = 2;
    for (uint32_t i = 0; i < PARTS; i++)
        if (i != best)
            *lead = fmin(*lead, weights[best] - weights[i]);
    return best;
}

static void assert_divided(struct sil_mask *const *parts,
                           const struct sil_mask *mask,
                           const struct plane *labels, const struct box *box)
{
    for (uint32_t y = 0; y < mask->height; y++)
        for (uint32_t x = 0; x < mask->width; x++) {
            double lead;
            uint32_t label = slow_label(labels, box, x, y, &lead);
            uint32_t owners = 0;
            for (uint32_t i = 0; i < PARTS; i++)
                owners += sample_pixel(parts[i], x, y);
            assert_int_equal(owners, sample_pixel(mask, x, y));
            /* Where two weigh the same, rounding may choose either. */
            if (owners > 0 && lead > 1e-4)
                assert_true(sample_pixel(parts[label], x, y));
        }
}

static void random_labels_divide(void **state)
{
    struct dice dice = {41};

    (void)state;
    for (int i = 0; i < 60; i++) {
        uint32_t width = 1 + dice_roll(&dice, 90);
        uint32_t height = 1 + dice_roll(&dice, 50);
        struct sil_mask *mask =
            sample_mask(&dice, width, height, 1 + dice_roll(&dice, 60));
        /* Labels from finer than pixels to much coarser, partly outside. */
        struct box box = {(float)dice_roll(&dice, 20) - 10,
                          (float)dice_roll(&dice, 20) - 10,
                          (float)(width + 10 + dice_roll(&dice, 20)),
                          (float)(height + 10 + dice_roll(&dice, 20))};
        struct sil_mask *parts[PARTS] = {NULL};
        struct plane labels;
        assert_int_equal(plane_init(&labels, 1 + dice_roll(&dice, 40),
                                    1 + dice_roll(&dice, 40)),
                         SIL_OK);
        for (uint32_t k = 0; k < labels.width * labels.height; k++)
            labels.values[k] = (float)dice_roll(&dice, PARTS);
        assert_int_equal(mask_split(parts, PARTS, mask, &labels, &box), SIL_OK);
        assert_divided(parts, mask, &labels, &box);
        for (uint32_t k = 0; k < PARTS; k++)
            mask_destroy(parts[k]);
        plane_finish(&labels);
        mask_destroy(mask);
    }
}

/* A writer's mask and its rows, for each part, and the list of writers; runs
 * are allocated as they come. */
static void each_allocation_may_fail(void **state)
{
    const char *const rows[] = {"####", "####"};
    struct sil_mask *mask = drawn_mask(rows, 2);
    float values[] = {0, 1, 2, 3};
    struct plane labels = {values, 4, 1};
    struct box box = {0, 0, 4, 2};
    struct sil_mask *parts[PARTS] = {NULL};

    (void)state;
    for (size_t i = 1; i <= 1 + 2 * PARTS + PARTS; i++) {
        mem_fail_at(i);
        assert_int_equal(mask_split(parts, PARTS, mask, &labels, &box),
                         SIL_E_NO_MEMORY);
        mem_fail_at(0);
        for (uint32_t k = 0; k < PARTS; k++)
            assert_null(parts[k]);
    }
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_labels_divide),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
