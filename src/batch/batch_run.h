/* A run as its own threads see it.
 * Threads: everything below the lock needs it; pictures belong to whoever
 * took them from a line.
 * Only src/batch looks inside.
 *
 * A picture's way, and who brings it there:
 *   the feeder takes its key from the list        -> looks, or the store
 *   a hand looks whether its result is there      -> the store, or the end
 *   the store's thread fetches it                 -> fetched
 *   a worker segments and encodes it              -> puts
 *   a hand puts the result in its place           -> the end
 * Only so many are under way at once, and all lines together hold no more:
 * so no line needs a limit of its own, and nobody waits for room in one. */
#ifndef SIL_BATCH_BATCH_RUN_H
#define SIL_BATCH_BATCH_RUN_H

#include <pthread.h>

#include "base/buf.h"
#include "batch/batch.h"
#include "batch/failures.h"
#include "batch/picture_keys.h"
#include "fetch/fetch.h"
#include "fetch/fetch_sink.h"
#include "sandbox/sandbox.h"

/** One picture under way. */
struct item {
    struct item *next; /* in a line; NULL: last */
    struct batch *batch;
    char *key;          /* owned */
    char *output;       /* owned: the result's key; NULL: not known yet */
    struct buf picture; /* encoded; empty: not fetched, or done with */
    struct buf result;  /* encoded; empty: not made */
    size_t picture_bytes;
    uint64_t started_ns;
    struct batch_event event; /* what is known of its result */
};

/** First in, first out. All zeros is empty. */
struct line {
    struct item *first, *last; /* NULL: none */
};

/** A thread that looks and puts, with a sink of its own. */
struct hand {
    struct batch *batch;
    struct fetch_sink *sink; /* owned */
};

/** A thread that computes, with a session of its own. */
struct hauler {
    struct batch *batch;
    struct decode_port *port;    /* owned; NULL: decodes by itself */
    struct sil_session *session; /* owned */
};

enum { BATCH_HANDS = 16, BATCH_THREADS_MAX = 512 };

/** Invariant: alive_count is how many items there are; no more than
 *  place_count. */
struct batch {
    struct batch_options options;
    struct buf inside;          /* what keys of results begin with */
    struct picture_keys *keys;  /* owned; the feeder's */
    struct picture_keys *other; /* owned; the counter's; NULL: no counting */
    struct sandbox *sandbox;    /* owned; NULL: none */
    struct fetch_store *store;  /* owned */
    struct sil_model *model;    /* owned */
    struct hand hands[BATCH_HANDS];
    struct hauler *haulers; /* [options.job_count] */
    pthread_t threads[BATCH_THREADS_MAX];
    uint32_t thread_count; /* that were started */
    uint64_t started_ns;
    uint32_t place_count;

    pthread_mutex_t lock;   /* guards all below */
    pthread_cond_t changed; /* one of the lines, or the end */
    pthread_cond_t room;    /* an item ended */
    struct line looks, fetched, puts;
    uint32_t alive_count;
    uint32_t unavailable_count; /* fetches in a row without a store */
    bool is_fed;                /* the feeder has ended */
    bool is_stopping;           /* nothing new is begun */
    struct failures failures;
    struct batch_state state;
};

/** Lock; failing would be a mistake of ours. */
void batch_lock(struct batch *batch);

/** As above. */
void batch_unlock(struct batch *batch);

/** Is nothing under way, and will nothing be? With the lock held. */
bool batch_is_over(const struct batch *batch);

/** Put an item at a line's end and wake whoever waits for one. */
void line_push(struct line *line, struct item *item);

/** Take the first of puts, then of looks, waiting for one; NULL: there will
 *  be none any more. *is_put: which it is. */
struct item *line_take_errand(bool *is_put, struct batch *batch);

/** Take the first fetched one, waiting for it; NULL: there will be none any
 *  more. */
struct item *line_take_fetched(struct batch *batch);

/** A new item for a key, counted as alive. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err item_create(struct item **out, struct batch *batch,
                                      const char *key);

/** It is done or skipped: count, tell, free. */
void item_end(struct item *item, enum batch_outcome outcome);

/** It has failed: as above, with the reason. *is_fatal: no other picture would
 *  fare better, so that nothing new is begun. */
void item_fail(struct item *item, const struct sil_error *why, bool is_fatal);

/** The run is stopping and it was not begun: free it uncounted. */
void item_drop(struct item *item);

/** Ask the store for its picture; the item is the store's then. */
void item_fetch(struct item *item);

/** What goes wrong with the run itself; the first is kept. Without lock. */
void batch_trouble(struct batch *batch, const struct sil_error *why);

/** The threads; payload: the batch, or what each is told by its name. */
void *batch_feed(void *batch);
/** As above. */
void *batch_count(void *batch);
/** As above; a struct hand. */
void *batch_hand(void *hand);
/** As above; a struct hauler. */
void *batch_haul(void *hauler);

#endif
