/* One wish on its way through a store.
 * Threads: made on the asker's thread, then the store's alone; is_cancelled
 * may be set by any.
 * Must not know kinds. */
#ifndef SIL_FETCH_FETCH_JOB_H
#define SIL_FETCH_FETCH_JOB_H

#include <stdatomic.h>

#include "fetch/fetch.h"

/* Invariant: on the store's list from submission until it is told. Its bytes
 * never pass the store's limit of a picture. */
struct fetch_job {
    struct fetch_store *store;   /* lent */
    struct fetch_job *before;    /* on the store's list; NULL: first */
    struct fetch_job *after;     /* on the store's list; NULL: last */
    struct fetch_job *also;      /* next of a batch; NULL: last */
    struct fetch_job *kind_next; /* the kind's own; NULL: last */
    void *kind_payload;          /* the kind's own; NULL: none */
    uint64_t number;             /* what fetch_cancel() knows it by */
    uint64_t started_ns;         /* when it was submitted */
    uint64_t deadline_ns;        /* 0: none */
    fetch_done_fn done;          /* whom to tell */
    void *payload;               /* of done */
    char *bucket;                /* owned; NULL: the store's own */
    char *key;                   /* owned; NULL: a probe */
    struct buf bytes;            /* the picture as far as it has come */
    struct sil_error error;      /* detail for the caller */
    struct fetch_stats stats;    /* try_count is the kind's to count */
    atomic_bool is_cancelled;    /* nobody waits any more */
    bool is_started;             /* given to the kind; the thread's own */
};

/** A job of a wish; all texts are copied. img_src may be NULL here: a probe.
 *  *out: yours, fetch_job_destroy(). Errors: SIL_E_BAD_IMG_SRC,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_job_create(struct fetch_job **out,
                                           const struct fetch_wish *wish,
                                           size_t bytes_max,
                                           struct sil_error *error);

/** NULL is fine. */
void fetch_job_destroy(struct fetch_job *job);

/** Is it pointless to go on: cancelled, or past its deadline? */
bool fetch_job_is_over(const struct fetch_job *job);

#endif
