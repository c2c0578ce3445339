/* encode_labels.c: read back by libspng, pixel by pixel.
 * Must not know filters or chunks.
 * People may have any pixels: also those between another's. */
#include <spng.h>

#include "base/mem.h"
#include "encode/crowd.h"

/* The PNG's pixels are the drawing's digits. */
static void assert_is_drawing(const struct buf *png, const char *const *rows,
                              uint32_t height)
{
    spng_ctx *reader = spng_ctx_new(0);
    size_t width = strlen(rows[0]);
    struct spng_ihdr header;
    uint8_t pixels[256];

    assert_non_null(reader);
    assert_int_equal(spng_set_png_buffer(reader, png->bytes, png->size), 0);
    assert_int_equal(spng_get_ihdr(reader, &header), 0);
    assert_int_equal(header.width, width);
    assert_int_equal(header.height, height);
    assert_int_equal(header.bit_depth, 8);
    assert_int_equal(header.color_type, SPNG_COLOR_TYPE_GRAYSCALE);
    assert_in_range(width * height, 1, sizeof pixels);
    assert_int_equal(
        spng_decode_image(reader, pixels, width * height, SPNG_FMT_PNG, 0), 0);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            assert_int_equal(pixels[y * width + x],
                             rows[y][x] == '.' ? 0 : rows[y][x] - '0');
    spng_ctx_free(reader);
}

struct example {
    const char *why;
    const char *rows[5];
    uint32_t height, person_count;
};

static const struct example examples[] = {
    {"nobody", {"...", "..."}, 2, 0},
    {"one pixel", {"1"}, 1, 1},
    {"one person", {".11.", "1111"}, 2, 1},
    {"two who touch", {"1122", "1122", "1112"}, 3, 2},
    {"in front of each other", {"1112111", "1122211", "1112111"}, 3, 2},
    {"four", {"1.2.3.4", "1.2.3..", "112233.", "11223..", "11....."}, 5, 4},
};

static void drawings_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct crowd crowd;
        crowd_draw(&crowd, examples[i].rows, examples[i].height,
                   examples[i].person_count);
        for (size_t capacity = 1; capacity <= 40; capacity += 13) {
            struct buf png;
            crowd_encode(&png, &crowd, SIL_FORMAT_PNG, capacity);
            assert_is_drawing(&png, examples[i].rows, examples[i].height);
            buf_finish(&png);
        }
        crowd_finish(&crowd);
    }
}

/* The form, two rows, the stream, its row, the compressor. */
static void each_allocation_may_fail(void **state)
{
    struct encoder *encoder = NULL;
    struct crowd crowd;

    (void)state;
    crowd_draw(&crowd, examples[3].rows, examples[3].height, 2);
    for (size_t i = 1; i <= 6; i++) {
        mem_fail_at(i);
        assert_int_equal(encoder_create(&encoder, &crowd.result, SIL_FORMAT_PNG,
                                        ENCODE_IDENTITY),
                         SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(encoder);
    }
    crowd_finish(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_come_back),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
