/* Errands at the place of results: is it there, put it there.
 * Must not know networks or lists.
 * These threads mostly wait: one for each would be too many, one for all too
 * few. */
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "batch/batch_run.h"

/** What a format is called, by enum sil_format. */
static const struct {
    const char *suffix, *content_type;
} forms[] = {
    [SIL_FORMAT_JSON] = {".json", "application/json"},
    [SIL_FORMAT_PNG] = {".png", "image/png"},
    [SIL_FORMAT_RLE] = {".rle.json", "application/vnd.coco.rle+json"},
};

/* Behind the whole key: "a.jpg.png". */
const char *batch_suffix(enum sil_format format)
{
    sil_assert(format < sizeof forms / sizeof forms[0]);
    return forms[format].suffix;
}

/* Troubles that pass with time, or are of this one result's name, are the
 * picture's failure. All others would meet every picture that follows: it
 * would be computed for nothing. */
static bool is_fatal(enum sil_err err)
{
    sil_assert(err != SIL_OK);
    return err != SIL_E_STORE_ERROR && err != SIL_E_DEADLINE_EXCEEDED &&
           err != SIL_E_BAD_IMG_SRC && err != SIL_E_NO_MEMORY;
}

/* Is its work done already? A run that stops begins nothing more: what is
 * dropped is counted nowhere, and found again by the next run. */
static void look(struct hand *hand, struct item *item)
{
    struct batch *batch = hand->batch;
    struct sil_error error = {0};
    bool is_there = false;
    bool is_stopping;
    enum sil_err err;

    sil_assert(item->picture.size == 0);
    batch_lock(batch);
    is_stopping = batch->is_stopping;
    batch_unlock(batch);
    if (is_stopping) {
        item_drop(item);
        return;
    }
    err = fetch_sink_has(&is_there, hand->sink, item->output, &error);
    if (err)
        item_fail(item, &error, is_fatal(err));
    else if (is_there)
        item_end(item, BATCH_SKIPPED);
    else
        item_fetch(item);
}

/* Its last errand. Timed is the store alone , not the wait for a hand. */
static void put(struct hand *hand, struct item *item)
{
    struct fetch_parcel parcel = {
        .key = item->output,
        .bytes = item->result.bytes,
        .size = item->result.size,
        .content_type = forms[hand->batch->options.format].content_type};
    uint64_t start_ns = clock_ns();
    struct sil_error error = {0};
    enum sil_err err;

    sil_assert(item->result.size > 0);
    err = fetch_sink_put(hand->sink, &parcel, &error);
    item->event.put_ns = clock_ns() - start_ns;
    if (err)
        item_fail(item, &error, is_fatal(err));
    else
        item_end(item, BATCH_DONE);
}

/* Until there will be no errands any more. */
void *batch_hand(void *payload)
{
    struct hand *hand = payload;
    bool is_put = false;
    struct item *item = line_take_errand(&is_put, hand->batch);

    sil_assert(hand->sink != NULL);
    while (item != NULL) {
        if (is_put)
            put(hand, item);
        else
            look(hand, item);
        item = line_take_errand(&is_put, hand->batch);
    }
    return NULL;
}
