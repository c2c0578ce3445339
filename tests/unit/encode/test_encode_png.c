/* encode_png.c: read back by libspng, which checks every sum.
 * Must not know filters or chunks.
 * What comes back must be grey, 8 bits, and 0 or 255 as the mask says. */
#include "encode/encode_samples.h"

#include <spng.h>

static void assert_grey_8_bit(spng_ctx *reader, const struct sil_mask *mask)
{
    struct spng_ihdr header;

    assert_int_equal(spng_get_ihdr(reader, &header), 0);
    assert_int_equal(header.width, mask->width);
    assert_int_equal(header.height, mask->height);
    assert_int_equal(header.bit_depth, 8);
    assert_int_equal(header.color_type, SPNG_COLOR_TYPE_GRAYSCALE);
    assert_int_equal(header.interlace_method, 0);
}

static void assert_png_is(const struct buf *png, const struct sil_mask *mask)
{
    spng_ctx *reader = spng_ctx_new(0);
    size_t size;
    uint8_t *pixels;

    assert_non_null(reader);
    assert_int_equal(
        spng_set_crc_action(reader, SPNG_CRC_ERROR, SPNG_CRC_ERROR), 0);
    assert_int_equal(spng_set_png_buffer(reader, png->bytes, png->size), 0);
    assert_grey_8_bit(reader, mask);
    assert_int_equal(spng_decoded_image_size(reader, SPNG_FMT_PNG, &size), 0);
    assert_int_equal(size, (size_t)mask->width * mask->height);
    pixels = malloc(size);
    assert_non_null(pixels);
    assert_int_equal(spng_decode_image(reader, pixels, size, SPNG_FMT_PNG, 0),
                     0);
    /* The end of the file must be there too. */
    assert_int_equal(spng_decode_chunks(reader), 0);
    for (size_t i = 0; i < size; i++) {
        bool is_person = sample_pixel(mask, (uint32_t)(i % mask->width),
                                      (uint32_t)(i / mask->width));
        assert_int_equal(pixels[i], is_person ? 255 : 0);
    }
    free(pixels);
    spng_ctx_free(reader);
}

static void assert_comes_back(const struct sil_mask *mask)
{
    struct buf png;

    encode_mask(&png, mask, SIL_FORMAT_PNG, ENCODE_IDENTITY);
    assert_png_is(&png, mask);
    buf_finish(&png);
}

static void small_drawings_come_back(void **state)
{
    static const char *const drawings[][3] = {
        {".", ".", "."},       {"#", "#", "#"},       {"#", ".", "#"},
        {"#.#", ".#.", "###"}, {"...", "###", "..."}, {"##.", "#..", ".##"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof drawings / sizeof drawings[0]; i++) {
        for (uint32_t height = 1; height <= 3; height++) {
            struct sil_mask *mask = drawn_mask(drawings[i], height);
            assert_comes_back(mask);
            mask_destroy(mask);
        }
    }
}

static void random_masks_come_back(void **state)
{
    struct dice dice = {15};

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, 1 + dice_roll(&dice, 90),
                        1 + dice_roll(&dice, 40), 1 + dice_roll(&dice, 40));
        assert_comes_back(mask);
        mask_destroy(mask);
    }
}

/* Noise that doesn't compress: several chunks. */
static void many_chunks_come_back(void **state)
{
    struct dice dice = {16};
    struct sil_mask *mask = sample_mask(&dice, 700, 600, 3);
    struct asking asking = {100000, &dice};
    struct buf png;

    (void)state;
    encode_mask(&png, mask, SIL_FORMAT_PNG, ENCODE_IDENTITY);
    assert_in_range(png.size, 3 << 14, 700 * 600);
    assert_png_is(&png, mask);
    buf_finish(&png);
    assert_resumable(mask, SIL_FORMAT_PNG, ENCODE_IDENTITY, &asking);
    mask_destroy(mask);
}

static void the_longest_sides_come_back(void **state)
{
    struct dice dice = {17};
    struct sil_mask *wide = sample_mask(&dice, 65500, 3, 9000);
    struct sil_mask *tall = sample_mask(&dice, 1, 65500, 1);

    (void)state;
    assert_comes_back(wide);
    assert_comes_back(tall);
    mask_destroy(wide);
    mask_destroy(tall);
}

static void every_capacity_gives_the_same(void **state)
{
    struct dice dice = {18};

    (void)state;
    for (size_t capacity = 1; capacity <= 64; capacity++) {
        struct asking asking = {capacity, NULL};
        struct sil_mask *mask = sample_mask(&dice, 1 + dice_roll(&dice, 40),
                                            1 + dice_roll(&dice, 30), 5);
        assert_resumable(mask, SIL_FORMAT_PNG, ENCODE_IDENTITY, &asking);
        mask_destroy(mask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_drawings_come_back),
        cmocka_unit_test(random_masks_come_back),
        cmocka_unit_test(many_chunks_come_back),
        cmocka_unit_test(the_longest_sides_come_back),
        cmocka_unit_test(every_capacity_gives_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
