/* head_scan.c, head_split.c, parse.c: what is a request and what is not.
 * Must not know connections.
 * Each row is fed whole, byte by byte and cut in two at every place: what
 * comes of it must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/http_feed.h"

#define HOST "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* A stream and what it comes to. */
struct row {
    const char *why;
    const char *bytes;
    size_t size; /* 0: up to the NUL */
    enum sil_err err;
    uint32_t request_count;
    const char *path; /* of the last request; NULL: not looked at */
    const char *body; /* of the last request; NULL: none */
};

static const struct row fine[] = {
    {"the smallest", GET HOST "\r\n", 0, SIL_OK, 1, "/", NULL},
    {"no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 0, SIL_OK, 1, "/", NULL},
    {"Host in HTTP/1.0", "GET / HTTP/1.0\r\n" HOST "\r\n", 0, SIL_OK, 1, "/",
     NULL},
    {"an empty Host", GET "Host:\r\n\r\n", 0, SIL_OK, 1, "/", NULL},
    {"a Host with a port", GET "Host: [::1]:80\r\n\r\n", 0, SIL_OK, 1, "/",
     NULL},
    {"one empty line before", "\r\n" GET HOST "\r\n", 0, SIL_OK, 1, "/", NULL},
    {"only an empty line", "\r\n", 0, SIL_OK, 0, NULL, NULL},
    {"path and query", "GET /a/b?c=d?e HTTP/1.1\r\n" HOST "\r\n", 0, SIL_OK, 1,
     "/a/b", NULL},
    {"an empty query", "GET /a? HTTP/1.1\r\n" HOST "\r\n", 0, SIL_OK, 1, "/a",
     NULL},
    {"percent signs are nobody's here",
     "GET /%2e%2e/%00 HTTP/1.1\r\n" HOST "\r\n", 0, SIL_OK, 1, "/%2e%2e/%00",
     NULL},
    {"blanks and tabs around a value", GET HOST "X: \t a b \t \r\n\r\n", 0,
     SIL_OK, 1, "/", NULL},
    {"an empty value", GET HOST "X:\r\n\r\n", 0, SIL_OK, 1, "/", NULL},
    {"bytes above 127 in a value", GET HOST "X: \xff\xc3\xa9\r\n\r\n", 0,
     SIL_OK, 1, "/", NULL},
    {"names of any case", GET "hOST: a\r\n\r\n", 0, SIL_OK, 1, "/", NULL},
    {"an upgrade is not taken up",
     GET HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 0, SIL_OK, 1,
     "/", NULL},
    {"an upgrade with a body",
     POST
     "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi" GET
         HOST "\r\n",
     0, SIL_OK, 2, "/", NULL},
    {"a body", POST "Content-Length: 5\r\n\r\nhello", 0, SIL_OK, 1, "/",
     "hello"},
    {"a body of nothing", POST "Content-Length: 0\r\n\r\n", 0, SIL_OK, 1, "/",
     ""},
    {"leading zeros are digits", POST "Content-Length: 0002\r\n\r\nhi", 0,
     SIL_OK, 1, "/", "hi"},
    {"a body that is not all there", POST "Content-Length: 5\r\n\r\nhell", 0,
     SIL_OK, 0, NULL, NULL},
    {"a GET with a body", GET HOST "Content-Length: 2\r\n\r\nhi", 0, SIL_OK, 1,
     "/", "hi"},
    {"a body with NUL and CR LF", POST "Content-Length: 4\r\n\r\n\0\r\n\n",
     sizeof POST "Content-Length: 4\r\n\r\n\0\r\n\n" - 1, SIL_OK, 1, "/", ""},
    {"the body limit",
     POST "Content-Length: 64\r\n\r\n"
          "0123456789012345678901234567890123456789012345678901234567890123",
     0, SIL_OK, 1, "/",
     "0123456789012345678901234567890123456789012345678901234567890123"},
    {"chunks", CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 0, SIL_OK, 1, "/",
     "abcde"},
    {"chunk sizes in hexadecimal of any case",
     CHUNKED "A\r\n0123456789\r\nb\r\n01234567890\r\n0\r\n\r\n", 0, SIL_OK, 1,
     "/", "012345678901234567890"},
    {"chunk extensions are skipped",
     CHUNKED "3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", 0, SIL_OK, 1, "/", "abc"},
    {"trailers are skipped",
     CHUNKED "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n" GET HOST "\r\n", 0, SIL_OK, 2,
     "/", NULL},
    {"no chunks", CHUNKED "0\r\n\r\n", 0, SIL_OK, 1, "/", ""},
    {"Chunked of any case",
     POST "Transfer-Encoding: Chunked\r\n\r\n"
          "1\r\nx\r\n0\r\n\r\n",
     0, SIL_OK, 1, "/", "x"},
    {"three in a row",
     GET HOST "\r\n" POST "Content-Length: 1\r\n\r\nx"
              "DELETE /last HTTP/1.1\r\n" HOST "\r\n",
     0, SIL_OK, 3, "/last", NULL},
    {"a method for the router to refuse", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_OK, 1, "/", NULL},
};

static const struct row malformed[] = {
    /* The request line. */
    {"TLS on a plain port", "\x16\x03\x01\x02", 4, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"HTTP/0.9", "GET /\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"HTTP/2's own beginning", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a long version", "GET / HTTP/1.10\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a version of small letters", "GET / http/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"two blanks before the target", "GET  / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"two blanks before the version", "GET /  HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a blank at the start", " GET / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a blank at the end", "GET / HTTP/1.1 \r\n" HOST "\r\n", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"a tab for a blank", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"a blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a method of small letters", "get / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a method that nobody knows", "FETCH / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a method without end", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"another protocol's request", "DESCRIBE / RTSP/1.0\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"absolute form", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"asterisk form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"authority form", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"CONNECT with a path", "CONNECT / HTTP/1.1\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a fragment", "GET /#a HTTP/1.1\r\n" HOST "\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a byte above 127 in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"NUL in the target", "GET /\0 HTTP/1.1\r\n" HOST "\r\n", 20,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"two empty lines before", "\r\n\r\n" GET HOST "\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    /* Lines and fields. */
    {"LF without CR", "GET / HTTP/1.1\nHost: a\n\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"LF without CR behind a field", GET "Host: a\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"LF without CR for the empty line", GET HOST "\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"CR without LF in a value", GET "Host: a\rb\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"CR CR LF", GET "Host: a\r\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"NUL in a value", GET HOST "X: a\0b\r\n\r\n",
     sizeof GET HOST "X: a\0b\r\n\r\n" - 1, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"NUL in a name", GET HOST "X\0: a\r\n\r\n",
     sizeof GET HOST "X\0: a\r\n\r\n" - 1, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"escape in a value", GET HOST "X: \x1b[1m\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"DEL in a value", GET HOST "X: \x7f\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"a folded field", GET HOST "X: a\r\n b\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a folded coding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a blank before the first field", GET " X: a\r\n" HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a blank before the colon", GET "Host : a\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a tab before the colon", GET "Host\t: a\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"no colon", GET HOST "X\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"no name", GET HOST ": a\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a bracket in a name", GET HOST "X[]: a\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a byte above 127 in a name", GET HOST "X\xff: a\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    /* Host. */
    {"no Host", GET "\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"two Hosts", GET HOST "Host: b\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"the same Host twice", GET HOST HOST "\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" HOST HOST "\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a path in Host", GET "Host: a/b\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"a list in Host", GET "Host: a, b\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"a user in Host", GET "Host: a@b\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    /* Content-Length. */
    {"negative", POST "Content-Length: -1\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"a plus", POST "Content-Length: +3\r\n\r\nabc", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"hexadecimal", POST "Content-Length: 0x3\r\n\r\nabc", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a list", POST "Content-Length: 3, 3\r\n\r\nabc", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a blank inside", POST "Content-Length: 3 3\r\n\r\nabc", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"two of them", POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"the same twice", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"2^64 + 3", POST "Content-Length: 18446744073709551619\r\n\r\nabc", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"2^63", POST "Content-Length: 9223372036854775808\r\n\r\nabc", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"empty", POST "Content-Length:\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a decimal point", POST "Content-Length: 3.0\r\n\r\nabc", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    /* Transfer-Encoding. */
    {"with Content-Length",
     POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"before Content-Length",
     POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"twice",
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
          "0\r\n\r\n",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"chunked, chunked",
     POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"identity", POST "Transfer-Encoding: identity\r\n\r\n", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"chunked, then not", POST "Transfer-Encoding: chunked, identity\r\n\r\n",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"empty", POST "Transfer-Encoding:\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"in HTTP/1.0",
     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    /* Chunks. */
    {"a signed size", CHUNKED "+3\r\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"a negative size", CHUNKED "-3\r\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"0x", CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"no size", CHUNKED "\r\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"a size beyond 64 bits", CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n",
     0, SIL_E_BAD_JSON, 0, NULL, NULL},
    {"a blank behind the size", CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"LF behind the size", CHUNKED "3\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"LF behind the data", CHUNKED "3\r\nabc\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"CR behind the size", CHUNKED "3\rabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON, 0,
     NULL, NULL},
    {"data longer than its size", CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"LF in an extension", CHUNKED "3;a\nabc\r\n0\r\n\r\n", 0, SIL_E_BAD_JSON,
     0, NULL, NULL},
    {"a quote that does not end", CHUNKED "3;a=\"b\r\nabc\r\n0\r\n\r\n", 0,
     SIL_E_BAD_JSON, 0, NULL, NULL},
    {"LF for the last line", CHUNKED "0\r\n\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    {"LF in a trailer", CHUNKED "0\r\nX: a\n\r\n", 0, SIL_E_BAD_JSON, 0, NULL,
     NULL},
    /* Sizes. */
    {"a length above the body limit", POST "Content-Length: 65\r\n\r\n", 0,
     SIL_E_REQUEST_TOO_LARGE, 0, NULL, NULL},
    {"2^63 - 1", POST "Content-Length: 9223372036854775807\r\n\r\nabc", 0,
     SIL_E_REQUEST_TOO_LARGE, 0, NULL, NULL},
    {"chunks above the body limit",
     CHUNKED "40\r\n"
             "0123456789012345678901234567890123456789012345678901234567890123"
             "\r\n1\r\nx\r\n0\r\n\r\n",
     0, SIL_E_REQUEST_TOO_LARGE, 0, NULL, NULL},
    {"one chunk above the body limit",
     CHUNKED "41\r\n"
             "01234567890123456789012345678901234567890123456789012345678901234"
             "\r\n0\r\n\r\n",
     0, SIL_E_REQUEST_TOO_LARGE, 0, NULL, NULL},
    /* What came before it is answered. */
    {"a good one, then a bad one", GET HOST "\r\n" GET "\r\n", 0,
     SIL_E_BAD_JSON, 1, "/", NULL},
    {"more behind a body than its length",
     POST "Content-Length: 1\r\n\r\nxy\r\n\r\n", 0, SIL_E_BAD_JSON, 1, "/",
     "x"},
};

static void check_row(const struct row *row, const struct feed_result *result)
{
    if (result->err != row->err || result->request_count != row->request_count)
        print_error("%s: %d %s, %u requests\n", row->why, result->err,
                    result->error.detail, result->request_count);
    assert_int_equal(result->err, row->err);
    assert_int_equal(result->error.code, row->err);
    assert_int_equal(result->request_count, row->request_count);
    if (row->path != NULL)
        assert_string_equal(result->last_path, row->path);
    if (row->body != NULL)
        assert_string_equal(result->last_body, row->body);
}

static void check_rows(const struct row *rows, size_t row_count)
{
    struct feed_result whole;
    struct feed_result cut;

    for (size_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        size_t size = row->size > 0 ? row->size : strlen(row->bytes);

        feed(&whole, row->bytes, size, FEED_WHOLE, 0);
        check_row(row, &whole);
        feed(&cut, row->bytes, size, FEED_BYTES, 0);
        check_row(row, &cut);
        for (size_t at = 1; at < size; at++) {
            feed(&cut, row->bytes, size, FEED_AT, at);
            check_row(row, &cut);
        }
    }
}

static void requests_are_read(void **state)
{
    (void)state;
    check_rows(fine, sizeof fine / sizeof fine[0]);
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    check_rows(malformed, sizeof malformed / sizeof malformed[0]);
}

/* --- limits: at the limit and one above --------------------------------- */

static enum sil_err outcome(const struct buf *stream)
{
    struct feed_result whole;
    struct feed_result bytes;

    assert_int_equal(buf_err(stream), SIL_OK);
    feed(&whole, (const char *)stream->bytes, stream->size, FEED_WHOLE, 0);
    feed(&bytes, (const char *)stream->bytes, stream->size, FEED_BYTES, 0);
    assert_int_equal(whole.err, bytes.err);
    assert_int_equal(whole.request_count, bytes.request_count);
    assert_int_equal(whole.request_count, whole.err == SIL_OK);
    return whole.err;
}

static void add_times(struct buf *stream, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add_text(stream, text);
}

static enum sil_err with_target(size_t target_bytes)
{
    struct buf stream;
    enum sil_err err;

    buf_init(&stream, 1 << 20);
    buf_add_text(&stream, "GET /");
    add_times(&stream, "a", target_bytes - 1);
    buf_add_text(&stream, " HTTP/1.1\r\n" HOST "\r\n");
    err = outcome(&stream);
    buf_finish(&stream);
    return err;
}

/* field_bytes: of all fields with their line ends. */
static enum sil_err with_field_bytes(size_t field_bytes)
{
    struct buf stream;
    enum sil_err err;

    buf_init(&stream, 1 << 20);
    buf_add_text(&stream, GET HOST "X: ");
    add_times(&stream, "a", field_bytes - (sizeof HOST - 1) - 5);
    buf_add_text(&stream, "\r\n\r\n");
    err = outcome(&stream);
    buf_finish(&stream);
    return err;
}

static enum sil_err with_fields(size_t field_count)
{
    struct buf stream;
    enum sil_err err;

    buf_init(&stream, 1 << 20);
    buf_add_text(&stream, GET HOST);
    add_times(&stream, "X: a\r\n", field_count - 1);
    buf_add_text(&stream, "\r\n");
    err = outcome(&stream);
    buf_finish(&stream);
    return err;
}

static void the_head_has_limits(void **state)
{
    (void)state;
    assert_int_equal(with_target(LIMIT_HTTP_URI_BYTES_MAX), SIL_OK);
    assert_int_equal(with_target(LIMIT_HTTP_URI_BYTES_MAX + 1),
                     SIL_E_URI_TOO_LONG);
    assert_int_equal(with_field_bytes(LIMIT_HTTP_HEADER_BYTES_MAX), SIL_OK);
    assert_int_equal(with_field_bytes(LIMIT_HTTP_HEADER_BYTES_MAX + 1),
                     SIL_E_HEADERS_TOO_LARGE);
    assert_int_equal(with_fields(LIMIT_HTTP_HEADERS_MAX), SIL_OK);
    assert_int_equal(with_fields(LIMIT_HTTP_HEADERS_MAX + 1),
                     SIL_E_HEADERS_TOO_LARGE);
}

/* Feed a body of pieces chunks to a parser that takes body_max bytes. */
static enum sil_err with_chunks(const char *chunk, size_t times,
                                size_t body_max)
{
    static const char head[] = CHUNKED;
    struct parser *parser = NULL;
    struct sil_error error;
    size_t used = 0;
    enum sil_err err;

    assert_int_equal(parser_create(&parser), SIL_OK);
    err = parser_feed(&used, parser, (const uint8_t *)head, sizeof head - 1,
                      &error);
    assert_int_equal(err, SIL_OK);
    err = parser_expect_body(parser, body_max, &error);
    for (size_t i = 0; i < times && !err; i++)
        err = parser_feed(&used, parser, (const uint8_t *)chunk, strlen(chunk),
                          &error);
    parser_destroy(parser);
    return err;
}

static void chunk_framing_has_limits(void **state)
{
    static const char chunk[] = "1\r\nx\r\n";
    static const char zeros[] = "0000000000000000000000000000000000000000";

    (void)state;
    assert_int_equal(with_chunks(chunk, LIMIT_HTTP_CHUNKS_MAX, 1 << 20),
                     SIL_OK);
    assert_int_equal(with_chunks(chunk, LIMIT_HTTP_CHUNKS_MAX + 1, 1 << 20),
                     SIL_E_BAD_JSON);
    assert_int_equal(
        with_chunks(zeros, LIMIT_HTTP_FRAMING_BYTES_MAX / 40, 1 << 20), SIL_OK);
    assert_int_equal(
        with_chunks(zeros, LIMIT_HTTP_FRAMING_BYTES_MAX / 40 + 1, 1 << 20),
        SIL_E_BAD_JSON);
    assert_int_equal(with_chunks(chunk, 1, 0), SIL_E_REQUEST_TOO_LARGE);
}

/* --- what a head says --------------------------------------------------- */

static void a_head_is_taken_apart(void **state)
{
    static const char bytes[] =
        "POST /a?b=c HTTP/1.1\r\n" HOST "X-Y: \t one two \r\n"
        "Connection: x, Close\r\n"
        "Expect: 100-Continue\r\n"
        "Content-Length: 7\r\n\r\n";
    struct parser *parser = NULL;
    struct sil_error error;
    const struct head *head;
    struct http_text text;
    size_t used = 0;

    (void)state;
    assert_int_equal(parser_create(&parser), SIL_OK);
    assert_null(parser_head(parser));
    assert_int_equal(parser_feed(&used, parser, (const uint8_t *)bytes,
                                 sizeof bytes - 1, &error),
                     SIL_OK);
    assert_int_equal(used, sizeof bytes - 1);
    assert_int_equal(parser_state(parser), PARSE_HEAD_END);
    head = parser_head(parser);
    assert_true(head->has_length && head->has_query && head->is_close);
    assert_true(head->expects_continue && !head->is_chunked);
    assert_int_equal(head->content_bytes, 7);
    assert_int_equal(head->field_count, 5);
    text = parser_text(parser, head->query);
    assert_int_equal(text.size, 3);
    assert_memory_equal(text.bytes, "b=c", 3);
    text = parser_text(parser, head->fields[1].value);
    assert_int_equal(text.size, 7);
    assert_memory_equal(text.bytes, "one two", 7);
    /* It waits for the decision about the body. */
    assert_int_equal(parser_feed(&used, parser, (const uint8_t *)"x", 1, NULL),
                     SIL_E_STATE);
    parser_destroy(parser);
}

static void a_failed_parser_stays_failed(void **state)
{
    struct parser *parser = NULL;
    struct sil_error error;
    size_t used = 0;

    (void)state;
    assert_int_equal(parser_create(&parser), SIL_OK);
    assert_int_equal(
        parser_feed(&used, parser, (const uint8_t *)"\n", 1, &error),
        SIL_E_BAD_JSON);
    assert_int_equal(parser_state(parser), PARSE_FAILED);
    assert_int_equal(
        parser_feed(&used, parser, (const uint8_t *)"G", 1, &error),
        SIL_E_STATE);
    assert_null(parser_head(parser));
    parser_destroy(parser);
}

/* Each allocation fails once; the parser says so and leaks nothing. */
static void running_out_of_memory_is_told(void **state)
{
    static const char bytes[] = CHUNKED "3\r\nabc\r\n0\r\n\r\n";
    enum sil_err err = SIL_E_NO_MEMORY;
    uint32_t failure_count = 0;

    (void)state;
    for (size_t n = 1; err == SIL_E_NO_MEMORY; n++) {
        struct parser *parser = NULL;
        struct sil_error error;
        size_t used = 0;
        size_t at = 0;

        mem_fail_at(n);
        err = parser_create(&parser);
        while (!err && at < sizeof bytes - 1) {
            err = parser_feed(&used, parser, (const uint8_t *)bytes + at,
                              sizeof bytes - 1 - at, &error);
            at += used;
            if (!err && parser_state(parser) == PARSE_HEAD_END)
                err = parser_expect_body(parser, FEED_BODY_MAX, &error);
        }
        mem_fail_at(0);
        parser_destroy(parser);
        failure_count += err == SIL_E_NO_MEMORY;
    }
    assert_int_equal(err, SIL_OK);
    assert_true(failure_count >= 3); /* the parser, the head, the body */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(the_head_has_limits),
        cmocka_unit_test(chunk_framing_has_limits),
        cmocka_unit_test(a_head_is_taken_apart),
        cmocka_unit_test(a_failed_parser_stays_failed),
        cmocka_unit_test(running_out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
