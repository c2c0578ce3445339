/* Rows of pixels in, a picture smaller by 1, 2, 4 or 8 out.
 * Threads: a shrinker belongs to one thread at a time.
 * Inside src/decode only: for formats whose library can't scale by itself.
 *
 * Use: set width, height, shrink and is_any_order, shrink_init(), shrink_add()
 * until each pixel was given once, shrink_take(), and shrink_finish() in any
 * case. Means are taken of the stored values, as JPEG's scaled transforms do
 * it, so that all formats give about the same small picture. */
#ifndef SIL_DECODE_SHRINK_H
#define SIL_DECODE_SHRINK_H

#include "decode/image.h"

/* Invariant: to is ceil(width / shrink) x ceil(height / shrink); sums is NULL
 * exactly if shrink is 1, else uint16 [1 or to.height, to.width, 3]. */
struct shrinker {
    struct image to;        /* what comes out; owned until it is taken */
    uint16_t *sums;         /* of the pixels of each box */
    uint32_t width, height; /* of what goes in, pixels */
    uint32_t shrink;        /* side of a box: 1, 2, 4 or 8 */
    bool is_any_order;      /* rows come in any order, or in parts */
};

/** Which pixels of a row: first, first + step, …, count of them. */
struct columns {
    uint32_t first; /* column */
    uint32_t step;  /* columns from one to the next, at least 1 */
    uint32_t count; /* at least 1; all within the row */
};

/** Allocate for a picture of width x height pixels, set before with shrink
 *  and is_any_order in *shrinker; the rest of it zero. In any order the sums
 *  of all boxes are held, else of a row of them. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err shrink_init(struct shrinker *shrinker);

/** Free what was not taken. An all-zero shrinker is fine. */
void shrink_finish(struct shrinker *shrinker);

/** Give pixels of row y, each exactly once over all calls; y grows from call
 *  to call unless they come in any order. rgb: uint8 [count, 3] */
void shrink_add(struct shrinker *shrinker, uint32_t y, struct columns columns,
                const uint8_t *rgb);

/** Move the finished picture, all of whose pixels were given, to *out. */
void shrink_take(struct image *out, struct shrinker *shrinker);

/** Lay pixels on white. rgb: uint8 [count, 3]; rgba: uint8 [count, 4], alpha
 *  not multiplied in. */
void shrink_on_white(uint8_t *rgb, const uint8_t *rgba, size_t count);

#endif
