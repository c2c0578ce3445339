/* An S3 store against scripted answers: the good, the bad and the slow.
 * Must not know curl.
 * Deadlines stand for patience: no row measures time, but that a hanging
 * store is left at its deadline. */
#include "fetch_tools.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "s3_stub.h"

enum { BYTES_MAX = 100000, TEXT_SIZE = 256, PATIENCE_S = 30 };

#define OK_SMALL "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define XML(code)                                                              \
    "\r\n\r\n<?xml version=\"1.0\"?>\n<Error><Code>" code                      \
    "</Code><Message>of owner 1234 at host.internal</Message></Error>"
#define ERROR(status, code)                                                    \
    "HTTP/1.1 " status "\r\nConnection: close" XML(code), 0, STUB_CLOSE

static const struct stub_row rows[] = {
    {"/bucket/good", {{OK_SMALL, 0, STUB_KEEP}}, 1},
    {"/bucket/empty",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, STUB_KEEP}},
     1},
    {"/bucket/full",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", BYTES_MAX,
       STUB_KEEP}},
     1},
    {"/bucket/chunked",
     {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
       0, STUB_KEEP}},
     1},
    {"/bucket/until-close",
     {{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 0, STUB_CLOSE}},
     1},
    {"/bucket/missing", {{ERROR("404 Not Found", "NoSuchKey")}}, 1},
    {"/bucket/gone",
     {{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0, STUB_KEEP}},
     1},
    {"/bucket/denied", {{ERROR("403 Forbidden", "AccessDenied")}}, 1},
    {"/bucket/no-bucket", {{ERROR("404 Not Found", "NoSuchBucket")}}, 1},
    {"/bucket/once-500",
     {{ERROR("500 Internal Server Error", "InternalError")},
      {OK_SMALL, 0, STUB_KEEP}},
     2},
    {"/bucket/always-503", {{ERROR("503 Slow Down", "SlowDown")}}, 1},
    {"/bucket/moved",
     {{"HTTP/1.1 307 Temporary Redirect\r\nLocation: /bucket/good\r\n"
       "Content-Length: 0\r\n\r\n",
       0, STUB_KEEP}},
     1},
    {"/bucket/region", {{ERROR("301 Moved", "PermanentRedirect")}}, 1},
    {"/bucket/short",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 0, STUB_CLOSE}},
     1},
    {"/bucket/short-once",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 0, STUB_CLOSE},
      {OK_SMALL, 0, STUB_KEEP}},
     2},
    {"/bucket/long",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world", 0,
       STUB_CLOSE}},
     1},
    {"/bucket/long-late", /* not seen in the read that has the headers */
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n", 50001, STUB_KEEP}},
     1},
    {"/bucket/two-lengths",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
       "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       0, STUB_CLOSE}},
     1},
    {"/bucket/two-other-lengths",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n"
       "hello",
       0, STUB_CLOSE}},
     1},
    {"/bucket/negative-length",
     {{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", 0, STUB_CLOSE}},
     1},
    {"/bucket/endless-header",
     {{"HTTP/1.1 200 OK\r\nX: ", 400000, STUB_CLOSE}},
     1},
    {"/bucket/over",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", 1, STUB_HANG}},
     1},
    {"/bucket/over-chunked",
     {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "FFFFFF\r\n",
       BYTES_MAX + 1, STUB_HANG}},
     1},
    {"/bucket/reset", {{NULL, 0, STUB_RESET}}, 1},
    {"/bucket/reset-body",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 0, STUB_RESET},
      {OK_SMALL, 0, STUB_KEEP}},
     2},
    {"/bucket/closed", {{NULL, 0, STUB_CLOSE}}, 1},
    {"/bucket/garbage",
     {{"\x16\x03\x01 what is this\r\n\r\n", 0, STUB_CLOSE}},
     1},
    {"/bucket/partial",
     {{"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello", 0,
       STUB_KEEP}},
     1},
    {"/bucket/huge-error",
     {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 99999\r\n\r\n", 99999,
       STUB_KEEP}},
     1},
    {"/bucket/hang", {{NULL, 0, STUB_HANG}}, 1},
    {"/bucket/hang-body",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 0, STUB_HANG}},
     1},
    {"/bucket/stranger", {{ERROR("403 Forbidden", "InvalidAccessKeyId")}}, 1},
    {"/bucket/expired",
     {{ERROR("400 Bad Request", "ExpiredToken")}, {OK_SMALL, 0, STUB_KEEP}},
     2},
    {"/bucket/skewed",
     {{"HTTP/1.1 403 Forbidden\r\nDate: Sat, 01 Jan 2028 12:00:00 GMT\r\n"
       "Connection: close" XML("RequestTimeTooSkewed"),
       0, STUB_CLOSE},
      {OK_SMALL, 0, STUB_KEEP}},
     2},
    {"/bucket/always-skewed",
     {{"HTTP/1.1 403 Forbidden\r\nDate: Sat, 01 Jan 2028 12:00:00 GMT\r\n"
       "Connection: close" XML("RequestTimeTooSkewed"),
       0, STUB_CLOSE}},
     1},
    {"/bucket/a%20%2B%23%3F%25%26%3D%27%28%29%2A%3B%3A%40%24%2C%21/"
     "%ED%95%9C~-_.jpg",
     {{OK_SMALL, 0, STUB_KEEP}},
     1},
    {"/bucket/%252e%252e/x", {{OK_SMALL, 0, STUB_KEEP}}, 1},
    {"/other/good", {{OK_SMALL, 0, STUB_KEEP}}, 1},
    {"/bucket/in/side/good", {{OK_SMALL, 0, STUB_KEEP}}, 1},
    {"/bucket?list-type=2&max-keys=1", {{OK_SMALL, 0, STUB_KEEP}}, 1},
    {"/bucket?list-type=2&max-keys=1&prefix=in%2Fside",
     {{ERROR("403 Forbidden", "AccessDenied")}},
     1},
    {"/nowhere?list-type=2&max-keys=1",
     {{ERROR("404 Not Found", "NoSuchBucket")}},
     1},
    {"/strange?list-type=2&max-keys=1",
     {{ERROR("403 Forbidden", "SignatureDoesNotMatch")}},
     1},
};

