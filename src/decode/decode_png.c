/* PNG by libspng: all colour types and depths, row by row, shrunk on the way.
 * Must not know what the pixels are for; gamma and ICC profiles are not
 * applied, 16-bit samples keep their upper 8.
 * An interlaced picture comes in seven passes of sparse rows: the sums of all
 * boxes are kept then, never the picture at full size. Of an animated PNG the
 * library sees the default picture only. Damaged ancillary chunks are passed
 * over, ones above PNG_CHUNK_BYTES_MAX (also once inflated) are refused. */
#include "decode/decoder.h"

#include <string.h>

#include <spng.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/exif.h"
#include "decode/shrink.h"

/* Bytes of a pixel; a value; no value of a sample. */
enum { GRAY = 1, RGB = 3, RGBA = 4, WHITE = 255, NO_KEY = -1 };

/* One decoding. */
struct reader {
    spng_ctx *png;                      /* owned; NULL: not yet made */
    const struct decode_source *source; /* lent */
    struct sil_error *error;            /* the caller's; may be NULL */
    struct spng_ihdr header;            /* size, depth, colours, interlacing */
    struct shrinker shrinker;           /* where all rows go */
    int format;         /* what the library makes of a row: SPNG_FMT_… */
    size_t pixel_bytes; /* of that format: 1, 3 or 4 */
    int gray_key;       /* gray that is transparent; NO_KEY: none */
    uint8_t *row;       /* uint8 [width, pixel_bytes], owned */
    uint8_t *rgb;       /* uint8 [width, 3], owned */
};

/* Adam7, the one way of interlacing that PNG has: the first pixel and the
 * step of each pass, across. Down, the library tells the row itself. */
static const uint8_t PASS_FIRST[] = {0, 4, 0, 2, 0, 1, 0};
static const uint8_t PASS_STEP[] = {8, 8, 4, 4, 2, 2, 1};

/* Four of the eight bytes are enough to tell what a file wants to be: what is
 * wrong with the other four is damage, not another format. */
static bool png_matches(const uint8_t *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    return size >= 4 && memcmp(bytes, "\x89PNG", 4) == 0;
}

/* The library's memory comes from ours, so that tests can make it fail. */
static void *png_malloc(size_t size)
{
    return size > 0 ? mem_alloc(size, 1) : NULL;
}

/* As png_malloc(). */
static void *png_realloc(void *old, size_t size)
{
    return size > 0 ? mem_realloc(old, size, 1) : NULL;
}

/* As png_malloc(). */
static void *png_calloc(size_t count, size_t size)
{
    return count > 0 && size > 0 ? mem_zalloc(count, size) : NULL;
}

/* Our error for one of the library's. Its texts are fixed ones: nothing of the
 * file's content gets into ours. */
static enum sil_err png_err(const struct reader *reader, int status)
{
    sil_assert(status != SPNG_OK);
    switch (status) {
    case SPNG_EMEM:
    case SPNG_EZLIB_INIT:
        return SIL_E_NO_MEMORY;
    case SPNG_EOVERFLOW:
        return err_set(reader->error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "PNG: more bytes than can be counted");
    case SPNG_IO_EOF:
    case SPNG_EIDAT_TOO_SHORT:
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT, "PNG: cut off");
    default:
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT, "PNG: %s",
                       spng_strerror(status));
    }
}

/* Read and check the header. Finish with close_reader() in any case. */
static enum sil_err open_reader(struct reader *reader,
                                const struct decode_source *source,
                                struct sil_error *error)
{
    struct spng_alloc alloc = {png_malloc, png_realloc, png_calloc, mem_free};
    int status;

