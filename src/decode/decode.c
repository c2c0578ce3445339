/* Chooses the decoder by the first bytes and holds the limits all share.
 * Must not know a format: each is a row of the table.
 * Neither a file's name nor a content type is ever asked: both lie. */
#include "decode/decode.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/clock.h"
#include "decode/decoder.h"

/* Asked in this order; no two want the same first bytes. So nothing
 * depends on the order; it is that of how often a format is expected. */
static const struct decoder *const DECODERS[] = {
    &decode_jpeg,
    &decode_png,
    &decode_webp,
    &decode_heif,
};

enum { DECODER_COUNT = sizeof DECODERS / sizeof DECODERS[0] };

/* The sides first, then the pixels: a picture of one row can be within the
 * one and far beyond the other. The product of two 32-bit sides fits 64 bits
 * whatever they are. */
enum sil_err decode_check_size(uint32_t width, uint32_t height,
                               const struct decode_source *source,
                               struct sil_error *error)
{
    const struct sil_limits *limits = &source->limits;
    uint64_t pixel_count = (uint64_t)width * height;

    sil_assert(source->bytes != NULL);
    if (width == 0 || height == 0)
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "a picture of %" PRIu32 " x %" PRIu32 " pixels", width,
                       height);
    if (width > limits->image_side_max || height > limits->image_side_max)
        return err_set(error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "%" PRIu32 " x %" PRIu32 " pixels; a side has %" PRIu32
                       " at most",
                       width, height, limits->image_side_max);
    if (pixel_count > limits->image_pixels_max)
        return err_set(error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "%" PRIu32 " x %" PRIu32 " = %" PRIu64
                       " pixels; the limit is %" PRIu64,
                       width, height, pixel_count, limits->image_pixels_max);
    return SIL_OK;
}

/* A look at the clock costs some 25 ns: cheap enough for each row. */
enum sil_err decode_check_deadline(const struct decode_source *source,
                                   struct sil_error *error)
{
    if (clock_is_past(source->deadline_ns))
        return err_set(error, SIL_E_DEADLINE_EXCEEDED,
                       "the deadline passed while the picture was decoded");
    return SIL_OK;
}

/* The decoder of these bytes, once their number is within the limit. *out: a
 * constant, untouched on failure. No bytes at all are of no format. */
static enum sil_err find_decoder(const struct decoder **out,
                                 const struct decode_source *source,
                                 struct sil_error *error)
{
    sil_assert(source->bytes != NULL || source->size == 0);
    if (source->size > source->limits.image_bytes_max)
        return err_set(error, SIL_E_IMAGE_TOO_LARGE,
                       "%zu bytes; the limit is %zu", source->size,
                       source->limits.image_bytes_max);
    for (size_t i = 0; i < DECODER_COUNT; i++) {
        if (DECODERS[i]->matches(source->bytes, source->size)) {
            *out = DECODERS[i];
            return SIL_OK;
        }
    }
    return err_set(error, SIL_E_UNSUPPORTED_FORMAT,
                   "the first bytes are not those of a JPEG, PNG, WebP, HEIC "
                   "or AVIF picture");
}

/* A port's word about a header is foreign too: it is held to the limits, as
 * the decoders do by themselves. */
static enum sil_err ask_port(struct decode_info *out,
                             const struct decode_source *source,
                             struct sil_error *error)
{
    enum sil_err err = source->port->info(source->port, out, source, error);

    sil_assert(source->size <= source->limits.image_bytes_max);
    if (err)
        return err;
    return decode_check_size(out->width, out->height, source, error);
}

/* *out is filled at the end only, so that it stays untouched on failure. */
enum sil_err decode_info(struct decode_info *out,
                         const struct decode_source *source,
                         struct sil_error *error)
{
    const struct decoder *decoder = NULL;
    struct decode_info info = {.orientation = 1};
    enum sil_err err;

    err = find_decoder(&decoder, source, error);
    if (err)
        return err;
    err = source->port != NULL ? ask_port(&info, source, error)
                               : decoder->info(&info, source, error);
    if (err)
        return err;
    sil_assert(info.width >= 1);
    sil_assert(info.height >= 1);
    sil_assert(info.orientation >= 1 && info.orientation <= 8);
    info.format = decoder->format;
    *out = info;
    return SIL_OK;
}

/* The deadline may have passed before: then not even the header is read. */
enum sil_err decode_image(struct image *out, const struct decode_source *source,
                          uint32_t shrink, struct sil_error *error)
{
    const struct decoder *decoder = NULL;
    enum sil_err err;

    sil_assert(shrink >= 1 && shrink <= DECODE_SHRINK_MAX);
    sil_assert((shrink & (shrink - 1)) == 0); /* a power of two */
    err = find_decoder(&decoder, source, error);
    if (err)
        return err;
    err = decode_check_deadline(source, error);
    if (err)
        return err;
    sil_assert(decoder != NULL);
    err = source->port != NULL
              ? source->port->read(source->port, out, source, shrink, error)
              : decoder->read(out, source, shrink, error);
    if (err)
        return err;
    sil_assert(out->rgb != NULL);
    image_check(out);
    return SIL_OK;
}
