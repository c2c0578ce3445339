/* One connection: requests in, replies out, one at a time and in order.
 * Threads: everything here belongs to the loop's thread.
 * Must not know libuv: it talks to a wire, which the fuzzer fakes. */
#ifndef SIL_HTTP_CONN_H
#define SIL_HTTP_CONN_H

#include "http/parse.h"
#include "http/reply.h"
#include "http/socket.h"

enum wire_result {
    WIRE_TAKEN, /* all of it, at once */
    WIRE_LATER, /* conn_on_written() tells; the bytes stay lent until then */
    WIRE_FAILED /* the peer is gone */
};

/** What a connection can do to its wire. None of these calls back at once. */
struct wire_ops {
    /** Take size bytes, at most a piece. Not before the last was taken. */
    enum wire_result (*write)(void *wire, const void *bytes, size_t size,
                              bool is_yielding); /* LATER, to let others go */
    /** Call conn_on_bytes() and conn_on_eof() from now on, or don't. */
    void (*read)(void *wire, bool is_on);
    /** Call conn_on_deadline() once then; replaces the one before. 0: none. */
    void (*deadline)(void *wire, uint64_t deadline_ns);
    /** Tell the peer that nothing more comes. No write may follow. */
    void (*shut)(void *wire);
    /** Close; conn_destroy() follows. is_reset: forget what is unsent. */
    void (*close)(void *wire, bool is_reset);
};

/** What all connections of a server share; each time in ms. */
struct conn_shared {
    struct http_handler handler;
    uint32_t header_ms, body_ms, idle_ms, write_stall_ms;
    struct http_counts counts;
    uint32_t busy_count;   /* exchanges that are not over */
    size_t body_bytes;     /* held for the bodies of all requests */
    size_t body_bytes_max; /* … and never more than this */
    bool is_draining;
};

/** Invariant: is_open from the first call of a handler to its on_end. */
struct http_exchange {
    struct conn *conn;         /* the one it is part of */
    void *user;                /* the handler's */
    uint64_t arrival_ns;       /* 0 before the first byte */
    struct http_ending ending; /* so far */
    bool is_open;
    bool is_replied; /* http_reply() was called */
};

/* The states, and what leads from one to the next:
 *
 *     HEAD --head whole--> BODY --body whole--> WORK --http_reply()--> REPLY
 *      ^                    |                                          ^  |
 *      |                    +-- the handler replies early -------------+  |
 *      |   HEAD or BODY ------- refused: syntax, limits, time ---------+  |
 *      +------------------- the reply is out, the connection is kept -----+
 *
 *     REPLY --the reply is out, is_last--> LINGER --the client ends--> CLOSED
 *     any -- the client is gone, the server closes, a write fails --> CLOSED
 *
 * and how long each may last, where no event ends it:
 *
 *     HEAD   idle_ms before its first byte (header_ms on a new connection),
 *            header_ms from it: 408
 *     BODY   body_ms from the head's end, a second more for each
 *            LIMIT_HTTP_BODY_RATE_MIN bytes that came: 408
 *     WORK   as long as the handler wants
 *     REPLY  write_stall_ms for each piece: reset
 *     LINGER LIMIT_HTTP_LINGER_MS: close
 */
enum conn_state {
    CONN_HEAD,   /* waiting for a head, or in it */
    CONN_BODY,   /* waiting for a body, or in it */
    CONN_WORK,   /* the handler works */
    CONN_REPLY,  /* the reply goes out */
    CONN_LINGER, /* nothing more is said; what still comes is dropped */
    CONN_CLOSED
};

/** Invariant: bytes are only ahead where they can't be parsed yet; parser and
 *  exchange are those of the same request. */
struct conn {
    struct conn_shared *shared; /* lent */
    const struct wire_ops *ops;
    void *wire; /* lent; destroys us last */
    struct parser *parser;
    enum conn_state state;
    struct http_exchange exchange;
    struct reply reply;
    const uint8_t *in; /* lent while conn_on_bytes() runs */
    size_t in_size;
    struct buf ahead;       /* read, but not parsed yet */
    size_t ahead_used;      /* of them, parsed already */
    uint64_t body_start_ns; /* when the head was whole */
    size_t body_counted;    /* our part of shared->body_bytes */
    uint32_t piece_count;   /* written at once since the last yield */
    bool is_pumping;        /* conn_pump() runs */
    bool is_writing;        /* a piece is on its way */
    bool is_reading;        /* the wire was told to read */
    bool is_eof;            /* the peer sends no more */
    bool is_broken;         /* nothing can be sent any more */
    bool is_last;           /* no request is read after this one */
    bool is_late;           /* the deadline has passed */
    char peer[SOCKET_PEER_SIZE];
};

/** *out: yours until ops->close() was called, then the wire's to
 *  conn_destroy(). shared, wire: lent. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err conn_create(struct conn **out,
                                      struct conn_shared *shared,
                                      const struct wire_ops *ops, void *wire,
                                      const char *peer);

/** Only when closed, or not opened. NULL is fine. */
void conn_destroy(struct conn *conn);

/** Start reading. */
void conn_open(struct conn *conn);

/** How many bytes conn_on_bytes() takes now; 0 while not reading. */
size_t conn_room(const struct conn *conn);

/** What the wire has to tell. bytes: lent for the call, at most room. */
void conn_on_bytes(struct conn *conn, const uint8_t *bytes, size_t size);
void conn_on_eof(struct conn *conn, bool is_broken);
void conn_on_written(struct conn *conn, bool is_ok);
void conn_on_deadline(struct conn *conn);

/** True if no request is under way. */
bool conn_is_idle(const struct conn *conn);

/** True if its last answer is given: it only waits for the client to go. */
bool conn_is_over(const struct conn *conn);

/** Close soon if idle, otherwise after the reply; is_draining is set. */
void conn_drain(struct conn *conn);

/** Close now. */
void conn_close(struct conn *conn);

/** Go on as far as possible; for exchange.c, after a reply was given. */
void conn_pump(struct conn *conn);

/** Between conn.c and conn_step.c: take a step, true if another may follow;
 *  assert the invariant; let conn_on_deadline() be called in ms from now. */
bool conn_step(struct conn *conn);
void conn_check(const struct conn *conn);
void conn_set_deadline(struct conn *conn, uint32_t ms);

#endif
