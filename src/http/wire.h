/* A TCP socket on the loop, carrying one connection.
 * Threads: everything here belongs to the loop's thread.
 * Must not know HTTP: what arrives goes to the connection as it is. */
#ifndef SIL_HTTP_WIRE_H
#define SIL_HTTP_WIRE_H

#include "http/conn.h"

struct uv_loop_s;
struct wire;

/* A wire belongs to itself: it is freed, with its connection, when libuv has
 * closed its handles, one round of the loop or more after the connection asked
 * for it. Only the host's list leads to it. */

/** Who keeps the wires of a server. */
struct wire_host {
    struct uv_loop_s *uv;
    struct conn_shared *shared;
    uint8_t *scratch; /* [LIMIT_HTTP_READ_BYTES], for one read at a time */
    struct wire *first, *last;      /* by age, the oldest first; NULL: none */
    void (*on_gone)(void *payload); /* a wire is freed and off the list */
    void *payload;
};

/** Carry a connection over the socket, which is taken whatever happens. The
 *  wire joins the host's list and frees itself when closed. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err wire_open(struct wire_host *host, int socket,
                                    const char *peer);

/** The connection that the wire carries. A loan. */
struct conn *wire_conn(const struct wire *wire);

/** The next younger wire; NULL: there is none. */
struct wire *wire_next(const struct wire *wire);

#endif
