/* HEIC and AVIF by libheif, held whole, then shrunk.
 * Must not know what the pixels are for; colour profiles beyond the video
 * matrix are not applied.
 * The container turns and crops the picture itself (irot, imir, clap), and
 * the library does so while it decodes: so width and height are those of the
 * upright picture, the orientation is always 1, and EXIF is not asked. The
 * library can't be interrupted: the deadline is looked at before and after. */
#include "decode/decoder.h"

#include <limits.h>
#include <string.h>

#include <libheif/heif.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/heif_items.h"
#include "decode/shrink.h"

enum {
    RGB = 3,
    RGBA = 4,
    WHITE = 255,
    BOX_HEAD = 8,        /* size, type */
    LARGE_BOX_HEAD = 16, /* the same with a 64-bit size */
    FTYP_HEAD = 16,      /* head, major brand, minor version */
    BRAND = 4,           /* bytes of a brand */
    EIGHT_BITS = 8       /* above: samples are two bytes while decoding */
};

/* Brands of pictures; films (isom, mp42, qt) have others. */
static const char BRANDS[][BRAND + 1] = {
    "heic", "heix", "heim", "heis", "hevc",
    "hevx", "mif1", "msf1", "avif", "avis",
};

/* One decoding. */
struct reader {
    struct heif_context *context;          /* owned; NULL: not yet made */
    struct heif_image_handle *handle;      /* owned; the primary picture */
    struct heif_decoding_options *options; /* owned; NULL: not yet made */
    struct heif_image *pixels;             /* owned; NULL: not yet decoded */
    const struct decode_source *source;    /* lent */
    struct sil_error *error;               /* the caller's; may be NULL */
    uint32_t width, height;                /* upright, pixels */
    bool has_alpha;                        /* pixels are RGBA, else RGB */
    struct shrinker shrinker;
    uint8_t *row; /* uint8 [width, 3]; NULL: there is no alpha */
};

/* A big-endian number of up to 8 bytes. */
static uint64_t read_big(const uint8_t *at, unsigned count)
{
    uint64_t value = 0;

    sil_assert(count >= 1);
    sil_assert(count <= sizeof value);
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | at[i];
    return value;
}

/* True for four bytes that are a brand of the table. mif1 and msf1 say no more
 * than "HEIF": what is coded inside, check_bitstreams() finds out. */
static bool is_brand(const uint8_t *at)
{
    for (size_t i = 0; i < sizeof BRANDS / sizeof BRANDS[0]; i++) {
        if (memcmp(at, BRANDS[i], BRAND) == 0)
            return true;
    }
    return false;
}

/* The brand that the file leads with, or one it says it is compatible with:
 * pictures of other makers than the brand's come with their own in front. */
static bool heif_matches(const uint8_t *bytes, size_t size)
{
    uint64_t end;

    sil_assert(bytes != NULL || size == 0);
    if (size < FTYP_HEAD || memcmp(bytes + 4, "ftyp", 4) != 0)
        return false;
    end = read_big(bytes, 4);
    if (end > size)
        end = size;
    if (is_brand(bytes + BOX_HEAD))
        return true;
    for (size_t at = FTYP_HEAD; at + BRAND <= end; at += BRAND) {
        if (is_brand(bytes + at))
            return true;
    }
    return false;
}

/* True for the boxes whose content a picture can't miss. */
static bool is_known_box(const uint8_t *box)
{
    return memcmp(box + 4, "ftyp", 4) == 0 || memcmp(box + 4, "meta", 4) == 0 ||
           memcmp(box + 4, "mdat", 4) == 0 || memcmp(box + 4, "moov", 4) == 0;
}

/* Walk the outermost boxes: one that goes on behind the end is cut off. What
 * is no known box may be a trailer of any kind: phones append films to their
 * pictures. Only the known ones' ends are insisted on. */
static bool is_cut_off(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    sil_assert(size >= FTYP_HEAD);
    while (size - at >= BOX_HEAD) {
        sil_assert(at < size);
        const uint8_t *box = bytes + at;
        uint64_t box_size = read_big(box, 4);
        if (!is_known_box(box) && box_size < BOX_HEAD)
            return false;
        if (box_size == 0)
            return false; /* up to the end, wherever that is */
        if (box_size == 1) {
            if (size - at < LARGE_BOX_HEAD)
                return true;
            box_size = read_big(box + BOX_HEAD, 8);
        }
        if (box_size < BOX_HEAD || box_size > size - at)
            return is_known_box(box);
        at += (size_t)box_size;
    }
    return false;
}

/* Our error for one of the library's. Its messages name boxes and codings,
 * never a path. */
static enum sil_err heif_err(const struct reader *reader,
                             struct heif_error problem)
{
    enum sil_err err = SIL_E_IMAGE_CORRUPT;

