/* What a handler sees of a request, and its way to answer.
 * Must not know libuv or llhttp.
 * A refused head has no parts: all texts are then absent. */
#include <string.h>

#include "base/check.h"
#include "http/conn.h"

/* NULL where the head was refused. */
static const struct head *head_of(const struct http_exchange *exchange)
{
    sil_assert(exchange->is_open);
    return parser_head(exchange->conn->parser);
}

struct http_text http_method(const struct http_exchange *exchange)
{
    const struct head *head = head_of(exchange);

    if (head == NULL)
        return (struct http_text){0};
    return parser_text(exchange->conn->parser, head->method);
}

struct http_text http_path(const struct http_exchange *exchange)
{
    const struct head *head = head_of(exchange);

    if (head == NULL)
        return (struct http_text){0};
    return parser_text(exchange->conn->parser, head->path);
}

/* "/path?" has a query, and it is empty; "/path" has none. */
struct http_text http_query(const struct http_exchange *exchange)
{
    const struct head *head = head_of(exchange);

    if (head == NULL || !head->has_query)
        return (struct http_text){0};
    return parser_text(exchange->conn->parser, head->query);
}

struct http_text http_body(const struct http_exchange *exchange)
{
    sil_assert(exchange->is_open);
    sil_assert(exchange->conn->state != CONN_CLOSED);
    return parser_body(exchange->conn->parser);
}

/* What is taken counts no longer among the bodies that are held here. */
void http_take_body(struct buf *to, struct http_exchange *exchange)
{
    struct conn *conn = exchange->conn;

    sil_assert(exchange->is_open);
    parser_take_body(to, conn->parser);
    sil_assert(conn->shared->body_bytes >= conn->body_counted);
    conn->shared->body_bytes -= conn->body_counted;
    conn->body_counted = 0;
}

const char *http_peer(const struct http_exchange *exchange)
{
    sil_assert(exchange->is_open);
    return exchange->conn->peer;
}

/* A search through at most LIMIT_HTTP_HEADERS_MAX names; an index would cost
 * more than the few questions that a handler asks. Of a field that is there
 * twice the first one is told. */
struct http_text http_header(const struct http_exchange *exchange,
                             const char *name)
{
    const struct head *head = head_of(exchange);
    const struct parser *parser = exchange->conn->parser;

    sil_assert(name[0] != '\0');
    for (uint32_t i = 0; head != NULL && i < head->field_count; i++) {
        const struct head_field *field = &head->fields[i];
        struct http_text text = parser_text(parser, field->name);

        if (head_text_is((const uint8_t *)text.bytes, text.size, name))
            return parser_text(parser, field->value);
    }
    return (struct http_text){0};
}

uint64_t http_arrival_ns(const struct http_exchange *exchange)
{
    sil_assert(exchange->is_open);
    return exchange->arrival_ns;
}

void *http_user(const struct http_exchange *exchange)
{
    sil_assert(exchange->is_open);
    return exchange->user;
}

void http_set_user(struct http_exchange *exchange, void *user)
{
    sil_assert(exchange->is_open);
    exchange->user = user;
}

/* How this request must be answered; decides whether it is the last. It is
 * where a part of its body is still to come: that would be taken for the next
 * request. A refused head counts as HTTP/1.0: nothing is known of it. */
static struct reply_manner manner_of(struct conn *conn,
                                     const struct http_reply *reply)
{
    const struct head *head = parser_head(conn->parser);
    bool is_http10 = head == NULL || head->version_minor == 0;
    bool is_head = false;

    sil_assert(conn->state != CONN_LINGER && conn->state != CONN_CLOSED);
    if (head != NULL) {
        struct http_text method = parser_text(conn->parser, head->method);

        is_head = method.size == 4 && memcmp(method.bytes, "HEAD", 4) == 0;
    }
    if (reply->is_last || is_http10 || conn->shared->is_draining ||
        conn->is_eof)
        conn->is_last = true;
    if (parser_has_body(conn->parser) &&
        parser_state(conn->parser) != PARSE_DONE)
        conn->is_last = true;
    return (struct reply_manner){is_head, is_http10, conn->is_last};
}

/* All that the reply lends is copied or taken over here; sending it is left
 * to conn_pump(), which does nothing if it is running already. */
void http_reply(struct http_exchange *exchange, const struct http_reply *reply)
{
    struct conn *conn = exchange->conn;
    struct reply_manner manner;

    sil_assert(exchange->is_open);
    sil_assert(!exchange->is_replied);
    manner = manner_of(conn, reply);
    exchange->is_replied = true;
    if (reply_begin(&conn->reply, reply, &manner))
        conn->is_broken = true;
    conn_pump(conn);
}
