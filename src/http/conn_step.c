/* The state machine of a connection, one step at a time.
 * Must not know libuv, llhttp or what a handler does.
 * A handler's call may answer at once, later or, by closing the server, break
 * the connection: after each such call the step ends and all is looked at
 * anew. */
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/conn.h"

/* --- the exchange ------------------------------------------------------- */

/* Keep shared->body_bytes true; false if all bodies together are too much. */
static bool count_body(struct conn *conn)
{
    size_t held = parser_body(conn->parser).size;

    sil_assert(held >= conn->body_counted);
    conn->shared->body_bytes += held - conn->body_counted;
    conn->body_counted = held;
    return conn->shared->body_bytes <= conn->shared->body_bytes_max;
}

/* From here on the handler is owed an on_end. */
static void exchange_begin(struct conn *conn)
{
    sil_assert(!conn->exchange.is_open);
    sil_assert(!conn->exchange.is_replied);
    conn->exchange.is_open = true;
    conn->shared->busy_count++;
}

/* The handler's last look at the exchange, its texts still valid; then all
 * that the request held is given back. A client that left in its head has no
 * exchange that anybody knows of: only the memory goes. */
static void exchange_end(struct conn *conn, bool is_complete)
{
    struct http_exchange *exchange = &conn->exchange;

    sil_assert(exchange->is_open || !is_complete);
    if (exchange->is_open) {
        reply_finish(&conn->reply);
        exchange->ending.is_complete = is_complete;
        sil_assert(conn->shared->busy_count > 0);
        conn->shared->busy_count--;
        conn->shared->handler.on_end(conn->shared->handler.payload, exchange,
                                     &exchange->ending);
    }
    *exchange = (struct http_exchange){.conn = conn};
    parser_forget(conn->parser);
    conn->shared->body_bytes -= conn->body_counted;
    conn->body_counted = 0;
}

/* The end of everything: whoever waits is told, the wire goes. A reset is for
 * those who take nothing: the kernel then frees at once what it still holds
 * for them. All others get what was written, however this ends. */
static void finish(struct conn *conn, bool is_reset)
{
    sil_assert(conn->state != CONN_CLOSED);
    conn->ops->deadline(conn->wire, 0);
    exchange_end(conn, false);
    conn->state = CONN_CLOSED;
    conn->ops->close(conn->wire, is_reset);
    conn_check(conn);
}

/* --- steps: true if another may follow ---------------------------------- */

/* Answer a request that must not be read any further. Where a parse error
 * was is unknown territory: nothing behind it can be trusted to be a request,
 * so this answer is the last on this connection. */
static bool refuse(struct conn *conn, const struct sil_error *error)
{
    const struct http_handler *handler = &conn->shared->handler;

    sil_assert(!conn->exchange.is_replied);
    conn->is_last = true;
    if (!conn->exchange.is_open)
        exchange_begin(conn);
    handler->on_refuse(handler->payload, &conn->exchange, error);
    sil_assert(conn->exchange.is_replied);
    conn->state = CONN_REPLY;
    return true;
}

/* Refuse what the parser found, and count it. */
static bool refuse_parsed(struct conn *conn, const struct sil_error *error)
{
    sil_assert(error->code != SIL_OK);
    if (error->code == SIL_E_BAD_JSON ||
        error->code == SIL_E_HEADERS_TOO_LARGE ||
        error->code == SIL_E_URI_TOO_LONG)
        conn->shared->counts.parse_errors_total++;
    return refuse(conn, error);
}

/* Parse what was read, until the parser stops: what was kept comes before
 * what has just arrived, and the two are never there at once. */
static enum sil_err feed(struct conn *conn, struct sil_error *error)
{
    bool is_ahead = conn->ahead.size > 0;
    const uint8_t *bytes =
        is_ahead ? conn->ahead.bytes + conn->ahead_used : conn->in;
    size_t size =
        is_ahead ? conn->ahead.size - conn->ahead_used : conn->in_size;
    size_t used = 0;
    enum sil_err err;

    sil_assert(!is_ahead || conn->in_size == 0);
    if (size == 0)
        return SIL_OK;
    err = parser_feed(&used, conn->parser, bytes, size, error);
    if (is_ahead) {
        conn->ahead_used += used;
        if (conn->ahead_used == conn->ahead.size) {
            buf_finish(&conn->ahead);
            conn->ahead_used = 0;
        }
    } else {
        conn->in += used;
        conn->in_size -= used;
    }
    if (!err && !count_body(conn))
        err =
            err_set(error, SIL_E_OVERLOADED, "too many large requests at once");
    return err;
}

