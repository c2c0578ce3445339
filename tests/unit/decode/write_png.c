/* Packs samples of any depth, in the order of interlacing, into PNG files.
 * Must not know the decoder under test.
 * A pixel is first drawn as RGBA and then reduced to what its type can say;
 * the twin is made from the reduced samples. */
#include "decode/write_png.h"

#include <zlib.h>

#include "base/mem.h"

enum {
    RGBA = 4,
    RGB = 3,
    SAMPLES_MAX = 4,
    PALETTE_MAX = 256,
    PASSES = 7,
    CHUNK_HEAD = 8
};

/* The kind, the drawing, and what is packed so far. */
struct packer {
    const struct png_kind *kind;
    const uint8_t *rgba; /* uint8 [height, width, 4] */
    uint32_t width, height;
    struct buf raw; /* filtered rows, not yet deflated */
    struct image twin;
};

static void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

void png_add_signature(struct buf *to)
{
    buf_add(to, "\x89PNG\r\n\x1a\n", 8);
}

void png_add_chunk(struct buf *to, const char *name, const void *bytes,
                   size_t size)
{
    size_t start = to->size;
    uint8_t head[CHUNK_HEAD];

    put_u32(head, (uint32_t)size);
    memcpy(head + 4, name, 4);
    buf_add(to, head, sizeof head);
    buf_add(to, bytes, size);
    buf_add(to, "crc!", 4);
    assert_int_equal(buf_err(to), SIL_OK);
    png_fix_checksum(to, start);
}

void png_fix_checksum(struct buf *png, size_t chunk)
{
    uint8_t *at = png->bytes + chunk;
    uint32_t size = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                    (uint32_t)at[2] << 8 | at[3];

    put_u32(at + CHUNK_HEAD + size, (uint32_t)crc32(0, at + 4, size + 4));
}

void png_add_header(struct buf *to, uint32_t width, uint32_t height,
                    const struct png_kind *kind)
{
    uint8_t header[13] = {0};

    put_u32(header, width);
    put_u32(header + 4, height);
    header[8] = kind->depth;
    header[9] = (uint8_t)kind->type;
    header[12] = kind->is_interlaced;
    png_add_chunk(to, "IHDR", header, sizeof header);
}

size_t png_find_chunk(const struct buf *png, const char *name)
{
    for (size_t at = 8; at + CHUNK_HEAD <= png->size; at++) {
        if (memcmp(png->bytes + at + 4, name, 4) == 0)
            return at;
    }
    fail();
    return 0;
}

void png_add_bomb(struct buf *to, const char *name, const void *prefix,
                  size_t prefix_size, size_t count)
{
    enum { STEP = 1 << 16 };
    static const uint8_t ZEROS[STEP];
    uint8_t piece[STEP];
    z_stream stream = {0};
    struct buf content;
    size_t left = count;
    int status = Z_OK;

    buf_init(&content, PICTURE_BYTES_MAX);
    buf_add(&content, prefix, prefix_size);
    assert_int_equal(deflateInit(&stream, 1), Z_OK);
    while (status != Z_STREAM_END) {
        if (stream.avail_in == 0 && left > 0) {
            stream.avail_in = left < STEP ? (unsigned)left : STEP;
            stream.next_in = (Bytef *)(uintptr_t)ZEROS;
            left -= stream.avail_in;
        }
        stream.next_out = piece;
        stream.avail_out = STEP;
        status = deflate(&stream, left > 0 ? Z_NO_FLUSH : Z_FINISH);
        assert_true(status == Z_OK || status == Z_STREAM_END);
        buf_add(&content, piece, STEP - stream.avail_out);
    }
    (void)deflateEnd(&stream);
    png_add_chunk(to, name, content.bytes, content.size);
    buf_finish(&content);
}

/* 64 colours, or as many as the depth allows. */
static unsigned palette_count(const struct png_kind *kind)
{
    unsigned count = 1U << kind->depth;

    return count < 64 ? count : 64;
}

