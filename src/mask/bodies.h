/* Which cells of a grid are whose.
 * Threads: pure functions.
 * Figures say where somebody is, the mask how far people reach, and colours
 * where one ends and the next begins. */
#ifndef SIL_MASK_BODIES_H
#define SIL_MASK_BODIES_H

#include "mask/figure.h"
#include "mask/grid.h"

/** Each cell's owner. */
struct bodies {
    struct plane labels;            /* float, whole numbers 0 .. count - 1 */
    float scores[LIMIT_PEOPLE_MAX]; /* 0..1: of the figure, or BODY_UNSEEN */
    uint32_t count;                 /* at least 1 */
};

/** The score of somebody whom only the mask knows. */
#define BODY_UNSEEN 0.5F

/** How much of a figure, from face to hip, is person in the grid: 0..1. Only
 *  cells of that piece count: labels, or NULL: of any. */
float bodies_support(const struct figure *figure, const struct grid *grid,
                     const uint16_t *labels, uint16_t label);

/** Give each cell an owner: a figure, or a piece in which no figure is.
 *  figures: in picture pixels. colours: float [3, height, width] of the grid,
 *  0..1. *out: yours, plane_finish(&out->labels). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err bodies_find(struct bodies *out,
                                      const struct grid *grid,
                                      const struct grid_pieces *pieces,
                                      const struct figures *figures,
                                      const float *colours);

#endif
