/* The pages that need no store nor network, as a client would get them.
 * Must not know connections: what is replied is caught here.
 * Readiness and metrics ask a running service: the flows have those. */
#include "server/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "server/openapi.h"

enum { PIECE_SIZE = 100 }; /* so that a page takes several */

static struct service service;
static char exchange;

/** What was replied. */
static struct {
    int status;
    char type[64];
    char cache[64];
    struct buf body;
    bool is_last;
} caught;

/* In the place of the HTTP layer's: takes the whole body at once. */
void http_reply(struct http_exchange *at, const struct http_reply *reply)
{
    uint8_t piece[PIECE_SIZE];
    struct http_body body = reply->body;
    size_t size = body.next(body.payload, piece, sizeof piece);

    assert_ptr_equal(at, (struct http_exchange *)(void *)&exchange);
    caught.status = reply->status;
    caught.is_last = reply->is_last;
    for (size_t i = 0; i < reply->field_count; i++) {
        const struct http_field *field = &reply->fields[i];
        if (strcmp(field->name, "Content-Type") == 0)
            (void)snprintf(caught.type, sizeof caught.type, "%s", field->value);
        if (strcmp(field->name, "Cache-Control") == 0)
            (void)snprintf(caught.cache, sizeof caught.cache, "%s",
                           field->value);
    }
    for (; size > 0; size = body.next(body.payload, piece, sizeof piece))
        buf_add(&caught.body, piece, size);
    assert_int_equal(caught.body.size, body.size);
    body.finish(body.payload);
}

void *http_user(const struct http_exchange *at)
{
    assert_non_null(at);
    return NULL;
}

void http_set_user(struct http_exchange *at, void *user)
{
    assert_non_null(at);
    assert_non_null(user);
}

uint64_t http_arrival_ns(const struct http_exchange *at)
{
    assert_non_null(at);
    return 1;
}

struct http_text http_header(const struct http_exchange *at, const char *name)
{
    assert_non_null(at);
    assert_non_null(name);
    return (struct http_text){NULL, 0};
}

struct http_text http_path(const struct http_exchange *at)
{
    assert_non_null(at);
    return (struct http_text){"/", 1};
}

struct http_counts http_server_counts(const struct http_server *server)
{
    assert_null(server);
    return (struct http_counts){0};
}

/* Ask for a page; what it says is in caught. */
static const char *page_of(enum route route)
{
    struct http_exchange *at = (struct http_exchange *)(void *)&exchange;
    struct job *job = job_create(&service, at);

    assert_non_null(job);
    memset(&caught, 0, sizeof caught);
    buf_init(&caught.body, LIMIT_PAGE_BYTES_MAX);
    job->route = route;
    pages_answer(job);
    job->exchange = NULL;
    job_settle(job);
    assert_null(service.jobs);
    return buf_text(&caught.body);
}

static void a_living_process_says_so(void **state)
{
    (void)state;
    assert_string_equal(page_of(ROUTE_HEALTHZ), "{\"status\":\"alive\"}\n");
    assert_int_equal(caught.status, 200);
    assert_string_equal(caught.type, "application/json");
    assert_string_equal(caught.cache, "no-store");
    assert_false(caught.is_last);
    buf_finish(&caught.body);
}

/* A service that drains lives, and lets its connections go. */
static void draining_closes_connections(void **state)
{
    (void)state;
    service.is_draining = true;
    assert_string_equal(page_of(ROUTE_HEALTHZ), "{\"status\":\"alive\"}\n");
    assert_true(caught.is_last);
    service.is_draining = false;
    buf_finish(&caught.body);
}

/* Its headers are tested beside web.c. */
static void the_front_page_is_a_page(void **state)
{
    const char *text = page_of(ROUTE_HOME);

    (void)state;
    assert_string_equal(caught.type, "text/html; charset=utf-8");
    assert_string_equal(caught.cache, "no-cache");
    assert_memory_equal(text, "<!doctype html>", 15);
    assert_non_null(strstr(text, "<html lang=\"en\">"));
    assert_null(strstr(text, "{{"));
    buf_finish(&caught.body);
}

/* What it says is tested beside openapi.c; here that all of it arrives. */
static void the_document_arrives_whole(void **state)
{
    const char *text = page_of(ROUTE_OPENAPI);
    struct buf document;

    (void)state;
    buf_init(&document, LIMIT_PAGE_BYTES_MAX);
    openapi_text(&document, &service.config);
    assert_int_equal(buf_err(&document), SIL_OK);
    assert_true(document.size > PIECE_SIZE);
    assert_string_equal(text, buf_text(&document));
    assert_string_equal(caught.type, "application/json");
    buf_finish(&document);
    buf_finish(&caught.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_living_process_says_so),
        cmocka_unit_test(draining_closes_connections),
        cmocka_unit_test(the_front_page_is_a_page),
        cmocka_unit_test(the_document_arrives_whole),
    };

    service.config.image_bytes_max = LIMIT_IMAGE_BYTES_MAX;
    service.config.image_pixels_max = LIMIT_IMAGE_PIXELS_MAX;
    service.config.quality = "fast";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
