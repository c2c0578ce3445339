/* The store: numbers, the list of jobs, the thread, and which kind it is.
 * Must not know folders, S3 or what a picture is.
 * Only the store's thread frees jobs, and it tells whoever waits without
 * holding the lock: so a callback may submit and cancel. */
#include "fetch/fetch.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/fetch_kind.h"

/* The life of a job:
 *   fetch_submit()   makes it, asks the kind whether it is admitted, puts it on
 *                    the list and wakes the thread;
 *   take_news()      finds it there, and marks it as started;
 *   kind->start()    begins it; a folder's job ends right there, one of S3
 *                    goes on through many turns of kind->step();
 *   fetch_job_end()  takes it off the list, tells whoever waits, frees it.
 * fetch_cancel() and fetch_store_close() only mark a job and wake the thread,
 * which then takes it from the kind with kind->stop() and ends it as told
 * above. So all that happens to a job after its submission happens on one
 * thread, and the lock guards no more than the list. */
static const struct fetch_kind *const kinds[] = {&fetch_dir, &fetch_s3};

/* Invariant: job_count is the length of the list; numbers rise. */
struct fetch_store {
    const struct fetch_kind *kind; /* static */
    void *state;                   /* the kind's; owned */
    size_t bytes_max;              /* of a picture */
    pthread_t thread;
    pthread_mutex_t lock;   /* guards all below */
    struct fetch_job *jobs; /* not told yet, newest first; NULL: none */
    size_t job_count;       /* at most LIMIT_FETCH_CONCURRENCY and probes */
    uint64_t last_number;   /* 0: none given yet */
    bool has_news;          /* a job is new or was cancelled */
    bool is_stopping;       /* the thread ends once no job is left */
};

/* A mutex of this kind can't fail but by a mistake of ours. */
static void lock(struct fetch_store *store)
{
    int failed = pthread_mutex_lock(&store->lock);

    sil_assert(!failed);
}

/* As lock(): failing would be a mistake of ours. */
static void unlock(struct fetch_store *store)
{
    int failed = pthread_mutex_unlock(&store->lock);

    sil_assert(!failed);
}

/* Jobs. */

/* With the lock held. */
static void list_add(struct fetch_store *store, struct fetch_job *job)
{
    sil_assert(job->before == NULL);
    sil_assert(job->after == NULL);
    job->number = ++store->last_number;
    job->after = store->jobs;
    if (job->after != NULL)
        job->after->before = job;
    store->jobs = job;
    store->job_count++;
    store->has_news = true;
}

/* With the lock held. */
static void list_remove(struct fetch_store *store, struct fetch_job *job)
{
    sil_assert(store->job_count > 0);
    sil_assert(job->before != NULL || store->jobs == job);
    if (job->before != NULL)
        job->before->after = job->after;
    else
        store->jobs = job->after;
    if (job->after != NULL)
        job->after->before = job->before;
    store->job_count--;
}

/* Off the list first: whoever is told may submit again and must find room. */
void fetch_job_end(struct fetch_job *job, enum sil_err err)
{
    struct fetch_store *store = job->store;

    sil_assert(job->is_started);
    lock(store);
    list_remove(store, job);
    unlock(store);
    if (err == SIL_E_DEADLINE_EXCEEDED)
        (void)err_set(&job->error, err,
                      "the image had not arrived from the store in time");
    job->stats.elapsed_ns = clock_ns() - job->started_ns;
    if (err)
        buf_finish(&job->bytes);
    else
        job->error.code = SIL_OK;
    sil_assert(!err || job->error.code == err);
    job->done(job->payload, err, &job->bytes, &job->stats, &job->error);
    fetch_job_destroy(job);
}

/* The store's thread. */

/* What there is to do: jobs to begin, oldest first, and started ones that
 * were cancelled, both linked by also. Returns false if the store is being
 * closed: then all jobs are among these. */
static bool take_news(struct fetch_store *store, struct fetch_job **begin,
                      struct fetch_job **drop)
{
    bool is_wanted;

    sil_assert(begin != drop);
    *begin = NULL;
    *drop = NULL;
    lock(store);
    for (struct fetch_job *job = store->has_news ? store->jobs : NULL;
         job != NULL; job = job->after) {
        struct fetch_job **batch = job->is_started ? drop : begin;

        if (job->is_started && !atomic_load(&job->is_cancelled))
            continue;
        job->is_started = true;
        job->also = *batch;
        *batch = job;
    }
    store->has_news = false;
    is_wanted = !store->is_stopping;
    unlock(store);
    return is_wanted;
}

