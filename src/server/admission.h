/* How much is taken on: one queue for the workers and the caps around it.
 * Threads: callable from any; a ticket is moved by one thread at a time.
 * A place in the queue is reserved before the fetch, so that no picture is
 * fetched only to be refused: fetching and waiting together are bounded. */
#ifndef SIL_SERVER_ADMISSION_H
#define SIL_SERVER_ADMISSION_H

#include "base/err.h"
#include "server/metrics.h"

struct admission;

/* What a ticket holds of the admission. */
enum ticket_state {
    TICKET_OUT,     /* nothing */
    TICKET_PLACE,   /* a place: fetching */
    TICKET_WAITING, /* a place, and it stands in the queue */
    TICKET_TAKEN    /* in flight, without a place: a worker has had it */
};

/** One request's share; embedded in it. Zeroed: holds nothing. */
struct ticket {
    struct ticket *next, *prev; /* the queue's own; NULL: at an end */
    enum ticket_state state;
    uint64_t bytes; /* of picture held */
    void *payload;  /* the owner's */
};

/** What there is room for; each at least 1. */
struct admission_limits {
    uint32_t place_count; /* fetching or waiting */
    uint32_t in_flight;   /* accepted and not yet answered */
    uint64_t bytes_held;  /* of pictures */
};

/** What is in use. */
struct admission_counts {
    uint32_t place_count, in_flight, waiting;
    uint64_t bytes_held;
};

/** *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
admission_create(struct admission **out, const struct admission_limits *limits);

/** When no ticket holds anything and no worker waits. NULL is fine. */
void admission_destroy(struct admission *admission);

/** Let a request in, with a place. Errors: SIL_E_OVERLOADED, *reason says
 *  why, the ticket holds nothing. */
SIL_MUST_USE enum sil_err admission_enter(struct admission *admission,
                                          struct ticket *ticket,
                                          enum metric_reason *reason);

/** Count a picture's bytes. Errors: SIL_E_OVERLOADED: too many. */
SIL_MUST_USE enum sil_err admission_hold(struct admission *admission,
                                         struct ticket *ticket, uint64_t bytes);

/** The picture's bytes are gone. Fine if there were none. */
void admission_unhold(struct admission *admission, struct ticket *ticket);

/** Stand in the queue; ticket: TICKET_PLACE. Can't fail. */
void admission_wait(struct admission *admission, struct ticket *ticket);

/** Workers: the next ticket, its place given back; sleeps until there is one.
 *  NULL: the admission is closed. */
struct ticket *admission_take(struct admission *admission);

/** Leave the queue; false if a worker has taken it already. */
bool admission_withdraw(struct admission *admission, struct ticket *ticket);

/** The request is over: give back whatever the ticket holds. It must not
 *  stand in the queue. */
void admission_leave(struct admission *admission, struct ticket *ticket);

/** Wake all workers with NULL, now and later. */
void admission_close(struct admission *admission);

/** What is in use right now. */
struct admission_counts admission_counts(struct admission *admission);

#endif
