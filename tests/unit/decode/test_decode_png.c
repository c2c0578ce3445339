/* decode_png.c: every type, depth and order of rows; damage and bombs.
 * Must not know other formats.
 * What a file shows is known exactly, so nothing here has a tolerance. */
#include "decode/write_png.h"

#include <sys/resource.h>

#include "base/limits.h"
#include "base/mem.h"
#include "decode/write_jpeg.h"

enum { WIDTH = 67, HEIGHT = 43 };

static const struct png_kind KINDS[] = {
    {.type = PNG_GRAY, .depth = 1},        {.type = PNG_GRAY, .depth = 2},
    {.type = PNG_GRAY, .depth = 4},        {.type = PNG_GRAY, .depth = 8},
    {.type = PNG_GRAY, .depth = 16},       {.type = PNG_RGB, .depth = 8},
    {.type = PNG_RGB, .depth = 16},        {.type = PNG_PALETTE, .depth = 1},
    {.type = PNG_PALETTE, .depth = 2},     {.type = PNG_PALETTE, .depth = 4},
    {.type = PNG_PALETTE, .depth = 8},     {.type = PNG_GRAY_ALPHA, .depth = 8},
    {.type = PNG_GRAY_ALPHA, .depth = 16}, {.type = PNG_RGBA, .depth = 8},
    {.type = PNG_RGBA, .depth = 16},
};

enum { KIND_COUNT = ROW_COUNT(KINDS) * 4 };

/* All kinds, interlaced or not, with tRNS or not; false: no such kind. */
static bool kind_at(struct png_kind *kind, size_t index)
{
    *kind = KINDS[index / 4];
    kind->is_interlaced = index % 2 == 1;
    kind->has_transparency = index / 2 % 2 == 1;
    return !kind->has_transparency || kind->type < PNG_GRAY_ALPHA;
}

static struct buf written(const struct png_kind *kind)
{
    struct buf bytes;
    struct image twin;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_png(&bytes, &twin, WIDTH, HEIGHT, kind);
    image_finish(&twin);
    return bytes;
}

/* Each file at each shrink is its twin, and the means of its boxes. */
static void assert_shows_twin(uint32_t width, uint32_t height,
                              const struct png_kind *kind)
{
    struct buf bytes;
    struct image twin;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_png(&bytes, &twin, width, height, kind);
    for (uint32_t shrink = 1; shrink <= 8; shrink *= 2) {
        struct image mean = picture_box_mean(&twin, shrink);
        struct image image = {0};
        assert_int_equal(
            picture_decode(&image, bytes.bytes, bytes.size, shrink), SIL_OK);
        assert_int_equal(picture_largest_difference(&image, &mean), 0);
        image_finish(&image);
        image_finish(&mean);
    }
    image_finish(&twin);
    buf_finish(&bytes);
}

static void each_kind_is_its_twin(void **state)
{
    struct png_kind kind;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!kind_at(&kind, i))
            continue;
        print_message("type %d, %d bits%s%s\n", kind.type, kind.depth,
                      kind.is_interlaced ? ", interlaced" : "",
                      kind.has_transparency ? ", tRNS" : "");
        assert_shows_twin(WIDTH, HEIGHT, &kind);
    }
}

/* Sizes at which passes of an interlaced picture are empty. */
static void smallest_are_read(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 81; i++) {
        struct png_kind rgb = {PNG_RGB, 8, i % 2 == 1, false};
        struct png_kind bits = {PNG_GRAY, 1, i % 2 == 0, false};
        assert_shows_twin(1 + i % 9, 1 + i / 9, &rgb);
        assert_shows_twin(1 + i % 9, 1 + i / 9, &bits);
    }
}

static void cut_off_is_refused(void **state)
{
    struct png_kind kind;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct image image = {0};
        struct buf bytes;
        if (!kind_at(&kind, i))
            continue;
        bytes = written(&kind);
        /* Of the end chunk the library reads no checksum. */
        picture_assert_cuts_refused(&bytes, 4, 4);
        /* Only the end chunk is missing. */
        assert_int_equal(
            picture_decode(&image, bytes.bytes, bytes.size - 12, 1),
            SIL_E_IMAGE_CORRUPT);
        buf_finish(&bytes);
    }
}

static void flipped_bits_are_survived(void **state)
{
    struct png_kind kind;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct buf bytes;
        if (!kind_at(&kind, i))
            continue;
        bytes = written(&kind);
        picture_assert_flips_survived(&bytes, 40);
        buf_finish(&bytes);
    }
}

/* A damaged byte of a chunk the picture needs is found by its checksum. */
static void checksums_are_checked(void **state)
{
    static const char *const NAMES[] = {"IHDR", "PLTE", "IDAT"};
    struct png_kind kind = {PNG_PALETTE, 8, false, true};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(NAMES); i++) {
        struct buf bytes = written(&kind);
        struct image image = {0};
        bytes.bytes[png_find_chunk(&bytes, NAMES[i]) + 8 + 3] ^= 1;
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_E_IMAGE_CORRUPT);
        buf_finish(&bytes);
    }
}

