/* The request parser: our own scan of the head, then llhttp, which must agree.
 * Must not know sockets: unit tests and the fuzzer feed it bytes.
 * llhttp gets each head in one piece, and pauses behind it; only bodies reach
 * it in the pieces that the network makes. No lenient flag is ever set. */
#include "http/parse.h"

#include <llhttp.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* Invariant: head is valid from PARSE_HEAD_END on, unless that failed;
 * body.size <= body_max. */
struct parser {
    llhttp_t llhttp;
    llhttp_settings_t callbacks;
    enum parse_state state;
    struct head_scan scan;
    struct buf head_bytes;
    struct head head;
    bool is_head_valid;
    struct buf body;
    size_t body_max;
    size_t framing_bytes; /* of a chunked body, all that is not content */
    uint32_t chunk_count;
    struct sil_error *error; /* lent by parser_feed() while it runs */
    enum sil_err err;        /* set by a callback that refuses */
};

/* Before and after what feeds it: a lenient flag would undo what llhttp is here
 * for. */
static void parser_check(const struct parser *parser)
{
    sil_assert(parser->llhttp.lenient_flags == 0);
    sil_assert(parser->body.size <= parser->body_max);
    sil_assert(parser->head_bytes.size <= HEAD_BYTES_MAX);
}

/* --- llhttp's callbacks ------------------------------------------------- */

/* Behind the head and behind the body: stop, so that what follows is left
 * alone until it is known how large a body may be, or who answers. Upgrades
 * come to nothing by it: each request is read by a parser started anew. */
static int on_pause(llhttp_t *llhttp)
{
    sil_assert(llhttp->data != NULL);
    return HPE_PAUSED;
}

/* Content without its framing. The limit is checked before anything is kept. */
static int on_body(llhttp_t *llhttp, const char *at, size_t size)
{
    struct parser *parser = llhttp->data;

    sil_assert(parser->state == PARSE_BODY);
    if (size > parser->body_max - parser->body.size) {
        parser->err =
            err_set(parser->error, SIL_E_REQUEST_TOO_LARGE,
                    "the body is larger than %zu bytes", parser->body_max);
        return HPE_USER;
    }
    buf_add(&parser->body, at, size);
    if (buf_err(&parser->body)) {
        parser->err =
            err_set(parser->error, SIL_E_NO_MEMORY, "no memory for the body");
        return HPE_USER;
    }
    return HPE_OK;
}

/* Each chunk costs more time than memory: many small ones are an attack. */
static int on_chunk(llhttp_t *llhttp)
{
    struct parser *parser = llhttp->data;

    sil_assert(parser->state == PARSE_BODY);
    parser->chunk_count++;
    if (parser->chunk_count <= LIMIT_HTTP_CHUNKS_MAX)
        return HPE_OK;
    parser->err =
        err_set(parser->error, SIL_E_BAD_JSON,
                "the body has more than %d chunks", LIMIT_HTTP_CHUNKS_MAX);
    return HPE_USER;
}

/* --- life --------------------------------------------------------------- */

/* The body's buffer gets its limit with parser_expect_body(), which differs
 * from path to path. */
enum sil_err parser_create(struct parser **out)
{
    struct parser *parser = mem_zalloc(1, sizeof *parser);

    if (parser == NULL)
        return SIL_E_NO_MEMORY;
    llhttp_settings_init(&parser->callbacks);
    parser->callbacks.on_headers_complete = on_pause;
    parser->callbacks.on_message_complete = on_pause;
    parser->callbacks.on_body = on_body;
    parser->callbacks.on_chunk_header = on_chunk;
    buf_init(&parser->head_bytes, HEAD_BYTES_MAX);
    buf_init(&parser->body, 1);
    parser_reset(parser);
    sil_assert(parser->state == PARSE_START);
    *out = parser;
    return SIL_OK;
}

void parser_destroy(struct parser *parser)
{
    if (parser == NULL)
        return;
    buf_finish(&parser->head_bytes);
    buf_finish(&parser->body);
    mem_free(parser);
}

/* The buffers are freed, not kept: a thousand idle connections must not hold
 * the largest head each of them ever had. A parser that failed isn't used
 * again: nobody knows where its next request begins. */
