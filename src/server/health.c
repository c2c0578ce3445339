/* A thread that asks the store every few seconds whether it is there.
 * Must not know HTTP, nor what is done with the answer.
 * It sleeps on a condition, so that stopping takes no longer than a question
 * under way; changes are logged, repetitions are not. */
#include "server/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

/** What the thread and those who ask it share. */
struct health {
    struct fetch_store *store; /* lent */
    pthread_t thread;
    pthread_mutex_t lock; /* of is_stopping */
    pthread_cond_t wake;
    bool is_stopping;      /* set once, by health_stop() */
    atomic_bool has_store; /* the last answer; false at first */
};

/* One look, with its own deadline: a store that hangs is a store that isn't
 * there. */
static void ask(struct health *health, bool is_first)
{
    struct sil_error error = {0};
    uint64_t deadline_ns = clock_ns() + LIMIT_PROBE_MS * NS_PER_MS;
    enum sil_err err = fetch_store_probe(health->store, deadline_ns, &error);
    bool had_store = atomic_exchange(&health->has_store, !err);

    sil_assert(!err || error.code != SIL_OK);
    /* Only what changes is news. */
    if (err && (had_store || is_first))
        log_event(LOG_WARN, "store_unavailable", error.detail);
    if (!err && !had_store)
        log_event(LOG_INFO, "store_available", NULL);
}

/* Sleep until the next question; false: stop. */
static bool rest(struct health *health)
{
    struct timespec until;
    int failed = clock_gettime(CLOCK_MONOTONIC, &until);
    bool is_stopping;
    int timed_out = 0;

    sil_assert(!failed);
    /* An absolute time: a wake-up without a reason doesn't lengthen it. */
    until.tv_sec += LIMIT_PROBE_MS / 1000;
    (void)pthread_mutex_lock(&health->lock);
    while (!health->is_stopping && !timed_out)
        timed_out =
            pthread_cond_timedwait(&health->wake, &health->lock, &until);
    is_stopping = health->is_stopping;
    (void)pthread_mutex_unlock(&health->lock);
    return !is_stopping;
}

/* The thread's whole life. The first question is asked at once: the service
 * is ready as soon as its store has answered. */
static void *run(void *payload)
{
    struct health *health = payload;

    sil_assert(health->store != NULL);
    ask(health, true);
    while (rest(health))
        ask(health, false);
    return NULL;
}

/* The condition counts on the monotonic clock: a clock that is set must not
 * stop the questions. */
enum sil_err health_start(struct health **out, struct fetch_store *store)
{
    struct health *health = mem_zalloc(1, sizeof *health);
    pthread_condattr_t attr;

    sil_assert(store != NULL);
    if (health == NULL)
        return SIL_E_NO_MEMORY;
    health->store = store;
    (void)pthread_mutex_init(&health->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&health->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&health->thread, NULL, run, health) != 0) {
        mem_free(health);
        return SIL_E_INTERNAL;
    }
    *out = health;
    return SIL_OK;
}

/* Returns after the question under way, at most LIMIT_PROBE_MS later. */
void health_stop(struct health *health)
{
    int failed;

    if (health == NULL)
        return;
    (void)pthread_mutex_lock(&health->lock);
    health->is_stopping = true;
    (void)pthread_cond_signal(&health->wake);
    (void)pthread_mutex_unlock(&health->lock);
    failed = pthread_join(health->thread, NULL);
    sil_assert(!failed);
    (void)pthread_cond_destroy(&health->wake);
    (void)pthread_mutex_destroy(&health->lock);
    mem_free(health);
}

/* The last answer, at most LIMIT_PROBE_MS and a question old: whoever asks is
 * never made to wait for a store. */
bool health_has_store(const struct health *health)
{
    sil_assert(health != NULL);
    return atomic_load(&health->has_store);
}
