/* The colour fast guided filter (He and Sun, 2015): outlines follow colours.
 * Threads: pure functions; a fit is read-only once made.
 * Around each place a plane becomes a linear function of the picture's colour,
 * fitted where the plane is small and applied where the picture is large. */
#ifndef SIL_MASK_GUIDED_H
#define SIL_MASK_GUIDED_H

#include "decode/image.h"
#include "mask/mask.h"

/** What a plane shows, in colour, at the plane's own size: float [height,
 *  width] each, 0..1, lent. A network's input [1,3,height,width] is three of
 *  them. */
struct guide {
    const float *red, *green, *blue;
};

/** float [height, width, 4]: slopes of red, green and blue, and the offset.
 *  They are given colours 0..1. */
struct guided {
    float *fits;            /* owned (mem_free); NULL: none */
    uint32_t width, height; /* of the plane that was fitted */
};

/** How far a fit looks around, and how much it smooths. */
struct guided_rule {
    uint32_t radius; /* of the square window, plane pixels, at least 1 */
    float epsilon;   /* variance of colour below which it is flat, > 0 */
};

/** Fit the plane. Time doesn't depend on the radius; beyond its edges the plane
 *  is mirrored. *out: yours, guided_finish(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err guided_fit(struct guided *out,
                                     const struct guide *guide,
                                     const struct plane *plane,
                                     const struct guided_rule *rule);

/** The plane's value at each of its own places by the guide's colour, not held
 *  within 0..1. out: float [height, width], of the plane's size, written whole;
 *  may be the plane that was fitted. */
void guided_plane(struct plane *out, const struct guided *guided,
                  const struct guide *guide);

/** Free it and make it none. */
void guided_finish(struct guided *guided);

/** Pixels of one row of a picture. */
struct guided_span {
    const uint8_t *rgb; /* uint8 [count, 3], lent: the pixels themselves */
    uint32_t row;       /* which row of the picture, */
    uint32_t first;     /* from which column on, */
    uint32_t count;     /* and how many */
};

/** out: float [count], the plane's value at each pixel of the span by its
 *  colour, not held within 0..1. box: what the plane covers, in picture pixels;
 *  the fit is interpolated bilinearly, and beyond the box it is that of the
 *  box's edge. */
void guided_row(float *out, const struct guided *guided, const struct box *box,
                const struct guided_span *span);

#endif
