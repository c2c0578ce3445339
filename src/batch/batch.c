/* A run from its options to its end: what is opened, and in which order.
 * Must not know what the threads do.
 * What is wrong with the options is found before the network is opened, which
 * takes longest. */
#include "batch/batch.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/cores.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "batch/apart.h"
#include "batch/batch_run.h"
#include "encode/encode.h"
#include "session.h"

/* What a run holds, besides the pictures under way, doesn't depend on how many
 * keys there are: a page of the list (or one name of each folder on the way, or
 * one line), a network, a session, a decoder and a thread for each job, and a
 * connection and a thread for each hand. What was done is known only by its
 * result being there: that is why a run can be ended at any time, and why there
 * is no file of its own that could disagree with the results. */
/* A form that results don't have would fail every picture of the run. */
static enum sil_err check_form(const struct batch_options *options,
                               struct sil_error *error)
{
    sil_assert(options->shard.index < options->shard.count);
    if (encode_offers(&options->segment, options->format))
        return SIL_OK;
    return err_set(error, SIL_E_ARGUMENT,
                   "what is asked for can't be written as %s: choose another "
                   "--format",
                   batch_suffix(options->format) + 1);
}

/* Where the pictures come from and the results go. The sinks come first: they
 * make the folder whose real path is compared then. */
static enum sil_err open_places(struct batch *batch, struct sil_error *error)
{
    const struct batch_options *options = &batch->options;
    struct fetch_options source = {.store = options->source,
                                   .bytes_max = LIMIT_IMAGE_BYTES_MAX};
    struct fetch_options dest = {.store = options->dest,
                                 .bytes_max = LIMIT_IMAGE_BYTES_MAX};
    enum sil_err err = SIL_OK;

    sil_assert(batch->store == NULL);
    err = fetch_store_open(&batch->store, &source, error);
    for (size_t i = 0; i < BATCH_HANDS && !err; i++) {
        batch->hands[i].batch = batch;
        err = fetch_sink_open(&batch->hands[i].sink, &dest, error);
    }
    if (!err && options->list == NULL)
        err = apart_find(&batch->inside, options->source, options->dest, error);
    if (!err && buf_err(&batch->inside))
        err = err_set(error, SIL_E_ARGUMENT, "the path of results is too long");
    return err;
}

/* The list, twice if the total is wanted; standard input can't be read twice.
 * The counter has a stream of its own, as it runs ahead of the feeder in a
 * thread of its own. */
static enum sil_err open_keys(struct batch *batch, struct sil_error *error)
{
    const struct batch_options *options = &batch->options;
    struct picture_keys_options keys = {.source = options->source,
                                        .list = options->list,
                                        .inside = buf_text(&batch->inside),
                                        .takes_all = options->takes_all,
                                        .shard = options->shard};
    bool is_stdin = options->list != NULL && strcmp(options->list, "-") == 0;
    enum sil_err err = picture_keys_open(&batch->keys, &keys, error);

    sil_assert(options->shard.index < options->shard.count);
    if (!err && options->counts && !is_stdin)
        err = picture_keys_open(&batch->other, &keys, error);
    return err;
}

/* Before all else: this forks, and nothing may have started a thread. A run
 * over pictures of anybody's meets the bad ones too, and one that kills its
 * decoder must cost no more than itself. */
static enum sil_err open_sandbox(struct batch *batch, struct sil_error *error)
{
    struct sandbox_options options = sandbox_options_default();

    sil_assert(batch->thread_count == 0);
    if (batch->options.is_bare)
        return SIL_OK;
    return sandbox_start(&batch->sandbox, &options, error);
}

/* A session, and a decoder that is its own. What is half made is left to
 * batch_finish(). */
static enum sil_err open_hauler(struct batch *batch, struct hauler *hauler,
                                struct sil_error *error)
{
    enum sil_err err;

    sil_assert(hauler->session == NULL);
    hauler->batch = batch;
    err = sil_session_create(&hauler->session, batch->model, error);
    if (!err && batch->sandbox != NULL)
        err = sandbox_port_open(&hauler->port, batch->sandbox, error);
    if (!err)
        session_use_port(hauler->session, hauler->port);
    return err;
}

/* As many sessions as pictures at once. */
static enum sil_err open_network(struct batch *batch, struct sil_error *error)
{
    struct sil_model_options options = sil_model_options_default();
    uint32_t count = batch->options.job_count;
    enum sil_err err;

    options.thread_count = count;
    batch->haulers = mem_zalloc(count, sizeof *batch->haulers);
    if (batch->haulers == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the sessions");
    err = sil_model_open(&batch->model, batch->options.models, &options, error);
    for (uint32_t i = 0; i < count && !err; i++)
        err = open_hauler(batch, &batch->haulers[i], error);
    sil_assert(err || batch->haulers[0].session != NULL);
    return err;
}

/* One thread more; errors: SIL_E_INTERNAL. */
static enum sil_err start(struct batch *batch, void *(*run)(void *),
                          void *payload, struct sil_error *error)
{
    sil_assert(batch->thread_count < BATCH_THREADS_MAX);
    if (pthread_create(&batch->threads[batch->thread_count], NULL, run,
                       payload) != 0)
        return err_set(error, SIL_E_INTERNAL, "no thread for the run");
    batch->thread_count++;
    return SIL_OK;
}

/* The feeder last: before it, all the others only wait. Where one is missing
 * the feeder isn't started, and the others find that nothing will come. */
static enum sil_err start_threads(struct batch *batch, struct sil_error *error)
{
    enum sil_err err = SIL_OK;

