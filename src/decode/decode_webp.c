/* WebP by libwebp: lossy, lossless, with alpha, and the first frame of an
 * animation.
 * Must not know what the pixels are for; ICC profiles are not applied.
 * The library's own scaler is used where it gives the boxes asked for: sides
 * that shrink divides, no alpha. Otherwise the picture is held whole, with
 * its alpha, laid on white and shrunk by us. An animation's first frame is
 * found by us: its container is a list of chunks, and the library decodes the
 * chunks inside a frame as they are. */
#include "decode/decoder.h"

#include <limits.h>
#include <string.h>

#include <webp/decode.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/exif.h"
#include "decode/shrink.h"

enum {
    RGB = 3,            /* bytes of a pixel */
    RGBA = 4,           /* likewise */
    WHITE = 255,        /* each of a white pixel's three */
    RIFF_HEAD = 12,     /* "RIFF", size, "WEBP" */
    CHUNK_HEAD = 8,     /* name, size */
    FRAME_HEAD = 16,    /* place, size, duration, flags of an ANMF chunk */
    LOSSLESS = 2,       /* WebPBitstreamFeatures.format */
    PIECE_BYTES = 65536 /* the deadline is looked at between pieces */
};

/* The one frame that is decoded and its place on the canvas. */
struct frame {
    const uint8_t *bytes;   /* what the library gets; lent */
    size_t size;            /* bytes */
    uint32_t x, y;          /* of its corner, pixels */
    uint32_t width, height; /* pixels */
    bool has_alpha;         /* decoded to RGBA, else to RGB */
    bool is_lossless;       /* the library then holds all pixels itself */
};

/* One decoding. */
struct reader {
    const struct decode_source *source; /* lent */
    struct sil_error *error;            /* the caller's; may be NULL */
    uint32_t width, height;             /* of the canvas, pixels */
    struct frame frame;
    uint8_t *plane; /* uint8 [frame.height, frame.width, 3 or 4]; or NULL */
    uint8_t *row;   /* uint8 [width, 3]; NULL: not needed */
    struct shrinker shrinker;
};

/* A little-endian number of 1 to 4 bytes. */
static uint32_t read_bytes(const uint8_t *at, unsigned count)
{
    uint32_t value = 0;

    sil_assert(count >= 1);
    sil_assert(count <= sizeof value);
    for (unsigned i = count; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

/* RIFF is the container of sounds and films, too. */
static bool webp_matches(const uint8_t *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    return size >= RIFF_HEAD && memcmp(bytes, "RIFF", 4) == 0 &&
           memcmp(bytes + 8, "WEBP", 4) == 0;
}

/* Our error for one of the library's, which has codes but no texts. */
static enum sil_err fail(struct sil_error *error, VP8StatusCode status)
{
    sil_assert(status != VP8_STATUS_OK);
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return SIL_E_NO_MEMORY;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return err_set(error, SIL_E_IMAGE_CORRUPT, "WebP: cut off");
    default:
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "WebP: not a proper bitstream");
    }
}

/* Take over what a bitstream says of itself. frame->bytes: a whole file or the
 * chunks inside a frame. Of an animation the size is the canvas's. */
static enum sil_err read_features(struct frame *frame,
                                  WebPBitstreamFeatures *features,
                                  struct sil_error *error)
{
    VP8StatusCode status = WebPGetFeatures(frame->bytes, frame->size, features);

    if (status != VP8_STATUS_OK)
        return fail(error, status);
    sil_assert(features->width >= 0);
    sil_assert(features->height >= 0);
    frame->width = (uint32_t)features->width;
    frame->height = (uint32_t)features->height;
    frame->has_alpha = features->has_alpha != 0;
    frame->is_lossless = features->format == LOSSLESS;
    return SIL_OK;
}

/* Find the first ANMF chunk and what is in it: the frame's place in units of
 * two pixels, its size less one, its duration, its flags, then chunks as in a
 * file of one picture. Chunks are padded to even sizes, the last one maybe
 * not. */
