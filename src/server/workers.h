/* The threads that compute, one session each.
 * Threads: started and stopped from main; work runs on theirs.
 * Must not know what the work is, nor the loop. */
#ifndef SIL_SERVER_WORKERS_H
#define SIL_SERVER_WORKERS_H

#include "sandbox/sandbox.h"
#include "server/admission.h"

struct workers;

/** Does one ticket's work, on a worker's thread with its own session. */
typedef void (*worker_fn)(struct ticket *ticket, struct sil_session *session);

/** What workers are started with; all lent, and to outlive them. */
struct worker_options {
    struct sil_model *model;
    struct admission *admission; /* where their tickets come from */
    worker_fn work;
    const struct sil_options *standard; /* of the self-test; NULL: defaults */
    struct sandbox *sandbox; /* where pictures are decoded; NULL: here */
    uint32_t count;          /* threads, at least 1 */
};

/** Create the sessions, have each segment a small picture without people as
 *  a self-test and warm-up, start the threads. What the standard options need
 *  besides the network is loaded by that, or missed now. *out: yours,
 *  workers_stop(). Errors: those of sil_session_create(),
 *  sil_segment_pixels() and sandbox_port_open(), SIL_E_NO_MEMORY,
 *  SIL_E_INTERNAL (no thread). */
SIL_MUST_USE enum sil_err workers_start(struct workers **out,
                                        const struct worker_options *options,
                                        struct sil_error *error);

/** Close the admission, wait for work under way, free. NULL is fine. */
void workers_stop(struct workers *workers);

/** How many processors this process may use. */
uint32_t workers_core_count(void);

#endif
