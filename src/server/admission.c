/* The bounded queue between the loop and the workers, first in, first out.
 * Must not know what a ticket stands for.
 * All is under one lock, held for a few instructions: the loop thread never
 * waits for a computation. */
#include "server/admission.h"

#include <pthread.h>

#include "base/check.h"
#include "base/mem.h"

/* Invariant: waiting <= places <= place_count and bytes <= bytes_held of the
 * limits; first and last are both NULL exactly if waiting is 0. */
struct admission {
    pthread_mutex_t lock;
    pthread_cond_t is_waited_for; /* signalled when first becomes non-NULL */
    struct admission_limits limits;
    struct ticket *first, *last; /* the queue; NULL: empty */
    struct admission_counts counts;
    bool is_closed;
};

/* A lock that can't be had is a bug, not a condition: nothing here blocks
 * while holding it. */
static void lock(struct admission *admission)
{
    int failed = pthread_mutex_lock(&admission->lock);

    sil_assert(!failed);
}

/* Ends what lock() began, the invariant intact. */
static void unlock(struct admission *admission)
{
    const struct admission_counts *counts = &admission->counts;
    int failed;

    sil_assert(counts->waiting <= counts->place_count);
    sil_assert(counts->place_count <= admission->limits.place_count);
    sil_assert(counts->in_flight <= admission->limits.in_flight);
    sil_assert(counts->bytes_held <= admission->limits.bytes_held);
    sil_assert((admission->first == NULL) == (counts->waiting == 0));
    failed = pthread_mutex_unlock(&admission->lock);
    sil_assert(!failed);
}

/* Making the lock and the condition can't fail: they are refused for their
 * attributes only, and none are given. */
enum sil_err admission_create(struct admission **out,
                              const struct admission_limits *limits)
{
    struct admission *admission = mem_zalloc(1, sizeof *admission);
    int failed;

    sil_assert(limits->place_count >= 1);
    sil_assert(limits->in_flight >= 1);
    if (admission == NULL)
        return SIL_E_NO_MEMORY;
    admission->limits = *limits;
    failed = pthread_mutex_init(&admission->lock, NULL);
    sil_assert(!failed);
    failed = pthread_cond_init(&admission->is_waited_for, NULL);
    sil_assert(!failed);
    *out = admission;
    return SIL_OK;
}

/* Who still held a ticket would find a freed lock later: told at once. */
void admission_destroy(struct admission *admission)
{
    if (admission == NULL)
        return;
    sil_assert(admission->counts.in_flight == 0);
    sil_assert(admission->first == NULL);
    (void)pthread_cond_destroy(&admission->is_waited_for);
    (void)pthread_mutex_destroy(&admission->lock);
    mem_free(admission);
}

/* The queue is looked at first: it fills long before the other cap does, and
 * its name is what an operator needs to see. */
enum sil_err admission_enter(struct admission *admission, struct ticket *ticket,
                             enum metric_reason *reason)
{
    struct admission_counts *counts = &admission->counts;
    enum sil_err err = SIL_OK;

    sil_assert(ticket->state == TICKET_OUT);
    lock(admission);
    if (counts->place_count == admission->limits.place_count) {
        *reason = REASON_QUEUE;
        err = SIL_E_OVERLOADED;
    } else if (counts->in_flight == admission->limits.in_flight) {
        *reason = REASON_IN_FLIGHT;
        err = SIL_E_OVERLOADED;
    } else {
        counts->place_count++;
        counts->in_flight++;
        ticket->state = TICKET_PLACE;
    }
    unlock(admission);
    return err;
}

/* Counted when the size is known, which for a store is after the fetch: the
 * store's own limits bound what is under way. */
enum sil_err admission_hold(struct admission *admission, struct ticket *ticket,
                            uint64_t bytes)
{
    struct admission_counts *counts = &admission->counts;
    enum sil_err err = SIL_OK;

    sil_assert(ticket->state == TICKET_PLACE);
    sil_assert(ticket->bytes == 0);
    lock(admission);
    if (bytes > admission->limits.bytes_held - counts->bytes_held) {
        err = SIL_E_OVERLOADED;
    } else {
        counts->bytes_held += bytes;
        ticket->bytes = bytes;
    }
    unlock(admission);
    return err;
}

