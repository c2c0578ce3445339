/* A TCP socket on libuv: reads, writes, one timer, half-close and close.
 * Must not know HTTP.
 * A wire owns two handles; it frees itself and its connection when libuv has
 * let go of both. Small writes are tried at once, without a callback. */
#include "http/wire.h"

#include <unistd.h>
#include <uv.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

struct wire {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct wire_host *host; /* lent */
    struct conn *conn;      /* ours */
    struct wire *next, *previous;
    uint64_t deadline_ns; /* 0: none */
    uint64_t timer_ns;    /* when the timer fires; 0: it doesn't run */
    uint32_t open_count;  /* handles that libuv still holds */
    bool is_closing;
};

static void do_deadline(void *payload, uint64_t deadline_ns);

static void wire_check(const struct wire *wire)
{
    sil_assert(wire->host != NULL);
    sil_assert(wire->open_count <= 2);
    sil_assert(wire->conn != NULL);
}

/* --- the host's list ---------------------------------------------------- */

static void list_add(struct wire *wire)
{
    struct wire_host *host = wire->host;

    wire->previous = host->last;
    if (host->last != NULL)
        host->last->next = wire;
    else
        host->first = wire;
    host->last = wire;
    sil_assert(wire->next == NULL);
}

static void list_remove(struct wire *wire)
{
    struct wire_host *host = wire->host;

    sil_assert(host->first != NULL);
    if (wire->previous != NULL)
        wire->previous->next = wire->next;
    else
        host->first = wire->next;
    if (wire->next != NULL)
        wire->next->previous = wire->previous;
    else
        host->last = wire->previous;
}

struct conn *wire_conn(const struct wire *wire)
{
    wire_check(wire);
    return wire->conn;
}

struct wire *wire_next(const struct wire *wire)
{
    return wire->next;
}

/* The connection may close the wire in any of these calls; libuv still has
 * the handles then, and may report what happened before it let them go. Such
 * reports are dropped here: a connection hears nothing after its close. */

/* --- what libuv reports ------------------------------------------------- */

/* Only when both handles are closed nothing of libuv points here any more. */
static void on_handle_closed(uv_handle_t *handle)
{
    struct wire *wire = handle->data;
    struct wire_host *host = wire->host;

    sil_assert(wire->open_count > 0);
    wire->open_count--;
    if (wire->open_count > 0)
        return;
    list_remove(wire);
    conn_destroy(wire->conn);
    mem_free(wire);
    host->on_gone(host->payload);
}

/* All wires of a server read into the same buffer: a read is dealt with
 * before the next one starts, and idle connections need none of their own. */