static enum sil_err find_first_frame(struct frame *frame,
                                     const struct decode_source *source,
                                     struct sil_error *error)
{
    const uint8_t *at = source->bytes + RIFF_HEAD;
    size_t left = source->size - RIFF_HEAD;

    sil_assert(source->size >= RIFF_HEAD);
    while (left >= CHUNK_HEAD) {
        size_t size = read_bytes(at + 4, 4);
        size_t padded = size + size % 2;
        left -= CHUNK_HEAD;
        if (size > left)
            break;
        if (memcmp(at, "ANMF", 4) == 0) {
            if (size < FRAME_HEAD)
                break;
            at += CHUNK_HEAD;
            frame->bytes = at + FRAME_HEAD;
            frame->size = size - FRAME_HEAD;
            frame->x = 2 * read_bytes(at, 3);
            frame->y = 2 * read_bytes(at + 3, 3);
            frame->width = 1 + read_bytes(at + 6, 3);
            frame->height = 1 + read_bytes(at + 9, 3);
            return SIL_OK;
        }
        at += CHUNK_HEAD + (padded > left ? left : padded);
        left -= padded > left ? left : padded;
    }
    return err_set(error, SIL_E_IMAGE_CORRUPT,
                   "WebP: an animation without a whole frame");
}

/* The first frame of an animation, checked against its place. What the canvas
 * shows around it is white: the file's own background is a hint that viewers
 * ignore, too. */
static enum sil_err open_animation(struct reader *reader)
{
    struct frame *frame = &reader->frame;
    WebPBitstreamFeatures features;
    struct frame told;
    enum sil_err err;

    sil_assert(reader->width >= 1);
    sil_assert(reader->height >= 1);
    err = find_first_frame(frame, reader->source, reader->error);
    if (err)
        return err;
    /* The size stands twice; where the two differ, one is a lie. */
    told = *frame;
    err = read_features(frame, &features, reader->error);
    if (err)
        return err;
    if (features.has_animation || frame->width != told.width ||
        frame->height != told.height)
        return fail(reader->error, VP8_STATUS_BITSTREAM_ERROR);
    if (frame->x > reader->width || frame->width > reader->width - frame->x ||
        frame->y > reader->height || frame->height > reader->height - frame->y)
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                       "WebP: a frame that leaves the canvas");
    return SIL_OK;
}

/* Read and check the header. Finish with close_reader() in any case. */
static enum sil_err open_reader(struct reader *reader,
                                const struct decode_source *source,
                                struct sil_error *error)
{
    WebPBitstreamFeatures features;
    uint64_t riff_size = read_bytes(source->bytes + 4, 4);
    enum sil_err err;

    *reader = (struct reader){.source = source, .error = error};
    reader->frame.bytes = source->bytes;
    reader->frame.size = source->size;
    /* The file tells its own size: that is how a cut is seen that hits no
     * pixels. What lies behind is nobody's. */
    if (riff_size + CHUNK_HEAD > source->size)
        return fail(error, VP8_STATUS_NOT_ENOUGH_DATA);
    err = read_features(&reader->frame, &features, error);
    if (err)
        return err;
    reader->width = reader->frame.width;
    reader->height = reader->frame.height;
    err = decode_check_size(reader->width, reader->height, source, error);
    if (err)
        return err;
    if (features.has_animation)
        return open_animation(reader);
    return SIL_OK;
}

/* Free what was made so far, wherever it ended. */
static void close_reader(struct reader *reader)
{
    shrink_finish(&reader->shrinker);
    mem_free(reader->plane);
    mem_free(reader->row);
}

/* True if the library can write the wanted picture by itself. It scales to any
 * size, but over the whole frame: with a rest at the edge its pixels would not
 * be the boxes that decode_image() promises. */
static bool is_direct(const struct reader *reader, uint32_t shrink)
{
    const struct frame *frame = &reader->frame;

    sil_assert(shrink >= 1);
    sil_assert(frame->width <= reader->width);
    sil_assert(frame->height <= reader->height);
    return !frame->has_alpha && frame->width == reader->width &&
           frame->height == reader->height && frame->width % shrink == 0 &&
           frame->height % shrink == 0;
}

