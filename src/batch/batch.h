/* A run over a corpus: every picture of a place, its result in another.
 * Threads: batch_start() .. batch_finish() on one thread; batch_stop() and
 * batch_look() from any. Callbacks come from the run's own threads, one at a
 * time, and must be short.
 * Must not know terminals, flags or signals.
 *
 *     err = batch_start(&batch, &options, &error);
 *     do {
 *         … wait a moment …
 *         batch_look(&state, batch);
 *     } while (!state.is_over);
 *     batch_finish(batch);
 *
 * Block the signals that the caller wants before batch_start(): its threads
 * inherit that. */
#ifndef SIL_BATCH_BATCH_H
#define SIL_BATCH_BATCH_H

#include "batch/shard.h"

struct batch;

/** How a picture ended. */
enum batch_outcome {
    BATCH_DONE,    /* its result is in its place */
    BATCH_SKIPPED, /* it was there already */
    BATCH_FAILED
};

/** One picture that has ended; valid during the callback. */
struct batch_event {
    enum batch_outcome outcome;
    const char *key;             /* may be any bytes if it failed */
    const char *output;          /* the result's key; NULL: none */
    const struct sil_error *why; /* of BATCH_FAILED; otherwise NULL */
    uint32_t width, height;      /* of BATCH_DONE, pixels of the mask */
    uint32_t person_count;       /* of BATCH_DONE */
    double area;                 /* of BATCH_DONE, 0..1 */
    size_t result_bytes;         /* of BATCH_DONE */
    uint64_t fetch_ns;           /* of BATCH_DONE: what the store took */
    uint64_t compute_ns;         /* of BATCH_DONE: decoding to encoding */
    uint64_t put_ns;             /* of BATCH_DONE: putting its result away */
    uint64_t elapsed_ns;         /* since it was begun; waiting included */
};

typedef void (*batch_told_fn)(void *payload, const struct batch_event *event);

/** What is run. All texts are lent until batch_finish(). */
struct batch_options {
    const char *source; /* "dir:PATH" or "s3://bucket/prefix" */
    const char *dest;   /* the same */
    const char *list;   /* a file of keys, "-": standard input; NULL: all that
                           source has */
    struct shard shard; /* the part of them that is this run's */
    bool takes_all;     /* not only keys that end like a picture's */
    bool overwrites;    /* results that are there are made again */
    bool counts;        /* go through the list once more, to know the total */
    uint32_t job_count; /* pictures computed at once; 0: as many as cores */
    uint64_t failures_max;     /* end at this many; 0: never */
    const char *failures_path; /* the manifest */
    const char *models;        /* the folder of networks */
    bool is_bare;              /* decode here, not in a sandbox */
    struct sil_options segment;
    enum sil_format format;
    batch_told_fn told; /* NULL: nobody listens */
    void *payload;      /* of told */
};

/** How far it is. */
struct batch_state {
    uint64_t begun_count; /* keys taken from the list */
    uint64_t done_count, skipped_count, failed_count;
    uint64_t total_count;   /* keys there are; counting while !is_counted */
    bool is_counted;        /* total_count is all of them */
    uint64_t picture_bytes; /* read, of those done */
    uint64_t result_bytes;  /* written */
    uint64_t open_ns;       /* what opening took, before the first picture */
    uint64_t elapsed_ns;
    bool is_over;     /* nothing is under way, and nothing will be begun */
    bool is_stopped;  /* by batch_stop() */
    bool is_too_many; /* ended by failures_max */
    struct sil_error trouble; /* what ended it; code SIL_OK: nothing did */
};

/** Open all that is needed, and begin. The process has one thread yet: it may
 *  fork the sandbox. *out: yours, batch_finish(). Errors:
 *  SIL_E_ARGUMENT (with what to change), SIL_E_MODEL, SIL_E_NO_MEMORY,
 *  SIL_E_INTERNAL. */
SIL_MUST_USE enum sil_err batch_start(struct batch **out,
                                      const struct batch_options *options,
                                      struct sil_error *error);

/** Begin nothing more; what is under way is finished. */
void batch_stop(struct batch *batch);

/** How far is it? */
void batch_look(struct batch_state *out, struct batch *batch);

/** Wait until it is over, free. NULL is fine. */
void batch_finish(struct batch *batch);

/** What the key of a picture's result ends in, behind the picture's key:
 *  ".png". Static. */
const char *batch_suffix(enum sil_format format);

#endif
