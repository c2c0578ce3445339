/* JPEG by libjpeg-turbo: scaled while it is decoded (1/2, 1/4, 1/8).
 * Must not know what the pixels are for; ICC profiles are not applied.
 * The library reports through longjmp: only guarded() calls setjmp, and what
 * must survive lives in struct reader, not in local variables.
 *
 * Which of the library's warnings refuse the picture: those after which it
 * makes pixels up (data that ends early, bad codes, lost restart markers,
 * progressions that contradict each other). Not those that every viewer
 * passes over: stray bytes between segments or before the end marker, odd
 * JFIF versions, unknown Adobe transforms, odd parameters of a baseline scan.
 * A missing end marker counts as cut off.
 *
 * CMYK and YCCK are read as Adobe writes them, 255 being no ink, with or
 * without its marker: so do browsers and all common viewers. */
#include "decode/decoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/exif.h"

enum {
    SAMPLE_BITS = 8,      /* the one precision that is read */
    RGB = 3,              /* bytes of a pixel */
    CMYK = 4,             /* likewise, four inks */
    ROWS_AT_ONCE = 16,    /* the deadline is looked at between batches */
    DCT_SIZE = 8,         /* the scale is counted in eighths */
    BITS_PER_BYTE = 8,    /* of the encoded data */
    RESTART_FIRST = 0xD0, /* markers RST0 .. RST7 */
    RESTART_LAST = 0xD7
};

/* One decoding. The library finds it again through client_data. */
struct reader {
    struct jpeg_decompress_struct jpeg; /* the library's state */
    struct jpeg_error_mgr handlers;     /* where it reports */
    struct jpeg_progress_mgr progress;  /* where it calls between rows */
    jmp_buf escape; /* where fail() goes; set by guarded() alone */
    const struct decode_source *source; /* lent */
    struct sil_error *error;            /* the caller's; may be NULL */
    enum sil_err err;                   /* why escape was taken */
    bool is_kept_whole;   /* several scans: all coefficients in memory */
    struct image *pixels; /* where step_rows() writes */
    uint8_t *cmyk;        /* uint8 [output width, 4]; NULL: not needed */
};

/* Start of image, then the first byte of any other marker. */
static bool jpeg_matches(const uint8_t *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    return size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 &&
           bytes[2] == 0xFF;
}

/* Leave the step that runs, through all of the library's frames. */
_Noreturn static void fail(struct reader *reader, enum sil_err err)
{
    sil_assert(err != SIL_OK);
    reader->err = err;
    longjmp(reader->escape, 1);
}

/* The error that fits a message of the library: memory and size are ours to
 * limit, what it was not built for is unsupported, the rest is damage. */
static enum sil_err err_of_message(const struct jpeg_error_mgr *handlers)
{
    switch (handlers->msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        return SIL_E_NO_MEMORY;
    case JERR_IMAGE_TOO_BIG:
        return SIL_E_IMAGE_TOO_MANY_PIXELS;
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
        return SIL_E_UNSUPPORTED_FORMAT;
    case JERR_BAD_PRECISION:
        /* 12 bits are proper JPEG, just not ours; anything else is junk. */
        return handlers->msg_parm.i[0] == 12 ? SIL_E_UNSUPPORTED_FORMAT
                                             : SIL_E_IMAGE_CORRUPT;
    default:
        return SIL_E_IMAGE_CORRUPT;
    }
}

/* Warnings that leave every pixel as it was encoded; see the head. */
static bool is_harmless(const struct jpeg_error_mgr *handlers)
{
    int marker = handlers->msg_parm.i[1];

    sil_assert(handlers->msg_code > 0);
    switch (handlers->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
        return true;
    case JWRN_EXTRANEOUS_DATA:
        /* Before a restart marker it means that blocks are missing. */
        return marker < RESTART_FIRST || marker > RESTART_LAST;
    default:
        return false;
    }
}

/* The library gives up. Its texts name markers and numbers, no paths. */
static void on_error(j_common_ptr jpeg)
{
    struct reader *reader = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    sil_assert(reader->jpeg.err == jpeg->err);
    jpeg->err->format_message(jpeg, text);
    fail(reader,
         err_set(reader->error, err_of_message(jpeg->err), "JPEG: %s", text));
}

/* The library warns (below 0) or traces. A warning that matters ends the
 * decoding like an error: nothing tells afterwards which rows it concerned. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless(jpeg->err))
        on_error(jpeg);
}

/* Where the library would write to standard error. */
static void on_output(j_common_ptr jpeg)
{
    (void)jpeg; /* a library doesn't print */
}

/* Called between rows, while scans are absorbed too. A progressive picture of
 * a few kilobytes can hold thousands of scans over all of its blocks: each
 * costs as much as a picture, hence their limit. */