/* A body has its time, as a head has; one that is large and does arrive gets
 * more, or nobody could send a picture over a slow line. A byte now and then
 * earns nothing. */
static void set_body_deadline(struct conn *conn)
{
    size_t earned_s = parser_body(conn->parser).size / LIMIT_HTTP_BODY_RATE_MIN;

    sil_assert(conn->body_start_ns > 0);
    conn->ops->deadline(conn->wire, conn->body_start_ns +
                                        conn->shared->body_ms * NS_PER_MS +
                                        earned_s * NS_PER_S);
}

/* Tell a client that waits for it to send its body. Not needed if some of it
 * is here already: such clients have stopped waiting. */
static void invite_body(struct conn *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct head *head = parser_head(conn->parser);
    bool is_wanted = head->expects_continue && head->version_minor > 0 &&
                     parser_state(conn->parser) == PARSE_BODY &&
                     conn->in_size == 0 && conn->ahead.size == 0;
    enum wire_result result;

    if (!is_wanted)
        return;
    sil_assert(!conn->is_writing);
    result = conn->ops->write(conn->wire, text, sizeof text - 1, false);
    conn->is_writing = result == WIRE_LATER;
    conn->is_broken |= result == WIRE_FAILED;
}

/* The head is whole: ask the handler, then go on to the body. The handler may
 * have answered, or closed the server: the next step looks at that. */
static bool begin_body(struct conn *conn)
{
    const struct http_handler *handler = &conn->shared->handler;
    struct sil_error error = {0};
    size_t body_max;
    enum sil_err err;

    sil_assert(conn->state == CONN_HEAD);
    conn->state = CONN_BODY;
    conn->is_last |= parser_head(conn->parser)->is_close;
    exchange_begin(conn);
    body_max = handler->on_head(handler->payload, &conn->exchange);
    if (conn->exchange.is_replied || conn->is_broken)
        return true;
    err = parser_expect_body(conn->parser, body_max, &error);
    if (err)
        return refuse_parsed(conn, &error);
    if (parser_state(conn->parser) == PARSE_DONE) {
        conn->ops->deadline(conn->wire, 0);
        return true;
    }
    conn->body_start_ns = clock_ns();
    set_body_deadline(conn);
    invite_body(conn);
    return true;
}

/* The time for a head counts from its first byte; until then the connection
 * rests, and its deadline is the idle one. */
static bool step_head(struct conn *conn)
{
    bool was_started = parser_state(conn->parser) != PARSE_START;
    struct sil_error error = {0};
    enum sil_err err = feed(conn, &error);
    bool is_started = err || parser_state(conn->parser) != PARSE_START;

    sil_assert(!conn->exchange.is_open);
    if (is_started && !was_started) {
        conn->exchange.arrival_ns = clock_ns();
        conn_set_deadline(conn, conn->shared->header_ms);
    }
    if (err)
        return refuse_parsed(conn, &error);
    if (parser_state(conn->parser) == PARSE_HEAD_END)
        return begin_body(conn);
    if (conn->is_eof)
        finish(conn, false);
    return false;
}

/* Bodies are collected whole, up to what on_head allowed: handlers get all or
 * nothing. A handler may reply before; the rest is then dropped. */
static bool step_body(struct conn *conn)
{
    const struct http_handler *handler = &conn->shared->handler;
    struct sil_error error = {0};
    enum sil_err err = SIL_OK;

    sil_assert(conn->exchange.is_open);
    if (conn->exchange.is_replied) {
        conn->state = CONN_REPLY;
        return true;
    }
    if (parser_state(conn->parser) == PARSE_BODY)
        err = feed(conn, &error);
    if (err)
        return refuse_parsed(conn, &error);
    if (parser_state(conn->parser) == PARSE_DONE) {
        if (parser_has_body(conn->parser))
            conn->ops->deadline(conn->wire, 0);
        conn->state = CONN_WORK;
        handler->on_request(handler->payload, &conn->exchange);
        return true;
    }
    if (conn->is_eof)
        finish(conn, false);
    else
        set_body_deadline(conn);
    return false;
}

