/* Bytes in, one request after the other out: no sockets, no clock.
 * Threads: a parser belongs to one thread at a time.
 * Must not know who answers. It stops behind each head and each request, so
 * that somebody can look before the next byte is taken. */
#ifndef SIL_HTTP_PARSE_H
#define SIL_HTTP_PARSE_H

#include "base/buf.h"
#include "http/head.h"

struct parser;

/* How a request is read:
 *
 *     while (there are bytes) {
 *         err = parser_feed(&used, parser, bytes, size, &error);
 *         (drop the used bytes)
 *         if (parser_state(parser) == PARSE_HEAD_END)
 *             err = parser_expect_body(parser, body_max, &error);
 *         if (parser_state(parser) == PARSE_DONE) {
 *             (look at parser_head(), parser_text(), parser_body())
 *             parser_reset(parser);
 *         }
 *     }
 *
 * An error ends it: where the next request begins is not known any more. */

enum parse_state {
    PARSE_START,    /* no byte of a request yet */
    PARSE_HEAD,     /* in the head */
    PARSE_HEAD_END, /* the head is whole: parser_expect_body() goes on */
    PARSE_BODY,     /* in the body */
    PARSE_DONE,     /* the request is whole: parser_reset() goes on */
    PARSE_FAILED    /* refused; nothing goes on */
};

/** *out: yours, parser_destroy(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err parser_create(struct parser **out);

/** NULL is fine. */
void parser_destroy(struct parser *parser);

/** Forget the request and wait for the next. Not after a failure. */
void parser_reset(struct parser *parser);

/** Free what was read; only parser_reset() and parser_destroy() may follow. */
void parser_forget(struct parser *parser);

/** Where it is now. */
enum parse_state parser_state(const struct parser *parser);

/** Take bytes, *used of them: all, but where a head or a request ends or an
 *  error is. Errors: SIL_E_BAD_JSON, _HEADERS_TOO_LARGE, _URI_TOO_LONG,
 *  _REQUEST_TOO_LARGE, _NO_MEMORY; SIL_E_STATE after an error or where it has
 *  stopped. */
SIL_MUST_USE enum sil_err parser_feed(size_t *used, struct parser *parser,
                                      const uint8_t *bytes, size_t size,
                                      struct sil_error *error);

/** Behind a head: go on to a body of at most body_max bytes, or to
 *  PARSE_DONE if there is none. Errors: SIL_E_REQUEST_TOO_LARGE. */
SIL_MUST_USE enum sil_err parser_expect_body(struct parser *parser,
                                             size_t body_max,
                                             struct sil_error *error);

/** True if the head announces a body that is not empty for sure. */
bool parser_has_body(const struct parser *parser);

/** What the head says; NULL before it is whole or if it was refused. A loan
 *  until parser_reset(). */
const struct head *parser_head(const struct parser *parser);

/** A piece of the head. A loan until parser_reset(). */
struct http_text parser_text(const struct parser *parser,
                             struct head_span span);

/** What has arrived of the body. A loan until the next call. */
struct http_text parser_body(const struct parser *parser);

/** Move the whole body into *to; in PARSE_DONE alone. */
void parser_take_body(struct buf *to, struct parser *parser);

#endif
