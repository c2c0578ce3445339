/* Takes a whole head apart and decides how the body is framed.
 * Must not know llhttp, which then has to come to the same result.
 * Whatever two readers could read differently is refused. */
#include <string.h>

#include "base/check.h"
#include "http/head.h"

/* A head being taken apart. */
struct splitter {
    struct head *head;
    const uint8_t *bytes;
    size_t size;
    uint32_t host_count;
    uint32_t length_count;
    uint32_t coding_count; /* of Transfer-Encoding */
    struct sil_error *error;
};

/* One code for all: clients that send such heads don't read codes, people who
 * read the detail do. */
static enum sil_err refuse(const struct splitter *split, const char *what)
{
    sil_assert(what[0] != '\0');
    return err_set(split->error, SIL_E_BAD_JSON, "%s", what);
}

/* ASCII alone: what the locale makes of other bytes must not matter. */
static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool head_text_is(const uint8_t *bytes, size_t size, const char *word)
{
    sil_assert(word != NULL);
    if (strlen(word) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (lower(bytes[i]) != lower((uint8_t)word[i]))
            return false;
    }
    return true;
}

/* 16 bits are enough: a head is no longer than HEAD_BYTES_MAX. */
static struct head_span span(size_t at, size_t end)
{
    sil_assert(at <= end);
    sil_assert(end <= UINT16_MAX);
    return (struct head_span){(uint16_t)at, (uint16_t)(end - at)};
}

/* Offset of byte at or behind at; end if there is none before it. */
static size_t find(const struct splitter *split, size_t at, size_t end,
                   char byte)
{
    const uint8_t *found;

    sil_assert(at <= end);
    sil_assert(end <= split->size);
    found = memchr(split->bytes + at, byte, end - at);
    return found != NULL ? (size_t)(found - split->bytes) : end;
}

/* "GET /path?query HTTP/1.1", its line ending before end. The scan has made
 * sure of two single blanks and of the version's length. */
static enum sil_err split_request_line(struct splitter *split, size_t end)
{
    static const char version[] = "HTTP/1.";
    static const char connect[] = "CONNECT"; /* wants a host, not a path */
    struct head *head = split->head;
    size_t method_end = find(split, 0, end, ' ');
    size_t target = method_end + 1;
    size_t target_end = find(split, target, end, ' ');
    size_t path_end = find(split, target, target_end, '?');
    uint8_t minor;

    sil_assert(target_end + 1 + HEAD_VERSION_BYTES == end);
    if (method_end == sizeof connect - 1 &&
        memcmp(split->bytes, connect, method_end) == 0)
        return refuse(split, "CONNECT is for proxies");
    head->method = span(0, method_end);
    head->path = span(target, path_end);
    head->has_query = path_end < target_end;
    head->query = span(path_end + head->has_query, target_end);
    minor = split->bytes[end - 1];
    if (memcmp(split->bytes + target_end + 1, version, sizeof version - 1) !=
            0 ||
        (minor != '0' && minor != '1'))
        return refuse(split, "the HTTP version is not 1.0 or 1.1");
    head->version_minor = (uint8_t)(minor - '0');
    return SIL_OK;
}

/* Content-Length: digits alone, once, as much as a size can be. No sign, no
 * hexadecimal, no list, although some servers take them: where two read
 * different lengths, the rest of the body becomes a request. */
static enum sil_err read_length(struct splitter *split, struct head_span value)
{
    uint64_t length = 0;

    sil_assert((size_t)value.at + value.size <= split->size);
    if (value.size == 0)
        return refuse(split, "Content-Length is empty");
    for (size_t i = 0; i < value.size; i++) {
        uint8_t digit = split->bytes[value.at + i];

        if (digit < '0' || digit > '9')
            return refuse(split, "Content-Length is not a number");
        if (__builtin_mul_overflow(length, UINT64_C(10), &length) ||
            __builtin_add_overflow(length, (uint64_t)(digit - '0'), &length) ||
            length > INT64_MAX)
            return refuse(split, "Content-Length is too large for a number");
    }
    split->length_count++;
    split->head->has_length = true;
    split->head->content_bytes = length;
    return SIL_OK;
}

/* "name", "name:80", "[::1]:80": no byte that parts a URL, so that nobody
 * behind us takes a part of it for the name. */
static enum sil_err read_host(struct splitter *split, struct head_span value)
{
    static const char parting[] = " \t/\\?#@,<>\"{}|^`";

    split->host_count++;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = split->bytes[value.at + i];

        if (byte > '~' || strchr(parting, byte) != NULL)
            return refuse(split, "Host is not a host name");
    }
    return SIL_OK;
}

