/* decode_webp.c: lossy, lossless, alpha, animations; scaled, damaged.
 * Must not know other formats.
 * Lossless files show exactly what was drawn, lossy ones nearly. */
#include "decode/pictures.h"

#include <stdlib.h>

#include <webp/encode.h>

#include "base/mem.h"
#include "decode/write_jpeg.h"

enum { WIDTH = 203, HEIGHT = 149, RGB = 3, RGBA = 4, WHITE = 255 };

struct webp_kind {
    const char *name;
    uint32_t width, height;
    bool is_lossless, has_alpha;
    double tolerance; /* mean difference from what was drawn */
};

static const struct webp_kind KINDS[] = {
    {"lossy", WIDTH, HEIGHT, false, false, 4},
    {"lossless", WIDTH, HEIGHT, true, false, 0},
    {"lossy with alpha", WIDTH, HEIGHT, false, true, 4},
    {"lossless with alpha", WIDTH, HEIGHT, true, true, 0},
    {"sides that are multiples of 8", 160, 96, false, false, 4},
    {"the same, lossless", 160, 96, true, false, 0},
    {"a row", 57, 1, true, false, 0},
    {"a column", 1, 57, true, true, 0},
};

/* What a kind shows: the drawing, on white if it has alpha. */
static struct image drawn(const struct webp_kind *kind)
{
    struct image image = picture_draw(kind->width, kind->height);
    uint8_t *rgba;

    if (!kind->has_alpha)
        return image;
    rgba = picture_draw_alpha(kind->width, kind->height);
    for (size_t i = 0; i < (size_t)kind->width * kind->height * RGB; i++) {
        unsigned alpha = rgba[i / RGB * RGBA + 3];
        unsigned light = rgba[i / RGB * RGBA + i % RGB] * alpha;
        light += WHITE * (WHITE - alpha);
        image.rgb[i] = (uint8_t)((light + WHITE / 2) / WHITE);
    }
    mem_free(rgba);
    return image;
}

/* Encode the drawing with libwebp; transparent colours are kept exactly. */
static struct buf written(const struct webp_kind *kind)
{
    uint8_t *rgba = picture_draw_alpha(kind->width, kind->height);
    WebPMemoryWriter writer;
    WebPPicture picture;
    WebPConfig config;
    struct buf bytes;
    int stride = (int)kind->width * RGBA;

    for (size_t i = 0; i < (size_t)kind->width * kind->height; i++)
        rgba[RGBA * i + 3] = kind->has_alpha ? rgba[RGBA * i + 3] : WHITE;
    assert_true(WebPConfigInit(&config));
    assert_true(WebPPictureInit(&picture));
    WebPMemoryWriterInit(&writer);
    config.lossless = kind->is_lossless;
    config.exact = 1;
    config.quality = 95;
    picture.use_argb = kind->is_lossless;
    picture.width = (int)kind->width;
    picture.height = (int)kind->height;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    assert_true(WebPPictureImportRGBA(&picture, rgba, stride));
    assert_true(WebPEncode(&config, &picture));
    buf_init(&bytes, PICTURE_BYTES_MAX);
    buf_add(&bytes, writer.mem, writer.size);
    assert_int_equal(buf_err(&bytes), SIL_OK);
    WebPMemoryWriterClear(&writer);
    WebPPictureFree(&picture);
    mem_free(rgba);
    return bytes;
}

static void each_kind_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        struct image expected = drawn(&KINDS[i]);
        struct image image = {0};
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_OK);
        print_message("%-30s mean difference %.2f\n", KINDS[i].name,
                      picture_mean_difference(&image, &expected));
        assert_true(picture_mean_difference(&image, &expected) <=
                    KINDS[i].tolerance);
        image_finish(&image);
        image_finish(&expected);
        buf_finish(&bytes);
    }
}

/* Ours is exact; the library's scaler rounds in between and may be off by 1,
 * and averages luma and chroma instead of red, green and blue. */
static void shrunk_is_the_mean_of_boxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        struct image whole = {0};
        assert_int_equal(picture_decode(&whole, bytes.bytes, bytes.size, 1),
                         SIL_OK);
        for (uint32_t shrink = 2; shrink <= 8; shrink *= 2) {
            struct image mean = picture_box_mean(&whole, shrink);
            struct image image = {0};
            bool is_exact = KINDS[i].width != 160 || KINDS[i].is_lossless;
            assert_int_equal(
                picture_decode(&image, bytes.bytes, bytes.size, shrink),
                SIL_OK);
            print_message("%-30s /%u: mean %.2f, largest %d\n", KINDS[i].name,
                          shrink, picture_mean_difference(&image, &mean),
                          picture_largest_difference(&image, &mean));
            assert_true(picture_mean_difference(&image, &mean) < 1);
            if (is_exact)
                assert_true(picture_largest_difference(&image, &mean) <= 1);
            image_finish(&image);
            image_finish(&mean);
        }
        image_finish(&whole);
        buf_finish(&bytes);
    }
}

