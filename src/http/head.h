/* The head of a request as bytes: where it ends, and what it says.
 * Threads: pure functions, callable from anywhere.
 * Must not know llhttp: two parsers that must agree are harder to fool. */
#ifndef SIL_HTTP_HEAD_H
#define SIL_HTTP_HEAD_H

#include "base/limits.h"
#include "http/http.h"

/* Stricter than RFC 9112 where it says MAY, because nobody who means well
 * needs it: lines end in CR LF alone, blanks are single, fields are not folded,
 * targets are paths, numbers are digits, codings are "chunked", once. One empty
 * line before a request is forgiven, as old clients send it behind a body. */

enum {
    HEAD_METHOD_BYTES_MAX = 32,
    HEAD_VERSION_BYTES = 8, /* "HTTP/1.1" */
    /* Both limits, method, version, two blanks, CRLF and the empty line. */
    HEAD_BYTES_MAX = LIMIT_HTTP_HEADER_BYTES_MAX + LIMIT_HTTP_URI_BYTES_MAX +
                     HEAD_METHOD_BYTES_MAX + HEAD_VERSION_BYTES + 6
};

/** Looks for the head's end, byte by byte, and refuses what no head may
 *  hold. Zeroed: at its start. */
struct head_scan {
    uint32_t line_count;   /* lines that ended */
    uint32_t line_bytes;   /* of the line it is in */
    uint32_t field_bytes;  /* of all lines behind the request line */
    uint32_t word;         /* of the request line: 0 method, 1 target … */
    uint32_t word_bytes;   /* of that word */
    bool is_cr;            /* the last byte was a CR */
    bool is_blank_skipped; /* one empty line before the request line */
    bool is_begun;         /* the request line has begun */
    bool is_end;           /* that was the last byte of the head */
};

/** Take the next byte. Errors: SIL_E_BAD_JSON, SIL_E_HEADERS_TOO_LARGE,
 *  SIL_E_URI_TOO_LONG. Nothing may follow an error or the end. */
SIL_MUST_USE enum sil_err head_scan_byte(struct head_scan *scan, uint8_t byte,
                                         struct sil_error *error);

/** A piece of the head's bytes. */
struct head_span {
    uint16_t at;   /* offset of its first byte */
    uint16_t size; /* bytes */
};

struct head_field {
    struct head_span name, value; /* value without blanks around it */
};

/** What a head says. The spans point into its bytes. */
struct head {
    struct head_span method, path, query; /* query without "?", or empty */
    bool has_query;                       /* there is a "?" */
    uint8_t version_minor;                /* HTTP/1.x: 0 or 1 */
    bool is_chunked;
    bool has_length;        /* there is a Content-Length */
    bool is_close;          /* the client wants the connection closed */
    bool expects_continue;  /* "Expect: 100-continue" */
    uint32_t field_count;   /* at most LIMIT_HTTP_HEADERS_MAX */
    uint64_t content_bytes; /* of Content-Length; 0 without */
    struct head_field fields[LIMIT_HTTP_HEADERS_MAX];
};

/** Take apart a head that head_scan_byte() found whole, its last byte being
 *  the LF of the empty line. Errors: SIL_E_BAD_JSON. */
SIL_MUST_USE enum sil_err head_split(struct head *head, const uint8_t *bytes,
                                     size_t size, struct sil_error *error);

/** True if the text is the word, letters of any case. */
bool head_text_is(const uint8_t *bytes, size_t size, const char *word);

#endif