    sil_assert(problem.code != heif_error_Ok);
    sil_assert(problem.message != NULL);
    if (problem.code == heif_error_Memory_allocation_error)
        err = problem.subcode == heif_suberror_Security_limit_exceeded
                  ? SIL_E_IMAGE_TOO_MANY_PIXELS
                  : SIL_E_NO_MEMORY;
    if (problem.code == heif_error_Unsupported_filetype ||
        problem.code == heif_error_Unsupported_feature)
        err = SIL_E_UNSUPPORTED_FORMAT;
    return err_set(reader->error, err, "HEIF: %s", problem.message);
}

/* The library holds the planes and the RGB made of them at once: three samples
 * a pixel and then three or four, of two bytes each beyond eight bits. Refuses
 * what would exceed the limit. */
static enum sil_err check_memory(const struct reader *reader)
{
    uint64_t pixel_count = (uint64_t)reader->width * reader->height;
    uint64_t pixel_bytes = RGB + (reader->has_alpha ? RGBA : RGB);
    int bits = heif_image_handle_get_luma_bits_per_pixel(reader->handle);

    sil_assert(reader->width >= 1);
    sil_assert(reader->height >= 1);
    if (bits > EIGHT_BITS)
        pixel_bytes *= 2;
    if (pixel_count > LIMIT_DECODE_MEMORY_MAX / pixel_bytes)
        return err_set(reader->error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "HEIF of %u x %u pixels takes more than %d bytes",
                       reader->width, reader->height, LIMIT_DECODE_MEMORY_MAX);
    return SIL_OK;
}

/* A side as the library tells it: negative or none is no picture's. */
static uint32_t side_of(int side)
{
    return side > 0 ? (uint32_t)side : 0;
}

/* Take over the picture's size and hold it to the limits. The coded size (ispe)
 * counts too: what is cropped away is decoded nevertheless. */
static enum sil_err check_size(struct reader *reader)
{
    const struct heif_image_handle *handle = reader->handle;
    enum sil_err err;

    sil_assert(handle != NULL);
    reader->width = side_of(heif_image_handle_get_width(handle));
    reader->height = side_of(heif_image_handle_get_height(handle));
    reader->has_alpha = heif_image_handle_has_alpha_channel(handle) != 0;
    err = decode_check_size(side_of(heif_image_handle_get_ispe_width(handle)),
                            side_of(heif_image_handle_get_ispe_height(handle)),
                            reader->source, reader->error);
    if (err)
        return err;
    err = decode_check_size(reader->width, reader->height, reader->source,
                            reader->error);
    if (err)
        return err;
    return check_memory(reader);
}

/* What the container tells of sizes may be a lie: hold the bitstreams to the
 * limits as well, before their decoder allocates for them. */
static enum sil_err check_bitstreams(const struct reader *reader)
{
    struct coded_size largest = {0};
    enum sil_err err = heif_items_size(&largest, reader->source, reader->error);

    if (err)
        return err;
    sil_assert((largest.width == 0) == (largest.height == 0));
    if (largest.width == 0)
        return err_set(reader->error, SIL_E_UNSUPPORTED_FORMAT,
                       "HEIF: holds neither HEVC nor AV1");
    return decode_check_size(largest.width, largest.height, reader->source,
                             reader->error);
}

/* Read and check the header. Finish with close_reader() in any case. */
static enum sil_err open_reader(struct reader *reader,
                                const struct decode_source *source,
                                struct sil_error *error)
{
    uint32_t side_max = source->limits.image_side_max;
    struct heif_error problem;
    enum sil_err err;

    *reader = (struct reader){.source = source, .error = error};
    if (is_cut_off(source->bytes, source->size))
        return err_set(error, SIL_E_IMAGE_CORRUPT, "HEIF: cut off");
    err = check_bitstreams(reader);
    if (err)
        return err;
    reader->context = heif_context_alloc();
    if (reader->context == NULL)
        return SIL_E_NO_MEMORY;
    /* Tiles are decoded by the thread that asks: there is a worker for each
     * core already. */
    heif_context_set_max_decoding_threads(reader->context, 0);
    heif_context_set_maximum_image_size_limit(
        reader->context, side_max < INT_MAX ? (int)side_max : INT_MAX);
    problem = heif_context_read_from_memory_without_copy(
        reader->context, source->bytes, source->size, NULL);
    if (problem.code)
        return heif_err(reader, problem);
    problem =
        heif_context_get_primary_image_handle(reader->context, &reader->handle);
    if (problem.code)
        return heif_err(reader, problem);
    return check_size(reader);
}

/* Free what was made so far, wherever it ended. The library's functions don't
 * all take NULL. */
static void close_reader(struct reader *reader)
{
    if (reader->pixels != NULL)
        heif_image_release(reader->pixels);
    if (reader->options != NULL)
        heif_decoding_options_free(reader->options);
    if (reader->handle != NULL)
        heif_image_handle_release(reader->handle);
    if (reader->context != NULL)
        heif_context_free(reader->context);
    shrink_finish(&reader->shrinker);
    mem_free(reader->row);
}

/* Let the library decode the whole picture: it can't scale, and gives no rows
 * before the last one is there. */