/* A stub and a store that speaks to it. */
struct world {
    struct stub stub;
    struct fetch_store *store;
};

static void forget_environment(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID",   "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",   "AWS_PROFILE",
        "AWS_REGION",          "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL",
        "AWS_CA_BUNDLE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unsetenv(names[i]);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    (void)setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    /* A proxy of the environment must not be asked: nothing listens there. */
    (void)setenv("http_proxy", "http://127.0.0.1:9", 1);
    (void)setenv("all_proxy", "http://127.0.0.1:9", 1);
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "wJalr/XUt+nFEMI", 1);
}

static void open_store(struct world *world, const char *store)
{
    char endpoint[TEXT_SIZE];
    struct fetch_options options = {.store = store,
                                    .buckets = "other, third",
                                    .endpoint = endpoint,
                                    .bytes_max = BYTES_MAX};
    struct sil_error error = {0};

    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d",
                   world->stub.port);
    if (fetch_store_open(&world->store, &options, &error))
        fail_msg("%s", error.detail);
}

static int world_init(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    log_set_level(LOG_OFF);
    forget_environment();
    stub_start(&world->stub, rows, sizeof rows / sizeof rows[0]);
    open_store(world, "s3://bucket");
    *state = world;
    return 0;
}

static int world_finish(void **state)
{
    struct world *world = *state;

    fetch_store_close(world->store);
    stub_stop(&world->stub);
    free(world);
    return 0;
}

