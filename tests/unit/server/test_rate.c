/* Token buckets: bursts, refill, and many clients in bounded memory.
 * Must not wait: time is a number here.
 * The table is filled past its size to see that nobody goes unlimited. */
#include "server/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

enum { PER_S = 10, BURST = 3, TEXT_SIZE = 32 };

static struct rate *make(void)
{
    struct rate *rate = NULL;

    assert_int_equal(rate_create(&rate, PER_S, BURST), SIL_OK);
    return rate;
}

static uint32_t take(struct rate *rate, const char *client, uint64_t now_ms)
{
    return rate_take(rate, client, strlen(client), now_ms * NS_PER_MS);
}

static void a_burst_passes_and_the_next_waits(void **state)
{
    struct rate *rate = make();

    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_int_equal(take(rate, "a", 1000), 0);
    assert_in_range(take(rate, "a", 1000), 100, 101);
    assert_in_range(take(rate, "a", 1050), 50, 51);
    rate_destroy(rate);
}

static void it_refills_one_by_one(void **state)
{
    struct rate *rate = make();

    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_int_equal(take(rate, "a", 1000), 0);
    assert_int_equal(take(rate, "a", 1101), 0);
    assert_int_not_equal(take(rate, "a", 1101), 0);
    for (int i = 0; i < BURST; i++)
        assert_int_equal(take(rate, "a", 5000), 0);
    assert_int_not_equal(take(rate, "a", 5000), 0);
    rate_destroy(rate);
}

static void a_refusal_costs_nothing(void **state)
{
    struct rate *rate = make();

    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_int_equal(take(rate, "a", 1000), 0);
    for (int i = 0; i < 100; i++)
        assert_int_not_equal(take(rate, "a", 1000), 0);
    assert_int_equal(take(rate, "a", 1101), 0);
    rate_destroy(rate);
}

static void clients_do_not_share(void **state)
{
    struct rate *rate = make();

    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_int_equal(take(rate, "a", 1000), 0);
    assert_int_not_equal(take(rate, "a", 1000), 0);
    assert_int_equal(take(rate, "b", 1000), 0);
    rate_destroy(rate);
}

static void a_flood_of_clients_limits_itself(void **state)
{
    struct rate *rate = make();
    char client[TEXT_SIZE];
    size_t refused = 0;

    (void)state;
    for (int i = 0; i < 4 * BURST * LIMIT_RATE_CLIENTS_MAX; i++) {
        (void)snprintf(client, sizeof client, "client %d", i);
        refused += take(rate, client, 1000) > 0;
    }
    assert_true(refused > 0);
    /* A second later all slots are free again. */
    assert_int_equal(take(rate, "new", 60000), 0);
    rate_destroy(rate);
}

static void no_memory_is_told(void **state)
{
    struct rate *rate = NULL;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(rate_create(&rate, PER_S, BURST), SIL_E_NO_MEMORY);
    assert_null(rate);
    mem_fail_at(0);
    rate_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_the_next_waits),
        cmocka_unit_test(it_refills_one_by_one),
        cmocka_unit_test(a_refusal_costs_nothing),
        cmocka_unit_test(clients_do_not_share),
        cmocka_unit_test(a_flood_of_clients_limits_itself),
        cmocka_unit_test(no_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
