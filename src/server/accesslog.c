/* The log line of a request and what the metrics learn from it.
 * Must not change the job, nor know how it was served.
 * A job may still be away here (its client left): then its `held` part is
 * another thread's and goes unmentioned. */
#include "server/accesslog.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"

/* Bytes of a field's name: a stage's and "_ms". */
enum { NAME_SIZE = 32 };

/* What is counted of a segmentation even if nobody waited for it. Times of
 * stages count only where a picture came: else they would be all zeros. */
static void count(const struct job *job, uint64_t total_ns)
{
    struct metrics *metrics = &job->service->metrics;
    const struct held *held = &job->held;

    sil_assert(job->status > 0 || !job->is_answered);
    if (job->is_answered)
        metrics_add(metrics, METRIC_HTTP_REQUESTS, metric_code(job->status),
                    job->route, 1);
    if (job->route != ROUTE_ANALYZE)
        return;
    if (job->is_answered)
        metrics_observe(metrics, METRIC_HTTP_DURATION, 0, total_ns);
    /* Refused or failed before there was a picture: nothing to measure. */
    if (job->is_away || held->picture_bytes == 0)
        return;
    if (job->image_pixels > 0)
        metrics_observe(metrics, METRIC_IMAGE_PIXELS, 0, job->image_pixels);
    if (held->queue_ns > 0)
        metrics_observe(metrics, METRIC_QUEUE_DURATION, 0, held->queue_ns);
    for (uint32_t i = SIL_STAGE_FETCH; i < SIL_STAGE_COUNT; i++)
        if (held->stage_ns[i] > 0)
            metrics_observe(metrics, METRIC_STAGE_DURATION, i,
                            held->stage_ns[i]);
}

/* Equal hashes are equal keys: enough to follow one picture through the log
 * without telling whose it is. */
static void add_key(struct log_line *line, const struct job *job)
{
    const char *key = job->request.img_src;
    char hash[SHA256_TEXT_SIZE];

    sil_assert(line->level < LOG_OFF);
    if (key == NULL)
        return;
    if (sha256_text(hash, key, strlen(key)) == SIL_OK)
        log_text(line, "key_sha256", hash);
    if (strcmp(job->service->config.log_level, "debug") == 0)
        log_text(line, "key", key);
}

/* What the stages did. */
static void add_stages(struct log_line *line, const struct job *job)
{
    const struct held *held = &job->held;
    char name[NAME_SIZE];

    sil_assert(!job->is_away);
    if (held->queued_ns != 0)
        log_ms(line, "queue_ms", held->queue_ns);
    for (int i = SIL_STAGE_FETCH; i < SIL_STAGE_COUNT; i++) {
        /* Not reached: its absence tells where a failure was. */
        if (held->stage_ns[i] == 0)
            continue;
        (void)snprintf(name, sizeof name, "%s_ms",
                       stage_name((enum sil_stage)i));
        log_ms(line, name, held->stage_ns[i]);
    }
    if (held->fetch_tries > 0)
        log_int(line, "fetch_tries", held->fetch_tries);
    if (held->picture_bytes > 0)
        log_int(line, "image_bytes", (int64_t)held->picture_bytes);
    if (job->image_pixels > 0) {
        log_int(line, "pixels", (int64_t)job->image_pixels);
        log_int(line, "persons", job->person_count);
    }
    /* The detail is the library's own: it may tell what the client's answer
     * must not, where the machine is to blame. */
    if (job->told != SIL_OK && held->error.detail[0] != '\0')
        log_text(line, "detail", held->error.detail);
}

/* Fields that say most come first: a line that grows too long loses its
 * last ones. */
void accesslog_end(struct job *job, const struct http_ending *ending,
                   enum sil_stage stage)
{
    struct metrics *metrics = &job->service->metrics;
    uint64_t total_ns = clock_ns() - job->arrival_ns;
    struct log_line line;

    sil_assert(job->exchange != NULL);
    count(job, total_ns);
    metrics_add(metrics, METRIC_RESPONSE_BYTES, job->sent_coding, 0,
                ending->body_bytes);
    /* The stage tells how much work was lost on whoever left. */
    if (!ending->is_complete && job->route == ROUTE_ANALYZE)
        metrics_add(metrics, METRIC_CANCELLED, stage, 0, 1);
    /* A failure of ours is worth a look, one of the client's is not. */
    log_begin(&line, job->status >= 500 ? LOG_WARN : LOG_INFO, "request");
    log_text(&line, "request_id", job->id);
    log_text(&line, "trace_id", job->trace);
    log_text(&line, "route", route_row(job->route)->label);
    log_int(&line, "code", job->status);
    if (job->told != SIL_OK)
        log_text(&line, "error", sil_err_code(job->told));
    log_ms(&line, "total_ms", total_ns);
    log_int(&line, "bytes", (int64_t)ending->body_bytes);
    if (!ending->is_complete)
        log_text(&line, "ended",
                 ending->is_slow_client ? "slow_client"
                 : job->service->is_cut ? "drain_limit"
                                        : "client_left");
    if (!job->is_away)
        add_stages(&line, job);
    add_key(&line, job);
    log_text(&line, "peer", http_peer(job->exchange));
    log_end(&line);
}
