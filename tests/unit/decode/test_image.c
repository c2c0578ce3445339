/* image.c: allocation and the eight orientations.
 * Must not know a format.
 * What is expected is written out by hand for a picture of 3 x 2 pixels and
 * computed pixel by pixel for a larger one. */
#include "decode/pictures.h"

#include "base/mem.h"

enum { RGB = 3 };

/* The letters of rows, '/' between rows, as pixels. */
static struct image from_text(const char *text)
{
    struct image image;
    uint32_t width = (uint32_t)strcspn(text, "/");
    uint32_t height = (uint32_t)((strlen(text) + 1) / (width + 1));

    assert_int_equal(image_init(&image, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            memset(image.rgb + y * image.row_bytes + (size_t)x * RGB,
                   text[y * (width + 1) + x], RGB);
    }
    return image;
}

static void assert_text(const struct image *image, const char *text)
{
    for (uint32_t y = 0; y < image->height; y++) {
        for (uint32_t x = 0; x < image->width; x++) {
            const uint8_t *rgb =
                image->rgb + y * image->row_bytes + (size_t)x * RGB;
            assert_int_equal(rgb[0], text[y * (image->width + 1) + x]);
            assert_int_equal(rgb[1], rgb[0]);
            assert_int_equal(rgb[2], rgb[0]);
        }
    }
    assert_int_equal(strlen(text) + 1, image->height * (image->width + 1));
}

/* What lies in the file as "abc/def" and how it stands upright. */
static const char *const UPRIGHT[] = {
    NULL,       "abc/def",  "cba/fed",  "fed/cba",  "def/abc",
    "ad/be/cf", "da/eb/fc", "fc/eb/da", "cf/be/ad",
};

static void eight_orientations(void **state)
{
    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        struct image image = from_text("abc/def");
        assert_int_equal(image_orient(&image, orientation), SIL_OK);
        assert_text(&image, UPRIGHT[orientation]);
        image_finish(&image);
    }
}

/* Lent pixels are never written to. */
static void lent_pixels_stay(void **state)
{
    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        struct image owned = from_text("abc/def");
        struct image lent = owned;
        lent.is_owned = false;
        assert_int_equal(image_orient(&lent, orientation), SIL_OK);
        assert_text(&lent, UPRIGHT[orientation]);
        assert_text(&owned, "abc/def");
        image_finish(&lent);
        image_finish(&owned);
    }
}

/* Two turns that undo each other, over many tiles, odd sizes, wide rows. */
static void turns_undo_each_other(void **state)
{
    static const uint8_t INVERSE[] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
    static const uint32_t SIZES[][2] = {{1, 1},   {1, 70},  {70, 1},
                                        {32, 32}, {33, 97}, {200, 31}};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(SIZES); i++) {
        struct image drawn = picture_draw(SIZES[i][0], SIZES[i][1]);
        for (uint8_t orientation = 1; orientation <= 8; orientation++) {
            struct image image = picture_draw(SIZES[i][0], SIZES[i][1]);
            assert_int_equal(image_orient(&image, orientation), SIL_OK);
            assert_int_equal(image_orient(&image, INVERSE[orientation]),
                             SIL_OK);
            assert_int_equal(picture_largest_difference(&image, &drawn), 0);
            image_finish(&image);
        }
        image_finish(&drawn);
    }
}

/* Rows further apart than their pixels, as a part of a picture has them. */
static void parts_of_pictures_are_turned(void **state)
{
    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        struct image whole = from_text("abcx/defy/uvwz");
        struct image part = whole;
        part.width = 3;
        part.height = 2;
        part.is_owned = false;
        assert_int_equal(image_orient(&part, orientation), SIL_OK);
        assert_text(&part, UPRIGHT[orientation]);
        image_finish(&part);
        image_finish(&whole);
    }
}

static void no_memory_changes_nothing(void **state)
{
    struct image image = from_text("abc/def");
    struct image none = {0};

    (void)state;
    mem_fail_at(1);
    assert_int_equal(image_orient(&image, 6), SIL_E_NO_MEMORY);
    assert_text(&image, "abc/def");
    mem_fail_at(1);
    assert_int_equal(image_init(&none, 1, 1), SIL_E_NO_MEMORY);
    assert_null(none.rgb);
    mem_fail_at(0);
    image_finish(&image);
    assert_null(image.rgb);
    image_finish(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_orientations),
        cmocka_unit_test(lent_pixels_stay),
        cmocka_unit_test(turns_undo_each_other),
        cmocka_unit_test(parts_of_pictures_are_turned),
        cmocka_unit_test(no_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
