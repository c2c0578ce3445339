/* A session as the library itself sees it.
 * Threads: a session belongs to one thread at a time.
 * Only src/segment.c looks inside.
 *
 * The model is lent and has to outlive its sessions; the runners are all that
 * a session costs: the memory that the engine needs for one run of each. */
#ifndef SIL_SESSION_H
#define SIL_SESSION_H

#include "decode/decode.h"
#include "infer/model.h"

/** A runner, and which input it is prepared for. */
struct session_runner {
    struct engine_runner *runner; /* owned */
    uint32_t width, height;       /* of its last input; 0: none yet */
    uint64_t used;                /* the look at which it ran last */
};

/* Invariant: model and runners are there from creation to destruction. */
struct sil_session {
    struct sil_model *model; /* a loan */
    struct session_runner runners[MODEL_NET_COUNT];
    uint64_t look_count;                               /* so far */
    struct engine_runner *companions[COMPANION_COUNT]; /* owned; NULL: not
                                                          asked for yet */
    struct decode_port *port; /* a loan: who decodes; NULL: we do */
    struct sil_timing timing; /* of the last segmentation, ns; zeros: none */
};

/** Have pictures decoded elsewhere from now on; port is lent and has to
 *  outlive the session. NULL: decode here. */
void session_use_port(struct sil_session *session, struct decode_port *port);

/** What runs a network that helps, made when first asked for. *out: a loan,
 *  valid as long as the session. Errors: SIL_E_MODEL if its files are not
 *  there, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err session_companion(struct engine_runner **out,
                                            struct sil_session *session,
                                            enum model_companion which,
                                            struct sil_error *error);

/** A runner for an input of that size: one that had it the last time, or the
 *  one that was not used for longest. Which one changes nothing but the time.
 *  A loan of the session. */
struct engine_runner *session_runner(struct sil_session *session,
                                     uint32_t width, uint32_t height);

/** What both segmenting calls check of their arguments; clears *error and the
 *  session's timing. Errors: SIL_E_ARGUMENT. */
SIL_MUST_USE enum sil_err session_begin(struct sil_session *session,
                                        struct sil_result **out,
                                        const struct sil_options *options,
                                        struct sil_error *error);

#endif
