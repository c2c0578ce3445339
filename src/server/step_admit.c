/* Reading a request and finding room for it.
 * Must not know what is done with it then.
 * An upload's bytes are copied: those of the connection go with it, and it
 * may go while a worker reads them. */
#include "server/step_admit.h"

#include "base/check.h"
#include "server/multipart.h"

static const char no_room[] =
    "as many requests are being served as there is room for; try again after "
    "the time in Retry-After";
static const char no_room_for_bytes[] =
    "the pictures in memory are as many bytes as there is room for; try again "
    "after the time in Retry-After";

enum sil_err step_refuse(struct job *job, enum metric_reason reason,
                         const char *detail)
{
    sil_assert(reason < REASON_COUNT);
    metrics_add(&job->service->metrics, METRIC_REJECTED, reason, 0, 1);
    return err_set(&job->held.error, SIL_E_OVERLOADED, "%s", detail);
}

enum sil_err step_hold(struct job *job)
{
    enum sil_err err = admission_hold(job->service->admission, &job->ticket,
                                      job->held.picture_bytes);

    sil_assert(!job->is_away);
    return err ? step_refuse(job, REASON_BYTES, no_room_for_bytes) : err;
}

/* The picture came along: in the body, or in a part of it. */
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
    return request_parse_query(&job->request, query.bytes, query.size, error);
}

/* Keep an upload's bytes, counted first. */
static enum sil_err keep_upload(struct job *job, struct http_text picture)
{
    struct held *held = &job->held;

    sil_assert(held->picture.size == 0);
    held->picture_bytes = picture.size;
    if (step_hold(job))
        return SIL_E_OVERLOADED;
    buf_add(&held->picture, picture.bytes, picture.size);
    if (buf_err(&held->picture) == SIL_E_STATE)
        return err_set(&held->error, SIL_E_IMAGE_TOO_LARGE,
                       "the picture is larger than %zu bytes",
                       held->picture.cap);
    if (buf_err(&held->picture))
        return err_set(&held->error, SIL_E_NO_MEMORY, "no memory");
    return SIL_OK;
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
        err = request_parse(&job->request, body.bytes, body.size, error);
    if (!err && job->request.img_src != NULL)
        err = fetch_key_check(job->request.img_src, error);
    if (err)
        return err;
    err = admission_enter(job->service->admission, &job->ticket, &reason);
    if (err)
        return step_refuse(job, reason, no_room);
    return job->content == CONTENT_JSON ? SIL_OK : keep_upload(job, body);
}
