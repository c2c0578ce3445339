/* Pixels and where they lie: shared by the stages.
 * Threads: plain values; an image belongs to one thread at a time.
 * Coordinates are pixels, x to the right, y down, pixel centres at +0.5.
 *
 * Pixels are 8-bit sRGB as the file tells them, gamma included: nothing
 * here is linear light. An image of zeros is none, and may be finished. */
#ifndef SIL_DECODE_IMAGE_H
#define SIL_DECODE_IMAGE_H

#include <silhouette.h>

/* uint8 [height, width, 3], RGB. Invariant: row_bytes >= 3 * width, width and
 * height at least 1 unless rgb is NULL. */
struct image {
    uint8_t *rgb;           /* owned (mem_free) if is_owned; NULL: none */
    uint32_t width, height; /* pixels */
    size_t row_bytes;       /* from one row to the next */
    bool is_owned;          /* false: the pixels are lent */
};

/** A box, x0 < x1, y0 < y1, edges (not pixel indices): the whole image is
 *  0, 0, width, height. */
struct box {
    float x0, y0, x1, y1;
};

/** A square that stands at an angle: seen upright, its right is at (cosine,
 *  sine) in the image and its foot at (-sine, cosine). */
struct turned {
    float x, y;         /* of its centre, image pixels */
    float side;         /* image pixels, above 0 */
    float cosine, sine; /* of the angle, clockwise as seen */
};

/** Allocate width * height pixels, not initialised. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err image_init(struct image *image, uint32_t width,
                                     uint32_t height);

/** As image_init(), but with the pixels in room, lent, if they fit there.
 *  room: NULL for none. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err image_init_in(struct image *image, uint32_t width,
                                        uint32_t height, uint8_t *room,
                                        size_t room_bytes);

/** Free the pixels, if owned, and make it none. May be called twice. */
void image_finish(struct image *image);

/** Assert the invariant. */
void image_check(const struct image *image);

/** Turn and mirror in place as EXIF orientation 1..8 asks, so that it stands
 *  upright. Errors: SIL_E_NO_MEMORY, *image untouched. */
SIL_MUST_USE enum sil_err image_orient(struct image *image,
                                       uint8_t orientation);

#endif
