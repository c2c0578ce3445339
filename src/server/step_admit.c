/* Reading a request and finding room for it.
 * Must not know what is done with it then.
 * An upload's bytes are taken from the connection: it may go while a worker
 * reads them. */
#include "server/step_admit.h"

#include <string.h>

#include "base/check.h"
#include "server/multipart.h"

static const char no_room[] =
    "as many requests are being served as there is room for; try again after "
    "the time in Retry-After";
static const char no_room_for_bytes[] =
    "the pictures in memory are as many bytes as there is room for; try again "
    "after the time in Retry-After";

/* Counted by reason, since each is mended by another setting. */
enum sil_err step_refuse(struct job *job, enum metric_reason reason,
                         const char *detail)
{
    sil_assert(reason < REASON_COUNT);
    metrics_add(&job->service->metrics, METRIC_REJECTED, reason, 0, 1);
    return err_set(&job->held.error, SIL_E_OVERLOADED, "%s", detail);
}

/* Before the bytes are used, not before they came: their number is not known
 * earlier, and the limits of http and fetch bound what is under way. */
enum sil_err step_hold(struct job *job)
{
    enum sil_err err = admission_hold(job->service->admission, &job->ticket,
                                      job->held.picture_bytes);

    sil_assert(!job->is_away);
    return err ? step_refuse(job, REASON_BYTES, no_room_for_bytes) : err;
}

/* The picture came along: in the body, or in a part of it. *picture is a loan
 * of the exchange; the options stand in the query, where JSON has members. */
static enum sil_err read_upload(struct job *job, struct http_text *picture)
{
    struct sil_error *error = &job->held.error;
    struct http_text query = http_query(job->exchange);
    struct http_text type = http_header(job->exchange, "content-type");

    sil_assert(job->content != CONTENT_JSON);
    *picture = http_body(job->exchange);
    if (job->content == CONTENT_FORM) {
        enum sil_err err = multipart_image(picture, *picture, type, error);
        if (err)
            return err;
    }
    /* A form's limit has room for its other parts: they may not be used for
     * a larger picture. */
    if (picture->size > job->service->config.image_bytes_max)
        return err_set(
            error, SIL_E_IMAGE_TOO_LARGE,
            "the picture is larger than %llu bytes",
            (unsigned long long)job->service->config.image_bytes_max);
    return request_parse_query(&job->request, query.bytes, query.size,
                               &job->service->options, error);
}

/* Keep an upload's bytes, counted first. The body is moved, not copied; in a
 * form the picture slides to its front, over what stood before it, so that
 * at no time there are two of it. */
static enum sil_err keep_upload(struct job *job, struct http_text picture)
{
    struct buf *kept = &job->held.picture;
    const char *body = http_body(job->exchange).bytes;
    size_t offset = 0;

    sil_assert(kept->size == 0);
    job->held.picture_bytes = picture.size;
    if (step_hold(job))
        return SIL_E_OVERLOADED;
    /* Nothing to keep: that it is no picture is found by who looks at it. */
    if (picture.size == 0)
        return SIL_OK;
    offset = (size_t)(picture.bytes - body);
    http_take_body(kept, job->exchange);
    sil_assert(offset <= kept->size);
    sil_assert(picture.size <= kept->size - offset);
    if (offset > 0)
        memmove(kept->bytes, kept->bytes + offset, picture.size);
    kept->size = picture.size;
    return SIL_OK;
}

/* Which forms there are depends on what is asked for: hence only now. A PNG
 * is compressed already. */
static enum sil_err choose_form(struct job *job)
{
    struct http_exchange *exchange = job->exchange;
    enum sil_err err =
        negotiate_format(&job->format, http_header(exchange, "accept"),
                         &job->request.options, &job->held.error);

    sil_assert(exchange != NULL);
    if (!err && job->format != SIL_FORMAT_PNG)
        job->coding =
            negotiate_coding(http_header(exchange, "accept-encoding"));
    return err;
}

/* What is wrong with the request is told before what is wrong with the
 * server: a place is taken last. */
enum sil_err step_admit(struct job *job, struct sil_session *session)
{
    struct sil_error *error = &job->held.error;
    struct http_text body = http_body(job->exchange);
    enum metric_reason reason;
    enum sil_err err;

    sil_assert(session == NULL);
    if (job->content != CONTENT_JSON)
        err = read_upload(job, &body);
    else
        err = request_parse(&job->request, body.bytes, body.size,
                            &job->service->options, error);
    if (!err && job->request.img_src != NULL)
        err = fetch_key_check(job->request.img_src, error);
    if (!err)
        err = choose_form(job);
    if (err)
        return err;
    err = admission_enter(job->service->admission, &job->ticket, &reason);
    if (err)
        return step_refuse(job, reason, no_room);
    return job->content == CONTENT_JSON ? SIL_OK : keep_upload(job, body);
}
