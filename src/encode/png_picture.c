/* A whole RGB picture, row by row into a PNG.
 * Must not know masks or HTTP.
 * Each row is its difference to the row above, which is what compresses flat
 * areas; the first row has zeros above it. */
#include "encode/png_picture.h"

#include "base/check.h"
#include "base/mem.h"
#include "encode/png_stream.h"

enum { CHANNELS = 3, PIECE_SIZE = 1 << 14 /* bytes written at once */ };

/* The filter's byte and the differences; payload: the image. */
static void make_row(uint8_t *row, void *payload, uint32_t y)
{
    const struct image *image = payload;
    const uint8_t *here = image->rgb + y * image->row_bytes;
    const uint8_t *above = y > 0 ? here - image->row_bytes : NULL;

    sil_assert(y < image->height);
    row[0] = PNG_FILTER_UP;
    for (size_t i = 0; i < (size_t)image->width * CHANNELS; i++)
        row[1 + i] = (uint8_t)(here[i] - (above != NULL ? above[i] : 0));
}

/* The image is lent to the encoder and only read: its payload has no const
 * because others own theirs. */
enum sil_err png_picture_write(const struct image *image, sil_write_fn write,
                               void *payload)
{
    const struct png_source source = {
        .width = image->width,
        .height = image->height,
        .colour = PNG_RGB,
        .make_row = make_row,
        .payload = (void *)(uintptr_t)image,
    };
    uint8_t *piece = mem_alloc(PIECE_SIZE, 1);
    struct encoder *encoder = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t size = 1;

    image_check(image);
    sil_assert(image->rgb != NULL);
    if (piece != NULL)
        err = png_stream_create(&encoder, &source);
    while (!err && size > 0) {
        size = encoder_next(encoder, piece, PIECE_SIZE);
        if (size > 0 && !write(payload, piece, size))
            err = SIL_E_INTERNAL;
    }
    encoder_destroy(encoder);
    mem_free(piece);
    return err;
}
