/* Chunks around compressed rows, made while they are sent.
 * Must not know what the rows show, nor hold more than one and a chunk.
 * A chunk is made whole, since its length stands in front. */
#include "encode/png_stream.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "encode/form.h"

enum {
    DATA_SIZE = 1 << 14, /* most bytes in a chunk */
    NUMBER_SIZE = 4,     /* big-endian; a chunk's type is as long */
    CHUNK_HEAD_SIZE = 8, /* length and type */
    CHUNK_EXTRA = 12,    /* length, type and check sum of a chunk */
    SIGNATURE_SIZE = 8,
    HEADER_SIZE = 13,
    HEADER_BIT_DEPTH = 8, /* offsets in it; all that follow are zeros */
    HEADER_COLOUR = 9
};

static_assert(DATA_SIZE > SIGNATURE_SIZE + HEADER_SIZE, "the head must fit");

/* Invariant: pending holds bytes begin .. end - 1 to be sent before anything
 * that is made later; is_last says that nothing is. */
struct png_stream {
    struct encoder base;
    struct png_source source; /* its payload is owned if it has a finish() */
    struct deflate *deflate;  /* owned; reads row */
    uint8_t *row;             /* owned, [row_size]: filter, then the pixels */
    size_t row_size;
    uint32_t y; /* the next row */
    size_t begin, end;
    bool is_last;
    uint8_t pending[DATA_SIZE + 2 * CHUNK_EXTRA];
};

/* The filter's byte is the format's: what is behind it is the source's own
 * business. Between two calls nobody else may have moved anything. */
static void png_check(const struct png_stream *png)
{
    sil_assert(png->begin <= png->end);
    sil_assert(png->end <= sizeof png->pending);
    sil_assert(png->y <= png->source.height);
    sil_assert(png->row[0] <= PNG_FILTER_PAETH);
}

/* Big-endian, as all numbers of a PNG. */
static void put_number(uint8_t *bytes, uint32_t number)
{
    for (int i = NUMBER_SIZE - 1; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

/* Put length, type and check sum around size bytes that stand behind the
 * room for them at the end of pending. */
static void close_chunk(struct png_stream *png, const char *type, size_t size)
{
    uint8_t *chunk = png->pending + png->end;
    uint8_t *checked = chunk + NUMBER_SIZE;
    size_t checked_size = NUMBER_SIZE + size;

    sil_assert(strlen(type) == NUMBER_SIZE);
    sil_assert(png->end + CHUNK_EXTRA + size <= sizeof png->pending);
    /* The check sum covers the type and the data, not the length. */
    put_number(chunk, (uint32_t)size);
    memcpy(checked, type, NUMBER_SIZE);
    put_number(checked + checked_size, deflate_crc(0, checked, checked_size));
    png->end += CHUNK_EXTRA + size;
}

/* The signature and the header chunk. */
static void make_head(struct png_stream *png)
{
    static const uint8_t signature[SIGNATURE_SIZE] = {0x89, 'P',  'N',  'G',
                                                      '\r', '\n', 0x1A, '\n'};
    uint8_t *header = png->pending + SIGNATURE_SIZE + CHUNK_HEAD_SIZE;

    sil_assert(png->end == 0);
    memcpy(png->pending, signature, SIGNATURE_SIZE);
    png->end = SIGNATURE_SIZE;
    memset(header, 0, HEADER_SIZE);
    put_number(header, png->source.width);
    put_number(header + NUMBER_SIZE, png->source.height);
    header[HEADER_BIT_DEPTH] = 8;
    header[HEADER_COLOUR] = (uint8_t)png->source.colour;
    close_chunk(png, "IHDR", HEADER_SIZE);
}

/* Make the next chunk of picture data; behind the last one also the end. */
static void make_chunk(struct png_stream *png)
{
    uint8_t *data = png->pending + CHUNK_HEAD_SIZE;
    size_t size = 0;

    sil_assert(png->begin == png->end);
    png->begin = 0;
    png->end = 0;
    while (size < DATA_SIZE && !deflate_is_done(png->deflate)) {
        if (deflate_is_hungry(png->deflate)) {
            /* It has used up the last row, so that one may be overwritten. */
            bool has_row = png->y < png->source.height;
            if (has_row)
                png->source.make_row(png->row, png->source.payload, png->y++);
            deflate_give(png->deflate, png->row, has_row ? png->row_size : 0);
        }
        size += deflate_take(png->deflate, data + size, DATA_SIZE - size);
    }
    /* A chunk without data is allowed, and rare: at the very end. */
    close_chunk(png, "IDAT", size);
    png->is_last = deflate_is_done(png->deflate);
    if (png->is_last)
        close_chunk(png, "IEND", 0);
}

/* Chunks are made one at a time, when the last one has been handed out. */
static size_t png_next(struct encoder *encoder, uint8_t *bytes, size_t capacity)
{
    struct png_stream *png = (struct png_stream *)encoder;
    size_t size = 0;

    png_check(png);
    while (size < capacity && !(png->begin == png->end && png->is_last)) {
        size_t left;
        if (png->begin == png->end)
            make_chunk(png);
        left = png->end - png->begin;
        left = left < capacity - size ? left : capacity - size;
        memcpy(bytes + size, png->pending + png->begin, left);
        png->begin += left;
        size += left;
    }
    png_check(png);
    return size;
}

/* Also ends a creation that failed half-way: the frees accept NULL. */
static void png_stream_destroy(struct encoder *encoder)
{
    struct png_stream *png = (struct png_stream *)encoder;

    if (png->source.finish != NULL)
        png->source.finish(png->source.payload);
    deflate_destroy(png->deflate);
    mem_free(png->row);
    mem_free(png);
}

/* Bytes of a row: the filter's, and so many a pixel. False: too many. */
static bool size_row(size_t *size, const struct png_source *source)
{
    size_t channels = source->colour == PNG_RGBA  ? 4
                      : source->colour == PNG_RGB ? 3
                                                  : 1;

    sil_assert(source->width > 0);
    return sil_mul(size, source->width, channels) && sil_add(size, *size, 1);
}

/* Memory: a row, a chunk and the compressor; about 100 KB beside the row. */
enum sil_err png_stream_create(struct encoder **out,
                               const struct png_source *source)
{
    static const struct form form = {png_next, png_stream_destroy};
    struct png_stream *png = mem_zalloc(1, sizeof *png);
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(source->height > 0);
    if (png == NULL) {
        if (source->finish != NULL)
            source->finish(source->payload);
        return err;
    }
    png->base = (struct encoder){.form = &form, .size = ENCODE_SIZE_UNKNOWN};
    png->source = *source;
    if (!size_row(&png->row_size, source))
        goto done;
    png->row = mem_zalloc(png->row_size, 1);
    if (png->row == NULL)
        goto done;
    err = deflate_create(&png->deflate, DEFLATE_ZLIB, source->kind);
    if (err)
        goto done;
    make_head(png);
    *out = &png->base;
    png = NULL; /* It is the caller's now. */
done:
    if (png != NULL)
        png_stream_destroy(&png->base);
    return err;
}
