/* png_picture.c: what is written is read back by the decoder.
 * Must not know what pictures show: they are noise, and one colour.
 * Noise compresses to nothing less than itself, so there are many chunks. */
#include "base/cmocka_all.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/decode.h"
#include "encode/png_picture.h"

enum { SIDE_MAX = 200, CHANNELS = 3, PADDING = 5 };

static bool to_buf(void *payload, const void *bytes, size_t size)
{
    buf_add(payload, bytes, size);
    return buf_err(payload) == SIL_OK;
}

/* Noise or one colour, its rows padded. image_finish(). */
static void make_image(struct image *image, uint32_t width, uint32_t height,
                       bool is_flat)
{
    size_t row = (size_t)width * CHANNELS + PADDING;
    uint32_t state = 1;

    *image =
        (struct image){mem_alloc(row * height, 1), width, height, row, true};
    assert_non_null(image->rgb);
    for (size_t i = 0; i < row * height; i++) {
        state = state * 1664525U + 1013904223U;
        image->rgb[i] = is_flat ? 77 : (uint8_t)(state >> 24);
    }
}

static void check_image(uint32_t width, uint32_t height, bool is_flat)
{
    struct decode_source source = {.limits = sil_limits_default()};
    struct image image;
    struct image read = {0};
    struct buf bytes;

    make_image(&image, width, height, is_flat);
    buf_init(&bytes, (size_t)1 << 20);
    assert_int_equal(png_picture_write(&image, to_buf, &bytes), SIL_OK);
    source.bytes = bytes.bytes;
    source.size = bytes.size;
    assert_int_equal(decode_image(&read, &source, 1, NULL), SIL_OK);
    assert_int_equal(read.width, width);
    assert_int_equal(read.height, height);
    for (uint32_t y = 0; y < height; y++)
        assert_memory_equal(read.rgb + y * read.row_bytes,
                            image.rgb + y * image.row_bytes,
                            (size_t)width * CHANNELS);
    buf_finish(&bytes);
    image_finish(&image);
    image_finish(&read);
}

static void pictures_are_read_back(void **state)
{
    (void)state;
    check_image(1, 1, false);
    check_image(1, SIDE_MAX, false);
    check_image(SIDE_MAX, 1, false);
    check_image(SIDE_MAX, SIDE_MAX, false);
    check_image(SIDE_MAX, SIDE_MAX, true);
}

/* Takes so many calls, then no more. */
static bool stop_soon(void *payload, const void *bytes, size_t size)
{
    int *left = payload;

    (void)bytes;
    return size > 0 && (*left)-- > 0;
}

static void a_full_disk_is_told(void **state)
{
    struct image image;

    (void)state;
    make_image(&image, SIDE_MAX, SIDE_MAX, false);
    for (int calls = 0; calls < 4; calls++) {
        int left = calls;
        assert_int_equal(png_picture_write(&image, stop_soon, &left),
                         SIL_E_INTERNAL);
    }
    image_finish(&image);
}

static void survives_each_missing_allocation(void **state)
{
    enum sil_err err = SIL_E_NO_MEMORY;
    struct image image;

    (void)state;
    make_image(&image, 9, 7, false);
    for (size_t n = 1; err; n++) {
        struct buf bytes;

        buf_init(&bytes, (size_t)1 << 16);
        assert_int_equal(buf_reserve(&bytes, 1 << 14), SIL_OK);
        mem_fail_at(n);
        err = png_picture_write(&image, to_buf, &bytes);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        buf_finish(&bytes);
    }
    image_finish(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_read_back),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