    *reader = (struct reader){.source = source, .error = error};
    reader->png = spng_ctx_new2(&alloc, 0);
    if (reader->png == NULL)
        return SIL_E_NO_MEMORY;
    status = spng_set_chunk_limits(reader->png, LIMIT_PNG_CHUNK_BYTES_MAX,
                                   LIMIT_PNG_CHUNK_BYTES_MAX);
    sil_assert(status == SPNG_OK);
    status = spng_set_png_buffer(reader->png, source->bytes, source->size);
    if (status)
        return png_err(reader, status);
    status = spng_get_ihdr(reader->png, &reader->header);
    if (status)
        return png_err(reader, status);
    return decode_check_size(reader->header.width, reader->header.height,
                             source, error);
}

/* Free what was made so far, wherever it ended. */
static void close_reader(struct reader *reader)
{
    spng_ctx_free(reader->png);
    shrink_finish(&reader->shrinker);
    mem_free(reader->row);
    mem_free(reader->rgb);
}

/* Choose what the library shall make of the rows. transparency: NULL if there
 * is no tRNS chunk. Gray of up to 8 bits stays gray, its transparent value is
 * ours to find: the library takes 30 ns a pixel for it otherwise. */
static void choose_format(struct reader *reader,
                          const struct spng_trns *transparency)
{
    uint8_t type = reader->header.color_type;
    unsigned top = (1U << reader->header.bit_depth) - 1;

    sil_assert(reader->header.bit_depth >= 1);
    sil_assert(reader->header.bit_depth <= 16);
    reader->gray_key = NO_KEY;
    if (type == SPNG_COLOR_TYPE_GRAYSCALE && top <= UINT8_MAX) {
        reader->format = SPNG_FMT_G8;
        reader->pixel_bytes = GRAY;
        if (transparency != NULL)
            reader->gray_key =
                (int)((transparency->gray & top) * (UINT8_MAX / top));
    } else if (transparency != NULL ||
               type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
               type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA) {
        reader->format = SPNG_FMT_RGBA8;
        reader->pixel_bytes = RGBA;
    } else {
        reader->format = SPNG_FMT_RGB8;
        reader->pixel_bytes = RGB;
    }
}

/* Read the chunks before the pixels and get ready for the rows. A tRNS chunk
 * makes a palette's entries, or one colour, transparent. */
static enum sil_err start(struct reader *reader)
{
    struct spng_trns transparency;
    int status = spng_get_trns(reader->png, &transparency);

    sil_assert(reader->png != NULL);
    if (status && status != SPNG_ECHUNKAVAIL)
        return png_err(reader, status);
    choose_format(reader, status == SPNG_OK ? &transparency : NULL);
    status = spng_decode_image(reader->png, NULL, 0, reader->format,
                               SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE);
    if (status)
        return png_err(reader, status);
    return SIL_OK;
}

/* Everything that the rows need, after the limits were held; close_reader()
 * frees it. A pass of an interlaced picture has rows of the width at most. */
static enum sil_err allocate(struct reader *reader, uint32_t shrink)
{
    const struct spng_ihdr *header = &reader->header;

    sil_assert(reader->row == NULL);
    sil_assert(reader->pixel_bytes >= GRAY);
    sil_assert(reader->pixel_bytes <= RGBA);
    reader->shrinker =
        (struct shrinker){.width = header->width,
                          .height = header->height,
                          .shrink = shrink,
                          .is_any_order = header->interlace_method != 0};
    reader->row = mem_alloc(header->width, reader->pixel_bytes);
    if (reader->row == NULL)
        return SIL_E_NO_MEMORY;
    reader->rgb = mem_alloc(header->width, RGB);
    if (reader->rgb == NULL)
        return SIL_E_NO_MEMORY;
    return shrink_init(&reader->shrinker);
}

/* gray: uint8 [count] to rgb: uint8 [count, 3], the key being white */
static void rgb_from_gray(uint8_t *rgb, const uint8_t *gray, size_t count,
                          int key)
{
    sil_assert(rgb != gray);
    sil_assert(key == NO_KEY || (key >= 0 && key <= WHITE));
    for (size_t i = 0; i < count; i++) {
        uint8_t light = gray[i] == key ? WHITE : gray[i];
        rgb[RGB * i] = light;
        rgb[RGB * i + 1] = light;
        rgb[RGB * i + 2] = light;
    }
}