void parser_reset(struct parser *parser)
{
    sil_assert(parser->state != PARSE_FAILED);
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &parser->callbacks);
    parser->llhttp.data = parser;
    parser->state = PARSE_START;
    parser->scan = (struct head_scan){0};
    parser_forget(parser);
    parser->body_max = 0;
    parser->framing_bytes = 0;
    parser->chunk_count = 0;
    parser->err = SIL_OK;
    parser_check(parser);
}

/* Texts that were lent of the head and the body are gone with them. */
void parser_forget(struct parser *parser)
{
    buf_finish(&parser->head_bytes);
    buf_finish(&parser->body);
    parser->is_head_valid = false;
    sil_assert(parser->body.size == 0);
    parser_check(parser);
}

enum parse_state parser_state(const struct parser *parser)
{
    return parser->state;
}

/* Two parsers read each head: head_split.c, which is ours and decides, and
 * llhttp, which has seen more attacks. Request smuggling lives of two parsers
 * that read one stream differently; a stream that these two read differently
 * is refused, so the next one in line gets no chance. */

/* --- the head ----------------------------------------------------------- */

/* Let llhttp read the whole head; it must see what head_split() saw. */
static enum sil_err cross_check(struct parser *parser, struct sil_error *error)
{
    const struct head *head = &parser->head;
    llhttp_t *llhttp = &parser->llhttp;
    const char *bytes = (const char *)parser->head_bytes.bytes;
    size_t size = parser->head_bytes.size;
    llhttp_errno_t result;
    bool is_same;

    sil_assert(parser->scan.is_end);
    sil_assert(size > 0);
    result = llhttp_execute(llhttp, bytes, size);
    if (result != HPE_PAUSED) {
        const char *reason = llhttp_get_error_reason(llhttp);

        return err_set(error, SIL_E_BAD_JSON, "malformed HTTP: %s",
                       reason != NULL ? reason : "it ends nowhere");
    }
    is_same = llhttp_get_error_pos(llhttp) == bytes + size &&
              llhttp->http_major == 1 &&
              llhttp->http_minor == head->version_minor &&
              ((llhttp->flags & F_CHUNKED) != 0) == head->is_chunked &&
              ((llhttp->flags & F_CONTENT_LENGTH) != 0) == head->has_length &&
              llhttp->content_length == head->content_bytes;
    if (!is_same)
        return err_set(error, SIL_E_BAD_JSON,
                       "the head can be read in two ways");
    return SIL_OK;
}

/* The scan has seen the empty line: read what the head says. */
static enum sil_err finish_head(struct parser *parser, struct sil_error *error)
{
    enum sil_err err;

    sil_assert(parser->state == PARSE_HEAD);
    sil_assert(!parser->is_head_valid);
    if (buf_err(&parser->head_bytes))
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the head");
    err = head_split(&parser->head, parser->head_bytes.bytes,
                     parser->head_bytes.size, error);
    if (!err)
        err = cross_check(parser, error);
    if (err)
        return err;
    parser->is_head_valid = true;
    parser->state = PARSE_HEAD_END;
    return SIL_OK;
}

/* The scan decides byte by byte; what it lets pass is kept until the head is
 * whole. Bytes behind the head's end are not taken. */
static enum sil_err feed_head(size_t *used, struct parser *parser,
                              const uint8_t *bytes, size_t size,
                              struct sil_error *error)
{
    size_t first = 0; /* what is before is an empty line, not kept */
    enum sil_err err = SIL_OK;

    sil_assert(!parser->scan.is_end);
    for (*used = 0; *used < size && !parser->scan.is_end && !err; ++*used) {
        if (!parser->scan.is_begun)
            first = *used;
        err = head_scan_byte(&parser->scan, bytes[*used], error);
    }
    if (err)
        return err;
    if (!parser->scan.is_begun)
        return SIL_OK;
    parser->state = PARSE_HEAD;
    buf_add(&parser->head_bytes, bytes + first, *used - first);
    if (buf_err(&parser->head_bytes))
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the head");
    return parser->scan.is_end ? finish_head(parser, error) : SIL_OK;
}

/* --- the body ----------------------------------------------------------- */

/* An announced size is judged before a byte of it is read; without one the
 * pieces are counted as they come. */
enum sil_err parser_expect_body(struct parser *parser, size_t body_max,
                                struct sil_error *error)
{
    const struct head *head = &parser->head;