static void on_progress(j_common_ptr jpeg)
{
    struct reader *reader = jpeg->client_data;
    enum sil_err err;

    sil_assert(&reader->progress == jpeg->progress);
    if (reader->jpeg.input_scan_number > LIMIT_JPEG_SCANS_MAX)
        fail(reader,
             err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                     "JPEG of more than %d scans", LIMIT_JPEG_SCANS_MAX));
    err = decode_check_deadline(reader->source, reader->error);
    if (err)
        fail(reader, err);
}

/* Run a step that may fail() anywhere inside the library. Nothing here is
 * changed between setjmp() and longjmp(), so nothing has to be volatile. */
static enum sil_err guarded(struct reader *reader,
                            void (*step)(struct reader *reader))
{
    if (setjmp(reader->escape) != 0)
        return reader->err;
    step(reader);
    return SIL_OK;
}

/* Read up to the first scan. The library may hold as much memory as a picture
 * may take; beyond that it asks for files to swap to: an error here. */
static void step_header(struct reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;

    sil_assert(reader->source != NULL);
    jpeg_create_decompress(jpeg);
    /* Creation keeps these two only of what was set before. */
    sil_assert(jpeg->err == &reader->handlers);
    sil_assert(jpeg->client_data == reader);
    jpeg->progress = &reader->progress;
    jpeg->mem->max_memory_to_use = LIMIT_DECODE_MEMORY_MAX;
    jpeg_mem_src(jpeg, reader->source->bytes, reader->source->size);
    (void)jpeg_read_header(jpeg, TRUE);
    reader->is_kept_whole = jpeg_has_multiple_scans(jpeg);
}

/* True once every component's constant coefficients came, to the last bit.
 * Only a progressive picture can lack them when all its scans are read. */
static bool is_complete(const struct jpeg_decompress_struct *jpeg)
{
    if (!jpeg->progressive_mode || jpeg->coef_bits == NULL)
        return true;
    sil_assert(jpeg->num_components >= 1);
    for (int i = 0; i < jpeg->num_components; i++) {
        /* -1: never sent; above 0: so many lower bits are missing. */
        if (jpeg->coef_bits[i][0] != 0)
            return false;
    }
    return true;
}

/* Decode what lies before the rows: nothing in a baseline picture, all scans
 * of a progressive one. */
static void step_start(struct reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;

    (void)jpeg_start_decompress(jpeg);
    if (!is_complete(jpeg))
        fail(reader, err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                             "JPEG: scans are missing"));
}

/* uint8 [count, 4], inverted ink, to uint8 [count, 3]: the light that each
 * ink lets through, times that which black does. */
static void rgb_from_cmyk(uint8_t *rgb, const uint8_t *cmyk, size_t count)
{
    sil_assert(rgb != cmyk);
    for (size_t i = 0; i < count; i++) {
        unsigned black = cmyk[CMYK * i + 3];
        for (size_t c = 0; c < RGB; c++) {
            unsigned product = cmyk[CMYK * i + c] * black;
            rgb[RGB * i + c] = (uint8_t)((product + 127) / 255);
        }
    }
}

/* The library writes straight into the picture, which is RGB and already small:
 * no rows of ours in between. */
static void read_rgb_rows(struct reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    struct image *pixels = reader->pixels;

    sil_assert(jpeg->out_color_components == RGB);
    sil_assert(jpeg->output_height == pixels->height);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW rows[ROWS_AT_ONCE];
        uint32_t first = jpeg->output_scanline;
        uint32_t count = jpeg->output_height - first;
        if (count > ROWS_AT_ONCE)
            count = ROWS_AT_ONCE;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = pixels->rgb + (first + i) * pixels->row_bytes;
        (void)jpeg_read_scanlines(jpeg, rows, count);
    }
}

/* Row by row through a buffer of four inks. */
static void read_cmyk_rows(struct reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    struct image *pixels = reader->pixels;

    sil_assert(jpeg->out_color_components == CMYK);
    sil_assert(jpeg->output_height == pixels->height);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = reader->cmyk;
        uint32_t y = jpeg->output_scanline;
        (void)jpeg_read_scanlines(jpeg, &row, 1);
        rgb_from_cmyk(pixels->rgb + y * pixels->row_bytes, row, pixels->width);
    }
}

/* Decode all rows, and read what is behind them. */
static void step_rows(struct reader *reader)
{
    sil_assert(reader->pixels != NULL);
    sil_assert(reader->jpeg.output_width == reader->pixels->width);
    if (reader->cmyk != NULL)
        read_cmyk_rows(reader);
    else
        read_rgb_rows(reader);
    /* Reads on to the end marker: a missing one is found here. */
    (void)jpeg_finish_decompress(&reader->jpeg);
}

/* How many 8 x 8 blocks the picture consists of, over all components; chroma
 * that is stored at half the size counts as such. */