/* The handler works, for as long as it likes: its deadline is its own. */
static bool step_work(struct conn *conn)
{
    sil_assert(conn->exchange.is_open);
    if (conn->exchange.is_replied) {
        conn->state = CONN_REPLY;
        return true;
    }
    if (conn->is_eof) /* nobody waits for it */
        finish(conn, false);
    return false;
}

/* The reply went out: on to the next request, or to the end. The end is told
 * first (a FIN) and the socket closed when the client has heard it, or has had
 * its time: an error answered to a client that is still sending arrives. */
static bool end_reply(struct conn *conn)
{
    sil_assert(!conn->is_writing);
    exchange_end(conn, true);
    if (conn->is_eof) {
        finish(conn, false);
        return false;
    }
    if (conn->is_last) {
        conn->state = CONN_LINGER;
        conn->ops->shut(conn->wire);
        conn_set_deadline(conn, LIMIT_HTTP_LINGER_MS);
        return false;
    }
    parser_reset(conn->parser);
    conn->state = CONN_HEAD;
    /* A client that was not told of the draining may ask once more. */
    conn_set_deadline(conn, conn->shared->is_draining ? LIMIT_HTTP_DRAIN_IDLE_MS
                                                      : conn->shared->idle_ms);
    return true;
}

/* One piece at a time: the next is made when the wire has taken this one, so
 * a slow reader holds up nothing but itself. What a piece counts for the log
 * is added when the next one is asked for, that is, when it is gone. */
static bool step_reply(struct conn *conn)
{
    struct http_text piece = {0};
    enum wire_result result;
    bool is_yielding;

    sil_assert(conn->exchange.is_replied);
    conn->exchange.ending.body_bytes += conn->reply.piece_body;
    if (reply_next(&piece, &conn->reply)) {
        conn->is_broken = true;
        return true;
    }
    if (piece.size == 0)
        return end_reply(conn);
    conn->piece_count = (conn->piece_count + 1) % LIMIT_HTTP_PIECES_AT_ONCE;
    is_yielding = conn->piece_count == 0;
    result = conn->ops->write(conn->wire, piece.bytes, piece.size, is_yielding);
    conn->is_broken |= result == WIRE_FAILED;
    conn->is_writing = result == WIRE_LATER;
    if (conn->is_writing)
        conn_set_deadline(conn, conn->shared->write_stall_ms);
    return !conn->is_writing;
}

/* A deadline has passed. Who has begun a request gets an answer; who has said
 * nothing, or waits for nothing more, does not; who takes no bytes can't. */
static bool step_late(struct conn *conn)
{
    struct http_counts *counts = &conn->shared->counts;
    struct sil_error error = {0};

    sil_assert(conn->is_late);
    conn->is_late = false;
    if (conn->is_writing) {
        counts->slow_write_total++;
        conn->exchange.ending.is_slow_client = true;
        finish(conn, true);
        return false;
    }
    if (conn_is_idle(conn) || conn->state == CONN_LINGER) {
        finish(conn, false);
        return false;
    }
    if (conn->state != CONN_HEAD && conn->state != CONN_BODY)
        return true; /* it came in time after all */
    if (conn->state == CONN_HEAD)
        counts->slow_header_total++;
    else
        counts->slow_body_total++;
    (void)err_set(&error, SIL_E_REQUEST_TIMEOUT,
                  "the request's %s did not arrive in time",
                  conn->state == CONN_HEAD ? "head" : "body");
    return refuse(conn, &error);
}

/* What ends a connection comes before what moves it on. */
bool conn_step(struct conn *conn)
{
    conn_check(conn);
    if (conn->state == CONN_CLOSED)
        return false;
    if (conn->is_broken) {
        finish(conn, false);
        return false;
    }
    if (conn->is_late)
        return step_late(conn);
    if (conn->is_writing)
        return false;
    switch (conn->state) {
    case CONN_HEAD:
        return step_head(conn);
    case CONN_BODY:
        return step_body(conn);
    case CONN_WORK:
        return step_work(conn);
    case CONN_REPLY:
        return step_reply(conn);
    case CONN_LINGER:
    case CONN_CLOSED:
        break;
    }
    if (conn->is_eof)
        finish(conn, false);
    return false;
}
