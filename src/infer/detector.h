/* Looking for figures with MediaPipe's pose detector.
 * Threads: pure functions; a runner belongs to one thread at a time.
 * Must not know of masks or requests: pixels in, figures out.
 *
 * The network sees a square of 224 x 224 pixels and answers for 2254 anchors
 * at once: how many people there are changes nothing of what it costs. */
#ifndef SIL_INFER_DETECTOR_H
#define SIL_INFER_DETECTOR_H

#include "base/err.h"
#include "decode/image.h"
#include "infer/engine.h"
#include "mask/figure.h"

/** Find the figures in a part of the image, image pixels; the part is a square
 *  and may reach out of the image, where it is black. *out: in image pixels,
 *  the surest first, at most LIMIT_FIGURES_MAX; untouched on failure. Errors:
 *  SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err detector_look(struct figures *out,
                                        struct engine_runner *runner,
                                        const struct image *image,
                                        const struct box *part,
                                        struct sil_error *error);

#endif
