/* decode_heif.c: HEIC and AVIF, deep, with alpha, turned, damaged.
 * Must not know other formats.
 * Both codings lose something: tolerances are measured, then rounded up. */
#include "decode/write_heif.h"

#include "base/mem.h"

enum { WIDTH = 202, HEIGHT = 150, RGB = 3, RGBA = 4, WHITE = 255 };

static const struct heif_kind KINDS[] = {
    {.name = "HEIC", .bits = 8},
    {.name = "HEIC, 10 bits", .bits = 10},
    {.name = "HEIC with alpha", .bits = 8, .has_alpha = true},
    {.name = "AVIF", .is_avif = true, .bits = 8},
    {.name = "AVIF, 12 bits", .is_avif = true, .bits = 12},
    {.name = "AVIF with alpha", .is_avif = true, .bits = 8, .has_alpha = true},
    {.name = "HEIC, premultiplied",
     .bits = 8,
     .has_alpha = true,
     .is_premultiplied = true},
};

static struct buf written(const struct heif_kind *kind)
{
    struct buf bytes;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_heif(&bytes, WIDTH, HEIGHT, kind);
    return bytes;
}

/* What a kind shows: the drawing, on white if it has alpha. */
static struct image drawn(const struct heif_kind *kind)
{
    struct image image = picture_draw(WIDTH, HEIGHT);
    uint8_t *rgba = picture_draw_alpha(WIDTH, HEIGHT);

    for (size_t i = 0; kind->has_alpha && i < WIDTH * HEIGHT * RGB; i++) {
        unsigned alpha = rgba[i / RGB * RGBA + 3];
        unsigned light = rgba[i / RGB * RGBA + i % RGB];
        light = kind->is_premultiplied ? light * WHITE : light * alpha;
        light += WHITE * (WHITE - alpha);
        light = (light + WHITE / 2) / WHITE;
        image.rgb[i] = (uint8_t)(light < WHITE ? light : WHITE);
    }
    mem_free(rgba);
    return image;
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
        print_message("%-20s mean difference %.2f\n", KINDS[i].name,
                      picture_mean_difference(&image, &expected));
        assert_true(picture_mean_difference(&image, &expected) < 4);
        image_finish(&image);
        image_finish(&expected);
        buf_finish(&bytes);
    }
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
            assert_int_equal(
                picture_decode(&image, bytes.bytes, bytes.size, shrink),
                SIL_OK);
            assert_int_equal(picture_largest_difference(&image, &mean), 0);
            image_finish(&image);
            image_finish(&mean);
        }
        image_finish(&whole);
        buf_finish(&bytes);
    }
}

/* The container's own turns are applied, once, and 1 is told. */
static void turned_pictures_stand_upright(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 16; i++) {
        struct heif_kind kind = {.is_avif = i % 2 == 1,
                                 .bits = 8,
                                 .orientation = (uint8_t)(i / 2 + 1)};
        struct buf bytes = written(&kind);
        struct image expected = picture_draw(WIDTH, HEIGHT);
        struct image image = {0};
        struct decode_info info;
        assert_int_equal(image_orient(&expected, kind.orientation), SIL_OK);
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
        assert_int_equal(info.width, expected.width);
        assert_int_equal(info.height, expected.height);
        assert_int_equal(info.orientation, 1);
        assert_string_equal(info.format, "heif");
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_OK);
        assert_true(picture_mean_difference(&image, &expected) < 4);
        image_finish(&image);
        image_finish(&expected);
        buf_finish(&bytes);
    }
}

static void cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        picture_assert_cuts_refused(&bytes, 16, 0);
        buf_finish(&bytes);
    }
}

static void flipped_bits_are_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(KINDS); i++) {
        struct buf bytes = written(&KINDS[i]);
        picture_assert_flips_survived(&bytes, 40);
        buf_finish(&bytes);
    }
}

/* Where the ispe box, which tells the size, has its width. */
static uint8_t *find_ispe(struct buf *bytes)
{
    for (size_t at = 4; at + 16 <= bytes->size; at++) {
        if (memcmp(bytes->bytes + at, "ispe", 4) == 0)
            return bytes->bytes + at + 8;
    }
    fail();
    return NULL;
}

static void floods_are_refused(void **state)
{
    static const struct {
        const char *size; /* width and height, big-endian */
        enum sil_err err;
    } rows[] = {
        {"\0\0\x40\0\0\0\x40\0", SIL_E_IMAGE_TOO_MANY_PIXELS},
        {"\0\1\0\0\0\0\0\1", SIL_E_IMAGE_TOO_MANY_PIXELS},
        {"\x7f\xff\xff\xff\x7f\xff\xff\xff", SIL_E_IMAGE_TOO_MANY_PIXELS},
    };

    (void)state;
    for (size_t i = 0; i < 2 * ROW_COUNT(rows); i++) {
        struct heif_kind kind = {.is_avif = i % 2 == 1, .bits = 8};
        struct buf bytes = written(&kind);
        struct decode_info info;
        struct image image = {0};
        memcpy(find_ispe(&bytes), rows[i / 2].size, 8);
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size),
                         rows[i / 2].err);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                         rows[i / 2].err);
        buf_finish(&bytes);
    }
}

/* A size that the coded picture doesn't have is no half picture. */
static void lies_about_the_size_are_refused(void **state)
{
    static const char *const SIZES[] = {"\0\0\0\x40\0\0\0\x40",
                                        "\0\0\1\0\0\0\1\0"};

    (void)state;
    for (size_t i = 0; i < 2 * ROW_COUNT(SIZES); i++) {
        struct heif_kind kind = {.is_avif = i % 2 == 1, .bits = 8};
        struct buf bytes = written(&kind);
        struct image image = {0};
        memcpy(find_ispe(&bytes), SIZES[i / 2], 8);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_E_IMAGE_CORRUPT);
        buf_finish(&bytes);
    }
}

/* Bytes behind the last box are nobody's. */
static void trailers_are_passed_over(void **state)
{
    static const char *const TRAILERS[] = {"", "abc", "\xff\xff\xff\xffjunk",
                                           "\0\0\0\x1fsefd"};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(TRAILERS); i++) {
        struct buf bytes = written(&KINDS[0]);
        struct image image = {0};
        buf_add(&bytes, TRAILERS[i], i == 3 ? 8 : strlen(TRAILERS[i]));
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                         SIL_OK);
        image_finish(&image);
        buf_finish(&bytes);
    }
}

static void memory_failures_are_told(void **state)
{
    struct buf bytes = written(&KINDS[2]);

    (void)state;
    picture_assert_memory_failures(&bytes, 2, SIL_OK);
    picture_assert_deadline(&decode_heif, &bytes);
    buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(shrunk_is_the_mean_of_boxes),
        cmocka_unit_test(turned_pictures_stand_upright),
        cmocka_unit_test(cut_off_is_refused),
        cmocka_unit_test(flipped_bits_are_survived),
        cmocka_unit_test(floods_are_refused),
        cmocka_unit_test(lies_about_the_size_are_refused),
        cmocka_unit_test(trailers_are_passed_over),
        cmocka_unit_test(memory_failures_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
