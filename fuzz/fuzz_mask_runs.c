/* A plane and a mask of any bytes, through each form, and back.
 * Must not know how the forms are made.
 * JSON and run lengths are read by readers of their own, the PNG by libspng. */
#include <spng.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "encode/encode.h"
#include "mask/pieces.h"
#include "mask/upscale.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENCODED_CAP = 1 << 26 };

/* The input, byte by byte; zeros behind its end. */
struct bytes {
    const uint8_t *at;
    size_t left;
};

static uint8_t next_byte(struct bytes *bytes)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    return *bytes->at++;
}

/* A mask whose gaps and runs are the bytes. */
static struct sil_mask *mask_of_runs(struct bytes *bytes, uint32_t width,
                                     uint32_t height)
{
    struct mask_writer writer;
    enum sil_err err = mask_begin(&writer, width, height);

    sil_assert(!err);
    for (uint32_t y = 0; y < height; y++) {
        uint32_t x = next_byte(bytes);
        while (x < width && bytes->left > 0) {
            uint32_t end = x + 1 + next_byte(bytes);
            err = mask_add_run(&writer, x, end < width ? end : width);
            sil_assert(!err);
            x = end + next_byte(bytes);
        }
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

/* A mask of a plane whose values are the bytes, in a box of the bytes. */
static struct sil_mask *mask_of_plane(struct bytes *bytes, uint32_t width,
                                      uint32_t height)
{
    struct upscale_place place = {.width = width, .height = height};
    struct pieces_rule rule = pieces_rule_default();
    struct pieces pieces;
    struct plane plane;
    struct sil_mask *mask = NULL;
    enum sil_err err = plane_init(&plane, 1 + next_byte(bytes) % 32,
                                  1 + next_byte(bytes) % 32);

    sil_assert(!err);
    place.box.x0 = (float)next_byte(bytes) - 99;
    place.box.y0 = (float)next_byte(bytes) - 99;
    place.box.x1 = place.box.x0 + 1 + (float)next_byte(bytes) / 2;
    place.box.y1 = place.box.y0 + 1 + (float)next_byte(bytes) / 2;
    place.threshold = (float)(1 + next_byte(bytes)) / 257;
    for (uint32_t i = 0; i < plane.width * plane.height; i++)
        plane.values[i] = (float)next_byte(bytes) / 255;
    err = pieces_find(&pieces, &plane, &rule);
    sil_assert(!err);
    sil_assert(pieces.count == 0 || pieces.box.x1 <= (float)plane.width);
    err = mask_from_plane(&mask, &plane, &place);
    sil_assert(!err);
    plane_finish(&plane);
    return mask;
}

/* All bytes of a form, taken in pieces of a size. */
static void encode(struct buf *to, const struct sil_mask *mask,
                   enum sil_format format, size_t piece_size)
{
    uint8_t piece[256];
    struct sil_result result = {.mask = (struct sil_mask *)(uintptr_t)mask};
    struct encoder *encoder = NULL;
    enum sil_err err =
        encoder_create(&encoder, &result, format, ENCODE_IDENTITY);
    size_t size = 1;

    sil_assert(!err);
    sil_assert(piece_size <= sizeof piece);
    buf_init(to, ENCODED_CAP);
    while (size > 0) {
        size = encoder_next(encoder, piece, piece_size);
        buf_add(to, piece, size);
    }
    sil_assert(buf_err(to) == SIL_OK);
    sil_assert(format != SIL_FORMAT_JSON || encoder_size(encoder) == to->size);
    encoder_destroy(encoder);
}

/* The pixels of a mask, 0 or 255, [height * width]; free(). */
static uint8_t *draw(const struct sil_mask *mask)
{
    uint8_t *pixels = calloc(mask->height, mask->width);

    sil_assert(pixels != NULL);
    for (uint32_t y = 0; y < mask->height; y++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        for (uint32_t i = 0; i < count; i++)
            memset(pixels + (size_t)y * mask->width + runs[i].first, 255,
                   runs[i].end - runs[i].first);
    }
    return pixels;
}

/* The digits inside the brackets must be the pixels, in order. */
static void check_json(const struct sil_mask *mask, const uint8_t *pixels,
                       size_t piece_size)
{
    static const char head[] = "{\"state\":1,\"data\":[";
    size_t pixel_count = (size_t)mask->width * mask->height;
    size_t index = 0;
    struct buf json;

    encode(&json, mask, SIL_FORMAT_JSON, piece_size);
    sil_assert(memcmp(json.bytes, head, sizeof head - 1) == 0);
    for (size_t i = sizeof head - 1; i < json.size; i++) {
        uint8_t c = json.bytes[i];
        if (c != '0' && c != '1')
            continue;
        sil_assert(index < pixel_count);
        sil_assert((c == '1') == (pixels[index] == 255));
        index++;
    }
    sil_assert(index == pixel_count);
    sil_assert(memcmp(json.bytes + json.size - 3, "]]}", 3) == 0);
    buf_finish(&json);
}

static void check_png(const struct sil_mask *mask, const uint8_t *pixels,
                      size_t piece_size)
{
    spng_ctx *reader = spng_ctx_new(0);
    size_t size = 0;
    uint8_t *back;
    struct buf png;

    encode(&png, mask, SIL_FORMAT_PNG, piece_size);
    sil_assert(reader != NULL);
    sil_assert(!spng_set_png_buffer(reader, png.bytes, png.size));
    sil_assert(!spng_decoded_image_size(reader, SPNG_FMT_PNG, &size));
    sil_assert(size == (size_t)mask->width * mask->height);
    back = malloc(size);
    sil_assert(back != NULL);
    sil_assert(!spng_decode_image(reader, back, size, SPNG_FMT_PNG, 0));
    sil_assert(!spng_decode_chunks(reader));
    sil_assert(memcmp(back, pixels, size) == 0);
    free(back);
    spng_ctx_free(reader);
    buf_finish(&png);
}

/* A number of COCO's run lengths: five bits a character, the lowest first, the
 * last character's highest is the sign. *at is moved past it. */
static int64_t read_count(const uint8_t **at)
{
    uint64_t count = 0;
    unsigned shift = 0;
    uint64_t bits;

    do {
        bits = (uint64_t) * *at - 48;
        *at += **at == '\\' ? 2 : 1;
        count |= (bits & 31) << shift;
        shift += 5;
        sil_assert(shift < 64);
    } while ((bits & 32) != 0);
    if ((bits & 16) != 0)
        count |= UINT64_MAX << shift;
    return (int64_t)count;
}

/* Run lengths go down the columns and must end where the picture does. */
static void check_rle(const struct sil_mask *mask, const uint8_t *pixels,
                      size_t piece_size)
{
    size_t pixel_count = (size_t)mask->width * mask->height;
    int64_t last[2] = {0, 0};
    size_t index = 0;
    const uint8_t *at;
    struct buf rle;

    encode(&rle, mask, SIL_FORMAT_RLE, piece_size);
    at = (const uint8_t *)strstr(buf_text(&rle), "\"counts\":\"");
    sil_assert(at != NULL);
    at += strlen("\"counts\":\"");
    for (int i = 0; *at != '"'; i++) {
        int64_t count = read_count(&at) + (i > 2 ? last[i % 2] : 0);
        sil_assert(count >= (i > 0));
        sil_assert((uint64_t)count <= pixel_count - index);
        for (int64_t k = 0; k < count; k++, index++)
            sil_assert(pixels[index % mask->height * mask->width +
                              index / mask->height] == (i % 2 ? 255 : 0));
        last[i % 2] = count;
    }
    sil_assert(index == pixel_count);
    sil_assert(strcmp((const char *)at, "\"}") == 0);
    buf_finish(&rle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    bool is_plane = next_byte(&bytes) % 2;
    size_t piece_size = 1 + (size_t)next_byte(&bytes);
    uint32_t width = 1 + next_byte(&bytes) + 4u * next_byte(&bytes);
    uint32_t height = 1 + (uint32_t)next_byte(&bytes);
    struct sil_mask *mask = NULL;
    uint8_t *pixels;

    if (is_plane)
        mask = mask_of_plane(&bytes, width, height);
    else
        mask = mask_of_runs(&bytes, width, height);
    mask_check(mask);
    pixels = draw(mask);
    check_json(mask, pixels, piece_size);
    check_png(mask, pixels, piece_size);
    check_rle(mask, pixels, piece_size);
    free(pixels);
    mask_destroy(mask);
    return 0;
}
