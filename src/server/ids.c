/* Checking ids that were sent and making ones that were not.
 * Must not know what is logged with them.
 * getrandom(2) can't fail once the kernel is up; were it to, ids would be
 * all zeros, which harms nothing but the reader of logs. */
#include "server/ids.h"

#include <string.h>
#include <sys/random.h>

#include "base/check.h"

/* version 2 digits, trace 32, parent 16, flags 2, three dashes. */
enum {
    TRACE_AT = 3,
    TRACE_DIGITS = 32,
    PARENT_AT = 36,
    PARENT_DIGITS = 16,
    TRACEPARENT_SIZE = 55,
    NEW_ID_DIGITS = 24
};

static const char hex_digits[] = "0123456789abcdef";

/* Half of each random byte becomes a digit: wasteful and simple. text:
 * [digit_count + 1]. */
static void make(char *text, size_t digit_count)
{
    uint8_t bytes[TRACE_DIGITS] = {0};
    ssize_t got = getrandom(bytes, digit_count, 0);

    sil_assert(digit_count <= sizeof bytes);
    (void)got;
    for (size_t i = 0; i < digit_count; i++)
        text[i] = hex_digits[bytes[i] & 15];
    text[digit_count] = '\0';
}

/* What can stand in a header field, a line of JSON and a file name alike,
 * without being escaped in any. */
static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* A new id is shorter than the longest one taken: it is typed by people. */
void id_from(char *id, struct http_text sent)
{
    bool is_good = sent.bytes != NULL && sent.size >= 1 &&
                   sent.size <= LIMIT_REQUEST_ID_MAX;

    sil_assert(id != NULL);
    for (size_t i = 0; is_good && i < sent.size; i++)
        is_good = is_id_char(sent.bytes[i]);
    /* Replaced whole, never repaired: two clients' ids must not become one. */
    if (!is_good) {
        make(id, NEW_ID_DIGITS);
        return;
    }
    memcpy(id, sent.bytes, sent.size);
    id[sent.size] = '\0';
}

/* Lower-case hex digits, not all of them 0. */
static bool is_hex(const char *text, size_t count)
{
    bool is_zero = true;

    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        if (text[i] == '\0' || strchr(hex_digits, text[i]) == NULL)
            return false;
        is_zero = is_zero && text[i] == '0';
    }
    return !is_zero;
}

/* Only version 00 is read; the standard lets others be treated as absent. */
void trace_from(char *trace, struct http_text traceparent)
{
    const char *text = traceparent.bytes;

    sil_assert(trace != NULL);
    if (text == NULL || traceparent.size != TRACEPARENT_SIZE ||
        memcmp(text, "00-", TRACE_AT) != 0 || text[PARENT_AT - 1] != '-' ||
        text[PARENT_AT + PARENT_DIGITS] != '-' ||
        !is_hex(text + TRACE_AT, TRACE_DIGITS) ||
        !is_hex(text + PARENT_AT, PARENT_DIGITS)) {
        make(trace, TRACE_DIGITS);
        return;
    }
    memcpy(trace, text + TRACE_AT, TRACE_DIGITS);
    trace[TRACE_DIGITS] = '\0';
}
