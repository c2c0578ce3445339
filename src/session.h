/* A session as the library itself sees it.
 * Threads: a session belongs to one thread at a time.
 * Only src/segment.c looks inside.
 *
 * The model is lent and has to outlive its sessions; the runner is all that a
 * session costs: the memory that the engine needs for one run. */
#ifndef SIL_SESSION_H
#define SIL_SESSION_H

#include "decode/decode.h"
#include "infer/engine.h"

/* Invariant: model and runner are there from creation to destruction. */
struct sil_session {
    struct sil_model *model;      /* a loan */
    struct engine_runner *runner; /* owned */
    struct decode_port *port;     /* a loan: who decodes; NULL: we do */
    struct sil_timing timing; /* of the last segmentation, ns; zeros: none */
};

/** Have pictures decoded elsewhere from now on; port is lent and has to
 *  outlive the session. NULL: decode here. */
void session_use_port(struct sil_session *session, struct decode_port *port);

/** What both segmenting calls check of their arguments; clears *error and the
 *  session's timing. Errors: SIL_E_ARGUMENT. */
SIL_MUST_USE enum sil_err session_begin(struct sil_session *session,
                                        struct sil_result **out,
                                        const struct sil_options *options,
                                        struct sil_error *error);

#endif
