/* A thread that asks, sleeps until the keys are about to expire, asks again.
 * Must not know what the keys are for.
 * The store's thread must not block on another service: it only picks up what
 * has come. Old keys stay in use while new ones can't be had. */
#include "fetch/credentials_keeper.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

struct keeper {
    struct remote *remote; /* owned; the thread's */
    pthread_t thread;
    atomic_bool is_ended;    /* also looked at in the middle of asking */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t wake;     /* something of it changed */
    struct credential fresh; /* came, not yet picked up; none: nothing */
    bool has_news;           /* fresh holds keys */
    bool is_wanted;          /* ask now, not later */
    uint64_t ask_count;      /* questions that were answered or failed */
    uint64_t asked_ns;       /* when the last of them was; 0: none yet */
};

/* When to ask again: ahead of the end, but of short-lived keys not before
 * half of their time. */
static uint64_t next_ns(const struct credential *now, bool is_failed)
{
    int64_t left_s = now->expires_s - (int64_t)time(NULL);
    int64_t wait_s = left_s - LIMIT_CREDENTIALS_AHEAD_S;

    sil_assert(now->expires_s >= 0);
    if (is_failed)
        return clock_ns() + LIMIT_CREDENTIALS_AGAIN_S * NS_PER_S;
    if (now->expires_s == 0)
        return UINT64_MAX;
    if (wait_s < left_s / 2)
        wait_s = left_s / 2;
    if (wait_s < 1)
        wait_s = 1;
    return clock_ns() + (uint64_t)wait_s * NS_PER_S;
}

/* Wait on the condition until then; the lock is held. */
static void wait_until(struct keeper *keeper, uint64_t until_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(until_ns / NS_PER_S),
        .tv_nsec = (long)(until_ns % NS_PER_S),
    };

    sil_assert(until_ns > 0);
    if (until_ns == UINT64_MAX)
        (void)pthread_cond_wait(&keeper->wake, &keeper->lock);
    else
        (void)pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
}

/* Hand over what was asked; true if it was keys. Why there were none isn't
 * told in detail: answers of such services may repeat secrets. */
static bool publish(struct keeper *keeper, struct credential *found,
                    enum sil_err err)
{
    sil_assert(err || found->key_id != NULL);
    if (err)
        log_event(LOG_WARN, "aws_keys_not_given", remote_name(keeper->remote));
    (void)pthread_mutex_lock(&keeper->lock);
    if (!err) {
        credential_finish(&keeper->fresh);
        keeper->fresh = *found;
        keeper->has_news = true;
    }
    keeper->is_wanted = false;
    keeper->ask_count++;
    keeper->asked_ns = clock_ns();
    (void)pthread_cond_broadcast(&keeper->wake);
    (void)pthread_mutex_unlock(&keeper->lock);
    return !err;
}

/* The thread's whole life: ask, hand over, sleep. Being asked for in between
 * ends the sleep; being ended, also the asking. */
static void *run(void *payload)
{
    struct keeper *keeper = payload;

    sil_assert(keeper->remote != NULL);
    while (!atomic_load(&keeper->is_ended)) {
        struct credential found = {0};
        enum sil_err err =
            remote_ask(&found, keeper->remote, &keeper->is_ended);
        uint64_t again_ns = next_ns(&found, err != SIL_OK);

        (void)publish(keeper, &found, err);
        (void)pthread_mutex_lock(&keeper->lock);
        while (!atomic_load(&keeper->is_ended) && !keeper->is_wanted &&
               clock_ns() < again_ns)
            wait_until(keeper, again_ns);
        (void)pthread_mutex_unlock(&keeper->lock);
    }
    return NULL;
}

/* Signals are the main thread's: a thread inherits the mask of who starts
 * it. */
static bool start_thread(struct keeper *keeper)
{
    sigset_t all, old;
    bool is_started;

    sil_assert(keeper->remote != NULL);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    is_started = pthread_create(&keeper->thread, NULL, run, keeper) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return is_started;
}

/* The condition counts on the monotonic clock, as deadlines do. */
enum sil_err keeper_start(struct keeper **out, struct remote *remote)
{
    struct keeper *keeper = mem_zalloc(1, sizeof *keeper);
    pthread_condattr_t attr;

    sil_assert(remote != NULL);
    if (keeper == NULL) {
        remote_destroy(remote);
        return SIL_E_NO_MEMORY;
    }
    keeper->remote = remote;
    (void)pthread_mutex_init(&keeper->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&keeper->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    log_event(LOG_INFO, "aws_keys_from", remote_name(remote));
    if (!start_thread(keeper)) {
        remote_destroy(remote);
        mem_free(keeper);
        return SIL_E_INTERNAL;
    }
    *out = keeper;
    return SIL_OK;
}

/* Returns at once, also from the middle of a question: see is_ended. */
void keeper_stop(struct keeper *keeper)
{
    int failed;

    if (keeper == NULL)
        return;
    (void)pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->is_ended, true);
    (void)pthread_cond_broadcast(&keeper->wake);
    (void)pthread_mutex_unlock(&keeper->lock);
    failed = pthread_join(keeper->thread, NULL);
    sil_assert(!failed);
    credential_finish(&keeper->fresh);
    remote_destroy(keeper->remote);
    (void)pthread_cond_destroy(&keeper->wake);
    (void)pthread_mutex_destroy(&keeper->lock);
    mem_free(keeper);
}

/* Moved, not copied: there is one set of keys that nobody else holds. The lock
 * is held. */
static bool pick_up(struct credential *credential, struct keeper *keeper)
{
    sil_assert(credential != &keeper->fresh);
    if (!keeper->has_news)
        return false;
    credential_finish(credential);
    *credential = keeper->fresh;
    keeper->fresh = (struct credential){0};
    keeper->has_news = false;
    return true;
}

/* Wait until one more question is settled, or too long. The lock is held. */
static void wait_for_answer(struct keeper *keeper, uint64_t count)
{
    uint64_t until_ns = clock_ns() + LIMIT_CREDENTIALS_WAIT_MS * NS_PER_MS;

    sil_assert(count <= keeper->ask_count);
    while (keeper->ask_count == count && clock_ns() < until_ns)
        wait_until(keeper, until_ns);
}

/* Only the first picture waits: there is nothing yet that it could be signed
 * with, and failing it would be the start of every service. */
bool keeper_take(struct credential *credential, struct keeper *keeper,
                 bool is_first)
{
    bool has_news;

    sil_assert(credential != NULL);
    (void)pthread_mutex_lock(&keeper->lock);
    if (is_first && keeper->ask_count == 0)
        wait_for_answer(keeper, 0);
    has_news = pick_up(credential, keeper);
    (void)pthread_mutex_unlock(&keeper->lock);
    return has_news;
}

/* Keys that came meanwhile by themselves do as well: no need to ask. Many
 * requests may be refused at once, or all of them for ever: whoever gives the
 * keys isn't asked for each. */
bool keeper_renew(struct credential *credential, struct keeper *keeper)
{
    bool has_news;

    sil_assert(credential != NULL);
    (void)pthread_mutex_lock(&keeper->lock);
    has_news = pick_up(credential, keeper);
    if (!has_news && clock_is_past(keeper->asked_ns +
                                   LIMIT_CREDENTIALS_AGAIN_S * NS_PER_S)) {
        keeper->is_wanted = true;
        (void)pthread_cond_broadcast(&keeper->wake);
        wait_for_answer(keeper, keeper->ask_count);
        has_news = pick_up(credential, keeper);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return has_news;
}
