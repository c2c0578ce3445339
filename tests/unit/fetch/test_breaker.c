/* The fuse, walked through with times of our own.
 * Must not know a clock.
 * Times are nanoseconds, small multiples of the breaker's while. */
#include "fetch_tools.h"

#include "base/limits.h"
#include "fetch/breaker.h"

static const uint64_t while_ns = LIMIT_FETCH_BREAKER_MS * NS_PER_MS;

static void fail_often(struct breaker *breaker, int count, uint64_t now_ns)
{
    for (int i = 0; i < count; i++)
        breaker_told(breaker, true, now_ns);
}

static void few_failures_are_borne(void **state)
{
    struct breaker breaker = {0};

    (void)state;
    assert_true(breaker_admits(&breaker, 1));
    fail_often(&breaker, LIMIT_FETCH_BREAKER_FAILURES - 1, 1);
    assert_true(breaker_admits(&breaker, 1));
    breaker_told(&breaker, false, 1); /* a success forgets them all */
    fail_often(&breaker, LIMIT_FETCH_BREAKER_FAILURES - 1, 1);
    assert_true(breaker_admits(&breaker, 1));
}

static void many_failures_close_it_for_a_while(void **state)
{
    struct breaker breaker = {0};

    (void)state;
    fail_often(&breaker, LIMIT_FETCH_BREAKER_FAILURES, 1);
    assert_false(breaker_admits(&breaker, 1));
    assert_false(breaker_admits(&breaker, while_ns));
    assert_true(breaker_admits(&breaker, while_ns + 1)); /* the one trial */
    assert_false(breaker_admits(&breaker, while_ns + 1));
    assert_true(breaker_admits(&breaker, 2 * while_ns + 1)); /* untold */
}

static void the_trial_decides(void **state)
{
    struct breaker breaker = {0};

    (void)state;
    fail_often(&breaker, LIMIT_FETCH_BREAKER_FAILURES, 1);
    assert_true(breaker_admits(&breaker, while_ns + 1));
    breaker_told(&breaker, true, while_ns + 2);
    assert_false(breaker_admits(&breaker, 2 * while_ns + 1));
    assert_true(breaker_admits(&breaker, 2 * while_ns + 2));
    breaker_told(&breaker, false, 2 * while_ns + 3);
    assert_true(breaker_admits(&breaker, 2 * while_ns + 3));
    assert_true(breaker_admits(&breaker, 2 * while_ns + 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_failures_are_borne),
        cmocka_unit_test(many_failures_close_it_for_a_while),
        cmocka_unit_test(the_trial_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