/* Refuse what would take more memory than a picture may: the plane of ours
 * and, for a lossless one, the library's own. */
static enum sil_err check_memory(const struct reader *reader, bool is_whole)
{
    const struct frame *frame = &reader->frame;
    uint64_t pixel_count = (uint64_t)frame->width * frame->height;
    uint64_t pixel_bytes = frame->is_lossless ? RGBA : 1;

    sil_assert(pixel_count >= 1);
    if (is_whole)
        pixel_bytes += frame->has_alpha ? RGBA : RGB;
    if (pixel_count > LIMIT_DECODE_MEMORY_MAX / pixel_bytes)
        return err_set(reader->error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "WebP of %u x %u pixels takes more than %d bytes",
                       frame->width, frame->height, LIMIT_DECODE_MEMORY_MAX);
    return SIL_OK;
}

/* Where the library writes, and whether it scales: to is exactly the frame's
 * size divided by shrink. to: uint8 [height, width, 3 or 4] */
static enum sil_err configure(WebPDecoderConfig *config, uint32_t shrink,
                              struct image *to, bool has_alpha)
{
    WebPRGBABuffer *buffer = &config->output.u.RGBA;

    sil_assert(to->rgb != NULL);
    sil_assert(to->row_bytes <= INT_MAX);
    if (!WebPInitDecoderConfig(config))
        return SIL_E_INTERNAL;
    config->output.colorspace = has_alpha ? MODE_RGBA : MODE_RGB;
    config->output.is_external_memory = 1;
    if (!sil_mul(&buffer->size, to->row_bytes, to->height))
        return SIL_E_NO_MEMORY;
    buffer->rgba = to->rgb;
    buffer->stride = (int)to->row_bytes;
    config->options.use_scaling = shrink > 1;
    config->options.scaled_width = (int)to->width;
    config->options.scaled_height = (int)to->height;
    return SIL_OK;
}

/* Decode the frame into what config says. The library is given more of the
 * same bytes each time: nothing is copied, and between two pieces there is
 * time to look at the clock. */
static enum sil_err decode_frame(struct reader *reader,
                                 WebPDecoderConfig *config)
{
    const struct frame *frame = &reader->frame;
    WebPIDecoder *decoder = WebPIDecode(NULL, 0, config);
    VP8StatusCode status = VP8_STATUS_SUSPENDED;
    enum sil_err err = SIL_OK;
    size_t given = 0;

    sil_assert(config->output.is_external_memory);
    if (decoder == NULL)
        return SIL_E_NO_MEMORY;
    while (status == VP8_STATUS_SUSPENDED && given < frame->size) {
        given = frame->size - given > PIECE_BYTES ? given + PIECE_BYTES
                                                  : frame->size;
        err = decode_check_deadline(reader->source, reader->error);
        if (err)
            goto done;
        status = WebPIUpdate(decoder, frame->bytes, given);
    }
    if (status != VP8_STATUS_OK)
        err = fail(reader->error, status);
done:
    WebPIDelete(decoder);
    return err;
}

/* Straight into the picture. The shrinker only keeps it: on failure
 * close_reader() frees it there. */
static enum sil_err read_direct(struct image *out, struct reader *reader,
                                uint32_t shrink)
{
    struct image *to = &reader->shrinker.to;
    WebPDecoderConfig config;
    enum sil_err err;

    sil_assert(is_direct(reader, shrink));
    sil_assert(to->rgb == NULL);
    err = image_init(to, reader->width / shrink, reader->height / shrink);
    if (err)
        return err;
    err = configure(&config, shrink, to, false);
    if (err)
        return err;
    err = decode_frame(reader, &config);
    if (err)
        return err;
    *out = *to;
    *to = (struct image){0};
    return SIL_OK;
}

/* Row y of the canvas, on white, into reader->row: white shows where the frame
 * doesn't reach and where it is transparent. */
