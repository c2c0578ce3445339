/* upscale.c: against a direct evaluation of each pixel, in double.
 * Must not know how crossings are found.
 * Where the interpolated value is within 1e-5 of the threshold either answer
 * is right: float and double may differ there. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/upscale.h"

static const double TOLERANCE = 1e-5;

/* A value of the plane; zeros are all around it. */
static double value_at(const struct plane *plane, double x, double y)
{
    if (x < 0 || y < 0 || x >= plane->width || y >= plane->height)
        return 0;
    return (double)plane->values[(size_t)y * plane->width + (size_t)x];
}

/* The plane's bilinear value at the centre of a pixel of the picture. */
static double slow_value(const struct plane *plane,
                         const struct upscale_place *place, uint32_t x,
                         uint32_t y)
{
    double width = (double)place->box.x1 - (double)place->box.x0;
    double height = (double)place->box.y1 - (double)place->box.y0;
    double u = (x + 0.5 - (double)place->box.x0) / width * plane->width - 0.5;
    double v = (y + 0.5 - (double)place->box.y0) / height * plane->height - 0.5;
    double left = floor(u);
    double top = floor(v);
    double upper = value_at(plane, left, top) * (1 - (u - left)) +
                   value_at(plane, left + 1, top) * (u - left);
    double lower = value_at(plane, left, top + 1) * (1 - (u - left)) +
                   value_at(plane, left + 1, top + 1) * (u - left);

    return upper * (1 - (v - top)) + lower * (v - top);
}

/* Fail where mask and slow evaluation clearly differ. Returns how many pixels
 * were too close to the threshold to tell. */
static uint32_t compare(const struct sil_mask *mask, const struct plane *plane,
                        const struct upscale_place *place)
{
    uint32_t unclear_count = 0;

    mask_check(mask);
    assert_int_equal(mask->width, place->width);
    assert_int_equal(mask->height, place->height);
    for (uint32_t y = 0; y < mask->height; y++) {
        for (uint32_t x = 0; x < mask->width; x++) {
            double distance =
                slow_value(plane, place, x, y) - (double)place->threshold;
            if (fabs(distance) < TOLERANCE)
                unclear_count++;
            else if (sample_pixel(mask, x, y) != (distance > 0))
                fail_msg("(%u, %u): %g from the threshold", x, y, distance);
        }
    }
    return unclear_count;
}

static uint32_t upscale_and_compare(const struct plane *plane,
                                    const struct upscale_place *place)
{
    struct sil_mask *mask = NULL;
    uint32_t unclear_count;

    assert_int_equal(mask_from_plane(&mask, plane, place), SIL_OK);
    unclear_count = compare(mask, plane, place);
    mask_destroy(mask);
    return unclear_count;
}

static void whole_picture_at_many_sizes(void **state)
{
    struct dice dice = {3};
    uint32_t unclear_count = 0;

    (void)state;
    for (int i = 0; i < 800; i++) {
        struct plane plane =
            sample_plane(&dice, 1 + dice_roll(&dice, 20),
                         1 + dice_roll(&dice, 20), 1 + dice_roll(&dice, 8));
        uint32_t width = 1 + dice_roll(&dice, 60);
        uint32_t height = 1 + dice_roll(&dice, 60);
        struct upscale_place place = {
            width, height, {0, 0, (float)width, (float)height}, .5f};
        unclear_count += upscale_and_compare(&plane, &place);
        plane_finish(&plane);
    }
    assert_in_range(unclear_count, 0, 200);
}

/* Boxes inside, across the edges, around the picture, and beside it. */
static void boxes_anywhere(void **state)
{
    struct dice dice = {4};

    (void)state;
    for (int i = 0; i < 1500; i++) {
        struct plane plane =
            sample_plane(&dice, 1 + dice_roll(&dice, 16),
                         1 + dice_roll(&dice, 16), 1 + dice_roll(&dice, 4));
        struct upscale_place place = {.width = 1 + dice_roll(&dice, 40),
                                      .height = 1 + dice_roll(&dice, 40)};
        place.box.x0 = dice_fraction(&dice) * 80 - 40;
        place.box.y0 = dice_fraction(&dice) * 80 - 40;
        place.box.x1 = place.box.x0 + .1f + dice_fraction(&dice) * 90;
        place.box.y1 = place.box.y0 + .1f + dice_fraction(&dice) * 90;
        place.threshold = .02f + .96f * dice_fraction(&dice);
        (void)upscale_and_compare(&plane, &place);
        plane_finish(&plane);
    }
}

/* Large enough for whole words of cells, and for bands that are reused. */
static void a_round_shape_at_full_size(void **state)
{
    struct plane plane;
    struct upscale_place place = {400, 301, {10.25f, 20, 390, 299.5f}, .5f};

    (void)state;
    assert_int_equal(plane_init(&plane, 97, 65), SIL_OK);
    for (int y = 0; y < 65; y++) {
        for (int x = 0; x < 97; x++) {
            double r = hypot((x - 48) / 40.0, (y - 32) / 28.0);
            plane.values[y * 97 + x] = (float)(1 / (1 + exp(12 * (r - 1))));
        }
    }
    assert_in_range(upscale_and_compare(&plane, &place), 0, 8);
    plane_finish(&plane);
}

