/* The computing: a picture's bytes in, its result's bytes out.
 * Must not know where either comes from or goes to.
 * The result is held whole: an object's size is told before its bytes, and a
 * file should not lie half written while a network is computed. */
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "batch/batch_run.h"

/* A sil_write_fn; payload: the struct buf. */
static bool keep(void *payload, const void *bytes, size_t size)
{
    struct buf *to = payload;

    sil_assert(to->cap > 0);
    buf_add(to, bytes, size);
    return buf_err(to) == SIL_OK;
}

/* What is told of it. */
static void note(struct item *item, const struct sil_result *result)
{
    const struct sil_mask *mask = sil_result_mask(result);

    sil_assert(mask != NULL);
    item->event.width = sil_mask_width(mask);
    item->event.height = sil_mask_height(mask);
    item->event.area = sil_mask_area(mask);
    item->event.person_count = sil_result_person_count(result);
}

/* The picture's bytes go before the result's come: of two large things one is
 * enough. */
static enum sil_err compute(struct hauler *hauler, struct item *item,
                            struct sil_error *error)
{
    const struct batch_options *options = &hauler->batch->options;
    struct sil_picture picture = {item->picture.bytes, item->picture.size};
    struct sil_result *result = NULL;
    enum sil_err err = sil_segment(&result, hauler->session, &picture,
                                   &options->segment, error);

    buf_finish(&item->picture);
    /* What a large picture took isn't kept for the small ones behind it. */
    if (hauler->port != NULL)
        hauler->port->rest(hauler->port);
    if (err)
        return err;
    note(item, result);
    err = sil_result_write(result, options->format, keep, &item->result);
    sil_result_destroy(result);
    if (buf_err(&item->result) == SIL_E_STATE)
        return err_set(error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "its result would have more than %zu bytes; a PNG is "
                       "smaller",
                       item->result.cap);
    if (err)
        return err_set(error, err, "%s", sil_err_message(err));
    sil_assert(item->result.size > 0);
    return SIL_OK;
}

/* A network that fails, unlike a picture, fails for all; so does a form that
 * such results don't have. */
static bool is_fatal(enum sil_err err)
{
    sil_assert(err != SIL_OK);
    return err == SIL_E_MODEL || err == SIL_E_NOT_ACCEPTABLE ||
           err == SIL_E_ARGUMENT;
}

/* Until there will be no pictures any more. */
void *batch_haul(void *payload)
{
    struct hauler *hauler = payload;
    struct batch *batch = hauler->batch;
    struct item *item = line_take_fetched(batch);

    sil_assert(hauler->session != NULL);
    while (item != NULL) {
        uint64_t start_ns = clock_ns();
        struct sil_error error = {0};
        enum sil_err err = compute(hauler, item, &error);

        item->event.compute_ns = clock_ns() - start_ns;

        if (err)
            item_fail(item, &error, is_fatal(err));
        else
            line_push(&batch->puts, item);
        item = line_take_fetched(batch);
    }
    return NULL;
}
