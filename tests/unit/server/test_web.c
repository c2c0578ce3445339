/* The embedded files: found, in a language, in a coding, and not sent twice.
 * Must not know what the files are about.
 * What is replied is caught here, the request's fields are made up. */
#include "server/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/limits.h"

enum { VALUE_SIZE = 256, PIECE_SIZE = 4000 };

static struct service service;
static char exchange;

/** What is asked for; NULL: no such field. */
static struct {
    const char *path;
    const char *language, *coding, *if_none_match;
} asked;

/** What was replied. */
static struct {
    int status;
    struct buf body;
    char names[16][VALUE_SIZE], values[16][VALUE_SIZE];
    size_t count;
} caught;

static struct http_text text_of(const char *value)
{
    return (struct http_text){value, value != NULL ? strlen(value) : 0};
}

/* In the place of the HTTP layer's, which leaves the body of a 304 out. */
void http_reply(struct http_exchange *at, const struct http_reply *reply)
{
    uint8_t piece[PIECE_SIZE];
    struct http_body body = reply->body;

    assert_ptr_equal(at, (struct http_exchange *)(void *)&exchange);
    caught.status = reply->status;
    for (size_t i = 0; i < reply->field_count; i++) {
        (void)snprintf(caught.names[i], VALUE_SIZE, "%s",
                       reply->fields[i].name);
        (void)snprintf(caught.values[i], VALUE_SIZE, "%s",
                       reply->fields[i].value);
    }
    caught.count = reply->field_count;
    for (size_t size = 1; reply->status != 304 && size > 0;) {
        size = body.next(body.payload, piece, sizeof piece);
        buf_add(&caught.body, piece, size);
    }
    if (reply->status != 304)
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
    if (strcasecmp(name, "accept-language") == 0)
        return text_of(asked.language);
    if (strcasecmp(name, "accept-encoding") == 0)
        return text_of(asked.coding);
    if (strcasecmp(name, "if-none-match") == 0)
        return text_of(asked.if_none_match);
    return text_of(NULL);
}

struct http_text http_path(const struct http_exchange *at)
{
    assert_non_null(at);
    return text_of(asked.path);
}

/* The value of a field of the reply, or NULL. */
static const char *field(const char *name)
{
    for (size_t i = 0; i < caught.count; i++)
        if (strcmp(caught.names[i], name) == 0)
            return caught.values[i];
    return NULL;
}

static void ask(enum route route)
{
    struct http_exchange *at = (struct http_exchange *)(void *)&exchange;
    struct job *job = job_create(&service, at);

    assert_non_null(job);
    buf_finish(&caught.body);
    memset(&caught, 0, sizeof caught);
    buf_init(&caught.body, LIMIT_IMAGE_BYTES_MAX);
    job->route = route;
    web_answer(job);
    job->exchange = NULL;
    job_settle(job);
    assert_null(service.jobs);
}

static int forget(void **state)
{
    (void)state;
    memset(&asked, 0, sizeof asked);
    buf_finish(&caught.body);
    memset(&caught, 0, sizeof caught);
    return 0;
}

static void each_file_can_be_had(void **state)
{
    (void)state;
    for (size_t i = 0; i < web_file_count; i++) {
        const struct web_file *file = &web_files[i];
        bool is_page = strncmp(file->path, "/web/", 5) != 0;

        /* The one text that is no file of the pages. */
        if (file->path[0] != '/')
            continue;
        asked.path = file->path;
        asked.language = *file->language != '\0' ? file->language : NULL;
        asked.coding = "gzip, br";
        ask(is_page ? ROUTE_HOME : ROUTE_WEB);
        assert_int_equal(caught.status, 200);
        assert_string_equal(field("Content-Type"), file->content_type);
        assert_int_equal(caught.body.size,
                         file->gzip != NULL ? file->gzip_size : file->size);
        assert_int_equal(field("Content-Encoding") != NULL, file->gzip != NULL);
        assert_true(file->bytes != NULL || file->gzip != NULL);
    }
}

static void the_plain_copy_is_what_was_written(void **state)
{
    (void)state;
    asked.path = "/web/mark.svg";
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 200);
    assert_null(field("Content-Encoding"));
    assert_string_equal(field("Content-Type"), "image/svg+xml");
    assert_memory_equal(caught.body.bytes, "<svg ", 5);
}

