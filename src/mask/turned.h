/* A plane of a turned square put into one of an upright box.
 * Threads: pure functions.
 * Both lie in the same picture and are given in its pixels. */
#ifndef SIL_MASK_TURNED_H
#define SIL_MASK_TURNED_H

#include "decode/image.h"
#include "mask/mask.h"

/** Raise each value of to, a plane over the box, to what from, a plane over
 *  the turned square, has there if that is more: bilinear, 0 outside of the
 *  square. */
void plane_raise(struct plane *to, const struct box *box,
                 const struct plane *from, const struct turned *part);

#endif
