/* heif_items.c: the bitstreams of files whose container lies about them.
 * Must not know how a picture is decoded, only that it is not.
 * The files are proper ones with a few bytes exchanged. */
#include "decode/write_bits.h"

#include <malloc.h>

#include "base/limits.h"
#include "decode/heif_items.h"
#include "decode/write_heif.h"

enum { WIDTH = 66, HEIGHT = 34, BOX_HEAD = 8 };

static struct buf written(bool is_avif, bool has_alpha)
{
    struct heif_kind kind = {
        .is_avif = is_avif, .has_alpha = has_alpha, .bits = 8, .quality = 30};
    struct buf bytes;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_heif(&bytes, WIDTH, HEIGHT, &kind);
    return bytes;
}

/* Where a run of bytes begins, from an offset on, or the test ends. */
static size_t find(const struct buf *bytes, size_t from, const void *what,
                   size_t size)
{
    for (size_t at = from; at + size <= bytes->size; at++) {
        if (memcmp(bytes->bytes + at, what, size) == 0)
            return at;
    }
    fail();
    return 0;
}

static enum sil_err sized(struct coded_size *out, const struct buf *bytes)
{
    struct guarded guarded = guarded_copy(bytes->bytes, bytes->size);
    struct decode_source source = {.bytes = guarded.bytes,
                                   .size = guarded.size};
    enum sil_err err = heif_items_size(out, &source, NULL);

    guarded_free(&guarded);
    return err;
}

static void assert_refused(const struct buf *bytes, enum sil_err err)
{
    struct decode_info info;
    struct image image = {0};

    assert_int_equal(picture_info(&info, bytes->bytes, bytes->size), err);
    assert_int_equal(picture_decode(&image, bytes->bytes, bytes->size, 8), err);
    assert_null(image.rgb);
}

/* The coded size is the picture's, rounded up to whole blocks. */
static void proper_files_are_measured(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct buf bytes = written(i % 2 == 1, i / 2 == 1);
        struct coded_size largest = {0};
        assert_int_equal(sized(&largest, &bytes), SIL_OK);
        assert_in_range(largest.width, WIDTH, WIDTH + 64);
        assert_in_range(largest.height, HEIGHT, HEIGHT + 64);
        buf_finish(&bytes);
    }
}

/* Where the sequence header of the AV1 item has its fields. */
static size_t find_av1_header(const struct buf *bytes)
{
    /* Temporal delimiter, then a sequence header with its length. */
    return find(bytes, find(bytes, 0, "mdat", 4), "\x12\0\x0a", 3) + 4;
}

/* Where the parameter set of an hvcC box has its fields. */
static size_t find_hevc_set(const struct buf *bytes)
{
    return find(bytes, find(bytes, 0, "hvcC", 4), "\x42\1", 2) + 2;
}

static unsigned get_bits(const uint8_t *bytes, size_t at, unsigned count)
{
    unsigned value = 0;

    for (size_t i = at; i < at + count; i++)
        value = value << 1 | ((unsigned)bytes[i / 8] >> (7 - i % 8) & 1U);
    return value;
}

/* What the process has allocated; 0 under a sanitizer, which finds leaks by
 * itself. */
static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Colour codes that no standard knows change no pixel. (Asked to be strict,
 * the library refuses them and loses the whole picture's memory.) */
static void unknown_colours_are_passed_over(void **state)
{
    enum { BEFORE_WIDTH = 10, TOOLS = 6, DEPTHS = 2, SIDE = 600 };
    struct heif_kind kind = {.is_avif = true, .bits = 8, .quality = 30};
    struct coded_size largest = {0};
    struct buf bytes;
    uint8_t *header;
    size_t at = BEFORE_WIDTH;
    size_t before = 0;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_heif(&bytes, SIDE, SIDE, &kind);
    header = bytes.bytes + find_av1_header(&bytes);
    at += get_bits(header, BEFORE_WIDTH, 4) + 1 + 4;
    at += get_bits(header, BEFORE_WIDTH + 4, 4) + 1 + 4 + TOOLS + DEPTHS;
    assert_int_equal(get_bits(header, at, 1), 1); /* colours are told */
    assert_int_equal(get_bits(header, at + 1, 8), 2);
    header[(at + 3) / 8] ^= (uint8_t)(0x80 >> (at + 3) % 8);
    assert_int_equal(sized(&largest, &bytes), SIL_OK);
    for (unsigned i = 0; i < 10; i++) {
        struct image image = {0};
        assert_int_equal(picture_decode(&image, bytes.bytes, bytes.size, 8),
                         SIL_OK);
        image_finish(&image);
        if (i == 1)
            before = allocated_bytes();
    }
    assert_true(allocated_bytes() < before + SIDE * SIDE);
    buf_finish(&bytes);
}

static void lies_are_found_before_decoding(void **state)
{
    struct bit_writer av1 = av1_reduced(65536, 65536);
    struct bit_writer hevc = hevc_sps(65536, 65536, 1);
    struct buf bytes = written(true, false);

    (void)state;
    memcpy(bytes.bytes + find_av1_header(&bytes), av1.bytes,
           (av1.bit_count + 7) / 8);
    assert_refused(&bytes, SIL_E_IMAGE_TOO_MANY_PIXELS);
    buf_finish(&bytes);
    bytes = written(false, false);
    memcpy(bytes.bytes + find_hevc_set(&bytes), hevc.bytes,
           (hevc.bit_count + 7) / 8);
    assert_refused(&bytes, SIL_E_IMAGE_TOO_MANY_PIXELS);
    buf_finish(&bytes);
}

/* A second box would let two readers see two different files. */
static void doubled_boxes_are_refused(void **state)
{
    static const char *const NAMES[] = {"meta", "iloc", "iinf"};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(NAMES); i++) {
        struct buf bytes = written(true, false);
        size_t at = find(&bytes, 0, NAMES[i], 4);
        /* Another box of about its size becomes one of its name. */
        if (i == 0)
            buf_add(&bytes, "\0\0\0\x0cmeta\0\0\0\0", 12);
        else
            memcpy(bytes.bytes + find(&bytes, 0, "hdlr", 4), NAMES[i], 4);
        assert_true(at > 0);
        assert_refused(&bytes, SIL_E_IMAGE_CORRUPT);
        buf_finish(&bytes);
    }
}