/* What is cancelled goes first, so that room is free for what is new. The
 * step at the end waits; wake() is what ends the waiting. */
static void *run(void *payload)
{
    struct fetch_store *store = payload;
    const struct fetch_kind *kind = store->kind;
    struct fetch_job *begin;
    struct fetch_job *drop;
    struct fetch_job *next;
    bool is_wanted = true;

    sil_assert(kind != NULL);
    while (is_wanted) {
        is_wanted = take_news(store, &begin, &drop);
        for (struct fetch_job *job = drop; job != NULL; job = next) {
            next = job->also;
            kind->stop(store->state, job);
            fetch_job_end(job, SIL_E_DEADLINE_EXCEEDED);
        }
        for (struct fetch_job *job = begin; job != NULL; job = next) {
            next = job->also;
            if (fetch_job_is_over(job))
                fetch_job_end(job, SIL_E_DEADLINE_EXCEEDED);
            else
                kind->start(store->state, job);
        }
        if (is_wanted)
            kind->step(store->state);
    }
    return NULL;
}

/* Opening and closing. */

/* The kinds differ by what the store's text begins with. NULL: none of them. */
static const struct fetch_kind *kind_of(const char *store)
{
    sil_assert(store != NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(store, kinds[i]->scheme, strlen(kinds[i]->scheme)) == 0)
            return kinds[i];
    return NULL;
}

/* Signals are for the thread that runs the service: one that this thread took
 * would interrupt its reading, and a handler would run where nobody thought of
 * one. A new thread inherits the mask of now. */
static enum sil_err start_thread(struct fetch_store *store)
{
    sigset_t all;
    sigset_t before;
    int failed;

    (void)sigfillset(&all);
    failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    sil_assert(!failed);
    failed = pthread_create(&store->thread, NULL, run, store);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? SIL_E_NO_MEMORY : SIL_OK;
}

/* In the order of cost: the text, the kind's own things, the thread. */
enum sil_err fetch_store_open(struct fetch_store **out,
                              const struct fetch_options *options,
                              struct sil_error *error)
{
    struct fetch_store *store = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    sil_assert(options->store != NULL);
    sil_assert(options->bytes_max > 0);
    if (kind_of(options->store) == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "the store must be dir:PATH or s3://bucket/prefix");
    store = mem_zalloc(1, sizeof *store);
    if (store == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    store->kind = kind_of(options->store);
    store->bytes_max = options->bytes_max;
    (void)pthread_mutex_init(&store->lock, NULL);
    err = store->kind->open(&store->state, options, error);
    if (!err && start_thread(store)) {
        store->kind->close(store->state);
        err = err_set(error, SIL_E_NO_MEMORY, "no thread for the store");
    }
    if (err) {
        (void)pthread_mutex_destroy(&store->lock);
        mem_free(store);
        return err;
    }
    *out = store;
    return SIL_OK;
}

/* All jobs are marked before the thread is woken: it then finds them all in
 * one go and ends. The list is empty once it has. */
void fetch_store_close(struct fetch_store *store)
{
    if (store == NULL)
        return;
    sil_assert(!pthread_equal(pthread_self(), store->thread));
    lock(store);
    store->is_stopping = true;
    store->has_news = true;
    for (struct fetch_job *job = store->jobs; job != NULL; job = job->after)
        atomic_store(&job->is_cancelled, true);
    unlock(store);
    store->kind->wake(store->state);
    (void)pthread_join(store->thread, NULL);
    sil_assert(store->jobs == NULL);
    store->kind->close(store->state);
    (void)pthread_mutex_destroy(&store->lock);
    mem_free(store);
}

/* Asking. */

/* A job that the kind admits, not yet on the list. */
static enum sil_err job_of_wish(struct fetch_job **out,
                                struct fetch_store *store,
                                const struct fetch_wish *wish,
                                struct sil_error *error)
{
    struct fetch_job *job = NULL;
    enum sil_err err = fetch_job_create(&job, wish, store->bytes_max, error);

