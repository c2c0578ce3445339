/* One line a request: what is in it, and what must never be.
 * Must not know how a job is served: it sets the fields itself.
 * The exchange is a name only: what is asked of it is answered here. */
#include "server/accesslog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/sha256.h"
#include "server/capture.h"

#define KEY "people/jane-doe.jpg"

static struct service service;
static struct capture written;

/* In the place of the HTTP layer's. */
const char *http_peer(const struct http_exchange *exchange)
{
    assert_non_null(exchange);
    return "192.0.2.7";
}

/* A segmentation that was answered. */
static struct job job_of(enum sil_err told)
{
    static char key[] = KEY;
    static char exchange;
    struct job job = {
        .service = &service,
        .exchange = (struct http_exchange *)(void *)&exchange,
        .id = "an-id",
        .route = ROUTE_ANALYZE,
        .request = {.img_src = key},
        .arrival_ns = clock_ns(),
        .is_answered = true,
        .status = told ? err_row(told)->status : 200,
        .told = told,
        .image_pixels = 1000,
        .person_count = 2,
    };

    job.held.picture_bytes = 5000;
    job.held.fetch_tries = 1;
    job.held.stage_ns[SIL_STAGE_FETCH] = NS_PER_MS;
    return job;
}

/* The line as JSON: yours. */
static struct json *line_of(struct job *job, struct http_ending ending,
                            enum sil_stage stage, const char *level)
{
    struct json *json = NULL;

    service = (struct service){.config = {.log_level = level}};
    capture_begin(&written, STDERR_FILENO);
    accesslog_end(job, &ending, stage);
    capture_end(&written);
    assert_int_equal(
        json_parse(&json, written.text, strlen(written.text), NULL), SIL_OK);
    return json;
}

static void check_text(const struct json *line, const char *key,
                       const char *value)
{
    const char *text = json_text(json_member(line, key));

    assert_non_null(text);
    assert_string_equal(text, value);
}

static void a_success_tells_its_facts(void **state)
{
    struct job job = job_of(SIL_OK);
    struct http_ending ending = {.body_bytes = 77, .is_complete = true};
    struct json *line = line_of(&job, ending, SIL_STAGE_ENCODE, "info");

    (void)state;
    check_text(line, "level", "info");
    check_text(line, "request_id", "an-id");
    check_text(line, "route", "analyze");
    check_text(line, "peer", "192.0.2.7");
    assert_true(json_number(json_member(line, "code"), 0) == 200);
    assert_true(json_number(json_member(line, "bytes"), 0) == 77);
    assert_true(json_number(json_member(line, "fetch_ms"), 0) == 1);
    assert_true(json_number(json_member(line, "persons"), 0) == 2);
    assert_null(json_member(line, "infer_ms")); /* not reached */
    assert_null(json_member(line, "error"));
    assert_null(json_member(line, "ended"));
    assert_int_equal(
        metrics_value(&service.metrics, METRIC_RESPONSE_BYTES, 0, 0), 77);
    assert_int_equal(metrics_value(&service.metrics, METRIC_HTTP_REQUESTS,
                                   metric_code(200), ROUTE_ANALYZE),
                     1);
    json_destroy(line);
}

static void keys_are_hashed_but_for_debugging(void **state)
{
    struct job job = job_of(SIL_OK);
    struct http_ending ending = {.is_complete = true};
    struct json *line = line_of(&job, ending, SIL_STAGE_ENCODE, "info");
    char hash[SHA256_TEXT_SIZE];

    (void)state;
    assert_int_equal(sha256_text(hash, KEY, strlen(KEY)), SIL_OK);
    check_text(line, "key_sha256", hash);
    assert_null(strstr(written.text, "jane-doe"));
    json_destroy(line);
    line = line_of(&job, ending, SIL_STAGE_ENCODE, "debug");
    check_text(line, "key", KEY);
    json_destroy(line);
}

static void who_leaves_is_told_and_counted(void **state)
{
    struct job job = job_of(SIL_OK);
    struct json *line;

    (void)state;
    job.is_answered = false;
    job.is_away = true; /* `held` is another thread's */
    job.status = 0;
    line = line_of(&job, (struct http_ending){0}, SIL_STAGE_FETCH, "info");
    check_text(line, "ended", "client_left");
    assert_null(json_member(line, "image_bytes"));
    assert_int_equal(
        metrics_value(&service.metrics, METRIC_CANCELLED, SIL_STAGE_FETCH, 0),
        1);
    json_destroy(line);
    line = line_of(&job, (struct http_ending){.is_slow_client = true},
                   SIL_STAGE_FETCH, "info");
    check_text(line, "ended", "slow_client");
    json_destroy(line);
}

static void failures_of_ours_are_warnings(void **state)
{
    struct http_ending ending = {.is_complete = true};
    struct job job = job_of(SIL_E_INTERNAL);
    struct json *line;

    (void)state;
    (void)err_set(&job.held.error, SIL_E_INTERNAL, "the reason");
    line = line_of(&job, ending, SIL_STAGE_INFER, "info");
    check_text(line, "level", "warn");
    check_text(line, "error", err_row(SIL_E_INTERNAL)->code);
    check_text(line, "detail", "the reason");
    json_destroy(line);
    job = job_of(SIL_E_IMAGE_NOT_FOUND);
    line = line_of(&job, ending, SIL_STAGE_FETCH, "info");
    check_text(line, "level", "info");
    json_destroy(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_tells_its_facts),
        cmocka_unit_test(keys_are_hashed_but_for_debugging),
        cmocka_unit_test(who_leaves_is_told_and_counted),
        cmocka_unit_test(failures_of_ours_are_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