    sil_assert(batch->thread_count == 0);
    batch->state.open_ns = clock_ns() - batch->started_ns;
    for (size_t i = 0; i < BATCH_HANDS && !err; i++)
        err = start(batch, batch_hand, &batch->hands[i], error);
    for (uint32_t i = 0; i < batch->options.job_count && !err; i++)
        err = start(batch, batch_haul, &batch->haulers[i], error);
    if (!err && batch->other != NULL)
        err = start(batch, batch_count, batch, error);
    if (!err)
        err = start(batch, batch_feed, batch, error);
    if (err) {
        batch_lock(batch);
        batch->is_fed = true;
        batch->is_stopping = true;
        (void)pthread_cond_broadcast(&batch->changed);
        batch_unlock(batch);
    }
    return err;
}

/* All that can be said without opening anything. */
static void settle(struct batch *batch, const struct batch_options *options)
{
    uint32_t places;

    sil_assert(options->job_count <= LIMIT_THREADS_MAX);
    batch->options = *options;
    if (batch->options.job_count == 0)
        batch->options.job_count = cores_usable();
    places = batch->options.job_count * LIMIT_BATCH_AHEAD + BATCH_HANDS;
    /* The store takes no more at once. */
    batch->place_count =
        places < LIMIT_FETCH_CONCURRENCY ? places : LIMIT_FETCH_CONCURRENCY;
    if (batch->options.job_count > batch->place_count)
        batch->options.job_count = batch->place_count;
    batch->started_ns = clock_ns();
    buf_init(&batch->inside, LIMIT_MODEL_PATH_MAX);
    sil_assert(batch->options.job_count >= 1);
}

/* In the order of what it costs to be wrong: places, the list, the manifest,
 * and the network last. */
enum sil_err batch_start(struct batch **out,
                         const struct batch_options *options,
                         struct sil_error *error)
{
    struct batch *batch = mem_zalloc(1, sizeof *batch);
    enum sil_err err;

    sil_assert(options->failures_path != NULL);
    sil_assert(options->models != NULL);
    if (batch == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the run");
    (void)pthread_mutex_init(&batch->lock, NULL);
    (void)pthread_cond_init(&batch->changed, NULL);
    (void)pthread_cond_init(&batch->room, NULL);
    settle(batch, options);
    err = check_form(options, error);
    if (!err)
        err = open_sandbox(batch, error);
    if (!err)
        err = open_places(batch, error);
    if (!err)
        err = open_keys(batch, error);
    if (!err)
        err = failures_open(&batch->failures, options->failures_path, error);
    if (!err)
        err = open_network(batch, error);
    if (!err)
        err = start_threads(batch, error);
    if (err)
        batch_finish(batch);
    else
        *out = batch;
    return err;
}

/* The feeder sees it at its next key, or in its wait for a place. What is under
 * way goes on to its end: who wants to wait for that calls batch_finish(). */
void batch_stop(struct batch *batch)
{
    batch_lock(batch);
    batch->state.is_stopped = true;
    batch->is_stopping = true;
    (void)pthread_cond_broadcast(&batch->room);
    sil_assert(batch->place_count > 0);
    batch_unlock(batch);
}

/* A copy under the lock: its numbers belong together. The time is taken anew
 * each time, so that it goes on where no picture ends. */
void batch_look(struct batch_state *out, struct batch *batch)
{
    sil_assert(out != NULL);
    batch_lock(batch);
    *out = batch->state;
    out->is_over = batch_is_over(batch);
    batch_unlock(batch);
    out->elapsed_ns = clock_ns() - batch->started_ns;
}

/* A session before the port that is lent to it; both accept NULL. */
static void close_haulers(struct batch *batch)
{
    sil_assert(batch->alive_count == 0);
    if (batch->haulers == NULL)
        return;
    for (uint32_t i = 0; i < batch->options.job_count; i++) {
        sil_session_destroy(batch->haulers[i].session);
        sandbox_port_close(batch->haulers[i].port);
    }
    mem_free(batch->haulers);
}

/* Also of a run that was opened half-way. Threads before what they use; the
 * store before its callbacks' items, of which there are none by then. */
void batch_finish(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (uint32_t i = 0; i < batch->thread_count; i++)
        (void)pthread_join(batch->threads[i], NULL);
    sil_assert(batch->alive_count == 0);
    fetch_store_close(batch->store);
    for (size_t i = 0; i < BATCH_HANDS; i++)
        fetch_sink_close(batch->hands[i].sink);
    close_haulers(batch);
    sil_model_close(batch->model);
    sandbox_stop(batch->sandbox);
    picture_keys_close(batch->keys);
    picture_keys_close(batch->other);
    failures_close(&batch->failures);
    buf_finish(&batch->inside);
    (void)pthread_cond_destroy(&batch->room);
    (void)pthread_cond_destroy(&batch->changed);
    (void)pthread_mutex_destroy(&batch->lock);
    mem_free(batch);
}