static void put_u32(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static void add_box(struct buf *to, const char *name, const void *content,
                    size_t size)
{
    uint8_t head[BOX_HEAD];

    put_u32(head, size + BOX_HEAD);
    memcpy(head + 4, name, 4);
    buf_add(to, head, sizeof head);
    buf_add(to, content, size);
    assert_int_equal(buf_err(to), SIL_OK);
}

/* A file of so many items, each of them all of the file, item 1 being AV1. */
static struct buf many_items(size_t item_count, size_t entry_count)
{
    static const uint8_t ENTRY[] = {2, 0,   0,   0,   0,   1, 0,
                                    0, 'a', 'v', '0', '1', 0};
    static const uint8_t LOCATION[] = {0, 1, 0, 0, 0, 1, 0,
                                       0, 0, 0, 0, 0, 0, 0};
    struct buf info;
    struct buf locations;
    struct buf meta;
    struct buf bytes;

    buf_init(&info, PICTURE_BYTES_MAX);
    buf_init(&locations, PICTURE_BYTES_MAX);
    buf_init(&meta, PICTURE_BYTES_MAX);
    buf_init(&bytes, PICTURE_BYTES_MAX);
    buf_add(&info, "\0\0\0\0\0\1", 6);
    for (size_t i = 0; i < entry_count; i++)
        add_box(&info, "infe", ENTRY, sizeof ENTRY);
    buf_add(&locations, "\0\0\0\0\x44\0", 6);
    buf_add(&locations,
            (uint8_t[]){(uint8_t)(item_count >> 8), (uint8_t)item_count}, 2);
    for (size_t i = 0; i < item_count; i++)
        buf_add(&locations, LOCATION, sizeof LOCATION);
    buf_add(&meta, "\0\0\0\0", 4);
    add_box(&meta, "iinf", info.bytes, info.size);
    add_box(&meta, "iloc", locations.bytes, locations.size);
    add_box(&bytes, "ftyp", "avif\0\0\0\0avifmif1", 16);
    add_box(&bytes, "meta", meta.bytes, meta.size);
    buf_finish(&info);
    buf_finish(&locations);
    buf_finish(&meta);
    return bytes;
}

static void floods_of_items_are_refused(void **state)
{
    static const size_t COUNTS[][2] = {
        {1, LIMIT_HEIF_ITEMS_MAX + 1}, /* a long list of types */
        {LIMIT_HEIF_ITEMS_MAX + 1, 1}, /* a long list of places */
        {LIMIT_HEIF_ITEMS_MAX, 1},     /* each being the whole file */
        {65535, 60000},
    };

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(COUNTS); i++) {
        struct buf bytes = many_items(COUNTS[i][0], COUNTS[i][1]);
        assert_refused(&bytes, SIL_E_IMAGE_CORRUPT);
        buf_finish(&bytes);
    }
}

/* Neither HEVC nor AV1 inside: another coding, not a damaged picture. */
static void other_codings_are_unsupported(void **state)
{
    struct buf bytes = written(true, false);
    struct coded_size largest = {0};

    (void)state;
    memcpy(bytes.bytes + find(&bytes, 0, "av01", 4), "j2k1", 4);
    assert_int_equal(sized(&largest, &bytes), SIL_OK);
    assert_int_equal(largest.width, 0);
    assert_refused(&bytes, SIL_E_UNSUPPORTED_FORMAT);
    buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proper_files_are_measured),
        cmocka_unit_test(unknown_colours_are_passed_over),
        cmocka_unit_test(lies_are_found_before_decoding),
        cmocka_unit_test(doubled_boxes_are_refused),
        cmocka_unit_test(floods_of_items_are_refused),
        cmocka_unit_test(other_codings_are_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