static void lay_row(struct reader *reader, uint32_t y)
{
    const struct frame *frame = &reader->frame;
    size_t pixel_bytes = frame->has_alpha ? RGBA : RGB;
    size_t row_bytes = frame->width * pixel_bytes;
    const uint8_t *from;

    sil_assert(y < reader->height);
    sil_assert(frame->x + frame->width <= reader->width);
    memset(reader->row, WHITE, (size_t)reader->width * RGB);
    if (y < frame->y || y - frame->y >= frame->height)
        return;
    from = reader->plane + (y - frame->y) * row_bytes;
    if (frame->has_alpha)
        shrink_on_white(reader->row + (size_t)frame->x * RGB, from,
                        frame->width);
    else
        memcpy(reader->row + (size_t)frame->x * RGB, from, row_bytes);
}

/* Everything that read_whole() needs; close_reader() frees it. */
static enum sil_err allocate(struct reader *reader, uint32_t shrink)
{
    const struct frame *frame = &reader->frame;
    size_t row_bytes;

    sil_assert(reader->plane == NULL);
    sil_assert(reader->row == NULL);
    reader->shrinker = (struct shrinker){
        .width = reader->width, .height = reader->height, .shrink = shrink};
    if (!sil_mul(&row_bytes, frame->width, frame->has_alpha ? RGBA : RGB))
        return SIL_E_NO_MEMORY;
    reader->plane = mem_alloc(frame->height, row_bytes);
    if (reader->plane == NULL)
        return SIL_E_NO_MEMORY;
    reader->row = mem_alloc(reader->width, RGB);
    if (reader->row == NULL)
        return SIL_E_NO_MEMORY;
    return shrink_init(&reader->shrinker);
}

/* The whole frame first, then row by row onto the canvas and smaller. */
static enum sil_err read_whole(struct image *out, struct reader *reader,
                               uint32_t shrink)
{
    const struct frame *frame = &reader->frame;
    struct columns columns = {.first = 0, .step = 1, .count = reader->width};
    WebPDecoderConfig config;
    struct image plane;
    enum sil_err err;

    sil_assert(shrink >= 1);
    err = allocate(reader, shrink);
    if (err)
        return err;
    /* Not an image's invariant if there is alpha: only for configure(). */
    plane = (struct image){
        .rgb = reader->plane, .width = frame->width, .height = frame->height};
    plane.row_bytes = (size_t)frame->width * (frame->has_alpha ? RGBA : RGB);
    err = configure(&config, 1, &plane, frame->has_alpha);
    if (err)
        return err;
    err = decode_frame(reader, &config);
    if (err)
        return err;
    for (uint32_t y = 0; y < reader->height; y++) {
        lay_row(reader, y);
        shrink_add(&reader->shrinker, y, columns, reader->row);
    }
    shrink_take(out, &reader->shrinker);
    return SIL_OK;
}

/* The header of the canvas, and a walk over the chunks for the orientation. */
static enum sil_err webp_info(struct decode_info *out,
                              const struct decode_source *source,
                              struct sil_error *error)
{
    struct reader reader;
    enum sil_err err = open_reader(&reader, source, error);

    if (!err) {
        out->width = reader.width;
        out->height = reader.height;
        out->orientation = exif_of_webp(source->bytes, source->size);
    }
    close_reader(&reader);
    return err;
}

/* One of two ways, chosen by the header. */
static enum sil_err webp_read(struct image *out,
                              const struct decode_source *source,
                              uint32_t shrink, struct sil_error *error)
{
    struct reader reader;
    bool is_whole;
    enum sil_err err;

    err = open_reader(&reader, source, error);
    if (err)
        goto done;
    is_whole = !is_direct(&reader, shrink);
    err = check_memory(&reader, is_whole);
    if (err)
        goto done;
    if (is_whole)
        err = read_whole(out, &reader, shrink);
    else
        err = read_direct(out, &reader, shrink);
done:
    close_reader(&reader);
    return err;
}

const struct decoder decode_webp = {.format = "webp",
                                    .matches = webp_matches,
                                    .info = webp_info,
                                    .read = webp_read};