/* Where the pixels of a row of a pass stand. The library leaves out passes that
 * a narrow picture hasn't, so there is one pixel at least. */
static struct columns columns_of(const struct spng_ihdr *header, int pass)
{
    struct columns columns = {.first = 0, .step = 1, .count = header->width};

    if (header->interlace_method == 0)
        return columns;
    sil_assert(pass >= 0 && pass < (int)sizeof PASS_STEP);
    columns.first = PASS_FIRST[pass];
    columns.step = PASS_STEP[pass];
    sil_assert(columns.first < header->width);
    columns.count = (header->width - columns.first - 1) / columns.step + 1;
    return columns;
}

/* Decode the next row of whichever pass and give it to the shrinker. The last
 * row answers SPNG_EOI, which is no error. */
static enum sil_err read_row(struct reader *reader,
                             const struct spng_row_info *where)
{
    struct columns columns = columns_of(&reader->header, where->pass);
    const uint8_t *rgb = reader->rgb;
    int status;

    sil_assert(where->row_num < reader->header.height);
    sil_assert(columns.count <= reader->header.width);
    status = spng_decode_scanline(reader->png, reader->row,
                                  columns.count * reader->pixel_bytes);
    if (status && status != SPNG_EOI)
        return png_err(reader, status);
    if (reader->pixel_bytes == GRAY)
        rgb_from_gray(reader->rgb, reader->row, columns.count,
                      reader->gray_key);
    else if (reader->pixel_bytes == RGBA)
        shrink_on_white(reader->rgb, reader->row, columns.count);
    else
        rgb = reader->row;
    shrink_add(&reader->shrinker, where->row_num, columns, rgb);
    return SIL_OK;
}

/* All rows of all passes, and what is behind them. */
static enum sil_err read_rows(struct reader *reader)
{
    struct spng_row_info where = {0};
    enum sil_err err = SIL_OK;
    int status = spng_get_row_info(reader->png, &where);

    sil_assert(reader->row != NULL);
    sil_assert(reader->rgb != NULL);
    while (status == SPNG_OK) {
        err = read_row(reader, &where);
        if (err)
            return err;
        err = decode_check_deadline(reader->source, reader->error);
        if (err)
            return err;
        status = spng_get_row_info(reader->png, &where);
    }
    if (status != SPNG_EOI)
        return png_err(reader, status);
    /* Up to the end chunk: without it the file is cut off. */
    status = spng_decode_chunks(reader->png);
    if (status)
        return png_err(reader, status);
    return SIL_OK;
}

/* The header alone, and a walk over the chunks for the orientation. */
static enum sil_err png_info(struct decode_info *out,
                             const struct decode_source *source,
                             struct sil_error *error)
{
    struct reader reader;
    enum sil_err err = open_reader(&reader, source, error);

    if (!err) {
        out->width = reader.header.width;
        out->height = reader.header.height;
        out->orientation = exif_of_png(source->bytes, source->size);
    }
    close_reader(&reader);
    return err;
}

/* Each step allocates a little more; no more than a few rows are held beside
 * the result. */
static enum sil_err png_read(struct image *out,
                             const struct decode_source *source,
                             uint32_t shrink, struct sil_error *error)
{
    struct reader reader;
    enum sil_err err;

    err = open_reader(&reader, source, error);
    if (err)
        goto done;
    err = start(&reader);
    if (err)
        goto done;
    err = allocate(&reader, shrink);
    if (err)
        goto done;
    err = read_rows(&reader);
    if (err)
        goto done;
    shrink_take(out, &reader.shrinker);
done:
    close_reader(&reader);
    return err;
}

const struct decoder decode_png = {.format = "png",
                                   .matches = png_matches,
                                   .info = png_info,
                                   .read = png_read};
