/* Asking an S3 and waiting: lists, looks and results against scripted answers.
 * Must not know curl.
 * The tries of a store that never gets well take some seconds: one row has
 * them. */
#include "fetch_tools.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "fetch/fetch_list.h"
#include "fetch/fetch_sink.h"
#include "fetch/s3_call.h"
#include "s3_stub.h"

enum { TEXT_SIZE = 128 };

#define LIST(inside)                                                           \
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<ListBucketResult>" inside    \
    "</ListBucketResult>",                                                     \
        0, STUB_CLOSE
#define KEY(key) "<Contents><Key>" key "</Key></Contents>"
#define MORE(token)                                                            \
    "<IsTruncated>true</IsTruncated><NextContinuationToken>" token             \
    "</NextContinuationToken>"
#define ERROR(status, code)                                                    \
    "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n<Error><Code>" code       \
    "</Code></Error>",                                                         \
        0, STUB_CLOSE
#define NO_BODY(status)                                                        \
    "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n", 0, STUB_KEEP

static const struct stub_row rows[] = {
    /* Two pages; the first is refused once. A folder's own key is none. */
    {"/two?list-type=2&prefix=p%2F",
     {{ERROR("503 Slow Down", "SlowDown")},
      {LIST(KEY("p/a.jpg") KEY("p/") KEY("p/d/") MORE("t+/="))}},
     2},
    {"/two?continuation-token=t%2B%2F%3D&list-type=2&prefix=p%2F",
     {{LIST(KEY("p/b &amp; c.jpg"))}},
     1},
    {"/empty?list-type=2", {{LIST("")}}, 1},
    {"/round?list-type=2", {{LIST(KEY("a") MORE("t"))}}, 1},
    {"/round?continuation-token=t&list-type=2", {{LIST(MORE("t"))}}, 1},
    {"/denied?list-type=2", {{ERROR("403 Forbidden", "AccessDenied")}}, 1},
    {"/gone?list-type=2", {{ERROR("404 Not Found", "NoSuchBucket")}}, 1},
    {"/page?list-type=2",
     {{"HTTP/1.1 200 OK\r\n\r\n<html>", 0, STUB_CLOSE}},
     1},
    {"/results/x/there.png",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 0, STUB_KEEP}},
     1},
    {"/results/x/not-there.png", {{NO_BODY("404 Not Found")}}, 1},
    {"/results/x/denied.png", {{NO_BODY("403 Forbidden")}}, 1},
    {"/results/x/sick.png", {{NO_BODY("500 Internal Server Error")}}, 1},
};

struct world {
    struct stub stub;
    char endpoint[TEXT_SIZE];
};

static int world_init(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    (void)setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "wJalr/XUt+nFEMI", 1);
    (void)setenv("AWS_REGION", "us-east-1", 1);
    stub_start(&world->stub, rows, sizeof rows / sizeof rows[0]);
    (void)snprintf(world->endpoint, sizeof world->endpoint,
                   "http://127.0.0.1:%d", world->stub.port);
    log_set_level(LOG_OFF);
    *state = world;
    return 0;
}

static int world_finish(void **state)
{
    struct world *world = *state;

    stub_stop(&world->stub);
    free(world);
    return 0;
}

static struct fetch_options options_of(const struct world *world,
                                       const char *store)
{
    return (struct fetch_options){
        .store = store, .endpoint = world->endpoint, .bytes_max = 1};
}

static void pages_are_put_together(void **state)
{
    struct world *world = *state;
    struct fetch_options options = options_of(world, "s3://two/p");
    struct fetch_list *list = NULL;
    char request[STUB_REQUEST_SIZE];
    const char *key;

    assert_int_equal(fetch_list_open(&list, &options, NULL), SIL_OK);
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
    assert_string_equal(key, "a.jpg");
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
    assert_string_equal(key, "b & c.jpg");
    assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
    assert_null(key);
    fetch_list_close(list);
    assert_int_equal(stub_count(&world->stub, rows[0].target), 2);
    stub_request(request, &world->stub, 2);
    assert_true(stub_is_signed(request, "wJalr/XUt+nFEMI"));
}

/* The first key, then how the list ends. */
static const struct {
    const char *store;
    const char *first; /* NULL: none */
    enum sil_err err;
    const char *said;
} endings[] = {
    {"s3://empty", NULL, SIL_OK, ""},
    {"s3://round", "a", SIL_E_STORE_ERROR, "same part"},
    {"s3://denied", NULL, SIL_E_IMAGE_FORBIDDEN, "listing"},
    {"s3://gone", NULL, SIL_E_STORE_UNAVAILABLE, "no such bucket"},
    {"s3://page", NULL, SIL_E_STORE_ERROR, "can't be read"},
};

static void lists_that_end_otherwise(void **state)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct fetch_options options = options_of(*state, endings[i].store);
        struct sil_error error = {0};
        struct fetch_list *list = NULL;
        const char *key = NULL;

        assert_int_equal(fetch_list_open(&list, &options, NULL), SIL_OK);
        if (endings[i].first != NULL) {
            assert_int_equal(fetch_list_next(&key, list, NULL), SIL_OK);
            assert_string_equal(key, endings[i].first);
        }
        assert_int_equal(fetch_list_next(&key, list, &error), endings[i].err);
        assert_null(key);
        if (strstr(error.detail, endings[i].said) == NULL)
            fail_msg("%s: %s", endings[i].store, error.detail);
        fetch_list_close(list);
    }
}

static void looks(void **state)
{
    struct fetch_options options = options_of(*state, "s3://results/x");
    struct fetch_sink *sink = NULL;
    bool is_there = false;

    assert_int_equal(fetch_sink_open(&sink, &options, NULL), SIL_OK);
    assert_int_equal(fetch_sink_has(&is_there, sink, "there.png", NULL),
                     SIL_OK);
    assert_true(is_there);
    assert_int_equal(fetch_sink_has(&is_there, sink, "not-there.png", NULL),
                     SIL_OK);
    assert_false(is_there);
    assert_int_equal(fetch_sink_has(&is_there, sink, "denied.png", NULL),
                     SIL_OK);
    assert_false(is_there);
    assert_int_equal(fetch_sink_has(&is_there, sink, "sick.png", NULL),
                     SIL_E_STORE_ERROR);
    assert_int_equal(
        stub_count(&((struct world *)*state)->stub, "/results/x/sick.png"),
        LIMIT_CALL_TRIES_MAX);
    fetch_sink_close(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_are_put_together, world_init,
                                        world_finish),
        cmocka_unit_test_setup_teardown(lists_that_end_otherwise, world_init,
                                        world_finish),
        cmocka_unit_test_setup_teardown(looks, world_init, world_finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
