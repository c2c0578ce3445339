/* Labels spread over a grid, each from where it surely is.
 * Threads: pure functions.
 * A way is dear where it leaves the mask and where colours change: so people
 * in front of each other part where their clothes do. */
#ifndef SIL_MASK_SPREAD_H
#define SIL_MASK_SPREAD_H

#include "mask/mask.h"

enum { SPREAD_NONE = 0 };

/** What is spread over. */
struct spread_ground {
    uint32_t width, height;
    const uint8_t *is_dear; /* [height, width]: out of the mask */
    const float *colours;   /* [3, height, width], 0..1 */
    float colour_cost;      /* cells that a step from black to red costs */
};

/** A cell from which a label starts. */
struct spread_start {
    uint32_t cell;  /* its index, row by row */
    uint16_t label; /* not SPREAD_NONE */
    float cost;     /* cells that it is behind, 0 or more */
};

/** The cheapest label of each cell. labels: [height, width], all written;
 *  SPREAD_NONE if there is no start at all. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err spread(uint16_t *labels,
                                 const struct spread_ground *ground,
                                 const struct spread_start *starts,
                                 size_t start_count);

#endif
