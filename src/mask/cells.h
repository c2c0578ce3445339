/* The people's part of a picture, shrunk by a whole number.
 * Threads: pure functions; cells are read-only once made.
 * A cell is the mean of its pixels, of which the last ones of a row or column
 * may have fewer. */
#ifndef SIL_MASK_CELLS_H
#define SIL_MASK_CELLS_H

#include "decode/image.h"
#include "mask/mask.h"

/** Which part: x0 < x1, y0 < y1, pixels. */
struct cells_part {
    uint32_t x0, y0, x1, y1;
};

/** Invariant: the planes are of one size, float [height, width], and the last
 *  cells end at or beyond the part's end. */
struct cells {
    struct cells_part part;        /* of the picture, pixels */
    uint32_t cell;                 /* side of a cell, pixels */
    struct plane red, green, blue; /* 0..1 */
    struct plane person;           /* how much of a cell is person, 0..1 */
};

/** The cells of everybody, and some more on each side, with about side * side
 *  cells; fewer where that many pixels aren't there. The mask is not empty,
 *  and of the image's size. *out: yours, cells_finish(). Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err cells_make(struct cells *out,
                                     const struct sil_mask *mask,
                                     const struct image *image, uint32_t side);

/** Fine on one that is all zeros. */
void cells_finish(struct cells *grid);

#endif
