/* buf.c: at the cap, one past it, and without memory.
 * Must not know what is kept in buffers.
 * The NUL of buf_text() is the one byte beyond the cap. */
#include "base/cmocka_all.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void appended_bytes_are_kept(void **state)
{
    struct buf buf;
    uint8_t bytes[1000];

    (void)state;
    buf_init(&buf, 1000000);
    assert_null(buf.bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (int i = 0; i < 100; i++)
        buf_add(&buf, bytes, sizeof bytes);
    assert_int_equal(buf_err(&buf), SIL_OK);
    assert_int_equal(buf.size, 100000);
    for (size_t i = 0; i < buf.size; i++)
        assert_int_equal(buf.bytes[i], bytes[i % sizeof bytes]);
    buf_finish(&buf);
    assert_null(buf.bytes);
    assert_int_equal(buf.size, 0);
}

static void the_cap_is_exact(void **state)
{
    static const size_t caps[] = {1, 2, 255, 256, 257, 300, 511, 512, 4097};
    uint8_t byte = 'x';

    (void)state;
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        struct buf buf;
        buf_init(&buf, caps[i]);
        for (size_t k = 0; k < caps[i]; k++)
            buf_add(&buf, &byte, 1);
        assert_int_equal(buf_err(&buf), SIL_OK);
        assert_int_equal(strlen(buf_text(&buf)), caps[i]);
        buf_add(&buf, &byte, 1);
        assert_int_equal(buf_err(&buf), SIL_E_STATE);
        assert_int_equal(buf.size, caps[i]);
        /* Sticky, even for what would fit. */
        buf_add(&buf, &byte, 0);
        assert_int_equal(buf_reserve(&buf, 0), SIL_E_STATE);
        buf_clear(&buf);
        assert_int_equal(buf_err(&buf), SIL_OK);
        assert_int_equal(buf_reserve(&buf, caps[i]), SIL_OK);
        assert_int_equal(buf_reserve(&buf, caps[i] + 1), SIL_E_STATE);
        buf_finish(&buf);
    }
}

static void huge_sizes_do_not_wrap(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_add_text(&buf, "abc");
    assert_int_equal(buf_reserve(&buf, SIZE_MAX), SIL_E_STATE);
    buf_finish(&buf);
    buf_init(&buf, SIZE_MAX - 1);
    buf_add_text(&buf, "abc");
    /* Not even asked for: a sanitizer would end the process. */
    mem_fail_at(1);
    assert_int_equal(buf_reserve(&buf, SIZE_MAX - 4), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(buf_reserve(&buf, 1), SIL_E_NO_MEMORY);
    assert_memory_equal(buf.bytes, "abc", 3);
    buf_finish(&buf);
}

static void formatted_text_fits_up_to_the_cap(void **state)
{
    static const int lengths[] = {0, 1, 254, 255, 256, 257, 300, 1000};
    char text[2000];

    (void)state;
    memset(text, 'y', sizeof text);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct buf buf;
        buf_init(&buf, (size_t)lengths[i] + 1);
        buf_addf(&buf, "%s%.*s", "-", lengths[i], text);
        assert_int_equal(buf_err(&buf), SIL_OK);
        assert_int_equal(buf.size, lengths[i] + 1);
        assert_int_equal(buf_text(&buf)[0], '-');
        assert_memory_equal(buf_text(&buf) + 1, text, (size_t)lengths[i]);
        buf_addf(&buf, "%d", 5);
        assert_int_equal(buf_err(&buf), SIL_E_STATE);
        buf_finish(&buf);
        if (lengths[i] == 0)
            continue;
        buf_init(&buf, (size_t)lengths[i]);
        buf_addf(&buf, "%s%.*s", "-", lengths[i], text);
        assert_int_equal(buf_err(&buf), SIL_E_STATE);
        assert_int_equal(buf.size, 0);
        buf_finish(&buf);
    }
}

static void text_ends_with_a_nul(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    assert_string_equal(buf_text(&buf), "");
    buf_add_text(&buf, "one");
    assert_string_equal(buf_text(&buf), "one");
    assert_int_equal(buf.size, 3);
    buf_add_text(&buf, "two");
    assert_string_equal(buf_text(&buf), "onetwo");
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_finish(&buf);
}

static void taking_moves_everything(void **state)
{
    struct buf from;
    struct buf to;

    (void)state;
    buf_init(&from, 10);
    buf_init(&to, 20);
    buf_add_text(&to, "old");
    buf_add_text(&from, "new");
    buf_take(&to, &from);
    assert_string_equal(buf_text(&to), "new");
    assert_int_equal(to.cap, 10);
    assert_null(from.bytes);
    assert_int_equal(from.size, 0);
    buf_add_text(&from, "again");
    assert_int_equal(buf_err(&from), SIL_OK);
    buf_finish(&from);
    buf_finish(&to);
}

static void without_memory_it_stays_failed(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    mem_fail_at(1);
    buf_add_text(&buf, "abc");
    mem_fail_at(0);
    assert_int_equal(buf_err(&buf), SIL_E_NO_MEMORY);
    buf_add_text(&buf, "abc");
    assert_int_equal(buf.size, 0);
    buf_clear(&buf);
    buf_add_text(&buf, "abc");
    assert_string_equal(buf_text(&buf), "abc");
    mem_fail_at(1);
    buf_addf(&buf, "%300d", 1);
    mem_fail_at(0);
    assert_int_equal(buf_err(&buf), SIL_E_NO_MEMORY);
    assert_memory_equal(buf.bytes, "abc", 3);
    buf_finish(&buf);
    buf_init(&buf, 1000);
    mem_fail_at(1);
    assert_string_equal(buf_text(&buf), "");
    mem_fail_at(0);
    assert_int_equal(buf_err(&buf), SIL_E_NO_MEMORY);
    buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_bytes_are_kept),
        cmocka_unit_test(the_cap_is_exact),
        cmocka_unit_test(huge_sizes_do_not_wrap),
        cmocka_unit_test(formatted_text_fits_up_to_the_cap),
        cmocka_unit_test(text_ends_with_a_nul),
        cmocka_unit_test(taking_moves_everything),
        cmocka_unit_test(without_memory_it_stays_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
