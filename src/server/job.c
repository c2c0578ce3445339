/* A job's birth and death.
 * Must not know the steps in between.
 * Three parties may hold a job: its exchange, another thread, its answer's
 * body. Whoever lets go last frees it, always on the loop's thread. */
#include "server/job.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* Buffers allocate nothing yet: a job that is refused costs its struct. */
struct job *job_create(struct service *service, struct http_exchange *exchange)
{
    struct job *job = mem_zalloc(1, sizeof *job);

    sil_assert(exchange != NULL);
    if (job == NULL)
        return NULL;
    job->service = service;
    job->exchange = exchange;
    job->route = ROUTE_NONE;
    /* The deadline counts from the request's first byte, not from now. */
    job->arrival_ns = http_arrival_ns(exchange);
    job->deadline_ns =
        job->arrival_ns + service->config.deadline_ms * NS_PER_MS;
    /* How a worker that takes the ticket finds its job. */
    job->ticket.payload = job;
    buf_init(&job->page, LIMIT_PAGE_BYTES_MAX);
    buf_init(&job->held.picture, service->config.image_bytes_max);
    buf_init(&job->held.whole, LIMIT_ANSWER_WHOLE_MAX);
    id_from(job->id, http_header(exchange, "x-request-id"));
    trace_from(job->trace, http_header(exchange, "traceparent"));
    /* At the head of the list: no search, and the tick sees all anyway. */
    job->next = service->jobs;
    if (job->next != NULL)
        job->next->prev = job;
    service->jobs = job;
    http_set_user(exchange, job);
    return job;
}

/* The ticket first: the next request may come in while the rest is freed. */
static void destroy(struct job *job)
{
    struct service *service = job->service;

    if (job->next != NULL)
        job->next->prev = job->prev;
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        service->jobs = job->next;
    sil_assert(service->jobs != job);
    admission_leave(service->admission, &job->ticket);
    encoder_destroy(job->held.encoder);
    sil_result_destroy(job->held.result);
    buf_finish(&job->held.picture);
    buf_finish(&job->held.whole);
    buf_finish(&job->page);
    request_finish(&job->request);
    mem_free(job);
}

/* Each of the three that may hold a job calls this when it lets go. */
void job_settle(struct job *job)
{
    sil_assert(job->is_answered || !job->is_sending);
    if (job->exchange == NULL && !job->is_away && !job->is_sending)
        destroy(job);
}
