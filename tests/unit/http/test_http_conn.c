/* conn.c, conn_step.c, exchange.c: a connection in any order of events.
 * Must not know sockets: fake_wire.c plays them, and the clock.
 * fake_wire.c also asserts what must hold always; here is what must happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/fake_wire.h"

#define HOST "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST "\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST
#define OK "HTTP/1.1 200 OK\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        count++;
    return count;
}

static struct fake_wire *opened(struct fake_wire *wire)
{
    assert_int_equal(fake_wire_open(wire), SIL_OK);
    assert_true(wire->is_reading);
    assert_true(wire->deadline_ns > clock_ns());
    return wire;
}

/* --- replies ------------------------------------------------------------ */

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    fake_wire_say(opened(&wire), GET);
    text = fake_wire_heard(&wire);
    assert_int_equal(strncmp(text, OK, sizeof OK - 1), 0);
    assert_true(has(text, "\r\nDate: "));
    assert_true(has(text, " GMT\r\n"));
    assert_true(has(text, "\r\nContent-Length: 5\r\n"));
    assert_true(has(text, "\r\n\r\n00000"));
    assert_false(has(text, "Connection: close"));
    assert_false(wire.is_shut);
    assert_int_equal(wire.ending.body_bytes, 5);
    fake_wire_say(&wire, GET);
    assert_int_equal(wire.complete_count, 2);
    fake_wire_finish(&wire);
}

static void no_value_forges_a_field(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    fake_wire_say(opened(&wire), GET);
    text = fake_wire_heard(&wire);
    assert_true(has(text, "\r\nX-Test: a  Forged: b\r\n"));
    fake_wire_finish(&wire);
}

