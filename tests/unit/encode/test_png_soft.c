/* png_soft.c: read back by libspng, which checks every sum.
 * Must not know filters or chunks.
 * Colours are compared where anything is seen of them. */
#include "encode/soft_samples.h"

#include <spng.h>

/* The pixels of a PNG, which must be of that size and kind; free(). */
static uint8_t *unpack(const struct buf *png, const struct sil_mask *mask,
                       uint8_t colour_type, size_t channels)
{
    spng_ctx *reader = spng_ctx_new(0);
    struct spng_ihdr header;
    size_t size;
    uint8_t *pixels;

    assert_non_null(reader);
    assert_int_equal(
        spng_set_crc_action(reader, SPNG_CRC_ERROR, SPNG_CRC_ERROR), 0);
    assert_int_equal(spng_set_png_buffer(reader, png->bytes, png->size), 0);
    assert_int_equal(spng_get_ihdr(reader, &header), 0);
    assert_int_equal(header.width, mask->width);
    assert_int_equal(header.height, mask->height);
    assert_int_equal(header.bit_depth, 8);
    assert_int_equal(header.color_type, colour_type);
    assert_int_equal(spng_decoded_image_size(reader, SPNG_FMT_PNG, &size), 0);
    assert_int_equal(size, (size_t)mask->width * mask->height * channels);
    pixels = malloc(size);
    assert_non_null(pixels);
    assert_int_equal(spng_decode_image(reader, pixels, size, SPNG_FMT_PNG, 0),
                     0);
    assert_int_equal(spng_decode_chunks(reader), 0);
    spng_ctx_free(reader);
    return pixels;
}

static void mattes_come_back(void **state)
{
    struct dice dice = {51};

    (void)state;
    for (int i = 0; i < 60; i++) {
        struct asking asking = {1 + dice_roll(&dice, 3000), &dice};
        struct sil_result result =
            sample_soft(&dice, 1 + dice_roll(&dice, 90),
                        1 + dice_roll(&dice, 60), SIL_OUTPUT_ALPHA);
        uint8_t alpha[90];
        uint8_t *pixels;
        struct buf png;
        encode_result(&png, &result, SIL_FORMAT_PNG, &asking);
        pixels = unpack(&png, result.mask, SPNG_COLOR_TYPE_GRAYSCALE, 1);
        for (uint32_t y = 0; y < result.mask->height; y++) {
            matte_row(alpha, &result.matte, result.mask, y);
            assert_memory_equal(pixels + (size_t)y * result.mask->width, alpha,
                                result.mask->width);
        }
        free(pixels);
        buf_finish(&png);
        soft_finish(&result);
    }
}

/* Alpha and colours of one pixel. */
static void assert_pixel_is(const uint8_t *rgba,
                            const struct sil_result *result, uint32_t x,
                            uint32_t y, uint8_t alpha)
{
    static const uint8_t black[3] = {0};
    const uint8_t *rgb = black;

    if (result->colours.rgb != NULL)
        rgb =
            result->colours.rgb + y * result->colours.row_bytes + (size_t)x * 3;
    assert_memory_equal(rgba, rgb, 3);
    assert_int_equal(rgba[3], alpha);
}

static void cutouts_come_back(void **state)
{
    struct dice dice = {52};

    (void)state;
    for (int i = 0; i < 60; i++) {
        struct asking asking = {1 + dice_roll(&dice, 3000), &dice};
        struct sil_result result =
            sample_soft(&dice, 1 + dice_roll(&dice, 90),
                        1 + dice_roll(&dice, 60), SIL_OUTPUT_CUTOUT);
        uint8_t alpha[90];
        uint8_t *pixels;
        struct buf png;
        encode_result(&png, &result, SIL_FORMAT_PNG, &asking);
        pixels = unpack(&png, result.mask, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 4);
        for (uint32_t y = 0; y < result.mask->height; y++) {
            matte_row(alpha, &result.matte, result.mask, y);
            for (uint32_t x = 0; x < result.mask->width; x++)
                assert_pixel_is(pixels +
                                    ((size_t)y * result.mask->width + x) * 4,
                                &result, x, y, alpha[x]);
        }
        free(pixels);
        buf_finish(&png);
        soft_finish(&result);
    }
}

static void nobody_is_clear_all_over(void **state)
{
    struct sil_mask *mask;
    struct mask_writer writer;
    struct asking asking = {100, NULL};
    struct sil_result result = {.output = SIL_OUTPUT_CUTOUT,
                                .matte = {.width = 9, .height = 7}};
    uint8_t *pixels;
    struct buf png;

    (void)state;
    assert_int_equal(mask_begin(&writer, 9, 7), SIL_OK);
    for (int y = 0; y < 7; y++)
        mask_end_row(&writer);
    mask = mask_take(&writer);
    result.mask = mask;
    encode_result(&png, &result, SIL_FORMAT_PNG, &asking);
    pixels = unpack(&png, mask, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 4);
    for (int i = 0; i < 9 * 7 * 4; i++)
        assert_int_equal(pixels[i], 0);
    free(pixels);
    buf_finish(&png);
    mask_destroy(mask);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {53};
    struct sil_result result = sample_soft(&dice, 30, 20, SIL_OUTPUT_CUTOUT);
    struct encoder *encoder = NULL;
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        assert_null(encoder);
        mem_fail_at(failure_count + 1);
        err =
            encoder_create(&encoder, &result, SIL_FORMAT_PNG, ENCODE_IDENTITY);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
    }
    /* The rows 4, the PNG 2, the compressor 2. */
    assert_int_equal(failure_count, 8);
    encoder_destroy(encoder);
    soft_finish(&result);
}

static void json_has_no_colours(void **state)
{
    struct dice dice = {54};
    struct sil_result result = sample_soft(&dice, 30, 20, SIL_OUTPUT_CUTOUT);
    struct encoder *encoder = NULL;

    (void)state;
    assert_int_equal(
        encoder_create(&encoder, &result, SIL_FORMAT_JSON, ENCODE_IDENTITY),
        SIL_E_NOT_ACCEPTABLE);
    assert_null(encoder);
    soft_finish(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mattes_come_back),
        cmocka_unit_test(cutouts_come_back),
        cmocka_unit_test(nobody_is_clear_all_over),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(json_has_no_colours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
