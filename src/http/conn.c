/* A connection's life, and the events that its wire reports.
 * Must not know libuv, llhttp or what a handler does.
 * Everything that happens only notes itself and calls conn_pump(), which
 * takes steps until none is possible: no event runs inside another's step,
 * and a thousand pipelined requests need no deeper stack than one. */
#include "http/conn.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

void conn_check(const struct conn *conn)
{
    sil_assert(conn->ahead_used <= conn->ahead.size);
    sil_assert(conn->ahead.size <= LIMIT_HTTP_READ_BYTES);
    sil_assert(conn->body_counted <= conn->shared->body_bytes);
    sil_assert(conn->state != CONN_CLOSED || !conn->exchange.is_open);
    sil_assert(!conn->exchange.is_replied || conn->exchange.is_open);
}

void conn_set_deadline(struct conn *conn, uint32_t ms)
{
    sil_assert(conn->state != CONN_CLOSED);
    conn->ops->deadline(conn->wire, clock_ns() + ms * NS_PER_MS);
}

/* --- life --------------------------------------------------------------- */

enum sil_err conn_create(struct conn **out, struct conn_shared *shared,
                         const struct wire_ops *ops, void *wire,
                         const char *peer)
{
    struct conn *conn = mem_zalloc(1, sizeof *conn);
    size_t peer_size = strlen(peer);

    sil_assert(peer_size < SOCKET_PEER_SIZE);
    sil_assert(shared->body_bytes_max > 0);
    if (conn == NULL)
        return SIL_E_NO_MEMORY;
    if (parser_create(&conn->parser)) {
        mem_free(conn);
        return SIL_E_NO_MEMORY;
    }
    conn->shared = shared;
    conn->ops = ops;
    conn->wire = wire;
    conn->exchange.conn = conn;
    buf_init(&conn->ahead, LIMIT_HTTP_READ_BYTES);
    memcpy(conn->peer, peer, peer_size + 1);
    shared->counts.connections_total++;
    shared->counts.connections_open++;
    *out = conn;
    return SIL_OK;
}

void conn_destroy(struct conn *conn)
{
    if (conn == NULL)
        return;
    sil_assert(!conn->exchange.is_open);
    sil_assert(conn->body_counted == 0);
    sil_assert(conn->shared->counts.connections_open > 0);
    conn->shared->counts.connections_open--;
    buf_finish(&conn->ahead);
    parser_destroy(conn->parser);
    mem_free(conn);
}

/* Bytes take one of three ways: those of the request that is being read go
 * from the wire's buffer straight to the parser (conn->in); those behind it
 * are copied and wait (conn->ahead); those behind the last request that will
 * be answered are dropped. */

/* --- events ------------------------------------------------------------- */

/* What comes now is not looked at any more: the request is whole or refused,
 * and it is the last. It must still be taken in, because a socket that is
 * closed with unread bytes resets, and the client loses its answer. */
static bool is_dropping(const struct conn *conn)
{
    return conn->is_last && conn->state >= CONN_WORK;
}

/* While a request is worked on, a buffer's worth of what follows is read: not
 * for its own sake, but because reading is how one hears that a client has
 * gone. Then the client has to wait. */
size_t conn_room(const struct conn *conn)
{
    if (conn->state == CONN_CLOSED || conn->is_eof)
        return 0;
    if (is_dropping(conn))
        return LIMIT_HTTP_READ_BYTES;
    sil_assert(conn->ahead.size <= LIMIT_HTTP_READ_BYTES);
    return LIMIT_HTTP_READ_BYTES - (conn->ahead.size - conn->ahead_used);
}

/* Keep what could not be parsed yet, behind what was kept before. */
static void keep_ahead(struct conn *conn, const uint8_t *bytes, size_t size)
{
    struct buf *ahead = &conn->ahead;

    if (size == 0 || is_dropping(conn) || conn->state == CONN_CLOSED)
        return;
    if (conn->ahead_used > 0) {
        ahead->size -= conn->ahead_used;
        memmove(ahead->bytes, ahead->bytes + conn->ahead_used, ahead->size);
        conn->ahead_used = 0;
    }
    sil_assert(size <= LIMIT_HTTP_READ_BYTES - ahead->size);
    buf_add(ahead, bytes, size);
    conn->is_broken |= buf_err(ahead) != SIL_OK;
}

/* The one place where a connection moves. A handler that replies inside of a
 * step finds is_pumping set, and the loop here goes on with its reply. Only
 * at the end the wire is told to read or not: the steps in between may change
 * their mind. */
void conn_pump(struct conn *conn)
{
    bool is_reading;

    if (conn->is_pumping)
        return;
    conn->is_pumping = true;
    while (conn_step(conn))
        continue;
    keep_ahead(conn, conn->in, conn->in_size);
    conn->in_size = 0;
    if (conn->is_broken)
        (void)conn_step(conn); /* no memory to keep it */
    conn->is_pumping = false;
    is_reading = conn_room(conn) > 0;
    if (is_reading != conn->is_reading && conn->state != CONN_CLOSED) {
        conn->is_reading = is_reading;
        conn->ops->read(conn->wire, is_reading);
    }
    conn_check(conn);
}

void conn_open(struct conn *conn)
{
    sil_assert(conn->state == CONN_HEAD);
    sil_assert(!conn->is_reading);
    conn_set_deadline(conn, conn->shared->header_ms);
    conn_pump(conn);
}

/* Bytes are parsed where the wire has them; only what is left is copied. */
void conn_on_bytes(struct conn *conn, const uint8_t *bytes, size_t size)
{
    sil_assert(!conn->is_pumping);
    sil_assert(size <= conn_room(conn));
    if (is_dropping(conn))
        return;
    if (conn->ahead.size > 0) {
        keep_ahead(conn, bytes, size);
    } else {
        conn->in = bytes;
        conn->in_size = size;
    }
    conn_pump(conn);
}

/* A client that closes and one that only stops sending look alike. While a
 * request is worked on it counts as gone; an answer on its way is finished. */
void conn_on_eof(struct conn *conn, bool is_broken)
{
    sil_assert(!conn->is_pumping);
    if (conn->state == CONN_CLOSED)
        return;
    conn->is_eof = true;
    conn->is_last = true;
    conn->is_broken |= is_broken;
    conn_pump(conn);
}

void conn_on_written(struct conn *conn, bool is_ok)
{
    sil_assert(!conn->is_pumping);
    if (conn->state == CONN_CLOSED)
        return;
    sil_assert(conn->is_writing);
    conn->is_writing = false;
    conn->is_broken |= !is_ok;
    conn_pump(conn);
}

void conn_on_deadline(struct conn *conn)
{
    sil_assert(!conn->is_pumping);
    conn->is_late = true;
    conn_pump(conn);
    conn->is_late = false;
}

bool conn_is_idle(const struct conn *conn)
{
    return conn->state == CONN_HEAD &&
           parser_state(conn->parser) == PARSE_START && conn->ahead.size == 0;
}

bool conn_is_over(const struct conn *conn)
{
    sil_assert(!conn->exchange.is_open || conn->state != CONN_LINGER);
    return conn->state == CONN_LINGER || conn->state == CONN_CLOSED;
}

void conn_drain(struct conn *conn)
{
    sil_assert(conn->shared->is_draining);
    if (conn_is_idle(conn))
        conn_set_deadline(conn, LIMIT_HTTP_DRAIN_IDLE_MS);
}

/* Also from inside a handler's call: the step that runs then ends it. */
void conn_close(struct conn *conn)
{
    conn_check(conn);
    conn->is_broken = true;
    conn_pump(conn);
}
