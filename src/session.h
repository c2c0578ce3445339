/* A session as the library itself sees it.
 * Threads: a session belongs to one thread at a time.
 * Only src/segment.c looks inside. */
#ifndef SIL_SESSION_H
#define SIL_SESSION_H

#include "infer/engine.h"

struct sil_session {
    struct sil_model *model;      /* a loan */
    struct engine_runner *runner; /* owned */
    struct sil_timing timing;     /* of the last segmentation */
};

/** What both segmenting calls check of their arguments; clears *error and the
 *  session's timing. Errors: SIL_E_ARGUMENT. */
SIL_MUST_USE enum sil_err session_begin(struct sil_session *session,
                                        struct sil_mask **out,
                                        const struct sil_options *options,
                                        struct sil_error *error);

#endif
