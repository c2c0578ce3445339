/* From a key to a picture's bytes, whichever store holds it.
 * Threads: a store is shared. It waits on a thread of its own; callbacks run
 * there and must be short.
 * A key is only ever a name in the one store: see fetch_key_check().
 *
 *     struct fetch_options options = {.store = "dir:samples",
 *                                     .bytes_max = LIMIT_IMAGE_BYTES_MAX};
 *     struct fetch_wish wish = {.img_src = "one.jpg", .done = have_bytes};
 *     err = fetch_store_open(&store, &options, &error);
 *     err = fetch_key_check(wish.img_src, &error);
 *     err = fetch_submit(&number, store, &wish, &error);
 *     … have_bytes() is called on the store's thread, once …
 *     fetch_store_close(store);
 *
 * A bucket in front of the key, "s3://bucket/key", must be the store's own or
 * one of those allowed beside it; of its own bucket only what lies below its
 * prefix can be named so. */
#ifndef SIL_FETCH_FETCH_H
#define SIL_FETCH_FETCH_H

#include "base/buf.h"
#include "base/err.h"

struct fetch_store;

/** What a store is opened with; all texts are lent for the call. */
struct fetch_options {
    const char *store;      /* "dir:PATH" or "s3://bucket/prefix" */
    const char *buckets;    /* further buckets allowed, comma-separated, or
                               NULL; only for s3 stores */
    const char *endpoint;   /* NULL: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or
                               AWS itself */
    const char *region;     /* NULL: AWS_REGION, AWS_DEFAULT_REGION, profile */
    const char *addressing; /* "auto", "path", "virtual"; NULL: auto */
    size_t bytes_max;       /* a larger picture is SIL_E_IMAGE_TOO_LARGE */
};

/** What one fetch cost, for metrics and logs. */
struct fetch_stats {
    uint64_t elapsed_ns;
    uint32_t try_count; /* 1: no retry */
};

/** Told once per submitted request, on the store's thread. err: how it ended;
 *  bytes: the picture, to be taken (buf_take) if wanted; error: the detail.
 *  The pointers are valid during the call only. */
typedef void (*fetch_done_fn)(void *payload, enum sil_err err,
                              struct buf *bytes,
                              const struct fetch_stats *stats,
                              const struct sil_error *error);

/** Is imgSrc a key that may be asked for? The rule of the contract, for all
 *  stores: no URL, no leading slash, no . or .. segment, no backslash, no
 *  control character, valid UTF-8, 1..LIMIT_KEY_BYTES_MAX bytes; s3://b/key
 *  passes as far as its key does. Pure. Errors: SIL_E_BAD_IMG_SRC. */
SIL_MUST_USE enum sil_err fetch_key_check(const char *img_src,
                                          struct sil_error *error);

/** Open a store and start its thread. *out: yours, fetch_store_close(). An S3
 *  store that can't be reached, or whose keys are missing, opens all the same:
 *  fetch_store_probe() tells.
 *  Errors: SIL_E_ARGUMENT (with what to change), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_store_open(struct fetch_store **out,
                                           const struct fetch_options *options,
                                           struct sil_error *error);

/** Cancel what is under way (told as SIL_E_DEADLINE_EXCEEDED), stop the
 *  thread, free. NULL is fine. */
void fetch_store_close(struct fetch_store *store);

/** What is asked of a store; img_src is copied. */
struct fetch_wish {
    const char *img_src;  /* must have passed fetch_key_check() */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
    fetch_done_fn done;   /* called exactly once, also when cancelled */
    void *payload;        /* handed to done */
};

/** Start fetching. *out: a number for fetch_cancel(). Errors:
 *  SIL_E_NO_MEMORY, SIL_E_OVERLOADED (too many at once),
 *  SIL_E_IMAGE_FORBIDDEN (bucket not allowed), SIL_E_BAD_IMG_SRC (too long
 *  with the store's prefix), SIL_E_STORE_UNAVAILABLE (the store is being
 *  closed): then done is not called. done may be called before this returns,
 *  and may itself submit and cancel. */
SIL_MUST_USE enum sil_err fetch_submit(uint64_t *out, struct fetch_store *store,
                                       const struct fetch_wish *wish,
                                       struct sil_error *error);

/** Nobody waits any more: end it soon, telling done
 *  SIL_E_DEADLINE_EXCEEDED. A number that is done already is ignored. */
void fetch_cancel(struct fetch_store *store, uint64_t number);

/** Is the store there and are we let in? Blocks up to deadline_ns; not on
 *  the store's own thread. Errors: SIL_E_STORE_UNAVAILABLE. */
SIL_MUST_USE enum sil_err fetch_store_probe(struct fetch_store *store,
                                            uint64_t deadline_ns,
                                            struct sil_error *error);

#endif
