/* One function per page, in a table by route.
 * Must not know segmentations, nor wait for anything: what a page tells is
 * in memory.
 * Values that others count are copied into the metrics when they are read. */
#include "server/pages.h"

#include "base/check.h"
#include "server/answers.h"
#include "server/openapi.h"
#include "server/web.h"

/* The only statuses that are no error of the table: readiness is a page, and
 * its 503 a fact about the service, not about a request. */
enum { OK = 200, UNAVAILABLE = 503 };

static const char json_type[] = "application/json";

/* Asks nothing of anybody: a process that answers lives, and restarting it
 * would not bring a store back. */
static void healthz(struct job *job)
{
    sil_assert(job->route == ROUTE_HEALTHZ);
    buf_add_text(&job->page, "{\"status\":\"alive\"}\n");
    answer_page(job, OK, json_type);
}

/* As JSON writes them. */
static const char *yes_or_no(bool is_so)
{
    return is_so ? "true" : "false";
}

/* The network was tested before the service listened: it is what the service
 * has when this is asked. */
static void readyz(struct job *job)
{
    const struct service *service = job->service;
    bool has_store = health_has_store(service->health);
    /* Draining first of all means: send nobody here any more. */
    bool is_ready = has_store && !service->is_draining;

    sil_assert(service->model != NULL);
    buf_addf(&job->page,
             "{\"ready\":%s,\"model\":true,\"store\":%s,\"draining\":%s}\n",
             yes_or_no(is_ready), yes_or_no(has_store),
             yes_or_no(service->is_draining));
    answer_page(job, is_ready ? OK : UNAVAILABLE, json_type);
}

/* What the HTTP layer, the admission and the kernel count. */
static void sample(struct service *service)
{
    struct metrics *metrics = &service->metrics;
    struct http_counts http = http_server_counts(service->http);
    struct admission_counts counts = admission_counts(service->admission);

    sil_assert(counts.place_count <= service->place_count);
    metrics_set(metrics, METRIC_IN_PROGRESS, 0, counts.in_flight);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 0, counts.place_count);
    metrics_set(metrics, METRIC_QUEUE_CAPACITY, 0, service->place_count);
    metrics_set(metrics, METRIC_BYTES_HELD, 0, counts.bytes_held);
    if (service->sandbox != NULL)
        metrics_set(metrics, METRIC_DECODERS_LOST, 0,
                    sandbox_loss_count(service->sandbox));
    metrics_set(metrics, METRIC_SLOW_CLIENT, PHASE_HEADER,
                http.slow_header_total);
    metrics_set(metrics, METRIC_SLOW_CLIENT, PHASE_BODY, http.slow_body_total);
    metrics_set(metrics, METRIC_SLOW_CLIENT, PHASE_WRITE,
                http.slow_write_total);
    metrics_set(metrics, METRIC_PARSE_ERRORS, 0, http.parse_errors_total);
    metrics_set(metrics, METRIC_CONNECTIONS, 0, http.connections_open);
    /* Last, and the only ones that cost system calls. */
    metrics_sample_process(metrics);
}

/* Read first, then written: the values of this scrape are of this moment. */
static void metrics_page(struct job *job)
{
    struct service *service = job->service;

    sil_assert(job->route == ROUTE_METRICS);
    sample(service);
    metrics_text(&job->page, &service->metrics, sil_model_name(service->model));
    answer_page(job, OK, "text/plain; version=0.0.4; charset=utf-8");
}

/* For programs; people read it at "/docs". */
static void openapi(struct job *job)
{
    sil_assert(job->route == ROUTE_OPENAPI);
    openapi_text(&job->page, &job->service->config);
    answer_page(job, OK, json_type);
}

/* Writes its page into the job and answers with it, at once. */
typedef void (*page_fn)(struct job *job);

static const page_fn pages[ROUTE_NONE] = {
    [ROUTE_HEALTHZ] = healthz,      [ROUTE_READYZ] = readyz,
    [ROUTE_METRICS] = metrics_page, [ROUTE_OPENAPI] = openapi,
    [ROUTE_DOCS] = web_answer,      [ROUTE_HOME] = web_answer,
    [ROUTE_WEB] = web_answer,
};

/* The routes without a page, the segmentation, never come here. */
void pages_answer(struct job *job)
{
    sil_assert(job->route < ROUTE_NONE);
    sil_assert(pages[job->route] != NULL);
    pages[job->route](job);
}
