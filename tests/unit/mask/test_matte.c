/* matte.c and cells.c: what a soft edge promises, and that it is one.
 * Must not know filters or cells.
 * The picture of the last test has a known edge, so that a matte can be
 * compared with what would be right. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/cells.h"
#include "mask/matte.h"

enum { COLOURS = 3 };

/* A picture of noise, each colour alike for a few pixels. */
static struct image noise(struct dice *dice, uint32_t width, uint32_t height)
{
    struct image image = {.width = width,
                          .height = height,
                          .row_bytes = (size_t)width * COLOURS + 5};

    image.rgb = mem_zalloc(height, image.row_bytes);
    assert_non_null(image.rgb);
    for (size_t i = 0; i < height * image.row_bytes; i++)
        image.rgb[i] = dice_roll(dice, 4) == 0 || i < COLOURS
                           ? (uint8_t)dice_roll(dice, 256)
                           : image.rgb[i - COLOURS];
    return image;
}

/* All of a matte, uint8 [height, width]; mem_free(). */
static uint8_t *draw(const struct matte *matte, const struct sil_mask *mask)
{
    uint8_t *alpha = mem_alloc(mask->height, mask->width);

    assert_non_null(alpha);
    for (uint32_t y = 0; y < mask->height; y++)
        matte_row(alpha + (size_t)y * mask->width, matte, mask, y);
    return alpha;
}

static void cut_at_the_middle_it_is_the_mask(void **state)
{
    struct dice dice = {31};

    (void)state;
    for (int i = 0; i < 120; i++) {
        uint32_t width = 1 + dice_roll(&dice, i % 10 == 0 ? 900 : 70);
        uint32_t height = 1 + dice_roll(&dice, i % 10 == 5 ? 900 : 70);
        struct sil_mask *mask =
            sample_mask(&dice, width, height, 1 + dice_roll(&dice, 60));
        struct image image = noise(&dice, width, height);
        struct matte matte;
        uint8_t *alpha;
        assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
        alpha = draw(&matte, mask);
        for (uint32_t k = 0; k < width * height; k++)
            if ((alpha[k] >= 128) != sample_pixel(mask, k % width, k / width))
                fail_msg("(%u, %u) of %u x %u: %u", k % width, k / width, width,
                         height, alpha[k]);
        mem_free(alpha);
        matte_finish(&matte);
        mem_free(image.rgb);
        mask_destroy(mask);
    }
}

