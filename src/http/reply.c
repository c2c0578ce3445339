/* Makes the bytes of a reply: status line, fields, body in pieces.
 * Must not know sockets or who made the body.
 * The body's source writes straight into the piece that goes to the socket:
 * a chunk's size stands in front of it with leading zeros, filled in later. */
#include "http/reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    CHUNK_HEAD_BYTES = 6,     /* "ffff\r\n" */
    CHUNK_TAIL_BYTES = 2,     /* "\r\n" */
    LAST_CHUNK_BYTES = 5,     /* "0\r\n\r\n" */
    CHUNK_BYTES_MAX = 0xffff, /* four hexadecimal digits */
    HEAD_GUESS_BYTES = 1024,  /* of a usual head */
    DATE_SIZE = 64
};

static_assert(LIMIT_HTTP_WRITE_BYTES - CHUNK_HEAD_BYTES - CHUNK_TAIL_BYTES -
                      LAST_CHUNK_BYTES <=
                  CHUNK_BYTES_MAX,
              "a chunk's size has four digits");

/* What holds between any two calls; the source's part of a piece is never more
 * than the piece. */
static void reply_check(const struct reply *reply)
{
    sil_assert(reply->out.size <= LIMIT_HTTP_WRITE_BYTES);
    sil_assert(reply->piece_body <= reply->out.size);
    sil_assert(!reply->is_chunked || reply->body.size == HTTP_SIZE_UNKNOWN);
}

/* Reason phrases; clients ignore them, people who read traces don't. */
static const struct {
    int status;
    const char *phrase;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

/* An unknown status gets no phrase, which the standard allows. */
static const char *reason(int status)
{
    sil_assert(status >= 200 && status <= 599);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].phrase;
    }
    return "";
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale is. Made by hand, since
 * strftime() would ask the locale. Without a clock there is no such field. */
