/* Finds the EXIF block in a file and the Orientation tag in the block.
 * Must not know any other tag, nor follow a pointer but the first: so there
 * is no loop that a file could close.
 * Each walk goes forward by at least a byte and never past the end. */
#include "decode/exif.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

enum {
    ORIENTATION_MIN = 1,
    ORIENTATION_MAX = 8,
    ORIENTATION_TAG = 0x0112,
    TYPE_SHORT = 3,       /* 16 bits, as the tag has to be */
    TIFF_MAGIC = 42,      /* behind the byte order */
    TIFF_HEADER_SIZE = 8, /* order 2, magic 2, offset of a directory 4 */
    COUNT_SIZE = 2,       /* of the number of entries before a directory */
    ENTRY_SIZE = 12       /* tag 2, type 2, count 4, value 4 */
};

/* A run of foreign bytes. Passed by value: a walk is a span that gets shorter,
 * so its end can't be lost. */
struct span {
    const uint8_t *bytes; /* lent; NULL only if size is 0 */
    size_t size;
};

/* True if the span begins with text: size bytes, NULs inside included. */
static bool starts_with(struct span span, const char *text, size_t size)
{
    sil_assert(size >= 1);
    return span.size >= size && memcmp(span.bytes, text, size) == 0;
}

/* What follows the first count bytes; empty if there is nothing. */
static struct span rest_of(struct span span, size_t count)
{
    sil_assert(span.bytes != NULL || span.size == 0);
    if (count > span.size)
        count = span.size;
    return (struct span){span.bytes + count, span.size - count};
}

/* TIFF comes in both byte orders: is_big is the one of old Motorolas. at: two
 * bytes that the caller knows to be there. */
static uint32_t read_u16(const uint8_t *at, bool is_big)
{
    uint32_t first = at[0];
    uint32_t second = at[1];

    return is_big ? first << 8 | second : second << 8 | first;
}

/* Two halves in the same order as the bytes of each. */
static uint32_t read_u32(const uint8_t *at, bool is_big)
{
    uint32_t first = read_u16(at, is_big);
    uint32_t second = read_u16(at + 2, is_big);

    return is_big ? first << 16 | second : second << 16 | first;
}

/* The value of one directory entry, [ENTRY_SIZE] bytes; 0 if it isn't a proper
 * Orientation. A SHORT stands in the first half of the value's four bytes, in
 * both byte orders. The caller checks its range. */
static uint32_t entry_orientation(const uint8_t *entry, bool is_big)
{
    sil_assert(entry != NULL);
    if (read_u16(entry, is_big) != ORIENTATION_TAG)
        return 0;
    if (read_u16(entry + 2, is_big) != TYPE_SHORT)
        return 0;
    if (read_u32(entry + 4, is_big) != 1)
        return 0;
    return read_u16(entry + 8, is_big);
}

/* Look through the entries of a directory, as many as really are there: in a
 * block that is cut off the tag may still stand in front. The first proper one
 * counts. */
static uint8_t directory_orientation(struct span directory, bool is_big)
{
    uint32_t count;

    if (directory.size < COUNT_SIZE)
        return ORIENTATION_MIN;
    count = read_u16(directory.bytes, is_big);
    directory = rest_of(directory, COUNT_SIZE);
    if (count > directory.size / ENTRY_SIZE)
        count = (uint32_t)(directory.size / ENTRY_SIZE);
    sil_assert((size_t)count * ENTRY_SIZE <= directory.size);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = directory.bytes + (size_t)i * ENTRY_SIZE;
        uint32_t value = entry_orientation(entry, is_big);
        if (value >= ORIENTATION_MIN && value <= ORIENTATION_MAX)
            return (uint8_t)value;
    }
    return ORIENTATION_MIN;
}

/* Header, offset of the first directory, directory. The offset may point
 * anywhere, into the header too: whatever is there is read as entries. */
