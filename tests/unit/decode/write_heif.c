/* Writes HEIC and AVIF files with libheif.
 * Must not know the decoder under test.
 * Samples of more than 8 bits are 16-bit little-endian words inside libheif,
 * in the lower bits. */
#include "decode/write_heif.h"

#include <libheif/heif.h>

#include "base/mem.h"

enum { RGB = 3, RGBA = 4, EIGHT_BITS = 8 };

const char *__lsan_default_suppressions(void);

/* Asked by LeakSanitizer, if there is one: the encoder x265 leaks, which is
 * used here alone. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265";
}

static void assert_fine(struct heif_error problem)
{
    if (problem.code)
        print_error("%s\n", problem.message);
    assert_int_equal(problem.code, heif_error_Ok);
}

/* Draw into a plane of libheif's. */
static void fill(struct heif_image *image, uint32_t width, uint32_t height,
                 const struct heif_kind *kind)
{
    uint8_t *rgba = picture_draw_alpha(width, height);
    size_t count = kind->has_alpha ? RGBA : RGB;
    int stride;
    uint8_t *plane =
        heif_image_get_plane(image, heif_channel_interleaved, &stride);

    assert_non_null(plane);
    for (size_t i = 0; i < (size_t)width * height * count; i++) {
        size_t x = i / count % width;
        size_t y = i / count / width;
        unsigned sample = rgba[(y * width + x) * RGBA + i % count];
        uint8_t *row = plane + y * (size_t)stride;
        if (kind->bits == EIGHT_BITS) {
            row[x * count + i % count] = (uint8_t)sample;
            continue;
        }
        sample = sample * ((1U << kind->bits) - 1) / 255;
        row[2 * (x * count + i % count)] = (uint8_t)sample;
        row[2 * (x * count + i % count) + 1] = (uint8_t)(sample >> 8);
    }
    mem_free(rgba);
}

static enum heif_chroma chroma_of(const struct heif_kind *kind)
{
    if (kind->bits == EIGHT_BITS)
        return kind->has_alpha ? heif_chroma_interleaved_RGBA
                               : heif_chroma_interleaved_RGB;
    return kind->has_alpha ? heif_chroma_interleaved_RRGGBBAA_LE
                           : heif_chroma_interleaved_RRGGBB_LE;
}

/* heif_writer: append to a buffer. */
static struct heif_error add_bytes(struct heif_context *context,
                                   const void *bytes, size_t size,
                                   void *payload)
{
    struct heif_error fine = {heif_error_Ok, heif_suberror_Unspecified, ""};

    (void)context;
    buf_add(payload, bytes, size);
    return fine;
}

void write_heif(struct buf *to, uint32_t width, uint32_t height,
                const struct heif_kind *kind)
{
    struct heif_writer writer = {.writer_api_version = 1, .write = add_bytes};
    struct heif_context *context = heif_context_alloc();
    struct heif_encoding_options *options = heif_encoding_options_alloc();
    struct heif_encoder *encoder = NULL;
    struct heif_image *image = NULL;

    assert_fine(heif_context_get_encoder_for_format(
        context, kind->is_avif ? heif_compression_AV1 : heif_compression_HEVC,
        &encoder));
    assert_fine(heif_encoder_set_lossy_quality(
        encoder, kind->quality ? kind->quality : 95));
    if (kind->is_avif)
        assert_fine(heif_encoder_set_parameter_integer(encoder, "speed", 9));
    else
        assert_fine(
            heif_encoder_set_parameter_string(encoder, "preset", "ultrafast"));
    assert_fine(heif_image_create((int)width, (int)height, heif_colorspace_RGB,
                                  chroma_of(kind), &image));
    assert_fine(heif_image_add_plane(image, heif_channel_interleaved,
                                     (int)width, (int)height, kind->bits));
    fill(image, width, height, kind);
    heif_image_set_premultiplied_alpha(image, kind->is_premultiplied);
    if (kind->orientation > 0)
        options->image_orientation = (enum heif_orientation)kind->orientation;
    assert_fine(
        heif_context_encode_image(context, image, encoder, options, NULL));
    assert_fine(heif_context_write(context, &writer, to));
    assert_int_equal(buf_err(to), SIL_OK);
    heif_image_release(image);
    heif_encoder_release(encoder);
    heif_encoding_options_free(options);
    heif_context_free(context);
}
