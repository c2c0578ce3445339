/* A request's head decides its route and forms; its body starts the work;
 * its end writes the log.
 * Must not know how any of them is done.
 * An exchange without a job is one that no memory was found for: it has its
 * answer already and is not logged. */
#include "server/handlers.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "server/accesslog.h"
#include "server/answers.h"
#include "server/pages.h"
#include "server/steps.h"

/* How large the body may become. A form is the picture and a few lines. */
static size_t body_max(const struct job *job)
{
    size_t image_bytes_max = job->service->config.image_bytes_max;

    sil_assert(image_bytes_max >= 1);
    /* Pages take no body at all. */
    if (job->route != ROUTE_ANALYZE)
        return 0;
    if (job->content == CONTENT_JSON)
        return LIMIT_HTTP_JSON_BYTES_MAX;
    if (job->content == CONTENT_IMAGE)
        return image_bytes_max;
    return image_bytes_max + LIMIT_HTTP_HEADER_BYTES_MAX;
}

/* Everything that can be refused by the head alone is refused here, before a
 * body is read: route, method, key, rate, content type. */
static size_t on_head(void *payload, struct http_exchange *exchange)
{
    struct service *service = payload;
    struct job *job = job_create(service, exchange);
    struct sil_error error = {0};
    enum sil_err err;

    sil_assert(service != NULL);
    if (job == NULL) {
        metrics_add(&service->metrics, METRIC_REJECTED, REASON_MEMORY, 0, 1);
        answer_no_memory(service, exchange);
        return 0;
    }
    /* Health checks and scrapes need no key and have no rate: who watches
     * the service must see it even while it refuses others. */
    err = route_find(&job->route, http_method(exchange), http_path(exchange),
                     &error);
    if (!err && job->route == ROUTE_ANALYZE)
        err = guard_check(&job->wait_s, service->guard, exchange, &error);
    if (!err && job->route == ROUTE_ANALYZE)
        err = negotiate_content(&job->content,
                                http_header(exchange, "content-type"), &error);
    if (err) {
        answer_error(job, &error, SIL_STAGE_REQUEST);
        return 0;
    }
    return body_max(job);
}

/* The whole body is there; pages have none. */
static void on_request(void *payload, struct http_exchange *exchange)
{
    struct job *job = http_user(exchange);

    sil_assert(payload != NULL);
    sil_assert(job != NULL);
    /* Either may have answered, and the job be gone, when it returns. */
    if (job->route == ROUTE_ANALYZE)
        steps_start(job);
    else
        pages_answer(job);
}

/* Comes before on_head, where the head is malformed: then there is no job
 * yet, and no route. */
static void on_refuse(void *payload, struct http_exchange *exchange,
                      const struct sil_error *error)
{
    struct service *service = payload;
    struct job *job = http_user(exchange);
    struct sil_error told = *error;

    sil_assert(error->code != SIL_OK);
    if (job == NULL)
        job = job_create(service, exchange);
    if (job == NULL) {
        answer_no_memory(service, exchange);
        return;
    }
    /* What the HTTP layer sees is a body; here it was to be a picture. */
    if (told.code == SIL_E_REQUEST_TOO_LARGE && job->content != CONTENT_JSON)
        told.code = SIL_E_IMAGE_TOO_LARGE;
    answer_error(job, &told, err_row(told.code)->stage);
}

/* The order matters: what was under way is stopped first, so that the log
 * line can tell where, and can read what the job holds again. */
static void on_end(void *payload, struct http_exchange *exchange,
                   const struct http_ending *ending)
{
    struct job *job = http_user(exchange);
    enum sil_stage stage;

    sil_assert(payload != NULL);
    if (job == NULL)
        return;
    stage = steps_abandon(job);
    accesslog_end(job, ending, stage);
    job->exchange = NULL;
    job_settle(job);
}

/* The HTTP layer calls these and nothing else of the server. */
struct http_handler handlers_of(struct service *service)
{
    sil_assert(service != NULL);
    return (struct http_handler){
        .payload = service,
        .on_head = on_head,
        .on_request = on_request,
        .on_refuse = on_refuse,
        .on_end = on_end,
    };
}
