/* One request from its head to its log line.
 * Threads: the loop's thread owns a job. While is_away, the store's thread or
 * a worker has its `held` part, and the loop doesn't touch that.
 * A job outlives its exchange when its client leaves while it is away. */
#ifndef SIL_SERVER_JOB_H
#define SIL_SERVER_JOB_H

#include "base/buf.h"
#include "encode/encode.h"
#include "server/ids.h"
#include "server/negotiate.h"
#include "server/request.h"
#include "server/service.h"

/** The steps of a segmentation, in order; the table is in steps.c. */
enum step { STEP_ADMIT, STEP_FETCH, STEP_COMPUTE, STEP_ENCODE, STEP_SEND };

/** What travels with the job to other threads. */
struct held {
    enum step step;         /* where it stands, or where it failed */
    enum sil_err err;       /* how it failed; SIL_OK: not */
    struct sil_error error; /* why */
    struct buf picture;     /* encoded; empty before and after */
    uint64_t picture_bytes; /* size of the picture; 0: none came */
    uint32_t fetch_tries;   /* 0: not fetched */
    uint64_t queued_ns;     /* when it began to wait for a worker */
    uint64_t queue_ns;      /* how long it waited */
    uint64_t stage_ns[SIL_STAGE_COUNT]; /* time per stage; 0: not reached */
    struct sil_result *result;          /* owned; NULL: none yet */
    struct encoder *encoder; /* owned; NULL: none, or the answer is whole */
    struct buf whole;        /* the answer, if it was small enough to hold */
};

/** One request. */
struct job {
    struct service *service;
    struct http_exchange *exchange; /* NULL: it is over */
    struct job *next, *prev;        /* the service's list */
    struct loop_task task;          /* brings it back to the loop */
    struct ticket ticket;           /* what it holds of the admission */
    char id[ID_SIZE];
    char trace[TRACE_SIZE];
    enum route route;
    enum content content; /* of a segmentation */
    enum sil_format format;
    enum encode_coding coding;
    struct request request;
    uint64_t arrival_ns, deadline_ns;
    uint64_t fetch_number;          /* for fetch_cancel(); 0: none */
    bool is_away;                   /* others have `held` */
    bool is_at_store;               /* and it is the store's thread */
    bool is_answered;               /* http_reply() was called */
    bool is_sending;                /* its body is not finished yet */
    uint32_t wait_s;                /* for Retry-After; 0: the usual */
    int status;                     /* of the answer; 0: none yet */
    enum sil_err told;              /* the error answered; SIL_OK: none */
    enum metric_coding sent_coding; /* of the answer's body */
    uint64_t image_pixels;          /* of the mask answered; 0: none */
    uint32_t person_count;          /* in it */
    struct buf page;                /* a body of our own: pages and errors */
    const uint8_t *lent;            /* a body of static memory; NULL: none */
    size_t lent_size;               /* bytes of it */
    size_t page_sent;               /* bytes of the body handed out */
    struct held held;
};

/** Make a job for an exchange and put it on the service's list. NULL: out of
 *  memory. */
struct job *job_create(struct service *service, struct http_exchange *exchange);

/** Free the job if nobody needs it any more: no exchange, not away, not
 *  sending. It may be gone after each call. */
void job_settle(struct job *job);

#endif
