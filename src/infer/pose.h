/* Looking at one person with MediaPipe's pose network.
 * Threads: pure functions; a runner belongs to one thread at a time.
 * Must not know of masks' runs or requests: pixels in, a body out.
 *
 * The network wants to see one person upright in a square: the hip in its
 * middle, the head above. It answers where the joints are, whether there is
 * anybody, and with a mask of the body, which is what it is used for here. */
#ifndef SIL_INFER_POSE_H
#define SIL_INFER_POSE_H

#include "base/err.h"
#include "decode/image.h"
#include "infer/engine.h"
#include "mask/mask.h"

/** What the network says of a square. */
struct pose {
    float presence;    /* 0..1: how sure it is that somebody is there */
    struct plane body; /* float [256, 256], 0..1, of the square; owned */
    struct box joints; /* around all joints, image pixels; may be empty, or
                          reach out */
};

/** Look at a turned square of the image, which may reach out of it. *out:
 *  yours, pose_finish(); untouched on failure. Errors: SIL_E_MODEL,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err pose_look(struct pose *out,
                                    struct engine_runner *runner,
                                    const struct image *image,
                                    const struct turned *part,
                                    struct sil_error *error);

/** Free the body and make it none. */
void pose_finish(struct pose *pose);

#endif
