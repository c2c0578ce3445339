/* The soft edge of a result, and the people's colours of a cutout.
 * Threads: as the job's.
 * Needs the picture's own pixels: it is decoded once more, at full size, for
 * the outputs that are soft, and for no other. */
#ifndef SIL_SOFTEN_H
#define SIL_SOFTEN_H

#include "look.h"
#include "mask/result.h"

/** Give the result its matte, and its colours where a cutout is wanted; its
 *  mask is made, in the orientation that is wanted. May take the job's image.
 *  Errors: those of decode_image(), SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err soften(struct sil_result *result, struct job *job);

#endif
