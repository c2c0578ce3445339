/* decode_jpeg.c: every kind of JPEG, scaled, damaged, flooded.
 * Must not know other formats.
 * Tolerances are those of the coding, measured and then rounded up. */
#include "decode/write_jpeg.h"

#include "base/limits.h"
#include "base/mem.h"

enum { WIDTH = 203, HEIGHT = 149 };

static const struct jpeg_kind KINDS[] = {
    {.name = "4:4:4"},
    {.name = "4:2:2", .across = 2},
    {.name = "4:2:0", .across = 2, .down = 2},
    {.name = "4:4:0", .down = 2},
    {.name = "4:1:1", .across = 4},
    {.name = "gray", .colour = JPEG_GRAY},
    {.name = "RGB", .colour = JPEG_RGB},
    {.name = "progressive", .across = 2, .down = 2, .is_progressive = true},
    {.name = "restart markers", .across = 2, .down = 2, .restart_rows = 2},
    {.name = "arithmetic", .is_arithmetic = true},
    {.name = "arithmetic progressive",
     .is_arithmetic = true,
     .is_progressive = true},
    {.name = "CMYK", .colour = JPEG_CMYK},
    {.name = "YCCK", .colour = JPEG_YCCK},
    {.name = "YCCK 4:2:0", .colour = JPEG_YCCK, .across = 2, .down = 2},
    {.name = "CMYK progressive", .colour = JPEG_CMYK, .is_progressive = true},
};

static struct buf written(const struct jpeg_kind *kind)
{
    struct image image = picture_draw(WIDTH, HEIGHT);
    struct buf bytes;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_jpeg(&bytes, &image, kind);
    image_finish(&image);
    return bytes;
}

/* Replace size bytes at an offset by others. */
static void splice(struct buf *bytes, size_t at, size_t size,
                   const void *others, size_t other_size)
{
    struct buf result;

    buf_init(&result, PICTURE_BYTES_MAX);
    buf_add(&result, bytes->bytes, at);
    buf_add(&result, others, other_size);
    buf_add(&result, bytes->bytes + at + size, bytes->size - at - size);
    assert_int_equal(buf_err(&result), SIL_OK);
    buf_take(bytes, &result);
    buf_finish(&result);
}

/* What a gray file can show of a drawn picture. */
static void make_gray(struct image *image)
{
    for (size_t i = 0; i < (size_t)image->width * image->height; i++) {
        uint8_t *rgb = image->rgb + 3 * i;
        double luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        memset(rgb, (int)(luma + 0.5), 3);
    }
}

static void each_kind_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        struct image drawn = picture_draw(WIDTH, HEIGHT);
        struct image image = {0};
        double tolerance = KINDS[i].across > 1 || KINDS[i].down > 1 ? 4 : 2;
        if (KINDS[i].colour == JPEG_GRAY)
            make_gray(&drawn);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_OK);
        print_message("%-24s mean difference %.2f\n", KINDS[i].name,
                      picture_mean_difference(&image, &drawn));
        assert_true(picture_mean_difference(&image, &drawn) < tolerance);
        image_finish(&image);
        image_finish(&drawn);
        buf_finish(&bytes);
    }
}

/* How far a scaled picture may be from the mean of boxes, of 255, on average.
 * Where chroma is subsampled in one direction more than in the other, libjpeg
 * keeps it at less than the output's size and spreads it. */
static double shrink_tolerance(const struct jpeg_kind *kind)
{
    if (kind->across == kind->down)
        return 0.6;
    return kind->across == 4 ? 4.0 : 2.0;
}

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
            double tolerance = shrink_tolerance(&KINDS[i]);
            assert_int_equal(
                picture_decode(&image, bytes.bytes, bytes.size, shrink),
                SIL_OK);
            print_message("%-24s /%u: mean %.2f, largest %d\n", KINDS[i].name,
                          shrink, picture_mean_difference(&image, &mean),
                          picture_largest_difference(&image, &mean));
            assert_true(picture_mean_difference(&image, &mean) < tolerance);
            image_finish(&image);
            image_finish(&mean);
        }
        image_finish(&whole);
        buf_finish(&bytes);
    }
}