static void what_is_known_is_not_sent(void **state)
{
    char tag[VALUE_SIZE], list[2 * VALUE_SIZE];

    (void)state;
    asked.path = "/web/base.css";
    ask(ROUTE_WEB);
    (void)snprintf(tag, sizeof tag, "%s", field("ETag"));
    asked.if_none_match = tag;
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 304);
    assert_int_equal(caught.body.size, 0);
    assert_string_equal(field("ETag"), tag);
    /* One of several, and weak, as a proxy makes them. */
    (void)snprintf(list, sizeof list, "\"x\", W/%s", tag);
    asked.if_none_match = list;
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 304);
    /* The compressed copy is another one. */
    asked.coding = "gzip";
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 200);
    assert_string_not_equal(field("ETag"), tag);
}

static void tags_are_compared_whole(void **state)
{
    (void)state;
    assert_true(web_is_known(text_of("\"abc\""), "\"abc\""));
    assert_true(web_is_known(text_of("W/\"abc\""), "\"abc\""));
    assert_true(web_is_known(text_of("\"a\",\"abc\""), "\"abc\""));
    assert_true(web_is_known(text_of("*"), "\"abc\""));
    assert_false(web_is_known(text_of(NULL), "\"abc\""));
    assert_false(web_is_known(text_of(""), "\"abc\""));
    assert_false(web_is_known(text_of("\"abcd\""), "\"abc\""));
    assert_false(web_is_known(text_of("abc"), "\"abc\""));
}

static void pages_come_in_the_language_asked_for(void **state)
{
    (void)state;
    asked.path = "/";
    asked.language = "ko-KR,ko;q=0.9,en;q=0.8";
    ask(ROUTE_HOME);
    assert_string_equal(field("Content-Language"), "ko");
    assert_non_null(strstr(buf_text(&caught.body), "<html lang=\"ko\">"));
    asked.language = "fr, de;q=0.5";
    ask(ROUTE_HOME);
    assert_string_equal(field("Content-Language"), "en");
    asked.path = "/docs";
    asked.language = "en;q=0.1, ko;q=0.2";
    ask(ROUTE_DOCS);
    assert_string_equal(field("Content-Language"), "ko");
}

/* Nothing inline, nothing from elsewhere, in no frame. */
static void pages_are_locked_in(void **state)
{
    const char *policy;

    (void)state;
    asked.path = "/";
    ask(ROUTE_HOME);
    policy = field("Content-Security-Policy");
    assert_non_null(policy);
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "script-src 'self';"));
    assert_non_null(strstr(policy, "style-src 'self';"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(strstr(policy, "http"));
    assert_string_equal(field("X-Content-Type-Options"), "nosniff");
    assert_string_equal(field("Cache-Control"), "no-cache");
}

static void large_files_are_for_who_takes_gzip(void **state)
{
    (void)state;
    asked.path = "/web/swagger-ui.js";
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 406);
    assert_non_null(strstr(buf_text(&caught.body), "not_acceptable"));
    asked.coding = "gzip;q=0";
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 406);
    asked.coding = "gzip";
    ask(ROUTE_WEB);
    assert_int_equal(caught.status, 200);
}

static void unknown_files_are_errors_of_the_table(void **state)
{
    static const char *const paths[] = {"/web/", "/web/../page.js",
                                        "/web/Page.js", "/web/page.js/",
                                        "/web/none.css"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        asked.path = paths[i];
        ask(ROUTE_WEB);
        assert_int_equal(caught.status, 404);
        assert_non_null(strstr(buf_text(&caught.body), "no_such_route"));
    }
    assert_null(web_find(text_of(NULL), "en"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_file_can_be_had, forget),
        cmocka_unit_test_teardown(the_plain_copy_is_what_was_written, forget),
        cmocka_unit_test_teardown(what_is_known_is_not_sent, forget),
        cmocka_unit_test(tags_are_compared_whole),
        cmocka_unit_test_teardown(pages_come_in_the_language_asked_for, forget),
        cmocka_unit_test_teardown(pages_are_locked_in, forget),
        cmocka_unit_test_teardown(large_files_are_for_who_takes_gzip, forget),
        cmocka_unit_test_teardown(unknown_files_are_errors_of_the_table,
                                  forget),
    };

    service.config.image_bytes_max = LIMIT_IMAGE_BYTES_MAX;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