/* Headers no picture can have, and pictures that are too large. */
static void headers_are_checked(void **state)
{
    static const struct {
        uint32_t width, height;
        struct png_kind kind;
        enum sil_err err;
    } rows[] = {
        {0, 5, {PNG_RGB, 8, false, false}, SIL_E_IMAGE_CORRUPT},
        {5, 0, {PNG_RGB, 8, false, false}, SIL_E_IMAGE_CORRUPT},
        {0x80000000, 5, {PNG_RGB, 8, false, false}, SIL_E_IMAGE_CORRUPT},
        {5, 5, {PNG_RGB, 4, false, false}, SIL_E_IMAGE_CORRUPT},
        {5, 5, {PNG_RGB, 0, false, false}, SIL_E_IMAGE_CORRUPT},
        {5, 5, {PNG_PALETTE, 16, false, false}, SIL_E_IMAGE_CORRUPT},
        {5, 5, {(enum png_type)5, 8, false, false}, SIL_E_IMAGE_CORRUPT},
        {0x7FFFFFFF,
         1,
         {PNG_GRAY, 1, false, false},
         SIL_E_IMAGE_TOO_MANY_PIXELS},
        {1,
         0x7FFFFFFF,
         {PNG_GRAY, 1, true, false},
         SIL_E_IMAGE_TOO_MANY_PIXELS},
        {0x7FFFFFFF,
         0x7FFFFFFF,
         {PNG_RGBA, 16, false, false},
         SIL_E_IMAGE_TOO_MANY_PIXELS},
        {LIMIT_IMAGE_SIDE_MAX + 1,
         1,
         {PNG_GRAY, 1, false, false},
         SIL_E_IMAGE_TOO_MANY_PIXELS},
        {15000,
         10001,
         {PNG_GRAY, 8, false, false},
         SIL_E_IMAGE_TOO_MANY_PIXELS},
    };

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct decode_info info;
        struct image image = {0};
        struct buf bytes;
        buf_init(&bytes, PICTURE_BYTES_MAX);
        png_add_signature(&bytes);
        png_add_header(&bytes, rows[i].width, rows[i].height, &rows[i].kind);
        png_add_bomb(&bytes, "IDAT", "", 0, 1000);
        png_add_chunk(&bytes, "IEND", "", 0);
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size),
                         rows[i].err);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         rows[i].err);
        buf_finish(&bytes);
    }
}

/* At the limits of side and pixels a picture is read, shrunk, in bounds. */
static void limits_are_inclusive(void **state)
{
    static const uint32_t SIZES[][2] = {
        {LIMIT_IMAGE_SIDE_MAX, 1}, {1, LIMIT_IMAGE_SIDE_MAX}, {15000, 10000}};
    struct png_kind kind = {PNG_GRAY, 1, false, false};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(SIZES); i++) {
        uint32_t width = SIZES[i][0];
        uint32_t height = SIZES[i][1];
        struct image image = {0};
        struct buf bytes;
        buf_init(&bytes, PICTURE_BYTES_MAX);
        png_add_signature(&bytes);
        png_add_header(&bytes, width, height, &kind);
        png_add_bomb(&bytes, "IDAT", "", 0,
                     ((size_t)width + 7) / 8 * height + height);
        png_add_chunk(&bytes, "IEND", "", 0);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                         SIL_OK);
        assert_int_equal(image.rgb[0], 0);
        image_finish(&image);
        buf_finish(&bytes);
    }
}

#ifndef __has_feature
#define __has_feature(feature) 0 /* gcc has another way to tell */
#endif

/* A sanitizer keeps freed memory for a while: peaks say nothing then. */
static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
    return true;
#else
    return false;
#endif
}

static long peak_kb(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* A little that inflates to a lot: refused, or not inflated at all. */
static void bombs_do_not_go_off(void **state)
{
    enum { INFLATED = 100000000 };
    static const struct {
        const char *name, *prefix;
        size_t prefix_size;
        enum sil_err err;
    } rows[] = {
        {"zTXt", "key\0\0", 5, SIL_E_IMAGE_CORRUPT},
        {"iTXt", "key\0\1\0\0\0", 8, SIL_E_IMAGE_CORRUPT},
        {"iCCP", "name\0\0", 6, SIL_E_IMAGE_CORRUPT},
        {"xxXx", "", 0, SIL_OK}, /* unknown: never inflated */
    };
    struct png_kind kind = {PNG_RGB, 8, false, false};
    long before = peak_kb();

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf bytes;
        struct image image = {0};
        buf_init(&bytes, PICTURE_BYTES_MAX);
        png_add_signature(&bytes);
        png_add_header(&bytes, 1, 1, &kind);
        png_add_bomb(&bytes, rows[i].name, rows[i].prefix, rows[i].prefix_size,
                     INFLATED);
        /* The pixels themselves inflate to more than they need, too. */
        png_add_bomb(&bytes, "IDAT", "", 0, INFLATED);
        png_add_chunk(&bytes, "IEND", "", 0);
        print_message("%s\n", rows[i].name);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         rows[i].err);
        image_finish(&image);
        buf_finish(&bytes);
    }
    /* Twice the limit of a chunk, and some for the files themselves. */
    assert_true(is_sanitized() ||
                peak_kb() - before < 3 * LIMIT_PNG_CHUNK_BYTES_MAX / 1024);
}