    sil_assert(parser->state == PARSE_HEAD_END);
    sil_assert(parser->is_head_valid);
    parser->body_max = body_max;
    if (!parser_has_body(parser)) {
        parser->state = PARSE_DONE;
        return SIL_OK;
    }
    if (head->has_length && head->content_bytes > body_max) {
        parser->state = PARSE_FAILED;
        return err_set(error, SIL_E_REQUEST_TOO_LARGE,
                       "the body of %llu bytes is larger than %zu",
                       (unsigned long long)head->content_bytes, body_max);
    }
    buf_init(&parser->body, body_max > 0 ? body_max : 1);
    parser->state = PARSE_BODY;
    return SIL_OK;
}

/* llhttp takes the framing off. It is paused behind the head when the first
 * piece comes, and pauses again behind the last byte of the body. Framing is
 * counted too: a chunk's size may have any number of leading zeros, and
 * extensions and trailers any length. */
static enum sil_err feed_body(size_t *used, struct parser *parser,
                              const uint8_t *bytes, size_t size,
                              struct sil_error *error)
{
    llhttp_t *llhttp = &parser->llhttp;
    size_t held = parser->body.size;
    llhttp_errno_t result;

    sil_assert(parser->err == SIL_OK);
    if (llhttp_get_errno(llhttp) == HPE_PAUSED)
        llhttp_resume(llhttp);
    parser->error = error;
    result = llhttp_execute(llhttp, (const char *)bytes, size);
    parser->error = NULL;
    *used = size;
    if (parser->err)
        return parser->err;
    if (result == HPE_PAUSED) {
        *used = (size_t)(llhttp_get_error_pos(llhttp) - (const char *)bytes);
        sil_assert(*used <= size);
        parser->state = PARSE_DONE;
    } else if (result != HPE_OK) {
        return err_set(error, SIL_E_BAD_JSON, "malformed HTTP body: %s",
                       llhttp_get_error_reason(llhttp));
    }
    parser->framing_bytes += *used - (parser->body.size - held);
    if (parser->framing_bytes > LIMIT_HTTP_FRAMING_BYTES_MAX)
        return err_set(error, SIL_E_BAD_JSON,
                       "the body's chunk framing is longer than %d bytes",
                       LIMIT_HTTP_FRAMING_BYTES_MAX);
    return SIL_OK;
}

/* *used may be less than size: the rest is the next request's, or waits until
 * somebody knows how large a body may be. */
enum sil_err parser_feed(size_t *used, struct parser *parser,
                         const uint8_t *bytes, size_t size,
                         struct sil_error *error)
{
    enum sil_err err;

    sil_assert(size > 0);
    parser_check(parser);
    *used = 0;
    if (parser->state == PARSE_START || parser->state == PARSE_HEAD)
        err = feed_head(used, parser, bytes, size, error);
    else if (parser->state == PARSE_BODY)
        err = feed_body(used, parser, bytes, size, error);
    else
        return SIL_E_STATE;
    if (err)
        parser->state = PARSE_FAILED;
    parser_check(parser);
    return err;
}

/* --- what was read ------------------------------------------------------ */

/* Content-Length: 0 is none. */
bool parser_has_body(const struct parser *parser)
{
    const struct head *head = parser_head(parser);

    sil_assert(head == NULL || !head->is_chunked || !head->has_length);
    return head != NULL && (head->is_chunked || head->content_bytes > 0);
}

const struct head *parser_head(const struct parser *parser)
{
    return parser->is_head_valid ? &parser->head : NULL;
}

/* A span and not a pointer is what is kept, since the bytes move while a head
 * grows. */
struct http_text parser_text(const struct parser *parser, struct head_span span)
{
    sil_assert(parser->is_head_valid);
    sil_assert((size_t)span.at + span.size <= parser->head_bytes.size);
    return (struct http_text){(const char *)parser->head_bytes.bytes + span.at,
                              span.size};
}

struct http_text parser_body(const struct parser *parser)
{
    sil_assert(parser->body.size <= parser->body_max);
    return (struct http_text){(const char *)parser->body.bytes,
                              parser->body.size};
}

/* Moved, not copied: a picture would be in memory twice. */
void parser_take_body(struct buf *to, struct parser *parser)
{
    sil_assert(parser->state == PARSE_DONE);
    buf_take(to, &parser->body);
    sil_assert(parser->body.size == 0);
}
