/* A soft edge: how much of each pixel is person, 0..255.
 * Threads: pure functions; a matte is read-only once made.
 * Only what lies near an outline is kept; beyond it the mask says all. At each
 * pixel alpha is 128 or more if it is one of the mask's, else 127 or less. */
#ifndef SIL_MASK_MATTE_H
#define SIL_MASK_MATTE_H

#include "decode/image.h"
#include "mask/mask.h"

/** Columns first .. end - 1 of a band of rows. */
struct matte_span {
    uint32_t first, end; /* first < end <= width */
    size_t start; /* of its values: uint8 [rows of the band, end - first] */
};

/* Invariant: bands are band_rows rows each, from row top on; the last may be
 * cut by the picture's end. span_ends[i] is the number of spans in bands
 * 0 .. i; a band's are left to right. */
struct matte {
    uint32_t width, height; /* of the picture, pixels; 0: there is no matte */
    uint32_t top, band_rows;
    uint32_t band_count; /* 0: there is no outline */
    uint32_t *span_ends; /* [band_count], owned */
    struct matte_span *spans;
    uint8_t *values; /* owned */
};

/** The soft edge of a mask, out of the picture's colours; both of one size.
 *  *out: yours, matte_finish(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err matte_make(struct matte *out,
                                     const struct sil_mask *mask,
                                     const struct image *image);

/** Free it and make it none. */
void matte_finish(struct matte *matte);

/** alpha: uint8 [width], all written: a row of the matte of that mask. */
void matte_row(uint8_t *alpha, const struct matte *matte,
               const struct sil_mask *mask, uint32_t row);

/** The soft spans of a row, left to right; *spans: a loan, as long as the
 *  matte. Returns how many. */
uint32_t matte_spans(const struct matte_span **spans, const struct matte *matte,
                     uint32_t row);

#endif
