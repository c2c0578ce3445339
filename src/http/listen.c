/* A server: its socket, its connections, its limits, its end.
 * Must not know HTTP's syntax or libuv's streams: conn.c and wire.c do.
 * It accepts by itself, not through libuv, because libuv drops clients when
 * file descriptors run out; here they wait in the kernel's queue. */
#include <errno.h>
#include <unistd.h>
#include <uv.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "http/wire.h"

/* Invariant: socket is -1 exactly if nothing is accepted any more. */
struct http_server {
    struct conn_shared shared;
    struct wire_host host;
    uv_poll_t poll;   /* of the socket */
    uv_timer_t pause; /* until accepting is tried again */
    int socket;
    uint16_t port;
    uint32_t connections_max;
    uint32_t open_count; /* handles that libuv still holds */
    bool is_paused;      /* not accepting for now */
    bool is_closed;      /* http_server_close() was called */
    uint8_t scratch[LIMIT_HTTP_READ_BYTES];
};

static void server_check(const struct http_server *server)
{
    sil_assert((server->host.first == NULL) == (server->host.last == NULL));
    sil_assert(server->connections_max > 0);
    sil_assert(server->socket >= 0 || server->shared.is_draining);
}

/* --- the end ------------------------------------------------------------ */

/* The last one out: of libuv's handles, the connections and the owner. */
static void free_if_over(struct http_server *server)
{
    server_check(server);
    if (!server->is_closed || server->host.first != NULL ||
        server->open_count > 0)
        return;
    sil_assert(server->shared.busy_count == 0);
    sil_assert(server->shared.counts.connections_open == 0);
    mem_free(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    sil_assert(server->open_count > 0);
    server->open_count--;
    free_if_over(server);
}

/* Give the socket back; clients that were not accepted are refused. */
static void stop_accepting(struct http_server *server)
{
    sil_assert(server->shared.is_draining);
    if (server->socket < 0)
        return;
    (void)uv_poll_stop(&server->poll);
    uv_close((uv_handle_t *)&server->poll, on_handle_closed);
    uv_close((uv_handle_t *)&server->pause, on_handle_closed);
    (void)close(server->socket);
    server->socket = -1;
}

/* --- accepting ---------------------------------------------------------- */

/* Accepting pauses in two cases, and clients then wait in the kernel's queue
 * of LIMIT_HTTP_BACKLOG:
 * - at connections_max, until a connection is gone: on_wire_gone(). The oldest
 *   idle one is closed for it, if there is one;
 * - without descriptors or memory, for LIMIT_HTTP_ACCEPT_PAUSE_MS or until a
 *   connection is gone, whichever is first. */

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void go_on_accepting(struct http_server *server)
{
    sil_assert(server->socket >= 0);
    server->is_paused = false;
    (void)uv_timer_stop(&server->pause);
    (void)uv_poll_start(&server->poll, UV_READABLE, on_acceptable);
}

static void on_pause_over(uv_timer_t *pause)
{
    struct http_server *server = pause->data;

    sil_assert(server->is_paused);
    go_on_accepting(server);
}

/* Leave clients in the kernel's queue, until a connection closes or, if
 * there is no telling when it gets better, for a moment. */
static void pause_accepting(struct http_server *server, bool is_for_a_moment)
{
    sil_assert(server->socket >= 0);
    server->is_paused = true;
    (void)uv_poll_stop(&server->poll);
    if (is_for_a_moment)
        (void)uv_timer_start(&server->pause, on_pause_over,
                             LIMIT_HTTP_ACCEPT_PAUSE_MS, 0);
}

static bool has_room(const struct http_server *server)
{
    server_check(server);
    return server->shared.counts.connections_open < server->connections_max;
}

/* At the limit, while somebody waits, the oldest connection that is idle is
 * closed; its end is told by on_wire_gone(). */
static void make_room(struct http_server *server)
{
    struct wire *wire = server->host.first;

    sil_assert(!has_room(server));
    while (wire != NULL && !conn_is_idle(wire_conn(wire)))
        wire = wire_next(wire);
    if (wire != NULL)
        conn_close(wire_conn(wire));
}

/* Take one client; false if there is none or descriptors ran out. */
static bool accept_one(struct http_server *server)
{
    char peer[SOCKET_PEER_SIZE];
    int socket;

    sil_assert(server->socket >= 0);
    socket = socket_accept(server->socket, peer);
    if (socket < 0) {
        bool is_short = errno == EMFILE || errno == ENFILE ||
                        errno == ENOBUFS || errno == ENOMEM;

        if (is_short)
            pause_accepting(server, true);
        return errno == EINTR || errno == ECONNABORTED;
    }
    if (wire_open(&server->host, socket, peer) == SIL_OK)
        return true;
    pause_accepting(server, true);
    return false;
}

/* Take clients while there are any and room, count_max at most. */
static void accept_some(struct http_server *server, int count_max)
{
    int count = 0;

    while (count < count_max && server->socket >= 0 && has_room(server) &&
           accept_one(server))
        count++;
    sil_assert(count <= count_max);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct http_server *server = poll->data;

    (void)events;
    sil_assert(server->socket >= 0);
    if (status < 0)
        return; /* of the poll itself; the next round tells more */
    if (!has_room(server)) {
        pause_accepting(server, false);
        make_room(server);
    }
    accept_some(server, LIMIT_HTTP_ACCEPTS_AT_ONCE);
}

/* A connection and its descriptor are free again: somebody may be waiting. */
static void on_wire_gone(void *payload)
{
    struct http_server *server = payload;

    server_check(server);
    if (server->is_paused && server->socket >= 0)
        go_on_accepting(server);
    free_if_over(server);
}

/* --- opening ------------------------------------------------------------ */

static uint32_t or_limit(uint32_t chosen, int limit)
{
    sil_assert(limit > 0);
    return chosen > 0 ? chosen : (uint32_t)limit;
}

static void set_limits(struct http_server *server,
                       const struct http_options *options)
{
    struct conn_shared *shared = &server->shared;

    server->connections_max =
        or_limit(options->connections_max, LIMIT_HTTP_CONNECTIONS_MAX);
    shared->header_ms = or_limit(options->header_ms, LIMIT_HTTP_HEADER_MS);
    shared->body_ms = or_limit(options->body_ms, LIMIT_HTTP_BODY_MS);
    shared->idle_ms = or_limit(options->idle_ms, LIMIT_HTTP_IDLE_MS);
    shared->write_stall_ms =
        or_limit(options->write_stall_ms, LIMIT_HTTP_WRITE_STALL_MS);
    shared->body_bytes_max = LIMIT_HTTP_BODIES_BYTES_MAX;
    sil_assert(shared->write_stall_ms > 0);
}

/* The socket is opened before libuv hears of anything, so that a failure has
 * nothing to wait for. */
enum sil_err http_server_open(struct http_server **out, struct loop *loop,
                              const struct http_options *options,
                              const struct http_handler *handler,
                              struct sil_error *error)
{
    struct http_server *server = mem_zalloc(1, sizeof *server);
    enum sil_err err;

    if (server == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a server");
    set_limits(server, options);
    server->shared.handler = *handler;
    server->host.uv = loop_uv(loop);
    server->host.shared = &server->shared;
    server->host.scratch = server->scratch;
    server->host.on_gone = on_wire_gone;
    server->host.payload = server;
    server->port = options->port;
    err =
        socket_listen(&server->socket, &server->port, options->address, error);
    if (!err && uv_poll_init(server->host.uv, &server->poll, server->socket)) {
        (void)close(server->socket);
        err = err_set(error, SIL_E_NO_MEMORY, "can't wait for clients");
    }
    if (err) {
        mem_free(server);
        return err;
    }
    (void)uv_timer_init(server->host.uv, &server->pause); /* can't fail */
    server->poll.data = server;
    server->pause.data = server;
    server->open_count = 2;
    go_on_accepting(server);
    *out = server;
    return SIL_OK;
}

/* --- the handle --------------------------------------------------------- */

uint16_t http_server_port(const struct http_server *server)
{
    server_check(server);
    return server->port;
}

/* A client can't know that we are about to go. What it may have sent by now
 * is answered: idle connections get a moment, see conn_drain(). */
void http_server_drain(struct http_server *server)
{
    sil_assert(!server->is_closed);
    server->shared.is_draining = true;
    /* Who is connected already, as far as the client knows, is served. */
    accept_some(server, LIMIT_HTTP_BACKLOG);
    stop_accepting(server);
    for (struct wire *wire = server->host.first; wire != NULL;
         wire = wire_next(wire))
        conn_drain(wire_conn(wire));
}

bool http_server_is_drained(const struct http_server *server)
{
    const struct wire *wire = server->host.first;

    while (wire != NULL && conn_is_over(wire_conn(wire)))
        wire = wire_next(wire);
    return server->shared.is_draining && wire == NULL;
}

/* Closing ends in on_handle_closed() or on_wire_gone(), whichever is last. */
void http_server_close(struct http_server *server)
{
    sil_assert(!server->is_closed);
    server->shared.is_draining = true;
    stop_accepting(server);
    for (struct wire *wire = server->host.first; wire != NULL;
         wire = wire_next(wire))
        conn_close(wire_conn(wire));
    server->is_closed = true;
    free_if_over(server);
}

uint32_t http_server_busy_count(const struct http_server *server)
{
    server_check(server);
    return server->shared.busy_count;
}

struct http_counts http_server_counts(const struct http_server *server)
{
    server_check(server);
    return server->shared.counts;
}
