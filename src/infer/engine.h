/* The seam: all that the program knows of an inference engine.
 * Threads: an engine_net is shared by all; an engine_runner belongs to one
 * thread at a time.
 * Replacing the engine means writing one other engine_*.c.
 *
 * Use: one net a process, one runner a thread; then, a picture at a time,
 * engine_input(), fill it, engine_run(), read the answer. Loans end with the
 * runner's next call, so nothing is copied that need not be. What an engine has
 * to promise: the same values give the same answer bit by bit, whichever runner
 * and however many run. */
#ifndef SIL_INFER_ENGINE_H
#define SIL_INFER_ENGINE_H

#include "base/err.h"
#include "infer/tensor.h"

struct engine_net;    /* a loaded network, its weights held once */
struct engine_runner; /* what one thread runs it with */

/** How networks are run. */
struct engine_options {
    uint32_t thread_count; /* runners that run at once, at least 1 */
    const char *cache_dir; /* a folder; NULL: compiled nets are not kept */
};

/** Load a network from memory (ONNX). model: size bytes, lent for the call;
 *  its checksum is the caller's business. *out: yours. Errors: SIL_E_MODEL,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
engine_net_create(struct engine_net **out, const void *model, size_t size,
                  const struct engine_options *options,
                  struct sil_error *error);

/** After the last runner is gone. NULL is fine. */
void engine_net_destroy(struct engine_net *net);

/** *out: yours; the net is lent and must outlive it. Errors: SIL_E_MODEL,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err engine_runner_create(struct engine_runner **out,
                                               struct engine_net *net,
                                               struct sil_error *error);

/** NULL is fine. */
void engine_runner_destroy(struct engine_runner *runner);

/** Room for the next input of that shape: the caller fills in->values, then
 *  calls engine_run(). A loan, valid until the next call on the runner.
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err engine_input(struct tensor *in,
                                       struct engine_runner *runner,
                                       const uint32_t *shape,
                                       struct sil_error *error);

/** Run what engine_input() gave. *out: a loan, valid until the next call on
 *  the runner; untouched on failure. Its shape and values are the network's
 *  word: the caller checks them. Errors: SIL_E_MODEL. */
SIL_MUST_USE enum sil_err engine_run(struct tensor *out,
                                     struct engine_runner *runner,
                                     struct sil_error *error);

#endif
