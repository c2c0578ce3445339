/* The seam: all that the program knows of an inference engine.
 * Threads: an engine_net is shared by all; an engine_runner belongs to one
 * thread at a time.
 * Replacing the engine means writing one other engine_*.c.
 *
 * Use: one net a process, one runner a thread; then, a picture at a time,
 * engine_input(), fill it, engine_run(), and engine_output() for each answer
 * that is wanted. Loans end with the runner's next engine_input(), so nothing
 * is copied that need not be. What an engine has to promise: the same values
 * give the same answers bit by bit, whichever runner and however many run. */
#ifndef SIL_INFER_ENGINE_H
#define SIL_INFER_ENGINE_H

#include "base/err.h"
#include "infer/tensor.h"

struct engine_net;    /* a loaded network, its weights held once */
struct engine_runner; /* what one thread runs it with */

/** The forms of networks that an engine opens. */
enum engine_format {
    ENGINE_ONNX,   /* .onnx, weights inside */
    ENGINE_TFLITE, /* .tflite, weights inside */
    ENGINE_IR      /* OpenVINO's own: .xml, its weights in a .bin */
};

/** A network's files, lent for the call. Their checksums are the caller's
 *  business. */
struct engine_source {
    enum engine_format format;
    const void *bytes;   /* the file, whole */
    size_t size;         /* at least 1 */
    const void *weights; /* IR's second file; NULL: it has none */
    size_t weights_size; /* 0 if weights is NULL */
    const char *path;    /* where bytes are from: TFLite is opened by it;
                             NULL is fine for the others */
};

/** An input that is no picture: it gets the same values at every run. */
struct engine_constant {
    const char *name;            /* of the input */
    uint32_t shape[TENSOR_DIMS]; /* the first rank of them count */
    uint32_t rank;               /* 1 .. TENSOR_DIMS */
    float value;                 /* of all elements */
};

/** How networks are run. */
struct engine_options {
    uint32_t thread_count;  /* runners that run at once, at least 1 */
    const char *cache_dir;  /* a folder; NULL: compiled nets are not kept */
    const char *input_name; /* where pictures go; NULL: the only input */
    const struct engine_constant *constants; /* the other inputs, lent for the
                                                net's life; NULL: none */
    size_t constant_count;
};

/** Load a network. *out: yours. Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
engine_net_create(struct engine_net **out, const struct engine_source *source,
                  const struct engine_options *options,
                  struct sil_error *error);

/** How many outputs the network has. */
uint32_t engine_net_outputs(const struct engine_net *net);

/** The index of the output of that name. Errors: SIL_E_MODEL if there is
 *  none, *index untouched. */
SIL_MUST_USE enum sil_err engine_net_find_output(uint32_t *index,
                                                 struct engine_net *net,
                                                 const char *name,
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
 *  calls engine_run(). A loan, valid until the runner's next engine_input().
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err engine_input(struct tensor *in,
                                       struct engine_runner *runner,
                                       const uint32_t *shape,
                                       struct sil_error *error);

/** Run what engine_input() gave. Errors: SIL_E_MODEL. */
SIL_MUST_USE enum sil_err engine_run(struct engine_runner *runner,
                                     struct sil_error *error);

/** Output `index` of the last run, below engine_net_outputs(). *out: a loan,
 *  valid until the runner's next engine_input(); untouched on failure. Its
 *  shape and values are the network's word: the caller checks them. Errors:
 *  SIL_E_MODEL, also for what isn't float or has more than TENSOR_DIMS
 *  dimensions. */
SIL_MUST_USE enum sil_err engine_output(struct tensor *out,
                                        struct engine_runner *runner,
                                        uint32_t index,
                                        struct sil_error *error);

#endif
