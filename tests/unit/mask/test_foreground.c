/* foreground.c: on pictures whose people's colours are known.
 * Must not know blurs.
 * Truth is mixed from two known layers; the picture's own colours are what an
 * estimate has to beat. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/foreground.h"

enum { SIDE = 300, COLOURS = 3 };

/* How much of a pixel is within a soft disc. */
static double disc(uint32_t x, uint32_t y)
{
    double far = hypot(x + .5 - SIDE / 2., y + .5 - SIDE / 2.);

    return fmin(fmax((100 - far) / 8 + .5, 0), 1);
}

/* Colour c of the people and of what is behind them. */
static double people_at(uint32_t x, uint32_t y, int c)
{
    return 60 + 40 * c + 30 * sin(x / 25. + c) + 20 * cos(y / 31.);
}

static double behind_at(uint32_t x, uint32_t y, int c)
{
    return 210 - 50 * c + 25 * cos(x / 17. - c) + 15 * sin(y / 23.);
}

/* The disc's mixture with its background. */
static struct image mixture(void)
{
    struct image image;

    image = (struct image){.width = SIDE,
                           .height = SIDE,
                           .row_bytes = (size_t)SIDE * COLOURS,
                           .is_owned = true};
    image.rgb = mem_alloc(SIDE, image.row_bytes);
    assert_non_null(image.rgb);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) {
        uint32_t x = i % SIDE;
        uint32_t y = i / SIDE;
        double share = disc(x, y);
        for (int c = 0; c < COLOURS; c++)
            image.rgb[i * COLOURS + (uint32_t)c] = (uint8_t)lround(
                share * people_at(x, y, c) + (1 - share) * behind_at(x, y, c));
    }
    return image;
}

static struct sil_mask *disc_mask(void)
{
    struct mask_writer writer;

    assert_int_equal(mask_begin(&writer, SIDE, SIDE), SIL_OK);
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t x = 0; x < SIDE; x++)
            if (disc(x, y) > .5)
                assert_int_equal(mask_add_run(&writer, x, x + 1), SIL_OK);
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

/* Mean distance to the people's colours, where alpha is soft and the truth has
 * some person. */
static double distance(const struct image *image, const struct matte *matte,
                       const struct sil_mask *mask)
{
    uint8_t alpha[SIDE];
    double sum = 0;
    double count = 0;

    for (uint32_t y = 0; y < SIDE; y++) {
        matte_row(alpha, matte, mask, y);
        for (uint32_t x = 0; x < SIDE; x++) {
            if (alpha[x] == 0 || alpha[x] == 255 || disc(x, y) < .1)
                continue;
            for (int c = 0; c < COLOURS; c++)
                sum += fabs(image->rgb[y * image->row_bytes + x * COLOURS +
                                       (uint32_t)c] -
                            people_at(x, y, c));
            count += COLOURS;
        }
    }
    assert_true(count > 1000);
    return sum / count;
}

static void colours_come_near_the_people(void **state)
{
    struct image image = mixture();
    struct sil_mask *mask = disc_mask();
    struct matte matte;
    double before;

    (void)state;
    assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
    before = distance(&image, &matte, mask);
    assert_int_equal(foreground_estimate(&image, mask, &matte), SIL_OK);
    if (distance(&image, &matte, mask) > .5 * before)
        fail_msg("%g, before %g", distance(&image, &matte, mask), before);
    matte_finish(&matte);
    mem_free(image.rgb);
    mask_destroy(mask);
}

/* What is all person stays as it was, what is none becomes black. */
static void only_the_soft_part_is_guessed(void **state)
{
    struct image image = mixture();
    struct image before = mixture();
    struct sil_mask *mask = disc_mask();
    struct matte matte;
    uint8_t alpha[SIDE];

    (void)state;
    assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
    assert_int_equal(foreground_estimate(&image, mask, &matte), SIL_OK);
    for (uint32_t y = 0; y < SIDE; y++) {
        matte_row(alpha, &matte, mask, y);
        for (uint32_t x = 0; x < SIDE; x++) {
            static const uint8_t black[COLOURS] = {0};
            size_t at = y * image.row_bytes + (size_t)x * COLOURS;
            if (alpha[x] == 255)
                assert_memory_equal(image.rgb + at, before.rgb + at, COLOURS);
            if (alpha[x] == 0)
                assert_memory_equal(image.rgb + at, black, COLOURS);
        }
    }
    matte_finish(&matte);
    mem_free(image.rgb);
    mem_free(before.rgb);
    mask_destroy(mask);
}

/* All sizes, all masks, nobody and everybody among them. */
static void any_picture_will_do(void **state)
{
    struct dice dice = {61};

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint32_t width = 1 + dice_roll(&dice, i % 8 == 0 ? 1200 : 40);
        uint32_t height = 1 + dice_roll(&dice, 40);
        struct image image = {.width = width,
                              .height = height,
                              .row_bytes = (size_t)width * COLOURS};
        struct sil_mask *mask =
            sample_mask(&dice, width, height, 1 + dice_roll(&dice, 70));
        struct matte matte;
        image.rgb = mem_alloc(height, image.row_bytes);
        assert_non_null(image.rgb);
        for (size_t k = 0; k < height * image.row_bytes; k++)
            image.rgb[k] = (uint8_t)dice_roll(&dice, 256);
        assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
        assert_int_equal(foreground_estimate(&image, mask, &matte), SIL_OK);
        if (mask->run_count == 0)
            assert_int_equal(image.rgb[0], 0);
        matte_finish(&matte);
        mem_free(image.rgb);
        mask_destroy(mask);
    }
}

static void each_allocation_may_fail(void **state)
{
    struct image image = mixture();
    struct image before = mixture();
    struct sil_mask *mask = disc_mask();
    struct matte matte;
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    assert_int_equal(matte_make(&matte, mask, &image), SIL_OK);
    while (err) {
        /* A failure has changed nothing. */
        assert_memory_equal(image.rgb, before.rgb, SIDE * image.row_bytes);
        mem_fail_at(failure_count + 1);
        err = foreground_estimate(&image, mask, &matte);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
    }
    /* A row, the cells 5, the layers 4, two blurs of 2. */
    assert_int_equal(failure_count, 1 + 5 + 4 + 4);
    matte_finish(&matte);
    mem_free(image.rgb);
    mem_free(before.rgb);
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_come_near_the_people),
        cmocka_unit_test(only_the_soft_part_is_guessed),
        cmocka_unit_test(any_picture_will_do),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