static void palette_entry(uint8_t *rgba, unsigned index)
{
    rgba[0] = (uint8_t)(index * 37);
    rgba[1] = (uint8_t)(255 - index * 3);
    rgba[2] = (uint8_t)(index * 101 + 7);
    rgba[3] = (uint8_t)(index * 51);
}

/* The samples of a pixel in its type and depth; returns how many. */
static unsigned samples_of(uint16_t *samples, const uint8_t *rgba,
                           const struct png_kind *kind)
{
    unsigned count = 0;
    bool is_gray = kind->type == PNG_GRAY || kind->type == PNG_GRAY_ALPHA;
    unsigned top = (1U << kind->depth) - 1;

    if (kind->type == PNG_PALETTE) {
        samples[0] = (uint16_t)(rgba[0] * palette_count(kind) / 256);
        return 1;
    }
    for (unsigned c = 0; c < (is_gray ? 1 : RGB); c++)
        samples[count++] = (uint16_t)(rgba[c] * top / 255);
    if (kind->type == PNG_GRAY_ALPHA || kind->type == PNG_RGBA)
        samples[count++] = (uint16_t)(rgba[3] * top / 255);
    /* Something to be seen in the lower half of 16 bits. */
    if (kind->depth == 16)
        samples[0] ^= rgba[1] & 0x7F;
    return count;
}

/* An 8-bit value for a sample of any depth. */
static uint8_t to_8_bits(unsigned sample, unsigned depth)
{
    if (depth == 16)
        return (uint8_t)(sample >> 8);
    return (uint8_t)(sample * 255 / ((1U << depth) - 1));
}

/* The samples that tRNS makes transparent: those of the pixel (0, 0). */
static void transparent_samples(uint16_t *samples, const struct packer *packer)
{
    (void)samples_of(samples, packer->rgba, packer->kind);
}

/* What a decoder must make of samples: RGBA of 8 bits. */
static void shown(uint8_t *rgba, const uint16_t *samples,
                  const struct packer *packer)
{
    const struct png_kind *kind = packer->kind;
    uint16_t key[SAMPLES_MAX] = {0};
    unsigned colour_count =
        kind->type == PNG_RGB || kind->type == PNG_RGBA ? RGB : 1;

    if (kind->type == PNG_PALETTE) {
        palette_entry(rgba, samples[0]);
        if (!kind->has_transparency)
            rgba[3] = 255;
        return;
    }
    for (unsigned c = 0; c < RGB; c++)
        rgba[c] = to_8_bits(samples[colour_count == 1 ? 0 : c], kind->depth);
    rgba[3] = 255;
    if (kind->type == PNG_GRAY_ALPHA || kind->type == PNG_RGBA)
        rgba[3] = to_8_bits(samples[colour_count], kind->depth);
    transparent_samples(key, packer);
    if (kind->has_transparency &&
        memcmp(key, samples, colour_count * sizeof *samples) == 0)
        rgba[3] = 0;
}

/* Pack one row of a pass, and draw it into the twin. */
static void pack_row(struct packer *packer, uint32_t y, uint32_t x0,
                     uint32_t step)
{
    const struct png_kind *kind = packer->kind;
    unsigned bits = 0;
    unsigned bit_count = 0;

    buf_add(&packer->raw, "", 1); /* filter: none */
    for (uint32_t x = x0; x < packer->width; x += step) {
        uint16_t samples[SAMPLES_MAX] = {0};
        uint8_t rgba[RGBA];
        uint8_t *twin =
            packer->twin.rgb + y * packer->twin.row_bytes + (size_t)x * RGB;
        unsigned count = samples_of(
            samples, packer->rgba + ((size_t)y * packer->width + x) * RGBA,
            kind);
        shown(rgba, samples, packer);
        for (unsigned c = 0; c < RGB; c++)
            twin[c] =
                (uint8_t)((rgba[c] * rgba[3] + 255 * (255 - rgba[3]) + 127) /
                          255);
        for (unsigned i = 0; i < count; i++) {
            bits = bits << kind->depth | samples[i];
            for (bit_count += kind->depth; bit_count >= 8; bit_count -= 8) {
                uint8_t byte = (uint8_t)(bits >> (bit_count - 8));
                buf_add(&packer->raw, &byte, 1);
            }
        }
    }
    if (bit_count > 0) {
        uint8_t byte = (uint8_t)(bits << (8 - bit_count));
        buf_add(&packer->raw, &byte, 1);
    }
}

