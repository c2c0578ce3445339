/* Planes of the same place put together.
 * Threads: pure functions; a plane belongs to one thread.
 * All planes that meet here show the same part of a picture, but not always
 * with as many values: they are enlarged to one size first. */
#ifndef SIL_MASK_FUSE_H
#define SIL_MASK_FUSE_H

#include "mask/mask.h"

/** from in another size, width x height: bilinear between the values' centres,
 *  beyond the outermost of them as they are. *out: yours, plane_finish().
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err plane_resize(struct plane *out,
                                       const struct plane *from, uint32_t width,
                                       uint32_t height);

/** to = (1 - share) * to + share * other, value by value, 0 <= share <= 1. Of
 *  the same size. */
void plane_mix(struct plane *to, const struct plane *other, float share);

/** How far two planes of the same size agree on what is above `present`:
 *  intersection over union, 0..1; 1 where neither has anything. */
float plane_agreement(const struct plane *a, const struct plane *b,
                      float present);

#endif
