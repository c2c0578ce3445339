/* A part of a picture as a network sees it.
 * Threads: pure functions.
 * Coordinates are those of image.h: pixel centres at +0.5.
 *
 * It gives what the pipeline's reference gets in two steps: the whole image
 * shrunk by area, then bilinear samples of that (tests/unit/infer/test_view.c
 * does it so, and compares). */
#ifndef SIL_INFER_VIEW_H
#define SIL_INFER_VIEW_H

#include "decode/image.h"

/** What is looked at, and with how many pixels. */
struct view {
    struct box part;        /* image pixels; may be fractional or reach out */
    uint32_t width, height; /* of the network's input, at least 1 */
    bool is_mirrored;       /* seen left to right */
};

/** values: float [3, height, width], RGB / 255, all written. Where a step
 *  exceeds one image pixel the image is shrunk by area first; then bilinear,
 *  0 outside of the image; then mirrored. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err view_fill(float *values, const struct image *image,
                                    const struct view *view);

#endif
