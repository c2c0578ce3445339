/* The seam between the store (queue, numbers, thread) and its kinds (folder,
 * S3). Threads: a kind is called on the store's thread alone, but for
 * open() and close(), which enclose its life, and wake(), which any thread
 * may call, as admit(). Each job given to start() is ended once, by the kind
 * through fetch_job_end() or, after stop(), by the store. */
#ifndef SIL_FETCH_FETCH_KIND_H
#define SIL_FETCH_FETCH_KIND_H

#include "fetch/fetch_job.h"

/* What a kind of store can do. The thread's loop, in fetch.c, is: stop what was
 * cancelled, start what is new, step; and again. */
struct fetch_kind {
    const char *scheme; /* what the store's text begins with: "dir:" */
    /** Make *state of the options. Errors: SIL_E_ARGUMENT, SIL_E_NO_MEMORY. */
    enum sil_err (*open)(void **state, const struct fetch_options *options,
                         struct sil_error *error);
    /** Free it; no job is left. */
    void (*close)(void *state);
    /** May this store be asked for that bucket and key? Any thread.
     *  Errors: SIL_E_IMAGE_FORBIDDEN. */
    enum sil_err (*admit)(const void *state, const struct fetch_job *job,
                          struct sil_error *error);
    /** Begin a job; it may end before this returns. */
    void (*start)(void *state, struct fetch_job *job);
    /** Drop what is under way for a job that hasn't ended; the store ends
     *  it. */
    void (*stop)(void *state, struct fetch_job *job);
    /** Wait for anything to happen, or wake(), and see to it. */
    void (*step)(void *state);
    /** Make step() return soon. Any thread. */
    void (*wake)(void *state);
};

/** A folder: "dir:PATH". */
extern const struct fetch_kind fetch_dir;

/** Objects of a bucket: "s3://bucket/prefix". */
extern const struct fetch_kind fetch_s3;

/** A job is over: tell whoever waits, then free it. The kind holds nothing of
 *  it any more. On the store's thread. */
void fetch_job_end(struct fetch_job *job, enum sil_err err);

#endif