static uint64_t patience(void)
{
    return clock_ns() + PATIENCE_S * NS_PER_S;
}

static void objects_are_fetched(void **state)
{
    static const struct {
        const char *key;
        size_t size;
    } goods[] = {
        {"good", 5},
        {"empty", 0},
        {"full", BYTES_MAX},
        {"chunked", 5},
        {"until-close", 5},
        {"s3://other/good", 5},
        {"s3://bucket/good", 5},
        {"a +#?%&='()*;:@$,!/\xED\x95\x9C~-_.jpg", 5}, /* encoded once */
        {"%2e%2e/x", 5}, /* literally, so the % is encoded */
    };
    struct world *world = *state;
    struct answer answer;

    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        if (fetch_and_wait(&answer, world->store, goods[i].key, patience()))
            fail_msg("%s: %s", goods[i].key, answer.error.detail);
        assert_int_equal(answer.bytes.size, goods[i].size);
        if (goods[i].size == 5)
            assert_memory_equal(answer.bytes.bytes, "hello", 5);
        assert_int_equal(answer.stats.try_count, 1);
        answer_finish(&answer);
    }
}

static void failures_are_told(void **state)
{
    static const struct {
        const char *key;
        enum sil_err err;
        uint32_t try_count;
    } bads[] = {
        {"missing", SIL_E_IMAGE_NOT_FOUND, 1},
        {"gone", SIL_E_IMAGE_NOT_FOUND, 1},
        {"denied", SIL_E_IMAGE_FORBIDDEN, 1},
        {"huge-error", SIL_E_IMAGE_FORBIDDEN, 1},
        {"no-bucket", SIL_E_STORE_ERROR, 1},
        {"moved", SIL_E_STORE_ERROR, 1},
        {"region", SIL_E_STORE_ERROR, 1},
        {"partial", SIL_E_STORE_ERROR, 1},
        {"garbage", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"unscripted", SIL_E_STORE_ERROR, 1},
        {"over", SIL_E_IMAGE_TOO_LARGE, 1},
        {"over-chunked", SIL_E_IMAGE_TOO_LARGE, 1},
        {"short", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"long", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"long-late", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"two-lengths", SIL_OK, 1}, /* RFC 9112: chunks go first */
        {"two-other-lengths", SIL_OK, 1},
        {"negative-length", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"endless-header", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"good", SIL_OK, 1},
        {"always-503", SIL_E_STORE_ERROR, LIMIT_FETCH_TRIES_MAX},
        {"reset", SIL_E_STORE_UNAVAILABLE, LIMIT_FETCH_TRIES_MAX},
        {"good", SIL_OK, 1}, /* also keeps the breaker closed */
        {"closed", SIL_E_STORE_UNAVAILABLE, LIMIT_FETCH_TRIES_MAX},
        {"good", SIL_OK, 1},
        {"stranger", SIL_E_STORE_UNAVAILABLE, 1}, /* no other keys */
        {"once-500", SIL_OK, 2},
        {"short-once", SIL_OK, 2},
        {"reset-body", SIL_OK, 2},
    };
    struct world *world = *state;
    struct answer answer;

    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        char target[TEXT_SIZE];
        enum sil_err err =
            fetch_and_wait(&answer, world->store, bads[i].key, patience());

        if (err != bads[i].err || answer.stats.try_count != bads[i].try_count)
            fail_msg("%s: %s after %u tries", bads[i].key, sil_err_code(err),
                     answer.stats.try_count);
        assert_int_equal(answer.error.code, err);
        assert_null(strstr(answer.error.detail, "owner"));
        assert_null(strstr(answer.error.detail, "127.0.0.1"));
        assert_null(strstr(answer.error.detail, "AKID"));
        if (err)
            assert_int_equal(answer.bytes.size, 0);
        else
            assert_memory_equal(answer.bytes.bytes, "hello", 5);
        (void)snprintf(target, sizeof target, "/bucket/%s", bads[i].key);
        /* On a kept connection that dies curl asks once more by itself. */
        if (strcmp(bads[i].key, "good") != 0)
            assert_in_range(stub_count(&world->stub, target), bads[i].try_count,
                            bads[i].try_count + 1);
        answer_finish(&answer);
    }
    assert_int_equal(stub_count(&world->stub, "/bucket/good"), 3);
}