static void cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        picture_assert_cuts_refused(&bytes, 12, 0);
        buf_finish(&bytes);
    }
}

/* The same when the outer size is mended, so that only the bitstream is cut. */
static void cut_bitstreams_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        for (size_t percent = 20; percent < 100; percent += 3) {
            size_t size = bytes.size * percent / 100;
            struct image image = {0};
            if (size < 20)
                continue;
            bytes.bytes[4] = (uint8_t)(size - 8);
            bytes.bytes[5] = (uint8_t)((size - 8) >> 8);
            bytes.bytes[6] = (uint8_t)((size - 8) >> 16);
            assert_int_equal(picture_decode(&image, bytes.bytes, size, 2),
                             SIL_E_IMAGE_CORRUPT);
            assert_null(image.rgb);
        }
        buf_finish(&bytes);
    }
}

static void flipped_bits_are_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        picture_assert_flips_survived(&bytes, 60);
        buf_finish(&bytes);
    }
}

static void put_u24(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
}

static void add_chunk(struct buf *to, const char *name, const void *bytes,
                      size_t size)
{
    uint8_t head[8] = {0};

    memcpy(head, name, 4);
    put_u24(head + 4, (uint32_t)size);
    buf_add(to, head, sizeof head);
    buf_add(to, bytes, size);
    buf_add(to, "", size % 2);
    assert_int_equal(buf_err(to), SIL_OK);
}

/* A RIFF file with a VP8X header of the canvas and flags. */
static void begin_extended(struct buf *to, uint32_t width, uint32_t height,
                           uint8_t flags)
{
    uint8_t header[10] = {flags};

    buf_init(to, PICTURE_BYTES_MAX);
    put_u24(header + 4, width - 1);
    put_u24(header + 7, height - 1);
    buf_add(to, "RIFF\0\0\0\0WEBP", 12);
    add_chunk(to, "VP8X", header, sizeof header);
}

static void end_extended(struct buf *to)
{
    put_u24(to->bytes + 4, (uint32_t)to->size - 8);
}

enum { ANIMATED = 0x02, HAS_EXIF = 0x08, HAS_ALPHA = 0x10 };

/* An animation of one kind's frame, twice, its corner at (x, y). */
static struct buf animated(const struct webp_kind *kind, uint32_t canvas_width,
                           uint32_t canvas_height, uint32_t x, uint32_t y)
{
    struct buf still = written(kind);
    struct buf frame;
    struct buf bytes;
    uint8_t head[16] = {0};
    /* The chunks of the still, without a VP8X of their own. */
    size_t at = memcmp(still.bytes + 12, "VP8X", 4) == 0 ? 30 : 12;

    put_u24(head, x / 2);
    put_u24(head + 3, y / 2);
    put_u24(head + 6, kind->width - 1);
    put_u24(head + 9, kind->height - 1);
    buf_init(&frame, PICTURE_BYTES_MAX);
    buf_add(&frame, head, sizeof head);
    buf_add(&frame, still.bytes + at, still.size - at);
    begin_extended(&bytes, canvas_width, canvas_height, ANIMATED | HAS_ALPHA);
    add_chunk(&bytes, "ANIM", "\0\0\0\0\0", 6);
    add_chunk(&bytes, "ANMF", frame.bytes, frame.size);
    frame.bytes[12] ^= 1;
    add_chunk(&bytes, "ANMF", frame.bytes, frame.size);
    end_extended(&bytes);
    buf_finish(&frame);
    buf_finish(&still);
    return bytes;
}

/* The first frame of an animation, on a white canvas. */
static void animations_show_their_first_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        const struct webp_kind *kind = &KINDS[i];
        struct buf still = written(kind);
        struct buf bytes = animated(kind, kind->width, kind->height, 0, 0);
        struct image expected = {0};
        struct image image = {0};
        assert_int_equal(picture_decode(&expected, still.bytes, still.size, 2),
                         SIL_OK);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 2),
                         SIL_OK);
        assert_int_equal(picture_largest_difference(&image, &expected), 0);
        image_finish(&image);
        image_finish(&expected);
        buf_finish(&still);
        buf_finish(&bytes);
    }
}

static void frames_lie_on_white(void **state)
{
    const struct webp_kind *kind = &KINDS[1];
    struct buf bytes = animated(kind, WIDTH + 30, HEIGHT + 20, 10, 6);
    struct image frame = drawn(kind);
    struct image part;
    struct image image = {0};
    struct decode_info info;

    (void)state;
    assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
    assert_int_equal(info.width, WIDTH + 30);
    assert_int_equal(info.height, HEIGHT + 20);
    assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                     SIL_OK);
    assert_int_equal(image.width, WIDTH + 30);
    assert_int_equal(image.rgb[0], WHITE);
    assert_int_equal(image.rgb[image.row_bytes * image.height - 1], WHITE);
    part = (struct image){.rgb = image.rgb + 6 * image.row_bytes + 10 * RGB,
                          .width = WIDTH,
                          .height = HEIGHT,
                          .row_bytes = image.row_bytes};
    assert_int_equal(picture_largest_difference(&part, &frame), 0);
    image_finish(&image);
    image_finish(&frame);
    buf_finish(&bytes);
}