/* A run in each row. */
static struct sil_mask *block(uint32_t width, uint32_t height, uint32_t first,
                              uint32_t end)
{
    struct mask_writer writer;

    assert_int_equal(mask_begin(&writer, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        if (first < end)
            assert_int_equal(mask_add_run(&writer, first, end), SIL_OK);
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

static void without_an_outline_there_is_no_edge(void **state)
{
    struct dice dice = {32};
    struct image image = noise(&dice, 50, 40);

    (void)state;
    for (uint32_t end = 0; end <= 50; end += 50) {
        struct sil_mask *mask = block(50, 40, 0, end);
        struct matte matte;
        uint8_t *alpha;
        assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
        alpha = draw(&matte, mask);
        for (int k = 0; k < 50 * 40; k++)
            assert_int_equal(alpha[k], end == 0 ? 0 : 255);
        mem_free(alpha);
        matte_finish(&matte);
        assert_null(matte.values);
        mask_destroy(mask);
    }
    mem_free(image.rgb);
}

/* Spans are where anything but 0 and 255 may be, and lie near the outline. */
static void it_is_soft_near_the_outline_alone(void **state)
{
    struct dice dice = {33};
    struct image image = noise(&dice, 600, 400);
    struct sil_mask *mask = block(600, 400, 200, 400);
    struct matte matte;
    uint8_t *alpha;

    (void)state;
    assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
    alpha = draw(&matte, mask);
    for (uint32_t y = 0; y < 400; y++) {
        const struct matte_span *spans;
        assert_int_equal(matte_spans(&spans, &matte, y), 2);
        for (uint32_t i = 0; i < 2; i++) {
            assert_true(spans[i].first < 200 * (i + 1));
            assert_true(spans[i].end > 200 * (i + 1));
            assert_true(spans[i].end - spans[i].first < 40);
        }
        for (uint32_t x = 0; x < 600; x++)
            if (x < spans[0].first || (x >= spans[0].end && x < spans[1].first))
                assert_int_equal(alpha[y * 600 + x], x < 200 ? 0 : 255);
    }
    mem_free(alpha);
    matte_finish(&matte);
    mem_free(image.rgb);
    mask_destroy(mask);
}

/* How much of a pixel is within a disc. */
static double disc(uint32_t x, uint32_t y, double radius)
{
    double far = hypot(x + .5 - 300, y + .5 - 300);

    return fmin(fmax(radius - far + .5, 0), 1);
}

/* A disc before another colour, and a mask that misses its edge by up to four
 * pixels: the matte must be nearer to the truth than the mask is. */
static void it_follows_the_colours(void **state)
{
    enum { SIDE = 600 };
    struct dice dice = {34};
    struct image image = noise(&dice, SIDE, SIDE);
    struct mask_writer writer;
    struct sil_mask *mask;
    struct matte matte;
    uint8_t *alpha;
    double mask_error = 0;
    double matte_error = 0;

    (void)state;
    assert_int_equal(mask_begin(&writer, SIDE, SIDE), SIL_OK);
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t x = 0; x < SIDE; x++) {
            uint8_t *rgb = image.rgb + y * image.row_bytes + x * COLOURS;
            double share = disc(x, y, 200);
            double wrong = 4 * sin(atan2(y - 300., x - 300.) * 9);
            rgb[0] = (uint8_t)(share * 190 + (1 - share) * 40 + rgb[0] / 16.);
            rgb[1] = (uint8_t)(share * 120 + (1 - share) * 90 + rgb[1] / 16.);
            rgb[2] = (uint8_t)(share * 60 + (1 - share) * 160 + rgb[2] / 16.);
            if (disc(x, y, 200 + wrong) > .5)
                assert_int_equal(mask_add_run(&writer, x, x + 1), SIL_OK);
        }
        mask_end_row(&writer);
    }
    mask = mask_take(&writer);
    assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
    alpha = draw(&matte, mask);
    for (uint32_t k = 0; k < SIDE * SIDE; k++) {
        double truth = disc(k % SIDE, k / SIDE, 200);
        bool is_person = sample_pixel(mask, k % SIDE, k / SIDE);
        mask_error += fabs(is_person - truth);
        matte_error += fabs(alpha[k] / 255. - truth);
    }
    /* The mask's own side of the middle is kept, hence no less than half. */
    assert_true(matte_error < .7 * mask_error);
    mem_free(alpha);
    matte_finish(&matte);
    mem_free(image.rgb);
    mask_destroy(mask);
}

/* The mean of each cell, by its pixels. */
static void cells_are_means(void **state)
{
    struct dice dice = {35};
    struct image image = noise(&dice, 211, 97);
    struct sil_mask *mask = sample_mask(&dice, 211, 97, 30);
    struct cells cells;

    (void)state;
    assert_int_equal(cells_make(&cells, mask, &image, 20), SIL_OK);
    assert_true(cells.cell > 1);
    for (uint32_t i = 0; i < cells.person.width * cells.person.height; i++) {
        uint32_t x0 = cells.part.x0 + i % cells.person.width * cells.cell;
        uint32_t y0 = cells.part.y0 + i / cells.person.width * cells.cell;
        double person = 0;
        double green = 0;
        double count = 0;
        for (uint32_t y = y0; y < y0 + cells.cell && y < cells.part.y1; y++) {
            for (uint32_t x = x0; x < x0 + cells.cell && x < cells.part.x1;
                 x++) {
                person += sample_pixel(mask, x, y);
                green += image.rgb[y * image.row_bytes + x * COLOURS + 1];
                count++;
            }
        }
        assert_true(count > 0);
        assert_float_equal(cells.person.values[i], (float)(person / count),
                           1e-5F);
        assert_float_equal(cells.green.values[i], (float)(green / count / 255),
                           1e-5F);
    }
    cells_finish(&cells);
    mem_free(image.rgb);
    mask_destroy(mask);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {36};
    struct image image = noise(&dice, 40, 30);
    struct sil_mask *mask = sample_mask(&dice, 40, 30, 9);
    struct matte matte = {0};
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        assert_null(matte.values);
        mem_fail_at(failure_count + 1);
        err = matte_make(&matte, mask, &image);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
    }
    /* The grid 5, the near cells 3, three fits of 6, spans and lines. */
    assert_int_equal(failure_count, 5 + 3 + 3 * 6 + 5);
    matte_finish(&matte);
    mem_free(image.rgb);
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_the_middle_it_is_the_mask),
        cmocka_unit_test(without_an_outline_there_is_no_edge),
        cmocka_unit_test(it_is_soft_near_the_outline_alone),
        cmocka_unit_test(it_follows_the_colours),
        cmocka_unit_test(cells_are_means),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
