/* Quotas of control groups, as the kernel writes them.
 * Must not know this machine's size.
 * What the machine itself gives is only asked to make sense. */
#include "base/cores.h"

#include "base/limits.h"
#include "cmocka_all.h"

static const struct {
    const char *text;
    uint32_t count;
} rows[] = {
    {"200000 100000\n", 2}, /* 2 processors */
    {"150000 100000\n", 2}, /* one and a half: rounded up */
    {"50000 100000\n", 1},  /* half of one */
    {"1000 100000\n", 1},   /* hardly any */
    {"max 100000\n", 0},    /* no quota */
    {"99999999999 1\n", LIMIT_THREADS_MAX},
    {"", 0},
    {"0 100000\n", 0},
    {"100000\n", 0},
    {"100000 0\n", 0},
    {"-1 100000\n", 0},
    {"nonsense", 0},
};

static void quotas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(cores_of_quota(rows[i].text), rows[i].count);
}

static void this_machine(void **state)
{
    (void)state;
    assert_in_range(cores_usable(), 1, LIMIT_THREADS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas),
        cmocka_unit_test(this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
