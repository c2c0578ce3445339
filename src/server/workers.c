/* Threads that take tickets until the admission is closed.
 * Must not know what a ticket stands for.
 * Signals stay blocked on these threads: the loop's thread takes them. */
#include "server/workers.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "base/cores.h"
#include "base/limits.h"
#include "base/mem.h"
#include "session.h"

/* Pixels a side of the self-test's picture, and the value of all its bytes. */
enum { TEST_SIDE = 64, TEST_GREY = 128 };

/** One thread. */
struct worker {
    struct workers *workers;
    struct sil_session *session; /* NULL: not created */
    struct decode_port *port;    /* owned; NULL: decodes by itself */
    pthread_t thread;            /* valid if is_running */
    bool is_running;
};

/** All of them. */
struct workers {
    struct worker_options options;
    struct worker *list; /* [options.count] */
};

/* A worker's whole life. The session is its own. */
static void *run(void *payload)
{
    struct worker *worker = payload;
    const struct worker_options *options = &worker->workers->options;
    struct ticket *ticket;

    sil_assert(worker->session != NULL);
    for (ticket = admission_take(options->admission); ticket != NULL;
         ticket = admission_take(options->admission)) {
        options->work(ticket, worker->session);
        /* What a large picture took isn't kept while there is nothing to
         * do. */
        if (worker->port != NULL)
            worker->port->rest(worker->port);
    }
    return NULL;
}

/* A plain grey picture: nobody is there, and nothing may go wrong. */
static enum sil_err test(struct sil_session *session,
                         const struct sil_options *options,
                         struct sil_error *error)
{
    uint8_t rgb[TEST_SIDE * TEST_SIDE * 3];
    struct sil_pixels pixels = {rgb, TEST_SIDE, TEST_SIDE,
                                (size_t)TEST_SIDE * 3};
    struct sil_result *result = NULL;
    const struct sil_mask *mask;
    enum sil_err err;

    sil_assert(session != NULL);
    memset(rgb, TEST_GREY, sizeof rgb);
    err = sil_segment_pixels(&result, session, &pixels, options, error);
    if (err)
        return err;
    mask = sil_result_mask(result);
    /* A network that was mixed up, or an engine that computes nonsense on
     * this processor, is found before the first request. */
    if (sil_mask_width(mask) != TEST_SIDE || sil_mask_area(mask) > 0)
        err = err_set(error, SIL_E_MODEL,
                      "the network sees people in a plain grey picture");
    sil_result_destroy(result);
    return err;
}

/* Session, self-test, thread. What was made before it failed is freed by
 * workers_stop(): a session without a thread is fine there. */
static enum sil_err start_one(struct workers *workers, struct worker *worker,
                              struct sil_error *error)
{
    enum sil_err err;
    sigset_t all, old;

    sil_assert(worker->session == NULL);
    worker->workers = workers;
    err = sil_session_create(&worker->session, workers->options.model, error);
    if (!err && workers->options.sandbox != NULL)
        err = sandbox_port_open(&worker->port, workers->options.sandbox, error);
    if (err)
        return err;
    session_use_port(worker->session, worker->port);
    err = test(worker->session, workers->options.standard, error);
    if (err)
        return err;
    /* A thread inherits the mask of who starts it. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    worker->is_running =
        pthread_create(&worker->thread, NULL, run, worker) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!worker->is_running)
        return err_set(error, SIL_E_INTERNAL, "can't start a thread");
    return SIL_OK;
}

/* One after another: the self-test of the first also warms what they share. */
enum sil_err workers_start(struct workers **out,
                           const struct worker_options *options,
                           struct sil_error *error)
{
    struct workers *workers = mem_zalloc(1, sizeof *workers);
    enum sil_err err = SIL_OK;

    sil_assert(options->count >= 1);
    sil_assert(options->count <= LIMIT_THREADS_MAX);
    if (workers == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the workers");
    workers->options = *options;
    workers->list = mem_zalloc(options->count, sizeof *workers->list);
    if (workers->list == NULL) {
        mem_free(workers);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the workers");
    }
    for (uint32_t i = 0; i < options->count && !err; i++)
        err = start_one(workers, &workers->list[i], error);
    if (err)
        workers_stop(workers);
    else
        *out = workers;
    return err;
}

/* Also undoes a start that failed half-way: threads that never ran have
 * nothing to be waited for. */
void workers_stop(struct workers *workers)
{
    if (workers == NULL)
        return;
    /* Each ends after the ticket it has: nothing is torn from its hands. */
    admission_close(workers->options.admission);
    for (uint32_t i = 0; i < workers->options.count; i++) {
        struct worker *worker = &workers->list[i];
        int failed = 0;
        if (worker->is_running)
            failed = pthread_join(worker->thread, NULL);
        sil_assert(!failed);
        sil_session_destroy(worker->session);
        sandbox_port_close(worker->port);
    }
    mem_free(workers->list);
    mem_free(workers);
}

/* A container's share, not the machine's size. */
uint32_t workers_core_count(void)
{
    uint32_t count = cores_usable();

    sil_assert(count >= 1);
    return count;
}