uint8_t exif_orientation(const uint8_t *bytes, size_t size)
{
    struct span tiff = {bytes, size};
    bool is_big;
    uint32_t offset;

    sil_assert(bytes != NULL || size == 0);
    /* JPEG puts this name before the block, some writers everywhere. */
    if (starts_with(tiff, "Exif\0\0", 6))
        tiff = rest_of(tiff, 6);
    if (tiff.size < TIFF_HEADER_SIZE)
        return ORIENTATION_MIN;
    is_big = starts_with(tiff, "MM", 2);
    if (!is_big && !starts_with(tiff, "II", 2))
        return ORIENTATION_MIN;
    if (read_u16(tiff.bytes + 2, is_big) != TIFF_MAGIC)
        return ORIENTATION_MIN;
    offset = read_u32(tiff.bytes + 4, is_big);
    return directory_orientation(rest_of(tiff, offset), is_big);
}

/* Markers that stand alone, without a length: TEM, RST0..7, SOI. */
static bool is_lone_marker(uint8_t marker)
{
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

/* Segment by segment up to the first scan; behind it nobody looks. */
uint8_t exif_of_jpeg(const uint8_t *bytes, size_t size)
{
    struct span left = {bytes, size};
    enum { MARKER = 0xFF, EOI = 0xD9, SOS = 0xDA, APP1 = 0xE1, HEAD = 4 };

    sil_assert(bytes != NULL || size == 0);
    left = rest_of(left, 2); /* the start of image, which has no length */
    while (left.size >= HEAD) {
        uint8_t marker = left.bytes[1];
        size_t length;
        if (left.bytes[0] != MARKER || marker == MARKER || marker == 0) {
            left = rest_of(left, 1); /* fill bytes, or junk as libjpeg skips */
            continue;
        }
        if (marker == SOS || marker == EOI)
            return ORIENTATION_MIN;
        if (is_lone_marker(marker)) {
            left = rest_of(left, 2);
            continue;
        }
        /* The length counts its own two bytes. */
        length = read_u16(left.bytes + 2, true);
        left = rest_of(left, 2);
        if (length < 2 || length > left.size)
            return ORIENTATION_MIN;
        if (marker == APP1 && starts_with(rest_of(left, 2), "Exif\0", 5))
            return exif_orientation(left.bytes + 2, length - 2);
        left = rest_of(left, length);
    }
    return ORIENTATION_MIN;
}

/* Chunk by chunk: length, name, content, checksum (not checked here: the
 * worst a wrong one can do is to turn the picture). */
uint8_t exif_of_png(const uint8_t *bytes, size_t size)
{
    struct span left = {bytes, size};
    enum { SIGNATURE = 8, HEAD = 8, CRC = 4 };

    sil_assert(bytes != NULL || size == 0);
    left = rest_of(left, SIGNATURE);
    while (left.size >= HEAD) {
        uint32_t length = read_u32(left.bytes, true);
        struct span body = rest_of(left, HEAD);
        /* Cut off: the decoder says so, not we. */
        if (length > body.size)
            return ORIENTATION_MIN;
        if (memcmp(left.bytes + 4, "eXIf", 4) == 0)
            return exif_orientation(body.bytes, length);
        left = rest_of(rest_of(body, length), CRC);
    }
    return ORIENTATION_MIN;
}

/* Chunk by chunk: name, length, content, a byte of padding maybe. The flag in
 * the header that announces EXIF isn't asked: it could only be wrong. */
uint8_t exif_of_webp(const uint8_t *bytes, size_t size)
{
    struct span left = {bytes, size};
    enum { RIFF_HEAD = 12, HEAD = 8 };

    sil_assert(bytes != NULL || size == 0);
    left = rest_of(left, RIFF_HEAD);
    while (left.size >= HEAD) {
        uint32_t length = read_u32(left.bytes + 4, false);
        struct span body = rest_of(left, HEAD);
        if (length > body.size)
            return ORIENTATION_MIN;
        if (starts_with(left, "EXIF", 4))
            return exif_orientation(body.bytes, length);
        body = rest_of(body, length);
        left = rest_of(body, length % 2); /* chunks are padded to even sizes */
    }
    return ORIENTATION_MIN;
}