static void head_gets_fields_without_a_body(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    fake_wire_say(opened(&wire), "HEAD / HTTP/1.1\r\n" HOST "\r\n");
    text = fake_wire_heard(&wire);
    assert_true(has(text, "\r\nContent-Length: 5\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    assert_int_equal(wire.made_bytes, 0);
    fake_wire_say(&wire, GET);
    assert_int_equal(wire.complete_count, 2);
    fake_wire_finish(&wire);
}

static void an_unknown_size_is_sent_chunked(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    opened(&wire)->reply_bytes = HTTP_SIZE_UNKNOWN;
    wire.reply_chunked = 5;
    fake_wire_say(&wire, GET);
    text = fake_wire_heard(&wire);
    assert_true(has(text, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_true(has(text, "\r\n\r\n0005\r\n00000\r\n0\r\n\r\n"));
    assert_false(has(text, "Content-Length"));
    wire.reply_chunked = 200000;
    fake_wire_say(&wire, GET);
    fake_wire_take(&wire);
    text = fake_wire_heard(&wire);
    assert_true(has(text, "0\r\n0\r\n\r\n"));
    assert_int_equal(wire.ending.body_bytes, 200000);
    assert_int_equal(wire.complete_count, 2);
    fake_wire_finish(&wire);
}

static void http10_gets_a_body_that_ends_with_the_connection(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    opened(&wire)->reply_bytes = HTTP_SIZE_UNKNOWN;
    wire.reply_chunked = 5;
    fake_wire_say(&wire, "GET / HTTP/1.0\r\n\r\n");
    text = fake_wire_heard(&wire);
    assert_false(has(text, "Transfer-Encoding"));
    assert_true(has(text, "\r\nConnection: close\r\n\r\n00000"));
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

static void a_large_body_is_made_as_it_is_taken(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->reply_bytes = 24000000;
    wire.room = 0;
    fake_wire_say(&wire, GET);
    assert_true(wire.made_bytes <= LIMIT_HTTP_WRITE_BYTES);
    for (size_t pieces = 1; wire.end_count == 0; pieces++) {
        assert_true(fake_wire_take(&wire));
        assert_true(wire.made_bytes <= (pieces + 1) * LIMIT_HTTP_WRITE_BYTES);
    }
    assert_int_equal(wire.ending.body_bytes, 24000000);
    assert_true(wire.ending.is_complete);
    fake_wire_finish(&wire);
}

static void a_fast_reader_lets_others_have_their_turn(void **state)
{
    struct fake_wire wire;
    size_t turn_count = 0;

    (void)state;
    opened(&wire)->reply_bytes = 24000000;
    fake_wire_say(&wire, GET);
    while (fake_wire_take(&wire))
        turn_count++;
    assert_true(turn_count >=
                24000000 / LIMIT_HTTP_WRITE_BYTES / LIMIT_HTTP_PIECES_AT_ONCE);
    assert_int_equal(wire.complete_count, 1);
    fake_wire_finish(&wire);
}

static void a_body_that_ends_early_cuts_the_connection(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->is_short = true;
    fake_wire_say(&wire, GET);
    assert_true(wire.is_closing);
    assert_int_equal(wire.end_count, 1);
    assert_false(wire.ending.is_complete);
    fake_wire_finish(&wire);
}

/* --- what a handler sees ------------------------------------------------ */

static void assert_text(struct http_text text, const char *wanted)
{
    assert_non_null(text.bytes);
    assert_int_equal(text.size, strlen(wanted));
    assert_memory_equal(text.bytes, wanted, text.size);
}

static void look_at_all_parts(const struct http_exchange *exchange)
{
    assert_text(http_method(exchange), "PATCH");
    assert_text(http_path(exchange), "/a/b");
    assert_text(http_query(exchange), "c=d");
    assert_text(http_header(exchange, "x-one"), "1");
    assert_text(http_header(exchange, "X-EMPTY"), "");
    assert_null(http_header(exchange, "X-On").bytes);
    assert_null(http_header(exchange, "X-Three").bytes);
}

static void look_at_no_query(const struct http_exchange *exchange)
{
    assert_text(http_path(exchange), "/");
    assert_null(http_query(exchange).bytes);
}

static void look_at_nothing(const struct http_exchange *exchange)
{
    assert_null(http_method(exchange).bytes);
    assert_null(http_path(exchange).bytes);
    assert_null(http_query(exchange).bytes);
    assert_null(http_header(exchange, "Host").bytes);
    assert_int_equal(http_body(exchange).size, 0);
    assert_string_equal(http_peer(exchange), "::1");
}

static void a_handler_sees_the_parts_of_a_request(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->look = look_at_all_parts;
    fake_wire_say(&wire, "PATCH /a/b?c=d HTTP/1.1\r\n" HOST
                         "X-One: 1\r\nx-oNe: 2\r\nX-Empty:\r\n\r\n");
    assert_int_equal(wire.head_count, 1);
    wire.look = look_at_no_query;
    fake_wire_say(&wire, GET);
    assert_int_equal(wire.head_count, 2);
    wire.look = look_at_nothing;
    fake_wire_say(&wire, "GET / HTTP/1.1\r\n" HOST HOST "\r\n");
    assert_int_equal(wire.refuse_count, 1);
    fake_wire_finish(&wire);
}

/* --- bodies ------------------------------------------------------------- */

static void a_body_arrives_in_pieces(void **state)
{
    struct fake_wire wire;

    (void)state;
    fake_wire_say(opened(&wire), POST "Content-Length: 5\r\n\r\n");
    assert_int_equal(wire.head_count, 1);
    fake_wire_say(&wire, "ab");
    assert_int_equal(wire.shared.body_bytes, 2);
    assert_int_equal(wire.request_count, 0);
    fake_wire_say(&wire, "cde");
    assert_int_equal(wire.request_count, 1);
    assert_int_equal(wire.last_body_bytes, 5);
    assert_int_equal(wire.shared.body_bytes, 0);
    fake_wire_finish(&wire);
}

static void a_body_that_was_taken_outlives_its_client(void **state)
{
    struct fake_wire wire;
    struct buf body;

    (void)state;
    buf_init(&body, 1);
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, POST "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(wire.shared.body_bytes, 5);
    http_take_body(&body, wire.open);
    assert_int_equal(wire.shared.body_bytes, 0);
    assert_int_equal(http_body(wire.open).size, 0);
    conn_on_eof(wire.conn, false);
    fake_wire_finish(&wire);
    assert_int_equal(body.size, 5);
    assert_memory_equal(body.bytes, "hello", 5);
    buf_finish(&body);
}

static void continue_is_said_only_if_the_body_is_wanted(void **state)
{
    static const char head[] =
        POST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    struct fake_wire wire;

    (void)state;
    fake_wire_say(opened(&wire), head);
    assert_string_equal(fake_wire_heard(&wire), CONTINUE);
    fake_wire_say(&wire, "hello");
    assert_false(has(fake_wire_heard(&wire), "100 Continue"));
    /* Too large: the answer at once. */
    wire.body_max = 4;
    fake_wire_say(&wire, head);
    assert_int_equal(wire.error.code, SIL_E_REQUEST_TOO_LARGE);
    assert_false(has(fake_wire_heard(&wire), "100 Continue"));
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
    /* Answered at the head. */
    opened(&wire)->answer = FAKE_AT_HEAD;
    fake_wire_say(&wire, head);
    assert_false(has(fake_wire_heard(&wire), "100 Continue"));
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
    /* The body is there already. */
    fake_wire_say(opened(&wire), POST "Expect: 100-continue\r\n"
                                      "Content-Length: 5\r\n\r\nh");
    assert_string_equal(fake_wire_heard(&wire), "");
    fake_wire_finish(&wire);
    /* HTTP/1.0 does not know it. */
    fake_wire_say(opened(&wire), "POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
                                 "Content-Length: 5\r\n\r\n");
    assert_string_equal(fake_wire_heard(&wire), "");
    fake_wire_finish(&wire);
}

static void a_body_waits_for_a_slow_continue(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->room = 0;
    fake_wire_say(&wire, POST "Expect: 100-continue\r\n"
                              "Content-Length: 5\r\n\r\n");
    fake_wire_say(&wire, "he");
    fake_wire_say(&wire, "llo");
    assert_int_equal(wire.request_count, 0);
    assert_true(fake_wire_take(&wire));
    assert_int_equal(wire.request_count, 1);
    assert_int_equal(wire.last_body_bytes, 5);
    fake_wire_finish(&wire);
}

static void large_bodies_are_refused_early(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    fake_wire_say(opened(&wire), POST "Content-Length: 65537\r\n\r\n");
    text = fake_wire_heard(&wire);
    assert_true(has(text, "HTTP/1.1 413 "));
    assert_true(has(text, "Connection: close\r\n"));
    assert_int_equal(wire.head_count, 1);
    assert_int_equal(wire.refuse_count, 1);
    assert_int_equal(wire.end_count, 1);
    /* What still comes is dropped, and nothing else is answered. */
    assert_true(wire.is_shut && !wire.is_closing);
    fake_wire_say(&wire, GET GET GET);
    assert_string_equal(fake_wire_heard(&wire), "");
    conn_on_eof(wire.conn, false);
    assert_true(wire.is_closing && !wire.is_reset);
    fake_wire_finish(&wire);
}

static void all_bodies_together_have_a_limit(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->shared.body_bytes_max = 10;
    fake_wire_say(&wire, POST "Content-Length: 11\r\n\r\n0123456789");
    assert_int_equal(wire.refuse_count, 0);
    fake_wire_say(&wire, "0");
    assert_int_equal(wire.error.code, SIL_E_OVERLOADED);
    assert_int_equal(wire.request_count, 0);
    assert_int_equal(wire.shared.body_bytes, 0);
    fake_wire_finish(&wire);
}

static void an_answer_at_the_head_keeps_the_connection(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_AT_HEAD;
    fake_wire_say(&wire, GET GET);
    assert_int_equal(wire.complete_count, 2);
    assert_int_equal(wire.request_count, 0);
    /* Not where a body is left unread. */
    fake_wire_say(&wire, POST "Content-Length: 5\r\n\r\nhello" GET);
    assert_int_equal(wire.complete_count, 3);
    assert_true(has(fake_wire_heard(&wire), "Connection: close"));
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

/* --- order -------------------------------------------------------------- */

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, GET GET "POST / HTTP/1.1\r\n" HOST);
    assert_int_equal(wire.request_count, 1);
    assert_int_equal(wire.shared.busy_count, 1);
    assert_true(fake_wire_answer(&wire));
    assert_int_equal(wire.request_count, 2);
    fake_wire_say(&wire, "Content-Length: 2\r\n\r\nhi" GET);
    assert_true(fake_wire_answer(&wire));
    assert_int_equal(wire.request_count, 3);
    assert_int_equal(wire.last_body_bytes, 2);
    assert_true(fake_wire_answer(&wire));
    assert_true(fake_wire_answer(&wire));
    assert_int_equal(wire.complete_count, 4);
    assert_int_equal(count_of(fake_wire_heard(&wire), OK), 4);
    fake_wire_finish(&wire);
}

static void many_pipelined_requests_need_no_stack(void **state)
{
    enum { REQUEST_COUNT = 2000 };
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, GET);
    for (int i = 1; i < REQUEST_COUNT; i++)
        fake_wire_say(&wire, GET);
    wire.answer = FAKE_NOW;
    assert_true(fake_wire_answer(&wire));
    while (fake_wire_take(&wire))
        continue;
    assert_int_equal(wire.complete_count, REQUEST_COUNT);
    fake_wire_finish(&wire);
}

static void not_more_than_a_buffer_is_read_ahead(void **state)
{
    static const char blank[1024] = GET;
    struct fake_wire wire;
    size_t taken = 0;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, GET);
    while (wire.is_reading)
        taken += fake_wire_send(&wire, blank, sizeof blank);
    assert_int_equal(taken, LIMIT_HTTP_READ_BYTES);
    assert_int_equal(conn_room(wire.conn), 0);
    /* It reads again once the request is answered; NULs are no request. */
    assert_true(fake_wire_answer(&wire));
    assert_true(wire.is_reading);
    fake_wire_finish(&wire);
}

/* The client is still sending: it must be heard out to hear its answer. */
static void what_was_read_ahead_of_the_last_answer_is_dropped(void **state)
{
    static const char blank[1024] = GET;
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, GET);
    while (wire.is_reading)
        (void)fake_wire_send(&wire, blank, sizeof blank);
    wire.is_last = true;
    assert_true(fake_wire_answer(&wire));
    assert_true(wire.is_reading);
    assert_int_equal(fake_wire_send(&wire, blank, sizeof blank), sizeof blank);
    assert_int_equal(wire.complete_count, 1);
    fake_wire_finish(&wire);
}

static void close_is_granted_when_asked_for(void **state)
{
    struct fake_wire wire;

    (void)state;
    fake_wire_say(opened(&wire),
                  "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET);
    assert_int_equal(wire.complete_count, 1);
    assert_true(has(fake_wire_heard(&wire), "Connection: close\r\n"));
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
    opened(&wire)->is_last = true;
    fake_wire_say(&wire, GET GET);
    assert_int_equal(wire.complete_count, 1);
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

static void a_malformed_request_gets_one_answer(void **state)
{
    struct fake_wire wire;
    const char *text;

    (void)state;
    fake_wire_say(opened(&wire), GET "GET / HTTP/1.1\r\n\r\n" GET GET);
    text = fake_wire_heard(&wire);
    assert_int_equal(count_of(text, "HTTP/1.1 "), 2);
    assert_true(has(text, "HTTP/1.1 400 Bad Request\r\n"));
    assert_int_equal(wire.head_count, 1);
    assert_int_equal(wire.refuse_count, 1);
    assert_int_equal(wire.end_count, 2);
    assert_int_equal(wire.shared.counts.parse_errors_total, 1);
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

static void a_malformed_body_gets_one_answer(void **state)
{
    struct fake_wire wire;

    (void)state;
    fake_wire_say(opened(&wire), POST "Transfer-Encoding: chunked\r\n\r\n"
                                      "x\r\n\r\n" GET);
    assert_int_equal(count_of(fake_wire_heard(&wire), "HTTP/1.1 "), 1);
    assert_int_equal(wire.head_count, 1);
    assert_int_equal(wire.refuse_count, 1);
    assert_int_equal(wire.end_count, 1);
    assert_int_equal(wire.request_count, 0);
    fake_wire_finish(&wire);
}

/* --- the client leaves -------------------------------------------------- */

static void nobody_is_told_of_a_client_that_asked_nothing(void **state)
{
    static const char *const starts[] = {"", "\r\n", "GET / HT", GET "GE"};
    struct fake_wire wire;

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        opened(&wire);
        fake_wire_say(&wire, starts[i]);
        conn_on_eof(wire.conn, i % 2 == 1);
        assert_true(wire.is_closing);
        assert_int_equal(wire.refuse_count, 0);
        assert_int_equal(wire.end_count, wire.complete_count);
        fake_wire_finish(&wire);
    }
}

static void work_ends_when_its_client_leaves(void **state)
{
    struct fake_wire wire;

    (void)state;
    for (int is_broken = 0; is_broken < 2; is_broken++) {
        opened(&wire)->answer = FAKE_LATER;
        fake_wire_say(&wire, GET);
        assert_non_null(wire.open);
        conn_on_eof(wire.conn, is_broken != 0);
        assert_int_equal(wire.end_count, 1);
        assert_false(wire.ending.is_complete);
        assert_true(wire.is_closing);
        assert_int_equal(wire.shared.busy_count, 0);
        fake_wire_finish(&wire);
    }
}

static void a_half_read_body_ends_with_its_client(void **state)
{
    struct fake_wire wire;

    (void)state;
    fake_wire_say(opened(&wire), POST "Content-Length: 5\r\n\r\nhel");
    conn_on_eof(wire.conn, false);
    assert_int_equal(wire.end_count, 1);
    assert_int_equal(wire.request_count, 0);
    assert_true(wire.is_closing);
    fake_wire_finish(&wire);
}

static void a_client_that_only_stops_sending_gets_its_answer(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->room = 0;
    wire.reply_bytes = 100000;
    fake_wire_say(&wire, GET);
    conn_on_eof(wire.conn, false);
    while (fake_wire_take(&wire))
        continue;
    assert_int_equal(wire.complete_count, 1);
    assert_true(wire.is_closing && !wire.is_reset);
    fake_wire_finish(&wire);
}

static void a_failing_write_ends_the_exchange(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->is_failing = true;
    fake_wire_say(&wire, GET);
    assert_int_equal(wire.end_count, 1);
    assert_int_equal(wire.complete_count, 0);
    assert_true(wire.is_closing);
    fake_wire_finish(&wire);
    /* The same for a write that failed later. */
    opened(&wire)->room = 0;
    fake_wire_say(&wire, GET);
    wire.is_failing = true;
    assert_true(fake_wire_take(&wire));
    assert_int_equal(wire.end_count, 1);
    assert_int_equal(wire.complete_count, 0);
    fake_wire_finish(&wire);
}

/* --- time --------------------------------------------------------------- */

static void a_slow_head_is_refused(void **state)
{
    struct fake_wire wire;
    uint64_t deadline_ns;

    (void)state;
    fake_wire_say(opened(&wire), "GET / HTTP/1.1\r\n");
    deadline_ns = wire.deadline_ns;
    fake_wire_say(&wire, HOST);
    assert_int_equal(wire.deadline_ns, deadline_ns); /* total, not idle */
    assert_true(fake_wire_late(&wire));
    assert_int_equal(wire.error.code, SIL_E_REQUEST_TIMEOUT);
    assert_true(has(fake_wire_heard(&wire), "HTTP/1.1 408 "));
    assert_int_equal(wire.shared.counts.slow_header_total, 1);
    assert_true(wire.is_shut);
    assert_true(fake_wire_late(&wire)); /* it lingers no longer */
    assert_true(wire.is_closing);
    fake_wire_finish(&wire);
}

static void a_slow_body_is_refused(void **state)
{
    struct fake_wire wire;
    uint64_t deadline_ns;

    (void)state;
    fake_wire_say(opened(&wire), POST "Content-Length: 5\r\n\r\n");
    deadline_ns = wire.deadline_ns;
    fake_wire_say(&wire, "hel");
    assert_int_equal(wire.deadline_ns, deadline_ns);
    assert_true(fake_wire_late(&wire));
    assert_true(has(fake_wire_heard(&wire), "HTTP/1.1 408 "));
    assert_int_equal(wire.shared.counts.slow_body_total, 1);
    assert_int_equal(wire.end_count, 1);
    fake_wire_finish(&wire);
}

static void a_large_body_earns_time_by_arriving(void **state)
{
    static const char bytes[LIMIT_HTTP_BODY_RATE_MIN];
    struct fake_wire wire;
    uint64_t deadline_ns;

    (void)state;
    opened(&wire)->body_max = 1 << 20;
    fake_wire_say(&wire, POST "Content-Length: 1000000\r\n\r\n");
    deadline_ns = wire.deadline_ns;
    (void)fake_wire_send(&wire, bytes, sizeof bytes - 1);
    assert_int_equal(wire.deadline_ns, deadline_ns);
    (void)fake_wire_send(&wire, bytes, 1);
    assert_int_equal(wire.deadline_ns, deadline_ns + NS_PER_S);
    fake_wire_finish(&wire);
}

static void an_idle_client_is_sent_away_without_a_word(void **state)
{
    struct fake_wire wire;

    (void)state;
    assert_true(fake_wire_late(opened(&wire)));
    assert_true(wire.is_closing);
    assert_int_equal(wire.sent.size, 0);
    fake_wire_finish(&wire);
    fake_wire_say(opened(&wire), GET);
    (void)fake_wire_heard(&wire);
    assert_true(fake_wire_late(&wire));
    assert_true(wire.is_closing);
    assert_int_equal(wire.sent.size, 0);
    assert_int_equal(wire.refuse_count, 0);
    fake_wire_finish(&wire);
}

static void a_client_that_takes_nothing_is_cut_off(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->room = 0;
    wire.reply_bytes = 200000;
    fake_wire_say(&wire, GET);
    assert_true(fake_wire_take(&wire));
    assert_true(fake_wire_late(&wire));
    assert_true(wire.is_closing && wire.is_reset);
    assert_true(wire.ending.is_slow_client);
    assert_false(wire.ending.is_complete);
    assert_true(wire.ending.body_bytes < LIMIT_HTTP_WRITE_BYTES);
    assert_int_equal(wire.shared.counts.slow_write_total, 1);
    fake_wire_finish(&wire);
}

static void work_has_no_deadline_of_ours(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, POST "Content-Length: 1\r\n\r\nx");
    assert_int_equal(wire.deadline_ns, 0);
    assert_true(fake_wire_answer(&wire));
    assert_true(wire.deadline_ns > 0); /* idle */
    fake_wire_finish(&wire);
}

/* --- the end ------------------------------------------------------------ */

/* The head of the answer said nothing of a close: the client may go on. */
static void draining_amid_an_answer_lets_the_client_ask_again(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->room = 0;
    fake_wire_say(&wire, GET);
    wire.shared.is_draining = true;
    conn_drain(wire.conn);
    assert_true(fake_wire_take(&wire));
    assert_false(has(fake_wire_heard(&wire), "Connection: close\r\n"));
    assert_false(conn_is_over(wire.conn));
    assert_true(wire.deadline_ns <
                clock_ns() + (LIMIT_HTTP_DRAIN_IDLE_MS + 1) * NS_PER_MS);
    fake_wire_say(&wire, GET);
    assert_true(fake_wire_take(&wire));
    assert_true(has(fake_wire_heard(&wire), "Connection: close\r\n"));
    assert_true(conn_is_over(wire.conn));
    fake_wire_finish(&wire);
}

static void draining_answers_what_is_under_way(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_LATER;
    fake_wire_say(&wire, GET GET);
    wire.shared.is_draining = true;
    conn_drain(wire.conn);
    assert_true(fake_wire_answer(&wire));
    assert_true(has(fake_wire_heard(&wire), "Connection: close\r\n"));
    assert_int_equal(wire.complete_count, 1);
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

static void draining_gives_idle_clients_a_moment(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->shared.is_draining = true;
    conn_drain(wire.conn);
    assert_true(wire.deadline_ns <
                clock_ns() + (LIMIT_HTTP_DRAIN_IDLE_MS + 1) * NS_PER_MS);
    fake_wire_say(&wire, GET);
    assert_int_equal(wire.complete_count, 1);
    assert_true(wire.is_shut);
    fake_wire_finish(&wire);
}

static void closing_ends_everything_once(void **state)
{
    struct fake_wire wire;

    (void)state;
    opened(&wire)->answer = FAKE_CLOSE; /* inside of the handler's call */
    fake_wire_say(&wire, GET GET);
    assert_true(wire.is_closing);
    assert_int_equal(wire.request_count, 1);
    assert_int_equal(wire.end_count, 1);
    fake_wire_finish(&wire);
    opened(&wire)->room = 0; /* while a piece is on its way */
    fake_wire_say(&wire, GET);
    conn_close(wire.conn);
    assert_int_equal(wire.end_count, 1);
    assert_int_equal(wire.complete_count, 0);
    assert_true(fake_wire_take(&wire)); /* libuv cancels it: ignored */
    fake_wire_finish(&wire);
}

/* Each allocation fails once: that connection may go, nothing else may. */
static void running_out_of_memory_costs_one_connection(void **state)
{
    uint32_t complete_count = 0;
    uint32_t failure_count = 0;

    (void)state;
    for (size_t n = 1; complete_count < 3; n++) {
        struct fake_wire wire;

        mem_fail_at(n);
        if (fake_wire_open(&wire) == SIL_OK) {
            wire.answer = FAKE_LATER;
            fake_wire_say(&wire, POST "Content-Length: 3\r\n\r\nabc" GET);
            while (fake_wire_answer(&wire))
                continue;
            if (!wire.is_closing && !wire.is_shut)
                fake_wire_say(&wire, GET);
            while (fake_wire_answer(&wire))
                continue;
        }
        mem_fail_at(0);
        complete_count = wire.complete_count - wire.refuse_count;
        failure_count += complete_count < 3;
        fake_wire_finish(&wire);
    }
    assert_true(failure_count >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_and_the_connection_kept),
        cmocka_unit_test(no_value_forges_a_field),
        cmocka_unit_test(head_gets_fields_without_a_body),
        cmocka_unit_test(an_unknown_size_is_sent_chunked),
        cmocka_unit_test(http10_gets_a_body_that_ends_with_the_connection),
        cmocka_unit_test(a_large_body_is_made_as_it_is_taken),
        cmocka_unit_test(a_fast_reader_lets_others_have_their_turn),
        cmocka_unit_test(a_body_that_ends_early_cuts_the_connection),
        cmocka_unit_test(a_handler_sees_the_parts_of_a_request),
        cmocka_unit_test(a_body_arrives_in_pieces),
        cmocka_unit_test(a_body_that_was_taken_outlives_its_client),
        cmocka_unit_test(continue_is_said_only_if_the_body_is_wanted),
        cmocka_unit_test(a_body_waits_for_a_slow_continue),
        cmocka_unit_test(large_bodies_are_refused_early),
        cmocka_unit_test(all_bodies_together_have_a_limit),
        cmocka_unit_test(an_answer_at_the_head_keeps_the_connection),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(many_pipelined_requests_need_no_stack),
        cmocka_unit_test(not_more_than_a_buffer_is_read_ahead),
        cmocka_unit_test(what_was_read_ahead_of_the_last_answer_is_dropped),
        cmocka_unit_test(close_is_granted_when_asked_for),
        cmocka_unit_test(a_malformed_request_gets_one_answer),
        cmocka_unit_test(a_malformed_body_gets_one_answer),
        cmocka_unit_test(nobody_is_told_of_a_client_that_asked_nothing),
        cmocka_unit_test(work_ends_when_its_client_leaves),
        cmocka_unit_test(a_half_read_body_ends_with_its_client),
        cmocka_unit_test(a_client_that_only_stops_sending_gets_its_answer),
        cmocka_unit_test(a_failing_write_ends_the_exchange),
        cmocka_unit_test(a_slow_head_is_refused),
        cmocka_unit_test(a_slow_body_is_refused),
        cmocka_unit_test(a_large_body_earns_time_by_arriving),
        cmocka_unit_test(an_idle_client_is_sent_away_without_a_word),
        cmocka_unit_test(a_client_that_takes_nothing_is_cut_off),
        cmocka_unit_test(work_has_no_deadline_of_ours),
        cmocka_unit_test(draining_amid_an_answer_lets_the_client_ask_again),
        cmocka_unit_test(draining_answers_what_is_under_way),
        cmocka_unit_test(draining_gives_idle_clients_a_moment),
        cmocka_unit_test(closing_ends_everything_once),
        cmocka_unit_test(running_out_of_memory_costs_one_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