static void header_tells_size_and_orientation(void **state)
{
    (void)state;
    for (uint8_t orientation = 0; orientation <= 9; orientation++) {
        struct jpeg_kind kind = {.orientation = orientation};
        struct buf bytes = written(&kind);
        struct decode_info info;
        bool is_proper = orientation >= 1 && orientation <= 8;
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
        assert_int_equal(info.width, WIDTH);
        assert_int_equal(info.height, HEIGHT);
        assert_int_equal(info.orientation, is_proper ? orientation : 1);
        assert_string_equal(info.format, "jpeg");
        buf_finish(&bytes);
    }
}

static void cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        struct image image = {0};
        picture_assert_cuts_refused(&bytes, 3, 0);
        /* The end marker alone is missing. */
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size - 2, 1),
                         SIL_E_IMAGE_CORRUPT);
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

/* Damage that shows, and oddities that every viewer passes over. */
static void damage_is_told_from_oddity(void **state)
{
    static const uint8_t ZEROS[5] = {0};
    static const uint8_t BAD_DATA[40] = {0xFF, 0x00, 0xFF, 0x00};
    struct jpeg_kind kind = {.restart_rows = 1, .across = 2, .down = 2};
    struct rows {
        const char *name;
        uint8_t marker; /* at which one */
        size_t offset, size;
        const uint8_t *others;
        size_t other_size;
        enum sil_err err;
    } rows[] = {
        {"zeros before the end", 0xD9, 0, 0, ZEROS, 5, SIL_OK},
        {"zeros behind the end", 0xD9, 2, 0, ZEROS, 5, SIL_OK},
        {"zeros between segments", 0xC0, 0, 0, ZEROS, 5, SIL_OK},
        {"zeros before a restart", 0xD2, 0, 0, ZEROS, 5, SIL_E_IMAGE_CORRUPT},
        {"a restart is missing", 0xD1, 0, 2, NULL, 0, SIL_E_IMAGE_CORRUPT},
        {"bad codes", 0xD1, 2, 40, BAD_DATA, 40, SIL_E_IMAGE_CORRUPT},
        {"no quantisation table", 0xDB, 4, 1, (const uint8_t *)"\3", 1,
         SIL_E_IMAGE_CORRUPT},
        {"12 bits", 0xC0, 4, 1, (const uint8_t *)"\x0c", 1,
         SIL_E_UNSUPPORTED_FORMAT},
        {"5 bits", 0xC0, 4, 1, (const uint8_t *)"\5", 1, SIL_E_IMAGE_CORRUPT},
        {"lossless", 0xC0, 1, 1, (const uint8_t *)"\xc3", 1,
         SIL_E_UNSUPPORTED_FORMAT},
        {"no height", 0xC0, 5, 2, ZEROS, 2, SIL_E_IMAGE_CORRUPT},
        {"no width", 0xC0, 7, 2, ZEROS, 2, SIL_E_IMAGE_CORRUPT},
    };

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf bytes = written(&kind);
        struct image image = {0};
        size_t at = find_marker(&bytes, rows[i].marker) + rows[i].offset;
        splice(&bytes, at, rows[i].size, rows[i].others, rows[i].other_size);
        print_message("%s\n", rows[i].name);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         rows[i].err);
        image_finish(&image);
        buf_finish(&bytes);
    }
}

/* A header that promises too much is refused before anything is held. */
static void floods_are_refused(void **state)
{
    static const struct {
        const char *size; /* height and width, big-endian */
        enum sil_err err;
    } rows[] = {
        {"\xff\xdc\xff\xdc", SIL_E_IMAGE_TOO_MANY_PIXELS}, /* 65500 squared */
        {"\xff\xff\xff\xff", SIL_E_IMAGE_TOO_MANY_PIXELS}, /* above libjpeg */
        {"\x2f\xd8\x2f\xd8", SIL_E_IMAGE_TOO_MANY_PIXELS}, /* 12248 squared */
        {"\x2f\xd7\x2f\xd7", SIL_E_IMAGE_CORRUPT}, /* 12247: bytes too few */
    };
    struct jpeg_kind kinds[] = {{.quality = 5},
                                {.quality = 5, .is_progressive = true}};

    (void)state;
    for (size_t k = 0; k < ROW_COUNT(kinds); k++) {
        for (size_t i = 0; i < ROW_COUNT(rows); i++) {
            struct buf bytes = written(&kinds[k]);
            uint8_t frame = kinds[k].is_progressive ? 0xC2 : 0xC0;
            struct image image = {0};
            struct decode_info info;
            splice(&bytes, find_marker(&bytes, frame) + 5, 4, rows[i].size, 4);
            assert_int_equal(picture_info(&info, bytes.bytes, bytes.size),
                             rows[i].err);
            assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                             rows[i].err);
            buf_finish(&bytes);
        }
    }
}