static void odd_animations_are_refused(void **state)
{
    const struct webp_kind *kind = &KINDS[1];
    struct buf bytes;

    (void)state;
    /* The frame leaves the canvas. */
    bytes = animated(kind, WIDTH + 9, HEIGHT, 10, 0);
    picture_assert_cuts_refused(&bytes, 12, 0);
    buf_finish(&bytes);
    /* Its size is not that of its bitstream: the size's place is 30 bytes of
     * headers, 14 of ANIM, 8 of the chunk's own and 6 behind. */
    bytes = animated(kind, WIDTH, HEIGHT, 0, 0);
    for (size_t i = 0; i < 2; i++) {
        struct image image = {0};
        bytes.bytes[30 + 14 + 8 + 6 + 3 * i] ^= 1;
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_E_IMAGE_CORRUPT);
        bytes.bytes[30 + 14 + 8 + 6 + 3 * i] ^= 1;
    }
    buf_finish(&bytes);
    /* No frame at all. */
    begin_extended(&bytes, 10, 10, ANIMATED);
    add_chunk(&bytes, "ANIM", "\0\0\0\0\0", 6);
    end_extended(&bytes);
    picture_assert_cuts_refused(&bytes, 12, 0);
    buf_finish(&bytes);
}

static void header_tells_size_and_orientation(void **state)
{
    (void)state;
    for (uint8_t orientation = 0; orientation <= 9; orientation++) {
        uint8_t exif[64];
        size_t size = write_exif(exif, orientation, orientation % 2 == 1);
        struct buf still = written(&KINDS[1]);
        struct buf bytes;
        struct decode_info info;
        bool is_proper = orientation >= 1 && orientation <= 8;
        begin_extended(&bytes, WIDTH, HEIGHT, HAS_EXIF);
        buf_add(&bytes, still.bytes + 12, still.size - 12);
        add_chunk(&bytes, "EXIF", exif, size);
        end_extended(&bytes);
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
        assert_int_equal(info.width, WIDTH);
        assert_int_equal(info.height, HEIGHT);
        assert_int_equal(info.orientation, is_proper ? orientation : 1);
        assert_string_equal(info.format, "webp");
        buf_finish(&still);
        buf_finish(&bytes);
    }
}

static void floods_are_refused(void **state)
{
    static const struct {
        uint32_t width, height;
        uint8_t flags;
        enum sil_err err;
    } rows[] = {
        {16000, 16000, ANIMATED, SIL_E_IMAGE_TOO_MANY_PIXELS},
        {65501, 1, ANIMATED, SIL_E_IMAGE_TOO_MANY_PIXELS},
        {16000, 9000, 0, SIL_E_IMAGE_CORRUPT}, /* not what the frame says */
    };
    struct buf still = written(&KINDS[1]);

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct image image = {0};
        struct buf bytes;
        begin_extended(&bytes, rows[i].width, rows[i].height, rows[i].flags);
        buf_add(&bytes, still.bytes + 12, still.size - 12);
        end_extended(&bytes);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                         rows[i].err);
        buf_finish(&bytes);
    }
    /* A lossless header of 16383 x 16383. */
    memcpy(still.bytes + 21, "\xfe\xbf\xff\x0f", 4);
    for (uint32_t shrink = 1; shrink <= 8; shrink *= 2) {
        struct image image = {0};
        assert_int_equal(
            picture_decode(&image, still.bytes, still.size, shrink),
            SIL_E_IMAGE_TOO_MANY_PIXELS);
    }
    buf_finish(&still);
}

static void memory_failures_are_told(void **state)
{
    struct buf with_alpha = written(&KINDS[3]);
    struct buf direct = written(&KINDS[4]);

    (void)state;
    picture_assert_memory_failures(&with_alpha, 2, SIL_OK);
    picture_assert_memory_failures(&direct, 2, SIL_OK);
    picture_assert_deadline(&decode_webp, &direct);
    buf_finish(&with_alpha);
    buf_finish(&direct);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(shrunk_is_the_mean_of_boxes),
        cmocka_unit_test(cut_off_is_refused),
        cmocka_unit_test(cut_bitstreams_are_refused),
        cmocka_unit_test(flipped_bits_are_survived),
        cmocka_unit_test(animations_show_their_first_frame),
        cmocka_unit_test(frames_lie_on_white),
        cmocka_unit_test(odd_animations_are_refused),
        cmocka_unit_test(header_tells_size_and_orientation),
        cmocka_unit_test(floods_are_refused),
        cmocka_unit_test(memory_failures_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
