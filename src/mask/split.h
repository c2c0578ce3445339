/* A mask divided among labels.
 * Threads: pure functions.
 * Each pixel goes to exactly one part: the parts are disjoint, and together
 * they are the mask. */
#ifndef SIL_MASK_SPLIT_H
#define SIL_MASK_SPLIT_H

#include "mask/upscale.h"

/** Divide a mask. labels: float [height, width], whole numbers 0 ..
 *  part_count - 1, and what of the mask's picture they cover: a pixel's label
 *  is that which weighs most among the four around it, bilinearly; beyond the
 *  edge it is the edge's. parts: [part_count], each yours, mask_destroy();
 *  some may be empty. Errors: SIL_E_NO_MEMORY, no part is there then. */
SIL_MUST_USE enum sil_err mask_split(struct sil_mask **parts,
                                     uint32_t part_count,
                                     const struct sil_mask *mask,
                                     const struct plane *labels,
                                     const struct box *box);

#endif
