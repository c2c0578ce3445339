/* The beginning of a picture's way: its key, and asking the store for it.
 * Must not know networks or results.
 * How many are begun at once is learnt from how large they turn out to be:
 * memory is bounded for small pictures and for large ones. */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "batch/batch_run.h"
#include "fetch/fetch_key.h"

/* What bounds the memory of a run, from the inside out:
 *   each picture   LIMIT_IMAGE_BYTES_MAX, and its result
 *                  LIMIT_BATCH_RESULT_BYTES_MAX; never both at once for long
 *   all of them    place_count, from the number of jobs
 *   usually        LIMIT_BATCH_BYTES_HELD, by the mean of those that are done
 * The last is no promise for the moment in which small pictures are followed by
 * large ones; the first two are. */

/* A store that can't be reached fails each picture at once: after so many in a
 * row the run ends, rather than telling it of a million. With the lock. */
static bool is_store_gone(struct batch *batch, enum sil_err err)
{
    if (err == SIL_E_STORE_UNAVAILABLE)
        batch->unavailable_count++;
    else
        batch->unavailable_count = 0;
    sil_assert(batch->unavailable_count <= UINT32_MAX / 2);
    return batch->unavailable_count >= LIMIT_BATCH_UNAVAILABLE_MAX;
}

/* On the store's thread. */
static void take_picture(void *payload, enum sil_err err, struct buf *bytes,
                         const struct fetch_stats *stats,
                         const struct sil_error *error)
{
    struct item *item = payload;
    struct batch *batch = item->batch;
    bool is_gone;

    sil_assert(stats->elapsed_ns > 0);
    batch_lock(batch);
    is_gone = is_store_gone(batch, err);
    batch_unlock(batch);
    if (err) {
        item_fail(item, error, is_gone);
        return;
    }
    buf_take(&item->picture, bytes);
    item->picture_bytes = item->picture.size;
    item->event.fetch_ns = stats->elapsed_ns;
    line_push(&batch->fetched, item);
}

/* The wish has a deadline of its own, which only a store that hangs meets. */
void item_fetch(struct item *item)
{
    struct fetch_wish wish = {.img_src = item->key,
                              .deadline_ns =
                                  clock_ns() + LIMIT_CALL_MS * NS_PER_MS,
                              .done = take_picture,
                              .payload = item};
    struct sil_error error = {0};
    uint64_t number;

    sil_assert(item->picture.size == 0);
    if (fetch_submit(&number, item->batch->store, &wish, &error))
        item_fail(item, &error, false);
}

/* How many may be under way: as many as the memory for them holds, by the mean
 * of those that are done, and by a guess before the first is. As many as are
 * computed at once always may. With the lock held. */
static uint32_t allowance(const struct batch *batch)
{
    const struct batch_state *state = &batch->state;
    uint32_t least = batch->options.job_count;
    uint64_t mean = LIMIT_BATCH_BYTES_GUESS;
    uint64_t count;

    sil_assert(batch->place_count >= least);
    if (state->done_count > 0)
        mean = (state->picture_bytes + state->result_bytes) / state->done_count;
    count = LIMIT_BATCH_BYTES_HELD / (mean + 1);
    if (count < least)
        return least;
    return count < batch->place_count ? (uint32_t)count : batch->place_count;
}

/* Wait for a place; false: nothing more is to be begun. */
static bool wait_for_place(struct batch *batch)
{
    bool is_wanted;

    batch_lock(batch);
    while (!batch->is_stopping && batch->alive_count >= allowance(batch))
        (void)pthread_cond_wait(&batch->room, &batch->lock);
    is_wanted = !batch->is_stopping;
    if (is_wanted)
        batch->state.begun_count++;
    sil_assert(!is_wanted || batch->alive_count < batch->place_count);
    batch_unlock(batch);
    return is_wanted;
}

/* "KEY.png": the whole key stays, so that no two pictures, a.jpg and a.png,
 * have one result. A bucket in front of it is not a part of it. */
static enum sil_err name_output(struct item *item, struct sil_error *error)
{
    struct fetch_place place;
    struct buf name;
    enum sil_err err =
        fetch_key_split(&place, item->key, strlen(item->key), error);

    sil_assert(item->output == NULL);
    if (err)
        return err;
    buf_init(&name, (size_t)LIMIT_KEY_BYTES_MAX * 2);
    buf_add_text(&name, place.key);
    buf_add_text(&name, batch_suffix(item->batch->options.format));
    item->output = buf_err(&name) ? NULL : mem_strdup(buf_text(&name));
    buf_finish(&name);
    if (item->output == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a picture");
    /* It is longer than the picture's, and must be a key too. */
    return fetch_key_check(item->output, error);
}

/* One key on its way. Errors: SIL_E_NO_MEMORY; a bad key is its own failure. */
static enum sil_err begin(struct batch *batch, const char *key)
{
    struct sil_error error = {0};
    struct item *item = NULL;
    enum sil_err err = item_create(&item, batch, key);

    sil_assert(key != NULL);
    if (err)
        return err;
    if (name_output(item, &error))
        item_fail(item, &error, false);
    else if (batch->options.overwrites)
        item_fetch(item);
    else
        line_push(&batch->looks, item);
    return SIL_OK;
}

/* The list's end, or its trouble, ends the feeding. */
void *batch_feed(void *payload)
{
    struct batch *batch = payload;
    struct sil_error error = {0};
    const char *key = "";
    enum sil_err err = SIL_OK;

    sil_assert(batch->keys != NULL);
    while (!err && key != NULL) {
        err = picture_keys_next(&key, batch->keys, &error);
        if (err || key == NULL || !wait_for_place(batch))
            break;
        err = begin(batch, key);
        if (err)
            (void)err_set(&error, err, "no memory for a picture");
    }
    if (err)
        batch_trouble(batch, &error);
    batch_lock(batch);
    batch->is_fed = true;
    (void)pthread_cond_broadcast(&batch->changed);
    batch_unlock(batch);
    return NULL;
}

/* The same list once more, for the total alone. Where it fails, there is no
 * total: the feeder will meet the same trouble, and tell it. */
void *batch_count(void *payload)
{
    struct batch *batch = payload;
    const char *key = "";
    enum sil_err err = SIL_OK;
    bool is_wanted = true;

    sil_assert(batch->other != NULL);
    while (!err && key != NULL && is_wanted) {
        err = picture_keys_next(&key, batch->other, NULL);
        batch_lock(batch);
        if (!err && key != NULL)
            batch->state.total_count++;
        is_wanted = !batch->is_stopping && !batch_is_over(batch);
        batch->state.is_counted = !err && key == NULL;
        batch_unlock(batch);
    }
    return NULL;
}
