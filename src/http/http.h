/* An HTTP/1.1 server for one handler: requests in, replies out.
 * Threads: everything here belongs to the loop's thread.
 * Must not know any stage, route or error body: the handler writes those. */
#ifndef SIL_HTTP_HTTP_H
#define SIL_HTTP_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "http/loop.h"

struct http_server;
struct http_exchange; /* one request and its reply, on one connection */

#define HTTP_SIZE_UNKNOWN UINT64_MAX

/** A text that is not NUL-terminated. bytes NULL: absent. */
struct http_text {
    const char *bytes;
    size_t size;
};

/** A reply's field; both texts are copied. */
struct http_field {
    const char *name;
    const char *value;
};

/** Where a reply's body comes from, piece by piece. */
struct http_body {
    uint64_t size; /* exact; HTTP_SIZE_UNKNOWN: sent chunked */
    /** Write at most capacity bytes; returns how many, 0 only at the end. */
    size_t (*next)(void *payload, uint8_t *bytes, size_t capacity);
    /** Called exactly once, when the body is sent or given up. */
    void (*finish)(void *payload);
    void *payload;
};

/** What a handler answers. */
struct http_reply {
    int status;
    const struct http_field *fields; /* Content-Length, Connection, Date and
                                        Transfer-Encoding are the server's */
    size_t field_count;
    struct http_body body;
    bool is_last; /* close the connection afterwards */
};

/** How an exchange ended, for logs and metrics. */
struct http_ending {
    uint64_t body_bytes; /* of the reply, sent */
    bool is_complete;    /* the whole reply went out */
    bool is_slow_client; /* given up because the client took nothing */
};

/* What a handler sees of one exchange, in this order:
 *
 *     on_head, on_request, (http_reply), on_end     the usual
 *     on_head (replies), on_end                     no need of the body
 *     on_head, on_refuse (replies), on_end          the body is bad or late
 *     on_refuse (replies), on_end                   the head is bad or late
 *     on_head, on_request, on_end                   the client left first
 *     on_head, on_end                               … while sending its body
 *
 * One exchange at a time on a connection, any number on all of them. */

/** The one handler. All run on the loop's thread. */
struct http_handler {
    void *payload;
    /** The head has arrived. Returns how large a body may become (0: none is
     *  read); or replies now (the body is then not read, the connection
     *  closes after it if one was announced). */
    size_t (*on_head)(void *payload, struct http_exchange *exchange);
    /** The whole body has arrived. Reply now or later. Not called if on_head
     *  has replied. */
    void (*on_request)(void *payload, struct http_exchange *exchange);
    /** The connection refuses the request itself, before or after on_head:
     *  bad syntax, limits, timeouts. Must reply now. err is of the table:
     *  SIL_E_BAD_JSON, _HEADERS_TOO_LARGE, _URI_TOO_LONG, _REQUEST_TIMEOUT,
     *  _REQUEST_TOO_LARGE, _OVERLOADED, _NO_MEMORY. Before on_head the parts
     *  of the request are absent. */
    void (*on_refuse)(void *payload, struct http_exchange *exchange,
                      const struct sil_error *error);
    /** The exchange is over: replied in full, or the client is gone. Called
     *  exactly once per exchange; it must not be used afterwards. If no reply
     *  was given yet, the client left: stop working on it. */
    void (*on_end)(void *payload, struct http_exchange *exchange,
                   const struct http_ending *ending);
};

/** Where to listen and with what limits; 0 means the limits table's. */
struct http_options {
    const char *address;      /* "127.0.0.1", "::1", "0.0.0.0" */
    uint16_t port;            /* 0: any free one, see http_server_port() */
    uint32_t connections_max; /* open at once */
    uint32_t header_ms;       /* for a head to arrive, total */
    uint32_t body_ms;         /* for a body to arrive, total */
    uint32_t idle_ms;         /* between requests */
    uint32_t write_stall_ms;  /* for a piece of the reply to be taken */
};

/** Counts since start, for metrics. */
struct http_counts {
    uint64_t connections_total, parse_errors_total;
    uint64_t slow_header_total, slow_body_total, slow_write_total;
    uint32_t connections_open;
};

/** Listen. handler: copied. *out: yours, freed by itself after
 *  http_server_close() once the last connection is gone. Errors:
 *  SIL_E_ARGUMENT (can't listen there, detail says why), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err http_server_open(struct http_server **out,
                                           struct loop *loop,
                                           const struct http_options *options,
                                           const struct http_handler *handler,
                                           struct sil_error *error);

/** The port it listens on. */
uint16_t http_server_port(const struct http_server *server);

/** Stop accepting; busy connections close after their reply, idle ones after
 *  a moment in which a request that is under way is still answered. */
void http_server_drain(struct http_server *server);

/** True when draining is over: nobody waits for an answer or may still ask.
 *  http_server_close() then cuts nothing off. */
bool http_server_is_drained(const struct http_server *server);

/** Close everything now; what is in flight ends incomplete. */
void http_server_close(struct http_server *server);

/** Exchanges that are not over yet. */
uint32_t http_server_busy_count(const struct http_server *server);

/** The counts until now. */
struct http_counts http_server_counts(const struct http_server *server);

/** The parts of a request; loans, valid until on_end. */
struct http_text http_method(const struct http_exchange *exchange);
struct http_text http_path(const struct http_exchange *exchange);
struct http_text http_query(const struct http_exchange *exchange);
struct http_text http_body(const struct http_exchange *exchange);

/** Move the body into *to, whose content is freed; http_body() is empty from
 *  then on. From on_request on. For who needs it longer than the exchange, or
 *  on another thread. */
void http_take_body(struct buf *to, struct http_exchange *exchange);

/** The peer's address as text, without port. A loan until on_end. */
const char *http_peer(const struct http_exchange *exchange);

/** The value of a header field, first of its name (any case); bytes NULL if
 *  absent. A loan until on_end. */
struct http_text http_header(const struct http_exchange *exchange,
                             const char *name);

/** When the first byte of the request arrived, CLOCK_MONOTONIC ns. */
uint64_t http_arrival_ns(const struct http_exchange *exchange);

/** The handler's own pointer, NULL at first. */
void *http_user(const struct http_exchange *exchange);
void http_set_user(struct http_exchange *exchange, void *user);

/** Answer, exactly once. The body's finish is called whatever happens. HEAD
 *  requests get the fields without the body. Called outside of the handler's
 *  calls, it may run on_end before it returns; inside of them, on_end follows
 *  later. */
void http_reply(struct http_exchange *exchange, const struct http_reply *reply);

#endif