static void too_many_scans_are_refused(void **state)
{
    struct jpeg_kind color = {.has_many_scans = true};
    struct jpeg_kind gray = {.has_many_scans = true, .colour = JPEG_GRAY};
    struct buf bytes = written(&color); /* 1 + 3 * 63 scans */
    struct image image = {0};

    (void)state;
    assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                     SIL_E_IMAGE_CORRUPT);
    buf_finish(&bytes);
    bytes = written(&gray); /* 1 + 63, within the limit */
    assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                     SIL_OK);
    image_finish(&image);
    buf_finish(&bytes);
}

static void memory_failures_are_told(void **state)
{
    struct jpeg_kind cmyk = {.colour = JPEG_CMYK};
    struct buf bytes = written(&cmyk);

    (void)state;
    picture_assert_memory_failures(&bytes, 2, SIL_OK);
    picture_assert_deadline(&decode_jpeg, &bytes);
    buf_finish(&bytes);
}

/* The deadline holds while scans are absorbed, before there are rows. */
static void deadline_holds_between_scans(void **state)
{
    struct jpeg_kind kind = {.is_progressive = true};
    struct buf bytes = written(&kind);

    (void)state;
    picture_assert_deadline(&decode_jpeg, &bytes);
    buf_finish(&bytes);
}

/* A progressive picture that ends, with its end marker, after some scans: the
 * first brings the constant coefficients without their last bit. */
static void missing_scans_are_refused(void **state)
{
    struct jpeg_kind kind = {.is_progressive = true};
    struct buf bytes = written(&kind);
    struct image image = {0};
    size_t at = find_marker(&bytes, 0xDA) + 2;

    (void)state;
    /* Up to the segment behind the first scan. */
    while (bytes.bytes[at] != 0xFF || bytes.bytes[at + 1] == 0)
        at++;
    bytes.bytes[at + 1] = 0xD9;
    assert_int_equal(picture_decode(&image, bytes.bytes, at + 2, 1),
                     SIL_E_IMAGE_CORRUPT);
    buf_finish(&bytes);
}

/* The smallest pictures, at each shrink. */
static void smallest_are_read(void **state)
{
    static const uint32_t SIDES[] = {1, 2, 7, 8, 9, 17};
    struct jpeg_kind kind = {.across = 2, .down = 2};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(SIDES) * ROW_COUNT(SIDES); i++) {
        uint32_t width = SIDES[i % ROW_COUNT(SIDES)];
        uint32_t height = SIDES[i / ROW_COUNT(SIDES)];
        struct image drawn = picture_draw(width, height);
        struct buf bytes;
        buf_init(&bytes, PICTURE_BYTES_MAX);
        write_jpeg(&bytes, &drawn, &kind);
        for (uint32_t shrink = 1; shrink <= 8; shrink *= 2) {
            struct image image = {0};
            assert_int_equal(
                picture_decode(&image, bytes.bytes, bytes.size, shrink),
                SIL_OK);
            assert_int_equal(image.width, (width + shrink - 1) / shrink);
            assert_int_equal(image.height, (height + shrink - 1) / shrink);
            image_finish(&image);
        }
        image_finish(&drawn);
        buf_finish(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(shrunk_is_the_mean_of_boxes),
        cmocka_unit_test(header_tells_size_and_orientation),
        cmocka_unit_test(cut_off_is_refused),
        cmocka_unit_test(flipped_bits_are_survived),
        cmocka_unit_test(damage_is_told_from_oddity),
        cmocka_unit_test(floods_are_refused),
        cmocka_unit_test(too_many_scans_are_refused),
        cmocka_unit_test(memory_failures_are_told),
        cmocka_unit_test(deadline_holds_between_scans),
        cmocka_unit_test(missing_scans_are_refused),
        cmocka_unit_test(smallest_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
