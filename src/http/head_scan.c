/* Finds the end of a request's head and holds its lines to the rules.
 * Must not know what the fields mean: head_split.c does.
 * Byte by byte, so that an attack gets the same answer however it is cut. */
#include "http/head.h"

#include "base/check.h"

enum request_word { WORD_METHOD, WORD_TARGET, WORD_VERSION };

/* Nothing counts beyond its limit by more than the byte that breaks it. */
static void scan_check(const struct head_scan *scan)
{
    sil_assert(scan->word <= WORD_VERSION);
    sil_assert(scan->line_count <= LIMIT_HTTP_HEADERS_MAX + 1);
    sil_assert(scan->field_bytes <= LIMIT_HTTP_HEADER_BYTES_MAX + 2);
    sil_assert(scan->is_begun || scan->line_count == 0);
}

/* What RFC 9112 allows nowhere in a head, but CR and LF as a line's end. */
static bool is_control(uint8_t byte)
{
    return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

/* A blank of the request line: the next word begins. Exactly one blank parts
 * two words: what reads "GET  /x" as "GET" and "" is not to be guessed. */
static enum sil_err next_word(struct head_scan *scan, struct sil_error *error)
{
    if (scan->word_bytes == 0)
        return err_set(error, SIL_E_BAD_JSON,
                       "the request line has a blank too many");
    if (scan->word == WORD_VERSION)
        return err_set(error, SIL_E_BAD_JSON,
                       "the request line has more than three parts");
    scan->word++;
    scan->word_bytes = 0;
    return SIL_OK;
}

/* Methods are capitals, and short; llhttp knows which there are. A byte that
 * is none, as of TLS on a plain port, is refused at once. */
static enum sil_err method_byte(const struct head_scan *scan, uint8_t byte,
                                struct sil_error *error)
{
    bool is_letter = (byte >= 'A' && byte <= 'Z') || byte == '-';

    sil_assert(scan->word == WORD_METHOD);
    if (!is_letter || scan->word_bytes > HEAD_METHOD_BYTES_MAX)
        return err_set(error, SIL_E_BAD_JSON,
                       "the request does not begin with a method");
    return SIL_OK;
}

/* Origin form only: absolute form and the others are for proxies, and a
 * fragment is never sent. Percent signs are not looked at: routes have none. */
static enum sil_err target_byte(const struct head_scan *scan, uint8_t byte,
                                struct sil_error *error)
{
    sil_assert(scan->word == WORD_TARGET);
    if (scan->word_bytes == 1 && byte != '/')
        return err_set(error, SIL_E_BAD_JSON,
                       "the request target must be a path from /");
    if (scan->word_bytes > LIMIT_HTTP_URI_BYTES_MAX)
        return err_set(error, SIL_E_URI_TOO_LONG,
                       "the request target is longer than %d bytes",
                       LIMIT_HTTP_URI_BYTES_MAX);
    if (byte <= ' ' || byte > '~' || byte == '#')
        return err_set(error, SIL_E_BAD_JSON,
                       "the request target holds byte 0x%02x", byte);
    return SIL_OK;
}

/* A byte of "GET /path HTTP/1.1". The version is only measured here. */
static enum sil_err request_line_byte(struct head_scan *scan, uint8_t byte,
                                      struct sil_error *error)
{
    if (byte == ' ')
        return next_word(scan, error);
    scan->word_bytes++;
    if (scan->word == WORD_METHOD)
        return method_byte(scan, byte, error);
    if (scan->word == WORD_TARGET)
        return target_byte(scan, byte, error);
    if (scan->word_bytes > HEAD_VERSION_BYTES)
        return err_set(error, SIL_E_BAD_JSON, "the HTTP version is unknown");
    return SIL_OK;
}

/* A byte of a field line; what counts is the first. A line that begins with
 * a blank continued the one before it, once: such folding has hidden a
 * Transfer-Encoding from one of two parsers. */
static enum sil_err field_byte(const struct head_scan *scan, uint8_t byte,
                               struct sil_error *error)
{
    sil_assert(scan->line_count > 0);
    if (scan->line_bytes == 1 && (byte == ' ' || byte == '\t'))
        return err_set(error, SIL_E_BAD_JSON,
                       "a header field is folded over two lines");
    if (scan->line_bytes == 1 && scan->line_count > LIMIT_HTTP_HEADERS_MAX)
        return err_set(error, SIL_E_HEADERS_TOO_LARGE,
                       "more than %d header fields", LIMIT_HTTP_HEADERS_MAX);
    return SIL_OK;
}

/* CR LF: the end of a line, of the head if the line is empty. */
static enum sil_err line_end(struct head_scan *scan, struct sil_error *error)
{
    scan->is_cr = false;
    if (scan->line_bytes > 0) {
        if (scan->line_count == 0 && (scan->word != WORD_VERSION ||
                                      scan->word_bytes != HEAD_VERSION_BYTES))
            return err_set(error, SIL_E_BAD_JSON,
                           "the request line is not complete");
        scan->line_count++;
        scan->line_bytes = 0;
        return SIL_OK;
    }
    if (scan->line_count > 0) {
        scan->is_end = true;
        return SIL_OK;
    }
    if (scan->is_blank_skipped)
        return err_set(error, SIL_E_BAD_JSON,
                       "empty lines instead of a request");
    scan->is_blank_skipped = true;
    return SIL_OK;
}

/* The order of the checks is part of the behaviour: size before content, so
 * that a head without end is "too large" whatever it is filled with. */
enum sil_err head_scan_byte(struct head_scan *scan, uint8_t byte,
                            struct sil_error *error)
{
    sil_assert(!scan->is_end);
    scan_check(scan);
    if (scan->line_count > 0 &&
        ++scan->field_bytes > LIMIT_HTTP_HEADER_BYTES_MAX + 2) /* empty line */
        return err_set(error, SIL_E_HEADERS_TOO_LARGE,
                       "the header fields are longer than %d bytes",
                       LIMIT_HTTP_HEADER_BYTES_MAX);
    if (scan->is_cr && byte != '\n')
        return err_set(error, SIL_E_BAD_JSON, "a CR without its LF");
    if (scan->is_cr)
        return line_end(scan, error);
    if (byte == '\n')
        return err_set(error, SIL_E_BAD_JSON, "an LF without its CR");
    if (byte == '\r') {
        scan->is_cr = true;
        return SIL_OK;
    }
    if (is_control(byte))
        return err_set(error, SIL_E_BAD_JSON,
                       "the head holds the control byte 0x%02x", byte);
    scan->is_begun = true;
    scan->line_bytes++;
    if (scan->line_count == 0)
        return request_line_byte(scan, byte, error);
    return field_byte(scan, byte, error);
}
