/* Looking at a part of a picture with the network "person".
 * Threads: a model is shared; a person_look runs on one thread at a time.
 * Must not know of masks' runs, files or requests: pixels in, plane out. */
#ifndef SIL_INFER_PERSON_H
#define SIL_INFER_PERSON_H

#include "base/err.h"
#include "decode/image.h"
#include "infer/engine.h"
#include "mask/mask.h"

/** Width and height of the network's input for a part of that size: about
 *  side * side pixels at its aspect ratio, multiples of 32. */
void person_input_size(uint32_t *width, uint32_t *height,
                       const struct box *part, uint32_t side);

/** Look at a part of the image (image pixels, may be fractional), with about
 *  side * side pixels. *out: float [h, w] probabilities of the part, yours,
 *  plane_finish(). Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err person_look(struct plane *out,
                                      struct engine_runner *runner,
                                      const struct image *image,
                                      const struct box *part, uint32_t side,
                                      struct sil_error *error);

#endif