/* Insert a chunk before the pixels. */
static void insert_chunk(struct buf *png, const char *name, const void *bytes,
                         size_t size)
{
    size_t at = png_find_chunk(png, "IDAT");
    struct buf result;

    buf_init(&result, PICTURE_BYTES_MAX);
    buf_add(&result, png->bytes, at);
    png_add_chunk(&result, name, bytes, size);
    buf_add(&result, png->bytes + at, png->size - at);
    assert_int_equal(buf_err(&result), SIL_OK);
    buf_take(png, &result);
    buf_finish(&result);
}

/* What doesn't touch the pixels doesn't refuse the picture, damaged or not. */
static void other_chunks_are_passed_over(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t size;
    } rows[] = {
        {"iCCP", "name\0\0this is no zlib stream", 28},
        {"iCCP", "", 0},
        {"gAMA", "\0\0\0\0", 4},
        {"gAMA", "\0\0\xb1\x8f", 4},
        {"cHRM", "short", 5},
        {"tEXt", "no keyword's end", 16},
        {"tIME", "\xff\xff\xff\xff\xff\xff\xff", 7},
        {"eXIf", "junk", 4},
        {"acTL", "\0\0\0\2\0\0\0\0", 8}, /* animated */
        {"fdAT", "\0\0\0\1junk", 8},
    };
    struct png_kind kind = {PNG_RGB, 8, false, false};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf bytes;
        struct image twin;
        struct image image = {0};
        buf_init(&bytes, PICTURE_BYTES_MAX);
        write_png(&bytes, &twin, WIDTH, HEIGHT, &kind);
        insert_chunk(&bytes, rows[i].name, rows[i].bytes, rows[i].size);
        print_message("%s\n", rows[i].name);
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 1),
                         SIL_OK);
        assert_int_equal(picture_largest_difference(&image, &twin), 0);
        image_finish(&image);
        image_finish(&twin);
        buf_finish(&bytes);
    }
}

static void header_tells_size_and_orientation(void **state)
{
    struct png_kind kind = {PNG_RGB, 8, false, false};

    (void)state;
    for (uint8_t orientation = 0; orientation <= 9; orientation++) {
        uint8_t exif[64];
        size_t size = write_exif(exif, orientation, orientation % 2 == 1);
        struct buf bytes = written(&kind);
        struct decode_info info;
        bool is_proper = orientation >= 1 && orientation <= 8;
        insert_chunk(&bytes, "eXIf", exif, size);
        assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
        assert_int_equal(info.width, WIDTH);
        assert_int_equal(info.height, HEIGHT);
        assert_int_equal(info.orientation, is_proper ? orientation : 1);
        assert_string_equal(info.format, "png");
        buf_finish(&bytes);
    }
}

/* The library's allocations are ours: each fails in turn, at each kind. zlib
 * allocates its window while it inflates and then tells of a broken stream. */
static void memory_failures_are_told(void **state)
{
    struct png_kind kinds[] = {{PNG_RGB, 8, false, false},
                               {PNG_PALETTE, 4, true, true},
                               {PNG_RGBA, 16, true, false}};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(kinds); i++) {
        struct buf bytes = written(&kinds[i]);
        insert_chunk(&bytes, "tEXt", "key\0text", 8);
        picture_assert_memory_failures(&bytes, 1, SIL_E_IMAGE_CORRUPT);
        picture_assert_memory_failures(&bytes, 4, SIL_E_IMAGE_CORRUPT);
        picture_assert_deadline(&decode_png, &bytes);
        buf_finish(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_its_twin),
        cmocka_unit_test(smallest_are_read),
        cmocka_unit_test(cut_off_is_refused),
        cmocka_unit_test(flipped_bits_are_survived),
        cmocka_unit_test(checksums_are_checked),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(limits_are_inclusive),
        cmocka_unit_test(bombs_do_not_go_off),
        cmocka_unit_test(other_chunks_are_passed_over),
        cmocka_unit_test(header_tells_size_and_orientation),
        cmocka_unit_test(memory_failures_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