static void refused_keys_make_no_request(void **state)
{
    struct world *world = *state;
    struct answer answer;

    assert_int_equal(fetch_and_wait(&answer, world->store, "../good", 0),
                     SIL_E_BAD_IMG_SRC);
    assert_int_equal(
        fetch_and_wait(&answer, world->store, "s3://secret/good", 0),
        SIL_E_IMAGE_FORBIDDEN);
    assert_null(strstr(answer.error.detail, "secret"));
    assert_int_equal(
        fetch_and_wait(&answer, world->store, "http://127.0.0.1/x", 0),
        SIL_E_BAD_IMG_SRC);
    assert_int_equal(world->stub.connection_count, 0);
}

static void a_deadline_ends_a_hanging_store(void **state)
{
    static const char *const keys[] = {"hang", "hang-body"};
    struct world *world = *state;
    struct answer answer;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint64_t deadline_ns = clock_ns() + 150 * NS_PER_MS;

        assert_int_equal(
            fetch_and_wait(&answer, world->store, keys[i], deadline_ns),
            SIL_E_DEADLINE_EXCEEDED);
        assert_true(clock_ns() < deadline_ns + 5 * NS_PER_S);
        answer_finish(&answer);
    }
}

static void a_hanging_fetch_is_cancelled(void **state)
{
    struct world *world = *state;
    struct answer answers[2];
    uint64_t numbers[2];

    for (int i = 0; i < 2; i++) {
        struct fetch_wish wish = {.img_src = "hang",
                                  .deadline_ns = patience(),
                                  .done = answer_done,
                                  .payload = &answers[i]};

        answer_init(&answers[i]);
        assert_int_equal(fetch_submit(&numbers[i], world->store, &wish, NULL),
                         SIL_OK);
    }
    while (stub_count(&world->stub, "/bucket/hang") < 2)
        (void)usleep(1000);
    fetch_cancel(world->store, numbers[0]);
    answer_wait(&answers[0]);
    assert_int_equal(answers[0].err, SIL_E_DEADLINE_EXCEEDED);
    assert_int_equal(answers[1].told_count, 0);
    fetch_store_close(world->store); /* with the other under way */
    world->store = NULL;
    assert_int_equal(answers[1].err, SIL_E_DEADLINE_EXCEEDED);
    answer_finish(&answers[0]);
    answer_finish(&answers[1]);
}

static void a_waiting_retry_is_cancelled(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct fetch_wish wish = {.img_src = "always-503",
                              .deadline_ns = patience(),
                              .done = answer_done,
                              .payload = &answer};
    uint64_t number;

    answer_init(&answer);
    assert_int_equal(fetch_submit(&number, world->store, &wish, NULL), SIL_OK);
    while (stub_count(&world->stub, "/bucket/always-503") < 1)
        (void)usleep(1000);
    fetch_store_close(world->store);
    world->store = NULL;
    assert_true(answer.err == SIL_E_DEADLINE_EXCEEDED ||
                answer.err == SIL_E_STORE_ERROR);
    answer_finish(&answer);
}

