/* A reply as bytes, piece by piece.
 * Threads: a reply belongs to one thread at a time.
 * Must not know sockets. At most one piece of LIMIT_HTTP_WRITE_BYTES is ever
 * held, however large the body is. */
#ifndef SIL_HTTP_REPLY_H
#define SIL_HTTP_REPLY_H

#include "base/buf.h"
#include "http/http.h"

/* How a body is framed:
 *
 *     its size is known         Content-Length, the bytes as they are
 *     unknown, HTTP/1.1         one chunk a piece
 *     unknown, HTTP/1.0         as they are, then the connection closes
 *     HEAD, 204, 304, size 0    nothing; body.next is not called */

/** A reply being sent. Zeroed: none. Invariant: body.next is NULL exactly if
 *  there is no reply or its body is finished. */
struct reply {
    struct http_body body;
    struct buf out;      /* the piece */
    uint64_t left;       /* bytes of a body of known size still to come */
    size_t piece_body;   /* body bytes in the piece */
    bool is_chunked;     /* framed by us */
    bool is_ended;       /* nothing comes behind the piece */
    bool is_head_unsent; /* the piece holds the head already */
};

/** How a request wants to be answered. */
struct reply_manner {
    bool is_head;   /* HEAD: fields without the body */
    bool is_http10; /* no chunks: the body ends with the connection */
    bool is_last;   /* "Connection: close" */
};

/** Begin: the head is made now, the body is taken over. Errors:
 *  SIL_E_NO_MEMORY, SIL_E_STATE (the fields are larger than a piece); the
 *  body is finished then. */
SIL_MUST_USE enum sil_err reply_begin(struct reply *reply,
                                      const struct http_reply *from,
                                      const struct reply_manner *manner);

/** Make the next piece. *piece: a loan until the next call, of size 0 behind
 *  the end. Errors: SIL_E_STATE (the body ended before its size). */
SIL_MUST_USE enum sil_err reply_next(struct http_text *piece,
                                     struct reply *reply);

/** Finish the body, free the piece; zeroed again. Fine without a reply. */
void reply_finish(struct reply *reply);

#endif
