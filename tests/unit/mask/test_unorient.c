/* unorient.c: each of the eight orientations, undone.
 * Must not know the turns' table: upright is made here from the definition.
 * Sizes are odd and unequal, so that no mix-up of axes goes unseen. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/upscale.h"

/* Where a stored pixel stands in the upright picture, from the words of the
 * EXIF standard: what the 0th row and the 0th column are when upright. */
static void upright_place(uint32_t *x, uint32_t *y, uint8_t orientation,
                          const uint32_t *stored, const uint32_t *at)
{
    uint32_t right = stored[0] - 1 - at[0];
    uint32_t below = stored[1] - 1 - at[1];

    switch (orientation) {
    case 2: /* row 0 top, column 0 right */
        *x = right, *y = at[1];
        break;
    case 3: /* row 0 bottom, column 0 right */
        *x = right, *y = below;
        break;
    case 4: /* row 0 bottom, column 0 left */
        *x = at[0], *y = below;
        break;
    case 5: /* row 0 left, column 0 top */
        *x = at[1], *y = at[0];
        break;
    case 6: /* row 0 right, column 0 top */
        *x = below, *y = at[0];
        break;
    case 7: /* row 0 right, column 0 bottom */
        *x = below, *y = right;
        break;
    case 8: /* row 0 left, column 0 bottom */
        *x = at[1], *y = right;
        break;
    default:
        *x = at[0], *y = at[1];
    }
}

static struct plane make_upright(const struct plane *stored,
                                 uint8_t orientation)
{
    bool is_swapped = orientation >= 5;
    uint32_t size[] = {stored->width, stored->height};
    struct plane upright;

    assert_int_equal(plane_init(&upright, size[is_swapped], size[!is_swapped]),
                     SIL_OK);
    for (uint32_t y = 0; y < stored->height; y++) {
        for (uint32_t x = 0; x < stored->width; x++) {
            uint32_t at[] = {x, y};
            uint32_t to_x;
            uint32_t to_y;
            upright_place(&to_x, &to_y, orientation, size, at);
            upright.values[to_y * upright.width + to_x] =
                stored->values[y * stored->width + x];
        }
    }
    return upright;
}

static void planes_come_back(void **state)
{
    struct dice dice = {8};
    struct plane stored = sample_plane(&dice, 7, 4, 1);

    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        struct plane plane = make_upright(&stored, orientation);
        struct upscale_place place = {70, 40, {0, 0, 70, 40}, .5f};
        if (orientation >= 5)
            place = (struct upscale_place){40, 70, {0, 0, 40, 70}, .5f};
        assert_int_equal(plane_unorient(&plane, &place, orientation), SIL_OK);
        assert_int_equal(plane.width, 7);
        assert_int_equal(plane.height, 4);
        assert_memory_equal(plane.values, stored.values,
                            28 * sizeof plane.values[0]);
        assert_int_equal(place.width, 70);
        assert_int_equal(place.height, 40);
        assert_true(place.box.x1 == 70);
        assert_true(place.box.y1 == 40);
        plane_finish(&plane);
    }
    plane_finish(&stored);
}

/* The mask of the turned plane in the turned box is the mask, turned. The
 * box is exact in float, so that not even rounding differs. */
static void masks_come_back(void **state)
{
    struct dice dice = {9};

    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        bool is_swapped = orientation >= 5;
        uint32_t stored_size[] = {61, 37};
        struct plane plane = sample_plane(&dice, 9, 6, 2);
        struct upscale_place place = {stored_size[is_swapped],
                                      stored_size[!is_swapped],
                                      {3.25f, 2.5f, 33.75f, 30},
                                      .41f};
        struct sil_mask *upright;
        struct sil_mask *stored;
        uint32_t different_count = 0;
        assert_int_equal(mask_from_plane(&upright, &plane, &place), SIL_OK);
        assert_int_equal(plane_unorient(&plane, &place, orientation), SIL_OK);
        assert_int_equal(mask_from_plane(&stored, &plane, &place), SIL_OK);
        assert_int_equal(stored->width, 61);
        assert_int_equal(stored->height, 37);
        for (uint32_t i = 0; i < 61 * 37; i++) {
            uint32_t at[] = {i % 61, i / 61};
            uint32_t x;
            uint32_t y;
            upright_place(&x, &y, orientation, stored_size, at);
            different_count += sample_pixel(stored, at[0], at[1]) !=
                               sample_pixel(upright, x, y);
        }
        assert_int_equal(different_count, 0);
        assert_true(stored->person_pixels > 0);
        mask_destroy(upright);
        mask_destroy(stored);
        plane_finish(&plane);
    }
}

static void without_memory_nothing_changes(void **state)
{
    struct dice dice = {10};
    struct plane plane = sample_plane(&dice, 5, 3, 1);
    struct plane before = plane;
    struct upscale_place place = {50, 30, {1, 2, 3, 4}, .5f};
    struct upscale_place place_before = place;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(plane_unorient(&plane, &place, 6), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_memory_equal(&plane, &before, sizeof plane);
    assert_memory_equal(&place, &place_before, sizeof place);
    plane_finish(&plane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_come_back),
        cmocka_unit_test(masks_come_back),
        cmocka_unit_test(without_memory_nothing_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