static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct wire *wire = handle->data;
    size_t size = conn_room(wire->conn);

    (void)suggested;
    sil_assert(size > 0);
    sil_assert(size <= LIMIT_HTTP_READ_BYTES);
    *room = uv_buf_init((char *)wire->host->scratch, (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *room)
{
    struct wire *wire = stream->data;

    wire_check(wire);
    if (wire->is_closing || size == 0)
        return;
    if (size > 0)
        conn_on_bytes(wire->conn, (const uint8_t *)room->base, (size_t)size);
    else
        conn_on_eof(wire->conn, size != UV_EOF);
}

/* Also called, with UV_ECANCELED, for a write that the close cut off. */
static void on_written(uv_write_t *write, int status)
{
    struct wire *wire = write->data;

    wire_check(wire);
    if (!wire->is_closing)
        conn_on_written(wire->conn, status == 0);
}

/* The timer may be older than the deadline, which then is still to come. */
static void on_timer(uv_timer_t *timer)
{
    struct wire *wire = timer->data;
    uint64_t deadline_ns = wire->deadline_ns;

    wire_check(wire);
    wire->timer_ns = 0;
    if (wire->is_closing || deadline_ns == 0)
        return;
    if (clock_is_past(deadline_ns)) {
        wire->deadline_ns = 0;
        conn_on_deadline(wire->conn);
    }
    if (!wire->is_closing && wire->deadline_ns != 0)
        do_deadline(wire, wire->deadline_ns);
}

/* --- what the connection asks for --------------------------------------- */

/* At once as much as the socket takes, the rest when it can. A yielding write
 * goes the long way for all: its callback comes in the loop's next round,
 * after everybody else had theirs. The kernel's buffer is small on purpose
 * (LIMIT_HTTP_SNDBUF_BYTES), so that a slow reader shows soon. */
static enum wire_result do_write(void *payload, const void *bytes, size_t size,
                                 bool is_yielding)
{
    struct wire *wire = payload;
    uv_stream_t *stream = (uv_stream_t *)&wire->tcp;
    /* libuv's buffers are not const, but it only reads them. */
    uv_buf_t rest = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
    int taken = 0;

    sil_assert(!wire->is_closing);
    sil_assert(size > 0 && size <= LIMIT_HTTP_WRITE_BYTES);
    if (!is_yielding)
        taken = uv_try_write(stream, &rest, 1);
    if (taken < 0 && taken != UV_EAGAIN)
        return WIRE_FAILED;
    if (taken > 0) {
        rest.base += taken;
        rest.len -= (size_t)taken;
    }
    if (rest.len == 0)
        return WIRE_TAKEN;
    sil_assert(rest.len <= size);
    wire->write.data = wire;
    if (uv_write(&wire->write, stream, &rest, 1, on_written) != 0)
        return WIRE_FAILED;
    return WIRE_LATER;
}

static void do_read(void *payload, bool is_on)
{
    struct wire *wire = payload;
    uv_stream_t *stream = (uv_stream_t *)&wire->tcp;

    sil_assert(!wire->is_closing);
    if (!is_on)
        (void)uv_read_stop(stream);
    else if (uv_read_start(stream, on_room, on_read) != 0)
        conn_close(wire->conn); /* it was never connected, or is gone */
}

/* The timer is only moved when it would fire too late: most deadlines are
 * replaced by later ones before they come. */
static void do_deadline(void *payload, uint64_t deadline_ns)
{
    struct wire *wire = payload;
    uint64_t now_ns = clock_ns();
    uint64_t left_ms = 1; /* rounded up, so that it is past when it fires */

    sil_assert(!wire->is_closing);
    wire->deadline_ns = deadline_ns;
    if (deadline_ns == 0)
        return;
    if (wire->timer_ns != 0 && wire->timer_ns <= deadline_ns)
        return;
    if (deadline_ns > now_ns)
        left_ms += (deadline_ns - now_ns) / NS_PER_MS;
    wire->timer_ns = deadline_ns;
    uv_update_time(wire->host->uv);
    (void)uv_timer_start(&wire->timer, on_timer, left_ms, 0);
}

static void do_shut(void *payload)
{
    struct wire *wire = payload;

    sil_assert(!wire->is_closing);
    /* Fails only if the peer is gone already, which reading tells. */
    (void)uv_shutdown(&wire->shutdown, (uv_stream_t *)&wire->tcp, NULL);
}

/* A reset can't be had where the end was told already; a close then does. */
static void do_close(void *payload, bool is_reset)
{
    struct wire *wire = payload;

    sil_assert(!wire->is_closing);
    sil_assert(wire->open_count == 2);
    wire->is_closing = true;
    uv_close((uv_handle_t *)&wire->timer, on_handle_closed);
    if (is_reset && uv_tcp_close_reset(&wire->tcp, on_handle_closed) == 0)
        return;
    uv_close((uv_handle_t *)&wire->tcp, on_handle_closed);
}

static const struct wire_ops wire_ops = {
    .write = do_write,
    .read = do_read,
    .deadline = do_deadline,
    .shut = do_shut,
    .close = do_close,
};

/* --- life --------------------------------------------------------------- */

/* For a wire that never carried anything. */
static void on_unused_closed(uv_handle_t *handle)
{
    sil_assert(handle->data != NULL);
    mem_free(handle->data);
}

/* TCP_NODELAY: an answer's last piece must not wait for the client's receipt
 * of the one before. */
enum sil_err wire_open(struct wire_host *host, int socket, const char *peer)
{
    struct wire *wire = mem_zalloc(1, sizeof *wire);
    bool is_open;

    sil_assert(socket >= 0);
    if (wire == NULL || uv_tcp_init(host->uv, &wire->tcp) != 0) {
        (void)close(socket);
        mem_free(wire);
        return SIL_E_NO_MEMORY;
    }
    wire->host = host;
    wire->tcp.data = wire;
    wire->timer.data = wire;
    is_open = uv_tcp_open(&wire->tcp, socket) == 0;
    if (!is_open)
        (void)close(socket);
    if (!is_open || conn_create(&wire->conn, host->shared, &wire_ops, wire,
                                peer) != SIL_OK) {
        uv_close((uv_handle_t *)&wire->tcp, on_unused_closed);
        return SIL_E_NO_MEMORY;
    }
    (void)uv_timer_init(host->uv, &wire->timer); /* can't fail */
    (void)uv_tcp_nodelay(&wire->tcp, 1);
    wire->open_count = 2;
    list_add(wire);
    conn_open(wire->conn);
    return SIL_OK;
}
