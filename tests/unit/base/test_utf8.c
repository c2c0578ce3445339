/* utf8.c: every character there is, and what only looks like one.
 * Must not know JSON or the log.
 * All 1,112,064 characters are written out by the definition and read. */
#include "base/cmocka_all.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/* Write a code by the definition, in as many bytes as asked for. */
static void write_code(uint8_t *bytes, uint32_t code, size_t length)
{
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (uint8_t)(lead[length] | code);
}

static size_t needed_length(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void each_character_is_one(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        uint8_t bytes[UTF8_MAX];
        size_t length = needed_length(code);
        bool is_surrogate = code >= 0xD800 && code < 0xE000;
        write_code(bytes, code, length);
        assert_int_equal(utf8_length(bytes, length), is_surrogate ? 0 : length);
        /* Cut short it is none; in its overlong forms neither. */
        if (length > 1)
            assert_int_equal(utf8_length(bytes, length - 1), 0);
        for (size_t k = length + 1; k <= UTF8_MAX; k++) {
            write_code(bytes, code, k);
            assert_int_equal(utf8_length(bytes, k), 0);
        }
    }
}

static void what_is_none(void **state)
{
    static const char *const none[] = {
        "\x80",             /* a continuation alone */
        "\xBF",             /* the last of them */
        "\xC2",             /* cut short */
        "\xC2\x41",         /* no continuation behind it */
        "\xE2\x82\x41",     /* nor here */
        "\xF4\x90\x80\x80", /* U+110000 */
        "\xF5\x80\x80\x80", /* beyond */
        "\xFE",
        "\xFF", /* never */
    };

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(utf8_length((const uint8_t *)none[i], strlen(none[i])),
                         0);
    assert_int_equal(utf8_length((const uint8_t *)"a", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_is_one),
        cmocka_unit_test(what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