static void pack(struct packer *packer)
{
    static const uint8_t X0[] = {0, 4, 0, 2, 0, 1, 0};
    static const uint8_t Y0[] = {0, 0, 4, 0, 2, 0, 1};
    static const uint8_t X_STEP[] = {8, 8, 4, 4, 2, 2, 1};
    static const uint8_t Y_STEP[] = {8, 8, 8, 4, 4, 2, 2};

    if (!packer->kind->is_interlaced) {
        for (uint32_t y = 0; y < packer->height; y++)
            pack_row(packer, y, 0, 1);
        return;
    }
    for (unsigned pass = 0; pass < PASSES; pass++) {
        if (X0[pass] >= packer->width)
            continue;
        for (uint32_t y = Y0[pass]; y < packer->height; y += Y_STEP[pass])
            pack_row(packer, y, X0[pass], X_STEP[pass]);
    }
}

static void add_palette(struct buf *to, const struct png_kind *kind)
{
    uint8_t colours[PALETTE_MAX * RGB];
    uint8_t alphas[PALETTE_MAX];
    unsigned count = palette_count(kind);

    for (unsigned i = 0; i < count; i++) {
        uint8_t rgba[RGBA];
        palette_entry(rgba, i);
        memcpy(colours + (size_t)i * RGB, rgba, RGB);
        alphas[i] = rgba[3];
    }
    png_add_chunk(to, "PLTE", colours, (size_t)count * RGB);
    if (kind->has_transparency)
        png_add_chunk(to, "tRNS", alphas, count);
}

static void add_transparency(struct buf *to, const struct packer *packer)
{
    uint16_t samples[SAMPLES_MAX] = {0};
    uint8_t bytes[2 * RGB];
    size_t count = packer->kind->type == PNG_RGB ? RGB : 1;

    transparent_samples(samples, packer);
    for (size_t i = 0; i < count; i++) {
        bytes[2 * i] = (uint8_t)(samples[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)samples[i];
    }
    png_add_chunk(to, "tRNS", bytes, 2 * count);
}

/* The packed rows as two IDAT chunks. */
static void add_pixels(struct buf *to, const struct buf *raw)
{
    uLongf size = compressBound(raw->size);
    uint8_t *bytes = mem_alloc(size, 1);

    assert_non_null(bytes);
    assert_int_equal(compress2(bytes, &size, raw->bytes, raw->size, 6), Z_OK);
    png_add_chunk(to, "IDAT", bytes, size / 3);
    png_add_chunk(to, "IDAT", bytes + size / 3, size - size / 3);
    mem_free(bytes);
}

void write_png(struct buf *to, struct image *twin, uint32_t width,
               uint32_t height, const struct png_kind *kind)
{
    uint8_t *rgba = picture_draw_alpha(width, height);
    struct packer packer = {
        .kind = kind, .rgba = rgba, .width = width, .height = height};

    buf_init(&packer.raw, PICTURE_BYTES_MAX);
    assert_int_equal(image_init(&packer.twin, width, height), SIL_OK);
    pack(&packer);
    assert_int_equal(buf_err(&packer.raw), SIL_OK);
    png_add_signature(to);
    png_add_header(to, width, height, kind);
    if (kind->type == PNG_PALETTE)
        add_palette(to, kind);
    else if (kind->has_transparency)
        add_transparency(to, &packer);
    add_pixels(to, &packer.raw);
    png_add_chunk(to, "IEND", "", 0);
    *twin = packer.twin;
    buf_finish(&packer.raw);
    mem_free(rgba);
}
