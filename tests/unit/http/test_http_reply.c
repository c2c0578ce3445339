/* reply.c: heads, and bodies cut into pieces at every awkward size.
 * Must not know connections.
 * A body counts 0, 1, 2 … so that a lost or doubled byte shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "http/reply.h"

enum { SENT_MAX = 1 << 22, LONG_FIELD_SIZE = LIMIT_HTTP_WRITE_BYTES };

/* A body whose source gives at most step bytes at a time. */
struct source {
    size_t size, step;
    size_t made;
    int finish_count;
};

static size_t make(void *payload, uint8_t *bytes, size_t capacity)
{
    struct source *source = payload;
    size_t size = source->size - source->made;

    if (size > capacity)
        size = capacity;
    if (size > source->step)
        size = source->step;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(source->made + i);
    source->made += size;
    return size;
}

static void finish(void *payload)
{
    struct source *source = payload;

    source->finish_count++;
}

/* All pieces of a reply; *head_size: of its head. */
static void send_all(struct buf *sent, size_t *head_size,
                     const struct http_reply *from,
                     const struct reply_manner *manner)
{
    struct reply reply = {0};
    struct http_text piece = {"", 1};
    const char *end;

    buf_init(sent, SENT_MAX);
    assert_int_equal(reply_begin(&reply, from, manner), SIL_OK);
    while (piece.size > 0) {
        assert_int_equal(reply_next(&piece, &reply), SIL_OK);
        assert_true(piece.size <= LIMIT_HTTP_WRITE_BYTES);
        buf_add(sent, piece.bytes, piece.size);
    }
    reply_finish(&reply);
    assert_int_equal(buf_err(sent), SIL_OK);
    end = strstr(buf_text(sent), "\r\n\r\n");
    assert_non_null(end);
    *head_size = (size_t)(end - (const char *)sent->bytes) + 4;
}

static void check_bytes(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], (uint8_t)i);
}

/* Take the chunks apart; what they hold goes to *to. */
static void join_chunks(struct buf *to, const struct buf *from, size_t at)
{
    unsigned size = 1;

    buf_init(to, SENT_MAX);
    while (size > 0) {
        const char *line = (const char *)from->bytes + at;
        const char *end = strstr(line, "\r\n");

        assert_non_null(end);
        assert_int_equal(sscanf(line, "%x", &size), 1);
        at += (size_t)(end - line) + 2;
        buf_add(to, from->bytes + at, size);
        at += size;
        assert_memory_equal(from->bytes + at, "\r\n", 2);
        at += 2;
    }
    assert_int_equal(at, from->size);
}

static void check_body(size_t size, size_t step, bool is_known)
{
    struct source source = {.size = size, .step = step};
    struct http_reply from = {
        .status = 200,
        .body = {is_known ? size : HTTP_SIZE_UNKNOWN, make, finish, &source}};
    struct reply_manner manner = {0};
    struct buf sent;
    struct buf body;
    size_t head_size = 0;

    send_all(&sent, &head_size, &from, &manner);
    assert_int_equal(source.finish_count, 1);
    assert_int_equal(source.made, size);
    if (is_known) {
        assert_int_equal(sent.size, head_size + size);
        check_bytes(sent.bytes + head_size, size);
    } else {
        join_chunks(&body, &sent, head_size);
        assert_int_equal(body.size, size);
        check_bytes(body.bytes, size);
        buf_finish(&body);
    }
    buf_finish(&sent);
}

static void bodies_of_all_sizes_arrive_whole(void **state)
{
    /* Around the piece, with and without its head. */
    const size_t piece = LIMIT_HTTP_WRITE_BYTES;
    const size_t steps[] = {1, 1000, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        for (size_t around = 0; around <= 2 * piece; around += piece) {
            size_t first = around > 200 ? around - 200 : 0;
            size_t stride = steps[i] == SIZE_MAX ? 1 : 67;

            for (size_t size = first; size < around + 20; size += stride) {
                check_body(size, steps[i], true);
                check_body(size, steps[i], false);
            }
        }
    }
}

static void bodiless_statuses_have_no_body(void **state)
{
    const int statuses[] = {204, 304};
    struct source source = {.size = 5, .step = 5};
    struct buf sent;
    size_t head_size = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct http_reply from = {.status = statuses[i],
                                  .body = {5, make, finish, &source}};
        struct reply_manner manner = {0};

        send_all(&sent, &head_size, &from, &manner);
        assert_int_equal(sent.size, head_size);
        assert_int_equal(strstr(buf_text(&sent), "Content-Length: 5") != NULL,
                         statuses[i] == 304);
        buf_finish(&sent);
    }
    assert_int_equal(source.made, 0);
    assert_int_equal(source.finish_count, 2);
}

static void a_head_that_is_too_long_is_refused(void **state)
{
    static char value[LONG_FIELD_SIZE];
    struct http_field field = {"X", value};
    struct source source = {.size = 5, .step = 5};
    struct http_reply from = {.status = 200,
                              .fields = &field,
                              .field_count = 1,
                              .body = {5, make, finish, &source}};
    struct reply_manner manner = {0};
    struct reply reply = {0};

    (void)state;
    memset(value, 'a', sizeof value - 1);
    assert_int_equal(reply_begin(&reply, &from, &manner), SIL_E_STATE);
    assert_int_equal(source.finish_count, 1);
    assert_null(reply.body.next);
    /* A head that just fits leaves no room for a chunk in its piece. */
    from.body.size = HTTP_SIZE_UNKNOWN;
    for (size_t size = sizeof value - 200; size < sizeof value - 100; size++) {
        struct http_text piece = {"", 1};
        size_t sent = 0;

        value[size] = '\0';
        source.made = 0;
        assert_int_equal(reply_begin(&reply, &from, &manner), SIL_OK);
        while (piece.size > 0) {
            assert_int_equal(reply_next(&piece, &reply), SIL_OK);
            sent += reply.piece_body;
        }
        assert_int_equal(sent, 5);
        reply_finish(&reply);
        value[size] = 'a';
    }
}

static void running_out_of_memory_finishes_the_body(void **state)
{
    struct source source = {.size = 5, .step = 5};
    struct http_reply from = {.status = 200,
                              .body = {5, make, finish, &source}};
    struct reply_manner manner = {0};
    struct reply reply = {0};

    (void)state;
    mem_fail_at(1);
    assert_int_equal(reply_begin(&reply, &from, &manner), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(source.finish_count, 1);
    reply_finish(&reply); /* nothing is left to finish */
    assert_int_equal(source.finish_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_of_all_sizes_arrive_whole),
        cmocka_unit_test(bodiless_statuses_have_no_body),
        cmocka_unit_test(a_head_that_is_too_long_is_refused),
        cmocka_unit_test(running_out_of_memory_finishes_the_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