    sil_assert(wish->done != NULL);
    if (err)
        return err;
    job->store = store;
    if (job->key != NULL)
        err = store->kind->admit(store->state, job, error);
    if (err)
        fetch_job_destroy(job);
    else
        *out = job;
    return err;
}

/* Put it on the list and tell the thread. */
static enum sil_err submit(uint64_t *out, struct fetch_store *store,
                           struct fetch_job *job, struct sil_error *error)
{
    bool is_probe = job->key == NULL;
    enum sil_err err = SIL_OK;

    sil_assert(job->store == store);
    lock(store);
    if (store->is_stopping) {
        err = err_set(error, SIL_E_STORE_UNAVAILABLE, "the store is closing");
    } else if (!is_probe && store->job_count >= LIMIT_FETCH_CONCURRENCY) {
        err = err_set(error, SIL_E_OVERLOADED,
                      "%d images are being fetched already",
                      LIMIT_FETCH_CONCURRENCY);
    } else {
        list_add(store, job);
        *out = job->number;
    }
    unlock(store);
    if (err)
        fetch_job_destroy(job);
    else
        store->kind->wake(store->state);
    return err;
}

/* The caller's mistakes are asserted, the wish's are told. */
enum sil_err fetch_submit(uint64_t *out, struct fetch_store *store,
                          const struct fetch_wish *wish,
                          struct sil_error *error)
{
    struct fetch_job *job = NULL;
    enum sil_err err;

    sil_assert(store != NULL);
    sil_assert(out != NULL);
    sil_assert(wish->img_src != NULL);
    sil_assert(wish->done != NULL);
    err = job_of_wish(&job, store, wish, error);
    if (err)
        return err;
    return submit(out, store, job, error);
}

/* Only marked here: the thread ends it, as it does everything. */
void fetch_cancel(struct fetch_store *store, uint64_t number)
{
    bool is_found = false;

    sil_assert(store != NULL);
    lock(store);
    for (struct fetch_job *job = store->jobs; job != NULL; job = job->after) {
        if (job->number != number)
            continue;
        atomic_store(&job->is_cancelled, true);
        is_found = true;
        break;
    }
    store->has_news = store->has_news || is_found;
    unlock(store);
    if (is_found)
        store->kind->wake(store->state);
}

/* Probing: a job without a key, and somebody who waits for it. */

struct prober {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t told;
    bool is_told;
    enum sil_err err;
    struct sil_error error;
};

/* On the store's thread; the prober outlives it, for it waits for this. */
static void probe_done(void *payload, enum sil_err err, struct buf *bytes,
                       const struct fetch_stats *stats,
                       const struct sil_error *error)
{
    struct prober *prober = payload;

    sil_assert(!prober->is_told);
    sil_assert(bytes->size == 0);
    sil_assert(stats != NULL);
    (void)pthread_mutex_lock(&prober->lock);
    prober->err = err;
    prober->error = *error;
    prober->is_told = true;
    (void)pthread_cond_signal(&prober->told);
    (void)pthread_mutex_unlock(&prober->lock);
}

/* A probe is a job like any other, so it meets whatever a picture would.
 * It has no limit of its own: the deadline is the kind's to keep. */
enum sil_err fetch_store_probe(struct fetch_store *store, uint64_t deadline_ns,
                               struct sil_error *error)
{
    struct prober prober = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .told = PTHREAD_COND_INITIALIZER};
    struct fetch_wish wish = {
        .deadline_ns = deadline_ns, .done = probe_done, .payload = &prober};
    struct fetch_job *job = NULL;
    uint64_t number;
    enum sil_err err;

    sil_assert(!pthread_equal(pthread_self(), store->thread));
    err = job_of_wish(&job, store, &wish, error);
    if (!err)
        err = submit(&number, store, job, error);
    if (err)
        return err;
    (void)pthread_mutex_lock(&prober.lock);
    while (!prober.is_told)
        (void)pthread_cond_wait(&prober.told, &prober.lock);
    (void)pthread_mutex_unlock(&prober.lock);
    (void)pthread_cond_destroy(&prober.told);
    (void)pthread_mutex_destroy(&prober.lock);
    if (prober.err == SIL_E_DEADLINE_EXCEEDED)
        return err_set(error, SIL_E_STORE_UNAVAILABLE,
                       "the store did not answer in time");
    if (prober.err)
        return err_set(error, SIL_E_STORE_UNAVAILABLE, "%s",
                       prober.error.detail);
    return SIL_OK;
}