static void requests_are_signed(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char request[STUB_REQUEST_SIZE];

    (void)fetch_and_wait(&answer, world->store,
                         "a +#?%&='()*;:@$,!/\xED\x95\x9C~-_.jpg", 0);
    answer_finish(&answer);
    stub_request(request, &world->stub, 0);
    assert_non_null(strstr(request, "Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(request, "/us-east-1/s3/aws4_request"));
    assert_true(stub_is_signed(request, "wJalr/XUt+nFEMI"));
    assert_false(stub_is_signed(request, "another secret"));
    assert_int_equal(fetch_store_probe(world->store, patience(), NULL), SIL_OK);
    stub_request(request, &world->stub, 1);
    assert_true(stub_is_signed(request, "wJalr/XUt+nFEMI"));
}

static void a_session_token_is_signed(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char request[STUB_REQUEST_SIZE];

    fetch_store_close(world->store);
    (void)setenv("AWS_SESSION_TOKEN", "FQoGZXIvYXdzEJr//token==", 1);
    (void)setenv("AWS_REGION", "ap-northeast-2", 1);
    open_store(world, "s3://bucket");
    assert_int_equal(fetch_and_wait(&answer, world->store, "good", 0), SIL_OK);
    answer_finish(&answer);
    stub_request(request, &world->stub, 0);
    assert_non_null(
        strstr(request, "x-amz-security-token: FQoGZXIvYXdzEJr//token=="));
    assert_non_null(strstr(request, ";x-amz-security-token"));
    assert_non_null(strstr(request, "/ap-northeast-2/s3/"));
    assert_true(stub_is_signed(request, "wJalr/XUt+nFEMI"));
}

static void connections_are_kept(void **state)
{
    struct world *world = *state;
    struct answer answer;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(fetch_and_wait(&answer, world->store, "good", 0),
                         SIL_OK);
        answer_finish(&answer);
    }
    assert_int_equal(stub_count(&world->stub, "/bucket/good"), 5);
    assert_int_equal(world->stub.connection_count, 1);
}

/* Replaced as a whole, as tools that renew credentials do it. */
static void put_credentials(const char *path, const char *key_id)
{
    char other[TEXT_SIZE];
    FILE *file;

    (void)snprintf(other, sizeof other, "%s.new", path);
    file = fopen(other, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "[default]\naws_access_key_id = %s\n"
                  "aws_secret_access_key = secret of %s\n",
                  key_id, key_id);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
}

static void expired_keys_are_renewed(void **state)
{
    struct world *world = *state;
    char path[] = "/tmp/sil-keys-XXXXXX";
    struct answer answer;
    char request[STUB_REQUEST_SIZE];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)close(fd);
    fetch_store_close(world->store);
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    put_credentials(path, "OLDKEY");
    open_store(world, "s3://bucket");
    put_credentials(path, "NEWKEY");
    assert_int_equal(fetch_and_wait(&answer, world->store, "expired", 0),
                     SIL_OK);
    assert_int_equal(answer.stats.try_count, 2);
    answer_finish(&answer);
    stub_request(request, &world->stub, 0);
    assert_true(stub_is_signed(request, "secret of OLDKEY"));
    stub_request(request, &world->stub, 1);
    assert_non_null(strstr(request, "Credential=NEWKEY/"));
    assert_true(stub_is_signed(request, "secret of NEWKEY"));
    (void)unlink(path);
}

static void no_keys_make_no_request(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct sil_error error = {0};

    fetch_store_close(world->store);
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    open_store(world, "s3://bucket");
    assert_int_equal(fetch_and_wait(&answer, world->store, "good", 0),
                     SIL_E_STORE_UNAVAILABLE);
    answer_finish(&answer);
    assert_int_equal(fetch_store_probe(world->store, patience(), &error),
                     SIL_E_STORE_UNAVAILABLE);
    assert_non_null(strstr(error.detail, "AWS_ACCESS_KEY_ID"));
    assert_int_equal(world->stub.connection_count, 0);
}

