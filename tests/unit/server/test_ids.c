/* Ids that are taken, ids that are made.
 * Must not know logs.
 * Random ones are only checked for their form and for differing. */
#include "server/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct http_text text_of(const char *value)
{
    return (struct http_text){value, value ? strlen(value) : 0};
}

static const char long_64[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char long_65[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefX";

static void good_ids_are_echoed(void **state)
{
    const char *const good[] = {"a", "abc-1.2_3", "ZZ", long_64};
    char id[ID_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        id_from(id, text_of(good[i]));
        assert_string_equal(id, good[i]);
    }
}

static void bad_ids_are_replaced(void **state)
{
    const char *const bad[] = {NULL,   "",      "a b",  "a\"b", "a\nb",
                               "\xc3", long_65, "a/b;", "{}"};
    char id[ID_SIZE];
    char other[ID_SIZE] = "";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        id_from(id, text_of(bad[i]));
        assert_int_equal(strlen(id), 24);
        assert_int_equal(strspn(id, "0123456789abcdef"), 24);
        assert_string_not_equal(id, other);
        memcpy(other, id, sizeof other);
    }
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define ZEROS "00000000000000000000000000000000"

static void a_traceparent_gives_its_trace(void **state)
{
    char trace[TRACE_SIZE];

    (void)state;
    trace_from(trace, text_of("00-" TRACE "-00f067aa0ba902b7-01"));
    assert_string_equal(trace, TRACE);
}

static void malformed_traceparents_are_replaced(void **state)
{
    const char *const bad[] = {
        NULL,
        "",
        "00-" TRACE "-00f067aa0ba902b7",    /* short */
        "01-" TRACE "-00f067aa0ba902b7-01", /* another version */
        "00-" ZEROS "-00f067aa0ba902b7-01", /* no trace */
        "00-" TRACE "-0000000000000000-01", /* no parent */
        "00_" TRACE "-00f067aa0ba902b7-01", /* no dash */
        "00-" TRACE "-00f067aa0ba902b7x01", /* no dash */
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", /* upper */
    };
    char trace[TRACE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trace_from(trace, text_of(bad[i]));
        assert_int_equal(strspn(trace, "0123456789abcdef"), 32);
        assert_int_equal(strlen(trace), 32);
        assert_string_not_equal(trace, TRACE);
        assert_string_not_equal(trace, ZEROS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ids_are_echoed),
        cmocka_unit_test(bad_ids_are_replaced),
        cmocka_unit_test(a_traceparent_gives_its_trace),
        cmocka_unit_test(malformed_traceparents_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
