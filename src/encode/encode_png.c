/* An 8-bit grey PNG, 0 or 255 a pixel, its rows made from the runs.
 * Must not know HTTP, nor hold more than a row and a chunk.
 * A row is written as its difference to the row above (filter "up"): where
 * the outline doesn't move it is all zeros. A chunk is made whole, since its
 * length stands in front. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "encode/deflate.h"

enum {
    DATA_SIZE = 1 << 14, /* most bytes in a chunk */
    NUMBER_SIZE = 4,     /* big-endian; a chunk's type is as long */
    CHUNK_HEAD_SIZE = 8, /* length and type */
    CHUNK_EXTRA = 12,    /* length, type and check sum of a chunk */
    SIGNATURE_SIZE = 8,
    HEADER_SIZE = 13,
    HEADER_BIT_DEPTH = 8, /* offset, as all that follow zeros */
    FILTER_UP = 2,
    WHITE = 255, /* difference when person begins to be, */
    BLACK = 1    /* and when it ceases: 0 - 255, in bytes */
};

static_assert(DATA_SIZE > SIGNATURE_SIZE + HEADER_SIZE, "the head must fit");

/* Invariant: pending holds bytes begin .. end - 1 to be sent before anything
 * that is made later; is_last says that nothing is. */
struct png_encoder {
    struct encoder base;
    const struct sil_mask *mask; /* lent */
    struct deflate *deflate;     /* owned; reads row */
    uint8_t *row;                /* owned, [1 + width]: filter, differences */
    uint32_t y;                  /* the next row */
    size_t begin, end;
    bool is_last;
    uint8_t pending[DATA_SIZE + 2 * CHUNK_EXTRA];
};

/* The filter byte belongs to the row but is never written again. */
static void png_check(const struct png_encoder *png)
{
    sil_assert(png->begin <= png->end);
    sil_assert(png->end <= sizeof png->pending);
    sil_assert(png->y <= png->mask->height);
    sil_assert(png->row[0] == FILTER_UP);
}

/* Where a row changes from 0 to 1 and back, in turn. */
struct edges {
    const struct sil_run *run; /* the next one that is not yet passed */
    uint32_t left;             /* runs from it on; 0: none */
    uint32_t width;            /* of the mask */
};

/* The edges of a row, from its left end. */
static struct edges edges_of(const struct sil_mask *mask, uint32_t row)
{
    struct edges edges = {.width = mask->width};

    sil_assert(row < mask->height);
    edges.left = sil_mask_row(&edges.run, mask, row);
    return edges;
}

/* Columns are asked for from left to right, and passed. */
static bool is_person_at(const struct edges *edges, uint32_t column)
{
    return edges->left > 0 && edges->run->first <= column;
}

/* Where what holds at column ends. */
static uint32_t next_edge(const struct edges *edges, uint32_t column)
{
    if (edges->left == 0)
        return edges->width;
    return is_person_at(edges, column) ? edges->run->end : edges->run->first;
}

/* Leave behind the run that ends at column. */
static void pass(struct edges *edges, uint32_t column)
{
    sil_assert(column <= edges->width);
    if (edges->left > 0 && edges->run->end <= column) {
        edges->run++;
        edges->left--;
    }
}

/* Write the differences of row y to the row above it, which for the first one
 * is all zeros. Between two edges of either row they are all alike. */
static void make_row(struct png_encoder *png)
{
    struct edges above = {.width = png->mask->width};
    struct edges here = edges_of(png->mask, png->y);
    uint32_t column = 0;

    if (png->y > 0)
        above = edges_of(png->mask, png->y - 1);
    while (column < png->mask->width) {
        uint32_t end = next_edge(&here, column);
        uint32_t other_end = next_edge(&above, column);
        bool is_person = is_person_at(&here, column);
        bool is_same = is_person == is_person_at(&above, column);
        int difference = is_same ? 0 : is_person ? WHITE : BLACK;
        end = end < other_end ? end : other_end;
        sil_assert(end > column);
        memset(png->row + 1 + column, difference, end - column);
        column = end;
        pass(&here, column);
        pass(&above, column);
    }
    png->y++;
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
static void close_chunk(struct png_encoder *png, const char *type, size_t size)
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
static void make_head(struct png_encoder *png)
{
    static const uint8_t signature[SIGNATURE_SIZE] = {0x89, 'P',  'N',  'G',
                                                      '\r', '\n', 0x1A, '\n'};
    uint8_t *header = png->pending + SIGNATURE_SIZE + CHUNK_HEAD_SIZE;

    sil_assert(png->end == 0);
    memcpy(png->pending, signature, SIGNATURE_SIZE);
    png->end = SIGNATURE_SIZE;
    memset(header, 0, HEADER_SIZE);
    put_number(header, png->mask->width);
    put_number(header + NUMBER_SIZE, png->mask->height);
    header[HEADER_BIT_DEPTH] = 8;
    close_chunk(png, "IHDR", HEADER_SIZE);
}

/* Make the next chunk of picture data; behind the last one also the end. */
static void make_chunk(struct png_encoder *png)
{
    uint8_t *data = png->pending + CHUNK_HEAD_SIZE;
    size_t size = 0;

    sil_assert(png->begin == png->end);
    png->begin = 0;
    png->end = 0;
    while (size < DATA_SIZE && !deflate_is_done(png->deflate)) {
        if (deflate_is_hungry(png->deflate)) {
            /* It has used up the last row, so that one may be overwritten. */
            bool has_row = png->y < png->mask->height;
            if (has_row)
                make_row(png);
            deflate_give(png->deflate, png->row,
                         has_row ? (size_t)png->mask->width + 1 : 0);
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
    struct png_encoder *png = (struct png_encoder *)encoder;
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
static void png_encoder_destroy(struct encoder *encoder)
{
    struct png_encoder *png = (struct png_encoder *)encoder;

    deflate_destroy(png->deflate);
    mem_free(png->row);
    mem_free(png);
}

/* Memory: a row, a chunk and the compressor; about 100 KB beside the row. */
enum sil_err png_encoder_create(struct encoder **out,
                                const struct sil_result *result)
{
    static const struct form form = {png_next, png_encoder_destroy};
    struct png_encoder *png = mem_zalloc(1, sizeof *png);
    enum sil_err err = SIL_E_NO_MEMORY;
    const struct sil_mask *mask = result->mask;
    size_t row_size;

    if (png == NULL || !sil_add(&row_size, mask->width, 1))
        goto done;
    png->base = (struct encoder){.form = &form, .size = ENCODE_SIZE_UNKNOWN};
    png->mask = mask;
    png->row = mem_alloc(row_size, 1);
    if (png->row == NULL)
        goto done;
    png->row[0] = FILTER_UP;
    err = deflate_create(&png->deflate, DEFLATE_ZLIB);
    if (err)
        goto done;
    make_head(png);
    *out = &png->base;
    png = NULL; /* It is the caller's now. */
done:
    if (png != NULL)
        png_encoder_destroy(&png->base);
    return err;
}