static void a_wrong_clock_is_put_right(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char request[STUB_REQUEST_SIZE];
    struct tm skewed = {.tm_year = 128, .tm_mday = 1, .tm_hour = 12};
    char expected[64];

    assert_int_equal(fetch_and_wait(&answer, world->store, "skewed", 0),
                     SIL_OK);
    assert_int_equal(answer.stats.try_count, 2);
    answer_finish(&answer);
    (void)strftime(expected, sizeof expected, "X-Amz-Date: %Y%m%dT%H", &skewed);
    stub_request(request, &world->stub, 0);
    assert_null(strstr(request, expected));
    stub_request(request, &world->stub, 1);
    assert_non_null(strstr(request, expected));
    assert_true(stub_is_signed(request, "wJalr/XUt+nFEMI"));
    assert_int_equal(fetch_and_wait(&answer, world->store, "good", 0), SIL_OK);
    answer_finish(&answer);
    stub_request(request, &world->stub, 2); /* and so from then on */
    assert_non_null(strstr(request, expected));
    assert_int_equal(fetch_and_wait(&answer, world->store, "always-skewed", 0),
                     SIL_E_STORE_UNAVAILABLE);
    assert_int_equal(answer.stats.try_count, 2);
    answer_finish(&answer);
}

static void a_prefix_is_put_in_front(void **state)
{
    struct world *world = *state;
    struct answer answer;

    fetch_store_close(world->store);
    open_store(world, "s3://bucket/in/side/");
    assert_int_equal(fetch_and_wait(&answer, world->store, "good", 0), SIL_OK);
    answer_finish(&answer);
    assert_int_equal(stub_count(&world->stub, "/bucket/in/side/good"), 1);
    assert_int_equal(
        fetch_and_wait(&answer, world->store, "s3://bucket/good", 0),
        SIL_E_IMAGE_FORBIDDEN);
    assert_int_equal(
        fetch_and_wait(&answer, world->store, "s3://bucket/in/side/good", 0),
        SIL_OK);
    answer_finish(&answer);
    assert_int_equal(
        fetch_and_wait(&answer, world->store, "s3://other/good", 0), SIL_OK);
    answer_finish(&answer);
    /* Denied the list but known: the objects may still be readable. */
    assert_int_equal(fetch_store_probe(world->store, patience(), NULL), SIL_OK);
}

static void a_probe_tells_what_is_wrong(void **state)
{
    static const char *const stores[] = {"s3://nowhere", "s3://strange"};
    struct world *world = *state;
    struct sil_error error = {0};

    assert_int_equal(fetch_store_probe(world->store, patience(), &error),
                     SIL_OK);
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        fetch_store_close(world->store);
        open_store(world, stores[i]);
        assert_int_equal(fetch_store_probe(world->store, patience(), &error),
                         SIL_E_STORE_UNAVAILABLE);
        assert_true(error.detail[0] != '\0');
    }
}

static void a_store_that_is_down_is_not_hammered(void **state)
{
    struct world *world = *state;
    struct answer answer;
    uint32_t tries = 0;

    stub_stop(&world->stub);
    for (int i = 0; i < 2 * LIMIT_FETCH_BREAKER_FAILURES; i++) {
        assert_int_equal(
            fetch_and_wait(&answer, world->store, "good", patience()),
            SIL_E_STORE_UNAVAILABLE);
        tries += answer.stats.try_count;
        answer_finish(&answer);
    }
    assert_true(tries <
                2 * LIMIT_FETCH_BREAKER_FAILURES * LIMIT_FETCH_TRIES_MAX);
    assert_int_equal(fetch_store_probe(world->store, patience(), NULL),
                     SIL_E_STORE_UNAVAILABLE);
    stub_start(&world->stub, rows, sizeof rows / sizeof rows[0]);
}

static void many_are_fetched_at_once(void **state)
{
    enum { COUNT = 40 };
    struct world *world = *state;
    struct answer answers[COUNT];

    for (int i = 0; i < COUNT; i++) {
        struct fetch_wish wish = {.img_src = i % 3 == 0 ? "full" : "good",
                                  .deadline_ns = patience(),
                                  .done = answer_done,
                                  .payload = &answers[i]};
        uint64_t number;

        answer_init(&answers[i]);
        assert_int_equal(fetch_submit(&number, world->store, &wish, NULL),
                         SIL_OK);
    }
    for (int i = 0; i < COUNT; i++) {
        answer_wait(&answers[i]);
        assert_int_equal(answers[i].err, SIL_OK);
        answer_finish(&answers[i]);
    }
}