static enum sil_err decode_whole(struct reader *reader)
{
    enum heif_chroma chroma = reader->has_alpha ? heif_chroma_interleaved_RGBA
                                                : heif_chroma_interleaved_RGB;
    struct heif_error problem;

    sil_assert(reader->handle != NULL);
    sil_assert(reader->pixels == NULL);
    reader->options = heif_decoding_options_alloc();
    if (reader->options == NULL)
        return SIL_E_NO_MEMORY;
    /* Not strict: that concerns unknown colour codes only, and the library
     * then forgets to free what it decoded (13 MB for 9 megapixels). */
    reader->options->convert_hdr_to_8bit = 1;
    problem = heif_decode_image(reader->handle, &reader->pixels,
                                heif_colorspace_RGB, chroma, reader->options);
    if (problem.code)
        return heif_err(reader, problem);
    return decode_check_deadline(reader->source, reader->error);
}

/* Lay colours that are multiplied by alpha already on white: colour + (1 -
 * alpha) * white. A file may break the promise that no colour exceeds its
 * alpha: the sum is held at white.
 * rgb: uint8 [count, 3]; rgba: uint8 [count, 4] */
static void premultiplied_on_white(uint8_t *rgb, const uint8_t *rgba,
                                   size_t count)
{
    sil_assert(rgb != rgba);
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < RGB; c++) {
            int light = rgba[RGBA * i + c] + WHITE - rgba[RGBA * i + 3];
            rgb[RGB * i + c] = (uint8_t)(light < WHITE ? light : WHITE);
        }
    }
}

/* Shrink the decoded plane, laid on white if it has alpha. */
static enum sil_err shrink_plane(struct reader *reader, const uint8_t *plane,
                                 size_t row_bytes)
{
    struct columns columns = {.first = 0, .step = 1, .count = reader->width};
    bool is_premultiplied =
        heif_image_handle_is_premultiplied_alpha(reader->handle) != 0;

    sil_assert(row_bytes / RGB >= reader->width);
    sil_assert(reader->has_alpha == (reader->row != NULL));
    for (uint32_t y = 0; y < reader->height; y++) {
        const uint8_t *from = plane + y * row_bytes;
        if (reader->has_alpha) {
            if (is_premultiplied)
                premultiplied_on_white(reader->row, from, reader->width);
            else
                shrink_on_white(reader->row, from, reader->width);
            from = reader->row;
        }
        shrink_add(&reader->shrinker, y, columns, from);
    }
    return decode_check_deadline(reader->source, reader->error);
}

/* Everything that shrink_plane() needs; close_reader() frees it. */
static enum sil_err allocate(struct reader *reader, uint32_t shrink)
{
    sil_assert(reader->row == NULL);
    reader->shrinker = (struct shrinker){
        .width = reader->width, .height = reader->height, .shrink = shrink};
    if (reader->has_alpha) {
        reader->row = mem_alloc(reader->width, RGB);
        if (reader->row == NULL)
            return SIL_E_NO_MEMORY;
    }
    return shrink_init(&reader->shrinker);
}

/* Check that what was decoded is what the header told, and shrink it. */
static enum sil_err read_pixels(struct reader *reader, uint32_t shrink)
{
    const struct heif_image *pixels = reader->pixels;
    enum heif_channel channel = heif_channel_interleaved;
    const uint8_t *plane;
    int stride = 0;
    enum sil_err err;

    sil_assert(pixels != NULL);
    if (side_of(heif_image_get_width(pixels, channel)) != reader->width ||
        side_of(heif_image_get_height(pixels, channel)) != reader->height)
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                       "HEIF: the picture is not as large as it says");
    plane = heif_image_get_plane_readonly(pixels, channel, &stride);
    if (plane == NULL || stride <= 0)
        return err_set(reader->error, SIL_E_IMAGE_CORRUPT,
                       "HEIF: no pixels were decoded");
    err = allocate(reader, shrink);
    if (err)
        return err;
    return shrink_plane(reader, plane, (size_t)stride);
}

/* Reading the boxes is nearly all the work there is without the pixels. */
static enum sil_err heif_info(struct decode_info *out,
                              const struct decode_source *source,
                              struct sil_error *error)
{
    struct reader reader;
    enum sil_err err = open_reader(&reader, source, error);

    if (!err) {
        out->width = reader.width;
        out->height = reader.height;
        out->orientation = 1;
    }
    close_reader(&reader);
    return err;
}

/* The library's pixels and ours are both held while these are shrunk. */
static enum sil_err heif_read(struct image *out,
                              const struct decode_source *source,
                              uint32_t shrink, struct sil_error *error)
{
    struct reader reader;
    enum sil_err err;

    err = open_reader(&reader, source, error);
    if (err)
        goto done;
    err = decode_whole(&reader);
    if (err)
        goto done;
    err = read_pixels(&reader, shrink);
    if (err)
        goto done;
    shrink_take(out, &reader.shrinker);
done:
    close_reader(&reader);
    return err;
}

const struct decoder decode_heif = {.format = "heif",
                                    .matches = heif_matches,
                                    .info = heif_info,
                                    .read = heif_read};
