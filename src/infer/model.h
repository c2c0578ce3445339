/* What sil_model_open() gives, as the library itself sees it.
 * Threads: a model is read-only once opened.
 * Only src/segment.c and the tests look inside.
 *
 * The struct itself stays in model.c: what others need of it they ask for. */
#ifndef SIL_INFER_MODEL_H
#define SIL_INFER_MODEL_H

#include "infer/engine.h"
#include "infer/manifest.h"

/* A network is compiled this often. Looks differ in shape, and a compiled
 * network that sees another shape than the last time prepares itself anew,
 * which takes 1 ms of 5: so the first and the second look have their own. */
enum { MODEL_NET_COUNT = 2 };

/** The network, for runners; index < MODEL_NET_COUNT: they compute the same. A
 *  loan, valid as long as the model. */
struct engine_net *model_net(const struct sil_model *model, uint32_t index);

/** How the network is run. A loan, valid as long as the model. */
const struct manifest *model_manifest(const struct sil_model *model);

/** The networks that help. */
enum model_companion {
    COMPANION_DETECTOR, /* finds figures: detector.h */
    COMPANION_POSE,     /* looks at one: pose.h */
    COMPANION_COUNT
};

/** One of them, loaded by the first call that asks for it. Callable from any
 *  thread. *out: a loan, valid as long as the model. Errors: SIL_E_MODEL if its
 *  files are not there, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err model_companion(struct engine_net **out,
                                          const struct sil_model *model,
                                          enum model_companion which,
                                          struct sil_error *error);

#endif