/* Of opening, of fetching, and of fetching once more after a failure. */
static void each_allocation_of_ours_may_fail(void **state)
{
    static const char *const keys[] = {"s3://other/good", "once-500"};
    struct world *world = *state;
    struct answer answer;
    char endpoint[TEXT_SIZE];
    struct fetch_options options = {.store = "s3://bucket",
                                    .buckets = "other",
                                    .endpoint = endpoint,
                                    .bytes_max = BYTES_MAX};
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    fetch_store_close(world->store);
    world->store = NULL;
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d",
                   world->stub.port);
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = fetch_store_open(&world->store, &options, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    assert_true(n > 10);
    for (size_t i = 0; i < 2; i++) {
        err = SIL_E_NO_MEMORY;
        for (n = 1; err; n++) {
            mem_fail_at(n);
            err = fetch_and_wait(&answer, world->store, keys[i], patience());
            mem_fail_at(0);
            assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
            answer_finish(&answer);
        }
        assert_true(n > 6); /* job, key, task, address, transfer, picture */
    }
}

/* Asks for anything and gives up at any moment. */
static void *ask_often(void *payload)
{
    static const char *const keys[] = {"good",       "full",       "missing",
                                       "once-500",   "reset-body", "hang",
                                       "always-503", "long-late"};
    struct world *world = payload;

    for (unsigned i = 0; i < 60; i++) {
        struct answer answer;
        struct fetch_wish wish = {.img_src = keys[i % 8],
                                  .deadline_ns = clock_ns() + NS_PER_S / 10,
                                  .done = answer_done,
                                  .payload = &answer};
        uint64_t number;

        answer_init(&answer);
        assert_int_equal(fetch_submit(&number, world->store, &wish, NULL),
                         SIL_OK);
        (void)usleep(i * 37 % 3000);
        if (i % 3 != 0)
            fetch_cancel(world->store, number);
        answer_wait(&answer);
        answer_finish(&answer);
    }
    return NULL;
}

static void many_threads_may_ask_and_give_up(void **state)
{
    enum { ASKER_COUNT = 3 };
    struct world *world = *state;
    pthread_t askers[ASKER_COUNT];

    for (int i = 0; i < ASKER_COUNT; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_often, world), 0);
    for (int i = 0; i < ASKER_COUNT; i++)
        (void)pthread_join(askers[i], NULL);
}

#define IN_WORLD(test)                                                         \
    cmocka_unit_test_setup_teardown(test, world_init, world_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(objects_are_fetched),
        IN_WORLD(failures_are_told),
        IN_WORLD(refused_keys_make_no_request),
        IN_WORLD(a_deadline_ends_a_hanging_store),
        IN_WORLD(a_hanging_fetch_is_cancelled),
        IN_WORLD(a_waiting_retry_is_cancelled),
        IN_WORLD(requests_are_signed),
        IN_WORLD(a_session_token_is_signed),
        IN_WORLD(connections_are_kept),
        IN_WORLD(expired_keys_are_renewed),
        IN_WORLD(no_keys_make_no_request),
        IN_WORLD(a_wrong_clock_is_put_right),
        IN_WORLD(a_prefix_is_put_in_front),
        IN_WORLD(a_probe_tells_what_is_wrong),
        IN_WORLD(a_store_that_is_down_is_not_hammered),
        IN_WORLD(many_are_fetched_at_once),
        IN_WORLD(each_allocation_of_ours_may_fail),
        IN_WORLD(many_threads_may_ask_and_give_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
