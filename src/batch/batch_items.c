/* Items: their lines, their counts and their ends.
 * Must not know what is done to a picture.
 * All that ends an item comes through here, so that counts, manifest and
 * listeners can't tell different stories. */
#include "batch/batch_run.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

/* Who has an item, at any time, is who took it from a line, or the store from
 * fetch_submit() to its callback. Nobody else looks inside, so an item needs no
 * lock; the lines and all counts share the one of the run. It is held for a few
 * dozen instructions, a few times for each picture, but while somebody listens:
 * listeners are told one after the other. */

/* A mutex of this kind can't fail but by a mistake of ours. */
void batch_lock(struct batch *batch)
{
    int failed = pthread_mutex_lock(&batch->lock);

    sil_assert(!failed);
}

/* As above. */
void batch_unlock(struct batch *batch)
{
    int failed = pthread_mutex_unlock(&batch->lock);

    sil_assert(!failed);
}

/* The feeder's last item is counted before it ends. */
bool batch_is_over(const struct batch *batch)
{
    sil_assert(batch->alive_count <= batch->place_count);
    return batch->is_fed && batch->alive_count == 0;
}

/* All are woken, since hands and haulers wait for different lines with one
 * condition: with a few dozen threads that cost nothing measurable beside a
 * picture. */
void line_push(struct line *line, struct item *item)
{
    struct batch *batch = item->batch;

    batch_lock(batch);
    sil_assert(item->next == NULL);
    if (line->last != NULL)
        line->last->next = item;
    else
        line->first = item;
    line->last = item;
    (void)pthread_cond_broadcast(&batch->changed);
    batch_unlock(batch);
}

/* NULL: it is empty. With the lock held. */
static struct item *pop(struct line *line)
{
    struct item *item = line->first;

    if (item == NULL)
        return NULL;
    line->first = item->next;
    if (line->first == NULL)
        line->last = NULL;
    item->next = NULL;
    sil_assert(item->batch != NULL);
    return item;
}

/* Results first: they are the largest thing that waits. */
struct item *line_take_errand(bool *is_put, struct batch *batch)
{
    struct item *item = NULL;

    sil_assert(is_put != NULL);
    batch_lock(batch);
    while (item == NULL && !batch_is_over(batch)) {
        item = pop(&batch->puts);
        *is_put = item != NULL;
        if (item == NULL)
            item = pop(&batch->looks);
        if (item == NULL && !batch_is_over(batch))
            (void)pthread_cond_wait(&batch->changed, &batch->lock);
    }
    batch_unlock(batch);
    return item;
}

/* In the order in which they came, which is not that of the list. */
struct item *line_take_fetched(struct batch *batch)
{
    struct item *item = NULL;

    batch_lock(batch);
    while (item == NULL && !batch_is_over(batch)) {
        item = pop(&batch->fetched);
        if (item == NULL && !batch_is_over(batch))
            (void)pthread_cond_wait(&batch->changed, &batch->lock);
    }
    batch_unlock(batch);
    sil_assert(item == NULL || item->picture.cap > 0);
    return item;
}

/* Only its memory. */
static void item_destroy(struct item *item)
{
    sil_assert(item->next == NULL);
    buf_finish(&item->picture);
    buf_finish(&item->result);
    mem_free(item->key);
    mem_free(item->output);
    mem_free(item);
}

/* Counted last: what could not be made takes no place. */
enum sil_err item_create(struct item **out, struct batch *batch,
                         const char *key)
{
    struct item *item = mem_zalloc(1, sizeof *item);

    if (item == NULL)
        return SIL_E_NO_MEMORY;
    item->batch = batch;
    item->started_ns = clock_ns();
    buf_init(&item->picture, LIMIT_IMAGE_BYTES_MAX);
    buf_init(&item->result, LIMIT_BATCH_RESULT_BYTES_MAX);
    item->key = mem_strdup(key);
    if (item->key == NULL) {
        item_destroy(item);
        return SIL_E_NO_MEMORY;
    }
    batch_lock(batch);
    batch->alive_count++;
    sil_assert(batch->alive_count <= batch->place_count);
    batch_unlock(batch);
    *out = item;
    return SIL_OK;
}

/* Its place is free. Whoever waits for the end wakes up with the last one.
 * With the lock held. */
static void leave(struct batch *batch)
{
    sil_assert(batch->alive_count > 0);
    batch->alive_count--;
    (void)pthread_cond_signal(&batch->room);
    if (batch_is_over(batch))
        (void)pthread_cond_broadcast(&batch->changed);
}

/* The first trouble is the one that is told: those behind it mostly follow
 * from it. With the lock held. */
static void note_trouble(struct batch *batch, const struct sil_error *why)
{
    sil_assert(why->code != SIL_OK);
    if (batch->state.trouble.code == SIL_OK)
        batch->state.trouble = *why;
    batch->is_stopping = true;
    (void)pthread_cond_broadcast(&batch->room);
}

/* For the threads, which don't hold the lock. */
void batch_trouble(struct batch *batch, const struct sil_error *why)
{
    sil_assert(batch->place_count > 0);
    batch_lock(batch);
    note_trouble(batch, why);
    batch_unlock(batch);
}

/* Told with the lock held: one at a time, in the order of the counts. */
static void tell(struct item *item, enum batch_outcome outcome,
                 const struct sil_error *why)
{
    const struct batch_options *options = &item->batch->options;
    struct batch_event event = item->event;

    sil_assert((outcome == BATCH_FAILED) == (why != NULL));
    event.outcome = outcome;
    event.key = item->key;
    event.output = outcome == BATCH_FAILED ? NULL : item->output;
    event.why = why;
    event.result_bytes = item->result.size;
    event.elapsed_ns = clock_ns() - item->started_ns;
    if (options->told != NULL)
        options->told(options->payload, &event);
}

/* Counted and told in one go, so that a listener who looks at the counts finds
 * the picture in them. */
void item_end(struct item *item, enum batch_outcome outcome)
{
    struct batch *batch = item->batch;
    struct batch_state *state = &batch->state;

    sil_assert(outcome != BATCH_FAILED);
    batch_lock(batch);
    if (outcome == BATCH_DONE) {
        state->done_count++;
        state->picture_bytes += item->picture_bytes;
        state->result_bytes += item->result.size;
    } else {
        state->skipped_count++;
    }
    tell(item, outcome, NULL);
    leave(batch);
    batch_unlock(batch);
    item_destroy(item);
}

/* The manifest is written before the picture is counted as ended: a run that
 * says that it is over has told all its failures. */
void item_fail(struct item *item, const struct sil_error *why, bool is_fatal)
{
    struct batch *batch = item->batch;
    struct batch_state *state = &batch->state;
    struct sil_error trouble = {0};

    sil_assert(why->code != SIL_OK);
    batch_lock(batch);
    state->failed_count++;
    if (is_fatal)
        note_trouble(batch, why);
    if (failures_add(&batch->failures, item->key, why, &trouble))
        note_trouble(batch, &trouble);
    if (batch->options.failures_max > 0 &&
        state->failed_count >= batch->options.failures_max) {
        state->is_too_many = true;
        batch->is_stopping = true;
        (void)pthread_cond_broadcast(&batch->room);
    }
    tell(item, BATCH_FAILED, why);
    leave(batch);
    batch_unlock(batch);
    item_destroy(item);
}

/* Neither done nor failed: another run will begin it. */
void item_drop(struct item *item)
{
    struct batch *batch = item->batch;

    batch_lock(batch);
    sil_assert(batch->is_stopping);
    leave(batch);
    batch_unlock(batch);
    item_destroy(item);
}
