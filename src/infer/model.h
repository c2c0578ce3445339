/* What sil_model_open() gives, as the library itself sees it.
 * Threads: a model is read-only once opened.
 * Only src/segment.c and the tests look inside.
 *
 * The struct itself stays in model.c: what others need of it they ask for. */
#ifndef SIL_INFER_MODEL_H
#define SIL_INFER_MODEL_H

#include "infer/engine.h"
#include "infer/manifest.h"

/** The network, for runners. A loan, valid as long as the model. */
struct engine_net *model_net(const struct sil_model *model);

/** How the network is run. A loan, valid as long as the model. */
const struct manifest *model_manifest(const struct sil_model *model);

#endif