static void add_date(struct buf *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed",
                                       "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm parts;

    if (gmtime_r(&now, &parts) == NULL)
        return;
    sil_assert(parts.tm_wday < 7);
    sil_assert(parts.tm_mon < 12);
    buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
             days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
             parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/* A control byte becomes a blank: no value can forge another field. */
static void add_clean(struct buf *out, const char *text)
{
    size_t first = out->size;

    sil_assert(text != NULL);
    buf_add_text(out, text);
    for (size_t i = first; i < out->size; i++) {
        if (out->bytes[i] < ' ' || out->bytes[i] == 0x7f)
            out->bytes[i] = ' ';
    }
}

/* Content-Length is said even where no body follows (HEAD, 304): it is that
 * of the body that GET would have got. */
static void add_head(struct reply *reply, const struct http_reply *from,
                     const struct reply_manner *manner)
{
    struct buf *out = &reply->out;

    sil_assert(out->size == 0);
    sil_assert(from->field_count == 0 || from->fields != NULL);
    buf_addf(out, "HTTP/1.1 %d %s\r\n", from->status, reason(from->status));
    add_date(out);
    for (size_t i = 0; i < from->field_count; i++) {
        add_clean(out, from->fields[i].name);
        buf_add_text(out, ": ");
        add_clean(out, from->fields[i].value);
        buf_add_text(out, "\r\n");
    }
    if (from->status != 204 && from->body.size != HTTP_SIZE_UNKNOWN)
        buf_addf(out, "Content-Length: %llu\r\n",
                 (unsigned long long)from->body.size);
    else if (from->status != 204 && !manner->is_http10)
        buf_add_text(out, "Transfer-Encoding: chunked\r\n");
    if (manner->is_last)
        buf_add_text(out, "Connection: close\r\n");
    buf_add_text(out, "\r\n");
}

/* The buffer is as large as the answer, up to a piece: most answers are a
 * page or an error, and go out with their head in one write. */
enum sil_err reply_begin(struct reply *reply, const struct http_reply *from,
                         const struct reply_manner *manner)
{
    bool is_known = from->body.size != HTTP_SIZE_UNKNOWN;
    bool is_bodiless = manner->is_head || from->status == 204 ||
                       from->status == 304 || from->body.size == 0;
    size_t guess = LIMIT_HTTP_WRITE_BYTES;
    enum sil_err err;

    sil_assert(reply->body.next == NULL);
    sil_assert(from->body.size == 0 || from->body.next != NULL);
    *reply = (struct reply){.body = from->body,
                            .left = from->body.size,
                            .is_ended = is_bodiless,
                            .is_head_unsent = true,
                            .is_chunked = !is_known && !manner->is_http10};
    buf_init(&reply->out, LIMIT_HTTP_WRITE_BYTES);
    if (is_bodiless)
        guess = HEAD_GUESS_BYTES;
    else if (is_known && reply->left < guess - HEAD_GUESS_BYTES)
        guess = HEAD_GUESS_BYTES + (size_t)reply->left;
    err = buf_reserve(&reply->out, guess);
    if (!err)
        add_head(reply, from, manner);
    err = buf_err(&reply->out);
    if (err)
        reply_finish(reply);
    reply_check(reply);
    return err;
}

/* Let the source write until the room is full or it has no more. A source that
 * gives less than there is room for is asked again: only nothing at all is its
 * end. */
static size_t pull(struct reply *reply, uint8_t *bytes, size_t room)
{
    size_t size = 0;

    sil_assert(reply->body.next != NULL || reply->is_ended);
    while (size < room && !reply->is_ended) {
        size_t got =
            reply->body.next(reply->body.payload, bytes + size, room - size);

        sil_assert(got <= room - size);
        size += got;
        if (got == 0)
            reply->is_ended = true;
    }
    return size;
}

/* A piece of a body that ends after a known size, or with the connection. The
 * first piece shares its room with the head. */
static enum sil_err fill_plain(struct reply *reply)
{
    struct buf *out = &reply->out;
    bool is_known = reply->body.size != HTTP_SIZE_UNKNOWN;
    size_t room = out->cap - out->size;
    size_t got;

    sil_assert(!reply->is_chunked);
    if (is_known && reply->left < room)
        room = (size_t)reply->left;
    if (buf_reserve(out, room))
        return buf_err(out);
    got = pull(reply, out->bytes + out->size, room);
    out->size += got;
    reply->piece_body = got;
    if (!is_known)
        return SIL_OK;
    reply->left -= got;
    if (reply->is_ended && reply->left > 0)
        return SIL_E_STATE; /* less came than was announced */
    reply->is_ended = reply->left == 0;
    return SIL_OK;
}

/* A piece that is one chunk; the end is another, behind it. */
static enum sil_err fill_chunk(struct reply *reply)
{
    struct buf *out = &reply->out;
    size_t taken = CHUNK_HEAD_BYTES + CHUNK_TAIL_BYTES + LAST_CHUNK_BYTES;
    char head[CHUNK_HEAD_BYTES + 1];
    size_t room;
    size_t got;

    sil_assert(out->size <= out->cap);
    sil_assert(reply->is_chunked);
    if (out->cap - out->size <= taken)
        return SIL_OK; /* the head alone fills this piece */
    room = out->cap - out->size - taken;
    if (buf_reserve(out, room + taken))
        return buf_err(out);
    got = pull(reply, out->bytes + out->size + CHUNK_HEAD_BYTES, room);
    reply->piece_body = got;
    if (got > 0) {
        (void)snprintf(head, sizeof head, "%04x\r\n", (unsigned)got);
        memcpy(out->bytes + out->size, head, CHUNK_HEAD_BYTES);
        out->size += CHUNK_HEAD_BYTES + got;
        buf_add_text(out, "\r\n");
    }
    if (reply->is_ended)
        buf_add_text(out, "0\r\n\r\n");
    return buf_err(out);
}

/* The first piece has the head in it already. *piece is valid until the next
 * call: all pieces are made in one buffer. */
enum sil_err reply_next(struct http_text *piece, struct reply *reply)
{
    enum sil_err err = SIL_OK;

    if (!reply->is_head_unsent)
        buf_clear(&reply->out);
    reply->is_head_unsent = false;
    reply->piece_body = 0;
    if (!reply->is_ended)
        err = reply->is_chunked ? fill_chunk(reply) : fill_plain(reply);
    *piece =
        (struct http_text){(const char *)reply->out.bytes, reply->out.size};
    reply_check(reply);
    return err;
}

/* Zeroed before the body's owner is called: whatever that does, the body is
 * not finished twice. */
void reply_finish(struct reply *reply)
{
    struct http_body body = reply->body;

    if (reply->out.cap > 0)
        buf_finish(&reply->out);
    *reply = (struct reply){0};
    if (body.finish != NULL)
        body.finish(body.payload);
    sil_assert(reply->body.finish == NULL);
}