/* Smaller than the plane: rows and columns of it are jumped over. */
static void a_picture_smaller_than_the_plane(void **state)
{
    struct dice dice = {5};
    struct plane plane = sample_plane(&dice, 300, 200, 3);
    struct upscale_place place = {31, 17, {0, 0, 31, 17}, .5f};

    (void)state;
    (void)upscale_and_compare(&plane, &place);
    plane_finish(&plane);
}

/* The half pixel of the plane along its edge fades to the zeros outside. */
static void edges_fade(void **state)
{
    const char *rows[] = {"##", "##"};
    struct plane plane = drawn_plane(rows, 2);
    struct upscale_place place = {8, 8, {0, 0, 8, 8}, .5f};
    struct sil_mask *mask;

    (void)state;
    /* At x = .5 the plane's value is 5/8: present. */
    assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
    assert_true(sample_pixel(mask, 0, 4));
    /* In the corner it is 25/64: not. */
    assert_false(sample_pixel(mask, 0, 0));
    assert_int_equal(mask->person_pixels, 60);
    mask_destroy(mask);
    place.threshold = .7f;
    assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
    assert_false(sample_pixel(mask, 0, 4));
    assert_true(sample_pixel(mask, 1, 4));
    mask_destroy(mask);
    plane_finish(&plane);
}

/* Above the threshold, not at it. */
static void at_the_threshold_is_outside(void **state)
{
    struct plane plane;
    struct upscale_place place = {3, 1, {0, 0, 3, 1}, .5f};
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(plane_init(&plane, 3, 1), SIL_OK);
    plane.values[0] = .25f;
    plane.values[1] = .5f;
    plane.values[2] = .75f;
    assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
    assert_false(sample_pixel(mask, 1, 0));
    assert_true(sample_pixel(mask, 2, 0));
    assert_int_equal(mask->run_count, 1);
    mask_destroy(mask);
    plane_finish(&plane);
}

/* A network that answers nonsense gets a mask of nonsense, and no more. */
static void numbers_that_are_none(void **state)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0,     1,
                                .5f, 1e38f,    -1e38f,    1e-40f};
    struct dice dice = {6};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct plane plane = sample_plane(&dice, 1 + dice_roll(&dice, 9),
                                          1 + dice_roll(&dice, 9), 1);
        struct upscale_place place = {23, 19, {0, 0, 23, 19}, .5f};
        struct sil_mask *mask = NULL;
        for (uint32_t k = 0; k < plane.width * plane.height; k++)
            plane.values[k] = odd[dice_roll(&dice, 9)];
        assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
        mask_check(mask);
        mask_destroy(mask);
        plane_finish(&plane);
    }
}

/* The largest pictures: no index wraps around. */
static void the_longest_sides(void **state)
{
    const char *rows[] = {"...", ".#.", "..."};
    struct plane plane = drawn_plane(rows, 3);
    struct upscale_place place = {65500, 2, {0, -1, 65500, 3}, .25f};
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
    (void)compare(mask, &plane, &place);
    assert_int_equal(mask->run_count, 2);
    mask_destroy(mask);
    place = (struct upscale_place){2, 65500, {-1, 0, 3, 65500}, .25f};
    assert_int_equal(mask_from_plane(&mask, &plane, &place), SIL_OK);
    (void)compare(mask, &plane, &place);
    mask_destroy(mask);
    plane_finish(&plane);
}

static void nobody_is_all_zeros(void **state)
{
    struct sil_mask *mask = NULL;

    (void)state;
    assert_int_equal(mask_from_nothing(&mask, 7, 5), SIL_OK);
    mask_check(mask);
    assert_int_equal(mask->width, 7);
    assert_int_equal(mask->height, 5);
    assert_int_equal(mask->person_pixels, 0);
    mask_destroy(mask);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {7};
    struct plane plane = sample_plane(&dice, 40, 40, 1);
    struct upscale_place place = {40, 40, {0, 0, 40, 40}, .5f};
    struct sil_mask *mask = NULL;
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        assert_null(mask);
        mem_fail_at(failure_count + 1);
        err = mask_from_plane(&mask, &plane, &place);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
    }
    mask_destroy(mask);
    /* Mask, row ends, band, and runs, doubled. */
    assert_in_range(failure_count, 4, 8);
    for (size_t i = 1; i <= 2; i++) {
        mask = NULL;
        mem_fail_at(i);
        assert_int_equal(mask_from_nothing(&mask, 3, 3), SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(mask);
    }
    plane_finish(&plane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_picture_at_many_sizes),
        cmocka_unit_test(boxes_anywhere),
        cmocka_unit_test(a_round_shape_at_full_size),
        cmocka_unit_test(a_picture_smaller_than_the_plane),
        cmocka_unit_test(edges_fade),
        cmocka_unit_test(at_the_threshold_is_outside),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(the_longest_sides),
        cmocka_unit_test(nobody_is_all_zeros),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
