/* Reads one character of UTF-8.
 * Must not know what the text is for.
 * The first byte tells the length, but only the whole tells if it is right. */
#include "base/utf8.h"

#include "base/check.h"

/* What the first byte promises; 0: nothing begins with it. */
static size_t promised_length(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2) /* a continuation, or overlong */
        return 0;
    if (lead < 0xE0)
        return 2;
    if (lead < 0xF0)
        return 3;
    return lead < 0xF5 ? UTF8_MAX : 0;
}

/* Nothing behind size is read, whatever the first byte promises. */
size_t utf8_length(const uint8_t *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    /* The smallest code that needs as many bytes. */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = size > 0 ? promised_length(bytes[0]) : 0;
    uint32_t code;

    if (length <= 1)
        return length;
    if (length > size)
        return 0;
    sil_assert(length <= UTF8_MAX);
    code = (uint32_t)bytes[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        /* Six bits each, marked as a continuation. */
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    /* Right in form, but another way to write a shorter one, or a half of a
     * UTF-16 pair, or past the end of Unicode. */
    if (code < least[length] || code > 0x10FFFF ||
        (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    return length;
}
