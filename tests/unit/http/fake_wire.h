/* A wire without a socket and a handler without a service, for tests of the
 * connection and for its fuzzer.
 * Threads: one.
 * Must not know libuv. Time is what the test says it is. */
#ifndef SIL_TESTS_FAKE_WIRE_H
#define SIL_TESTS_FAKE_WIRE_H

#include "http/conn.h"

enum { FAKE_FIELD_COUNT = 1 };

/** What the handler does with a request. */
enum fake_answer {
    FAKE_NOW,     /* answers in on_request */
    FAKE_LATER,   /* fake_wire_answer() does */
    FAKE_AT_HEAD, /* answers in on_head */
    FAKE_CLOSE    /* closes the connection in on_request */
};

struct fake_wire {
    /* Set by the test at any time. */
    enum fake_answer answer;
    size_t body_max;      /* that on_head allows */
    uint64_t reply_bytes; /* of '0'; HTTP_SIZE_UNKNOWN: chunked */
    size_t reply_chunked; /* bytes of an answer of unknown size */
    size_t room;          /* bytes that a write takes at once */
    bool is_failing;      /* writes fail */
    bool is_short;        /* the body ends one byte early */
    bool is_last;         /* http_reply.is_last */
    void (*look)(const struct http_exchange *exchange); /* on_head,
                                        on_refuse; NULL: don't */
    /* What happened. */
    struct conn_shared shared;
    struct conn *conn;    /* NULL when closed and destroyed */
    struct buf sent;      /* what the client would have received */
    uint64_t deadline_ns; /* 0: none */
    bool is_reading, is_shut, is_closing, is_reset;
    size_t pending;             /* bytes of a write that wait */
    struct http_exchange *open; /* the one that waits for its answer */
    uint32_t head_count, request_count, refuse_count, end_count;
    uint32_t complete_count, finish_count, reply_count;
    struct http_ending ending; /* the last */
    struct sil_error error;    /* of the last refusal */
    size_t last_body_bytes;    /* of the last request */
    size_t made_bytes;         /* of the reply's body, made so far */
};

/** Open a connection: answers at once, 5 bytes, a body of 64 KB, writes take
 *  everything. Errors: SIL_E_NO_MEMORY; nothing is left then. */
SIL_MUST_USE enum sil_err fake_wire_open(struct fake_wire *wire);

/** Close the connection if it is open; free all; assert that the handler was
 *  told of each end once. */
void fake_wire_finish(struct fake_wire *wire);

/** The client sends; only what the connection has room for goes in. Returns
 *  how much that was. */
size_t fake_wire_send(struct fake_wire *wire, const void *bytes, size_t size);

/** The client sends a text, all of which must go in. */
void fake_wire_say(struct fake_wire *wire, const char *text);

/** The waiting write is taken. False: there was none. */
bool fake_wire_take(struct fake_wire *wire);

/** Answer the request that waits. False: none does. */
bool fake_wire_answer(struct fake_wire *wire);

/** The deadline passes. False: there is none. */
bool fake_wire_late(struct fake_wire *wire);

/** What was sent as text, and forget it. A loan until the next call. */
const char *fake_wire_heard(struct fake_wire *wire);

#endif