/* Called by a worker as soon as a picture is decoded, so that the next one
 * may come in while this one is still computed. */
void admission_unhold(struct admission *admission, struct ticket *ticket)
{
    lock(admission);
    sil_assert(ticket->bytes <= admission->counts.bytes_held);
    admission->counts.bytes_held -= ticket->bytes;
    ticket->bytes = 0;
    unlock(admission);
}

/* Appends at the end; one worker is woken, since there is work for one. */
void admission_wait(struct admission *admission, struct ticket *ticket)
{
    lock(admission);
    sil_assert(ticket->state == TICKET_PLACE);
    ticket->state = TICKET_WAITING;
    ticket->next = NULL;
    ticket->prev = admission->last;
    if (admission->last == NULL)
        admission->first = ticket;
    else
        admission->last->next = ticket;
    admission->last = ticket;
    admission->counts.waiting++;
    (void)pthread_cond_signal(&admission->is_waited_for);
    unlock(admission);
}

/* Take a waiting ticket out of the queue, its place with it. */
static void unlink_ticket(struct admission *admission, struct ticket *ticket)
{
    sil_assert(ticket->state == TICKET_WAITING);
    sil_assert(admission->counts.waiting > 0);
    if (ticket->prev == NULL)
        admission->first = ticket->next;
    else
        ticket->prev->next = ticket->next;
    if (ticket->next == NULL)
        admission->last = ticket->prev;
    else
        ticket->next->prev = ticket->prev;
    ticket->next = NULL;
    ticket->prev = NULL;
    ticket->state = TICKET_TAKEN;
    admission->counts.waiting--;
    admission->counts.place_count--;
}

/* Once closed nothing is handed out any more, even if something waits: who
 * closed it has given up on that. */
struct ticket *admission_take(struct admission *admission)
{
    struct ticket *ticket;

    sil_assert(admission != NULL);
    lock(admission);
    while (admission->first == NULL && !admission->is_closed)
        (void)pthread_cond_wait(&admission->is_waited_for, &admission->lock);
    /* The wait ends without a reason at times: hence the loop above. */
    ticket = admission->is_closed ? NULL : admission->first;
    if (ticket != NULL)
        unlink_ticket(admission, ticket);
    unlock(admission);
    return ticket;
}

/* Called from the loop's thread, racing the workers for the ticket: who has
 * the lock first gets it. */
bool admission_withdraw(struct admission *admission, struct ticket *ticket)
{
    bool is_waiting;

    sil_assert(ticket->state != TICKET_OUT);
    lock(admission);
    is_waiting = ticket->state == TICKET_WAITING;
    if (is_waiting)
        unlink_ticket(admission, ticket);
    unlock(admission);
    return is_waiting;
}

/* The state of a ticket that is nobody else's any more may be read without
 * the lock. */
void admission_leave(struct admission *admission, struct ticket *ticket)
{
    if (ticket->state == TICKET_OUT)
        return;
    admission_unhold(admission, ticket);
    lock(admission);
    sil_assert(ticket->state != TICKET_WAITING);
    if (ticket->state == TICKET_PLACE)
        admission->counts.place_count--;
    admission->counts.in_flight--;
    ticket->state = TICKET_OUT;
    unlock(admission);
}

/* Waits for nobody: workers end by themselves after the ticket they have. */
void admission_close(struct admission *admission)
{
    lock(admission);
    sil_assert(admission->counts.waiting <= admission->counts.place_count);
    admission->is_closed = true;
    (void)pthread_cond_broadcast(&admission->is_waited_for);
    unlock(admission);
}

/* One moment's values, all under one lock: the metrics compare them. */
struct admission_counts admission_counts(struct admission *admission)
{
    struct admission_counts counts;

    lock(admission);
    counts = admission->counts;
    sil_assert(counts.waiting <= counts.in_flight);
    unlock(admission);
    return counts;
}