static uint64_t count_blocks(const struct jpeg_decompress_struct *jpeg)
{
    uint64_t count = 0;

    sil_assert(jpeg->num_components >= 1);
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *component = &jpeg->comp_info[i];
        count +=
            (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    return count;
}

/* Refuse a header that promises more than the bytes behind it can hold, or
 * than may be kept in memory, before either is allocated. */
static enum sil_err check_blocks(const struct reader *reader)
{
    const struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    uint64_t block_count = count_blocks(jpeg);

    sil_assert(block_count >= 1);
    /* Each block takes a Huffman code, of a bit at least. */
    if (!jpeg->arith_code && block_count / BITS_PER_BYTE > reader->source->size)
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                       "JPEG of %u x %u pixels in %zu bytes: cut off",
                       jpeg->image_width, jpeg->image_height,
                       reader->source->size);
    if (reader->is_kept_whole &&
        block_count > LIMIT_DECODE_MEMORY_MAX / sizeof(JBLOCK))
        return err_set(reader->error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "JPEG of several scans and %u x %u pixels takes more "
                       "than %d bytes",
                       jpeg->image_width, jpeg->image_height,
                       LIMIT_DECODE_MEMORY_MAX);
    return SIL_OK;
}

/* Read and check the header. Finish with jpeg_destroy_decompress() in any
 * case. */
static enum sil_err open_reader(struct reader *reader,
                                const struct decode_source *source,
                                struct sil_error *error)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    enum sil_err err;

    *reader = (struct reader){.source = source, .error = error};
    jpeg->err = jpeg_std_error(&reader->handlers);
    jpeg->client_data = reader;
    reader->handlers.error_exit = on_error;
    reader->handlers.emit_message = on_message;
    reader->handlers.output_message = on_output;
    reader->progress.progress_monitor = on_progress;
    err = guarded(reader, step_header);
    if (err)
        return err;
    /* Later versions of the library read such files, through other calls. */
    if (jpeg->data_precision != SAMPLE_BITS)
        return err_set(error, SIL_E_UNSUPPORTED_FORMAT, "JPEG of %d bits",
                       jpeg->data_precision);
    err =
        decode_check_size(jpeg->image_width, jpeg->image_height, source, error);
    if (err)
        return err;
    return check_blocks(reader);
}

/* How the pixels are wanted: as small as asked, as RGB. The library rounds up
 * what shrink doesn't divide, as decode_image() promises. */
static enum sil_err set_up(struct reader *reader, uint32_t shrink)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    bool is_cmyk = jpeg->jpeg_color_space == JCS_CMYK ||
                   jpeg->jpeg_color_space == JCS_YCCK;

    sil_assert(DCT_SIZE % shrink == 0);
    sil_assert(reader->cmyk == NULL);
    jpeg->scale_num = DCT_SIZE / shrink;
    jpeg->scale_denom = DCT_SIZE;
    /* Shrunk blocks have a transform of their own, whichever is asked for;
     * smooth chroma costs nothing where chroma needs no widening. */
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    if (!is_cmyk)
        return SIL_OK;
    reader->cmyk = mem_alloc((jpeg->image_width + shrink - 1) / shrink, CMYK);
    if (reader->cmyk == NULL)
        return SIL_E_NO_MEMORY;
    return SIL_OK;
}

/* The header, and a walk over the segments for the orientation. */
static enum sil_err jpeg_info(struct decode_info *out,
                              const struct decode_source *source,
                              struct sil_error *error)
{
    struct reader reader;
    enum sil_err err = open_reader(&reader, source, error);

    if (!err) {
        out->width = reader.jpeg.image_width;
        out->height = reader.jpeg.image_height;
        out->orientation = exif_of_jpeg(source->bytes, source->size);
    }
    jpeg_destroy_decompress(&reader.jpeg);
    return err;
}

/* Header, choice, scans, memory for the result, rows: in this order, so that
 * a damaged progressive picture costs no memory of ours. */
static enum sil_err jpeg_read(struct image *out,
                              const struct decode_source *source,
                              uint32_t shrink, struct sil_error *error)
{
    struct reader reader;
    struct image pixels = {0};
    enum sil_err err;

    err = open_reader(&reader, source, error);
    if (err)
        goto done;
    err = set_up(&reader, shrink);
    if (err)
        goto done;
    err = guarded(&reader, step_start);
    if (err)
        goto done;
    err = image_init_in(&pixels, reader.jpeg.output_width,
                        reader.jpeg.output_height, source->room,
                        source->room_bytes);
    if (err)
        goto done;
    reader.pixels = &pixels;
    err = guarded(&reader, step_rows);
    if (err)
        goto done;
    *out = pixels;
    pixels = (struct image){0};
done:
    image_finish(&pixels);
    mem_free(reader.cmyk);
    jpeg_destroy_decompress(&reader.jpeg);
    return err;
}

const struct decoder decode_jpeg = {.format = "jpeg",
                                    .matches = jpeg_matches,
                                    .info = jpeg_info,
                                    .read = jpeg_read};