/* True if a comma-separated list holds the word. */
static bool list_has(const struct splitter *split, struct head_span value,
                     const char *word)
{
    size_t end = (size_t)value.at + value.size;
    size_t at = value.at;

    sil_assert(end <= split->size);
    while (at < end) {
        size_t item_end = find(split, at, end, ',');
        size_t last = item_end;

        while (at < last && strchr(" \t", split->bytes[at]) != NULL)
            at++;
        while (last > at && strchr(" \t", split->bytes[last - 1]) != NULL)
            last--;
        if (head_text_is(split->bytes + at, last - at, word))
            return true;
        at = item_end + 1;
    }
    return false;
}

/* What the connection itself must know of a field; all others are left to
 * the handler. Of the transfer codings only chunked is spoken: one that can't
 * be undone leaves the end of the body unknown. */
static enum sil_err read_field(struct splitter *split,
                               const struct head_field *field)
{
    struct head *head = split->head;
    const uint8_t *name = split->bytes + field->name.at;
    const uint8_t *value = split->bytes + field->value.at;
    size_t size = field->name.size;

    sil_assert(size > 0);
    if (head_text_is(name, size, "Host"))
        return read_host(split, field->value);
    if (head_text_is(name, size, "Content-Length"))
        return read_length(split, field->value);
    if (head_text_is(name, size, "Connection"))
        head->is_close |= list_has(split, field->value, "close");
    if (head_text_is(name, size, "Expect"))
        head->expects_continue |=
            head_text_is(value, field->value.size, "100-continue");
    if (!head_text_is(name, size, "Transfer-Encoding"))
        return SIL_OK;
    split->coding_count++;
    head->is_chunked = head_text_is(value, field->value.size, "chunked");
    if (!head->is_chunked)
        return refuse(split, "Transfer-Encoding other than chunked");
    return SIL_OK;
}

/* "Name: value", its line ending before end. A blank before the colon is
 * refused: some drop it, some make it part of the name. */
static enum sil_err split_field(struct splitter *split, size_t at, size_t end)
{
    struct head *head = split->head;
    size_t colon = find(split, at, end, ':');
    size_t value = colon + 1;
    struct head_field *field;

    if (colon == end)
        return refuse(split, "a header field without a colon");
    if (colon == at)
        return refuse(split, "a header field without a name");
    for (size_t i = at; i < colon; i++) {
        if (split->bytes[i] <= ' ' || split->bytes[i] > '~')
            return refuse(split, "a header field's name is not a name");
    }
    while (value < end && strchr(" \t", split->bytes[value]) != NULL)
        value++;
    while (end > value && strchr(" \t", split->bytes[end - 1]) != NULL)
        end--;
    sil_assert(head->field_count < LIMIT_HTTP_HEADERS_MAX);
    field = &head->fields[head->field_count++];
    field->name = span(at, colon);
    field->value = span(value, end);
    return read_field(split, field);
}

/* What no single field shows. RFC 9112 lets Transfer-Encoding win over
 * Content-Length; whoever sends both is an attacker or broken. */
static enum sil_err check_together(const struct splitter *split)
{
    const struct head *head = split->head;

    sil_assert(head->field_count <= LIMIT_HTTP_HEADERS_MAX);
    sil_assert(head->is_chunked == (split->coding_count > 0));
    if (split->host_count > 1)
        return refuse(split, "more than one Host");
    if (split->host_count == 0 && head->version_minor > 0)
        return refuse(split, "HTTP/1.1 needs a Host");
    if (split->length_count > 1)
        return refuse(split, "more than one Content-Length");
    if (split->coding_count > 1)
        return refuse(split, "more than one Transfer-Encoding");
    if (split->coding_count > 0 && split->length_count > 0)
        return refuse(split, "both Content-Length and Transfer-Encoding");
    if (split->coding_count > 0 && head->version_minor == 0)
        return refuse(split, "Transfer-Encoding in HTTP/1.0");
    return SIL_OK;
}

/* The scan has found the blank line at the end, so that each line has its
 * own. */
enum sil_err head_split(struct head *head, const uint8_t *bytes, size_t size,
                        struct sil_error *error)
{
    struct splitter split = {
        .head = head, .bytes = bytes, .size = size, .error = error};
    size_t line_end = find(&split, 0, size, '\r');
    size_t at;
    enum sil_err err;

    sil_assert(size <= HEAD_BYTES_MAX);
    sil_assert(line_end + 2 < size);
    sil_assert(bytes[size - 1] == '\n');
    memset(head, 0, sizeof *head);
    err = split_request_line(&split, line_end);
    for (at = line_end + 2; !err && at + 2 < size; at = line_end + 2) {
        line_end = find(&split, at, size, '\r');
        err = split_field(&split, at, line_end);
    }
    if (!err)
        err = check_together(&split);
    if (head->version_minor == 0)
        head->is_close = true; /* "keep-alive" was never part of HTTP/1.0 */
    return err;
}
