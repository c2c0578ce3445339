/* The wrap of libcurl by itself: how a transfer ends, and what is sent.
 * Must not know retries: one transfer, one ending.
 * Answers come from the scripted S3. */
#include "fetch_tools.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fetch/s3_curl.h"
#include "s3_stub.h"

enum { BYTES_MAX = 20, TEXT_SIZE = 128, STEP_MS = 50 };

static const struct stub_row rows[] = {
    {"/good",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, STUB_KEEP}},
     1},
    {"/a/../b//./c", /* as it was given: nothing is squashed */
     {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, STUB_KEEP}},
     1},
    {"/over",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n", 21, STUB_KEEP}},
     1},
    {"/over-unsaid", {{"HTTP/1.1 200 OK\r\n\r\n", 21, STUB_CLOSE}}, 1},
    {"/bad",
     {{"HTTP/1.1 404 No\r\nDate: Thu, 01 Jan 1970 00:01:40 GMT\r\n"
       "Content-Length: 3\r\n\r\nbad",
       0, STUB_KEEP}},
     1},
    {"/short",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 0, STUB_CLOSE}},
     1},
    {"/long",
     {{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", 0, STUB_CLOSE}},
     1},
    {"/reset", {{NULL, 0, STUB_RESET}}, 1},
    {"/garbage", {{"hello there\r\n\r\n", 0, STUB_CLOSE}}, 1},
    {"/hang", {{NULL, 0, STUB_HANG}}, 1},
};

/* What was told last. */
struct ear {
    int told_count;
    struct s3_answer answer;
    char trouble[TEXT_SIZE];
};

static void hear(void *payload, const struct s3_answer *answer)
{
    struct ear *ear = payload;

    ear->told_count++;
    ear->answer = *answer;
    (void)snprintf(
        ear->trouble, sizeof ear->trouble, "%.*s", (int)answer->trouble->size,
        answer->trouble->size > 0 ? (const char *)answer->trouble->bytes : "");
}

struct world {
    struct stub stub;
    struct s3_curl *curl;
};

static int world_init(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct sil_error error = {0};

    stub_start(&world->stub, rows, sizeof rows / sizeof rows[0]);
    if (s3_curl_create(&world->curl, "aws:amz:eu:s3", NULL, hear, &error))
        fail_msg("%s", error.detail);
    *state = world;
    return 0;
}

static int world_finish(void **state)
{
    struct world *world = *state;

    s3_curl_destroy(world->curl);
    s3_curl_destroy(NULL);
    stub_stop(&world->stub);
    free(world);
    return 0;
}

static enum sil_err start(struct s3_transfer **transfer, struct world *world,
                          const char *path, struct ear *ear, struct buf *bytes)
{
    static char key_id[] = "KEY";
    static char secret[] = "secret";
    const struct credential credential = {.key_id = key_id, .secret = secret};
    char url[TEXT_SIZE];
    struct s3_ask ask = {.url = url,
                         .credential = &credential,
                         .deadline_ns = clock_ns() + NS_PER_S / 4,
                         .bytes = bytes,
                         .payload = ear};

    if (strcmp(path, "/hang") != 0)
        ask.deadline_ns += 30 * NS_PER_S;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", world->stub.port,
                   path);
    return s3_curl_start(transfer, world->curl, &ask);
}

static void transfers_end_as_they_should(void **state)
{
    static const struct {
        const char *path;
        enum s3_outcome outcome;
        int status;
        size_t size;
    } endings[] = {
        {"/good", S3_ANSWERED, 200, 5},
        {"/a/../b//./c", S3_ANSWERED, 200, 5},
        {"/bad", S3_ANSWERED, 404, 0},
        {"/over", S3_TOO_LARGE, 200, 0},
        {"/over-unsaid", S3_TOO_LARGE, 200, 0},
        {"/short", S3_CUT, 200, 5},
        {"/long", S3_CUT, 200, 4},
        {"/reset", S3_UNREACHABLE, 0, 0},
        {"/garbage", S3_GARBAGE, 0, 0},
        {"/hang", S3_STALLED, 0, 0},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct ear ear = {0};
        struct s3_transfer *transfer = NULL;
        struct buf bytes;

        buf_init(&bytes, BYTES_MAX);
        assert_int_equal(start(&transfer, world, endings[i].path, &ear, &bytes),
                         SIL_OK);
        while (ear.told_count == 0)
            s3_curl_step(world->curl, STEP_MS);
        if (ear.answer.outcome != endings[i].outcome ||
            ear.answer.head.status != endings[i].status)
            fail_msg("%s: %s, %d", endings[i].path,
                     s3_outcome_name(ear.answer.outcome),
                     ear.answer.head.status);
        assert_int_equal(bytes.size, endings[i].size);
        if (strcmp(endings[i].path, "/bad") == 0) {
            assert_string_equal(ear.trouble, "bad");
            assert_int_equal(ear.answer.server_s, 100);
            assert_int_equal(ear.answer.head.announced_bytes, 3);
        }
        buf_finish(&bytes);
    }
}

static void a_dropped_transfer_is_not_told(void **state)
{
    struct world *world = *state;
    struct ear ear = {0};
    struct s3_transfer *transfer = NULL;
    struct buf bytes;

    buf_init(&bytes, BYTES_MAX);
    assert_int_equal(start(&transfer, world, "/hang", &ear, &bytes), SIL_OK);
    s3_curl_step(world->curl, STEP_MS);
    s3_curl_drop(world->curl, transfer);
    s3_curl_wake(world->curl);
    s3_curl_step(world->curl, LIMIT_FETCH_WAIT_MS); /* returns: it was woken */
    assert_int_equal(ear.told_count, 0);
    buf_finish(&bytes);
}

static void each_allocation_of_ours_may_fail(void **state)
{
    struct world *world = *state;
    struct ear ear = {0};
    struct s3_transfer *transfer = NULL;
    struct s3_curl *other = NULL;
    struct buf bytes;

    mem_fail_at(1);
    assert_int_equal(s3_curl_create(&other, "aws:amz:eu:s3", NULL, hear, NULL),
                     SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_null(other);
    buf_init(&bytes, BYTES_MAX);
    mem_fail_at(1); /* the transfer itself */
    assert_int_equal(start(&transfer, world, "/good", &ear, &bytes),
                     SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_null(transfer);
    assert_int_equal(start(&transfer, world, "/good", &ear, &bytes), SIL_OK);
    mem_fail_at(1); /* the room for the body */
    while (ear.told_count == 0)
        s3_curl_step(world->curl, STEP_MS);
    mem_fail_at(0);
    assert_int_equal(ear.answer.outcome, S3_NO_MEMORY);
    buf_finish(&bytes);
}

#define IN_WORLD(test)                                                         \
    cmocka_unit_test_setup_teardown(test, world_init, world_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(transfers_end_as_they_should),
        IN_WORLD(a_dropped_transfer_is_not_told),
        IN_WORLD(each_allocation_of_ours_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
