/* A network that helps another one, loaded when it is first asked for.
 * Threads: a companion may be shared by all threads.
 * Who never asks for people one by one pays nothing for it, and needs none of
 * its files.
 *
 * It lies in the folder people/ of the models folder: NAME.json, an object of
 * "file", "sha256" and what else is good to know, and that file, which
 * tools/setup fetches. */
#ifndef SIL_INFER_COMPANION_H
#define SIL_INFER_COMPANION_H

#include "infer/engine.h"

struct companion;

/** Remember where it is; nothing is read. name: of its manifest, static.
 *  options: lent for the call but for their cache_dir, which is lent for the
 *  companion's life. *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err companion_create(
    struct companion **out, const char *name, const char *models_dir,
    const struct sil_model_options *options, struct sil_error *error);

/** After the last of its runners is gone. NULL is fine. */
void companion_destroy(struct companion *companion);

/** The network. The first call loads it, while others wait; one that failed
 *  is tried again by the next. *out: a loan, valid as long as the companion.
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err companion_net(struct engine_net **out,
                                        struct companion *companion,
                                        struct sil_error *error);

#endif
