/* Means over square windows, in a time that doesn't depend on their size.
 * Threads: belongs to one thread at a time.
 * Beyond its edges the source is mirrored. Rows are asked for from the top:
 * box_mean_init(), box_mean_row() for each, box_mean_finish(). */
#ifndef SIL_MASK_BOX_MEAN_H
#define SIL_MASK_BOX_MEAN_H

#include <silhouette.h>

enum { BOX_MEAN_LANES = 4 };

/* Four floats that are worked on together: gcc and clang know them on each
 * processor, while neither finds them by itself in a sum that slides. */
typedef float four __attribute__((vector_size(BOX_MEAN_LANES * sizeof(float))));

/* Four sums or means. A variance is a small difference of large means: floats
 * that slide over hundreds of rows would lose it. Not to be passed by value. */
typedef double four_sums
    __attribute__((vector_size(BOX_MEAN_LANES * sizeof(double))));

/* Invariant between two rows: sums[x * groups + g] is group g summed over the
 * rows row - radius_y .. row + radius_y. */
struct box_mean {
    /* Add a row of the source, times sign, to the sums. */
    void (*add_row)(four_sums *sums, const void *source, uint32_t row,
                    double sign);
    const void *source;          /* lent: what add_row reads */
    uint32_t width, height;      /* of the source */
    uint32_t radius_x, radius_y; /* at most width and height */
    uint32_t groups;             /* a pixel's */
    four_sums *sums;             /* [width, groups], owned */
    four_sums *means;            /* [width, groups], owned: of the last row */
};

/** Begin. *mean has all but its memory and radii; these are cut to the source:
 *  a window sees each pixel twice at most. radius: at least 1.
 *  box_mean_finish(), on failure too. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err box_mean_init(struct box_mean *mean, uint32_t radius);

/** Write the next row's means to mean->means. */
void box_mean_row(struct box_mean *mean, uint32_t row);

/** Fine on one whose memory is NULL. */
void box_mean_finish(struct box_mean *mean);

#endif
