/* check.c and check.h: dying with a name, and sums that don't wrap.
 * Must not know who asserts.
 * Asserts must hold in each build type, also under NDEBUG. */
#include "base/death.h"

#include "base/check.h"

static int count_of_calls = 0;

static bool is_small(int number)
{
    count_of_calls++;
    return number < 10;
}

static void break_a_promise(void)
{
    sil_assert(is_small(11));
}

static void broken_promises_are_named(void **state)
{
    (void)state;
    assert_dies(break_a_promise, "broken promise: is_small(11) (");
    assert_dies(break_a_promise, "test_check.c:");
}

static void kept_promises_are_evaluated_once(void **state)
{
    (void)state;
    count_of_calls = 0;
    sil_assert(is_small(9));
    assert_int_equal(count_of_calls, 1);
}

static void products_are_checked(void **state)
{
    size_t out = 7;

    (void)state;
    assert_true(sil_mul(&out, 6, 7));
    assert_int_equal(out, 42);
    assert_true(sil_mul(&out, SIZE_MAX, 1));
    assert_true(out == SIZE_MAX);
    assert_true(sil_mul(&out, 0, SIZE_MAX));
    assert_int_equal(out, 0);
    out = 7;
    assert_false(sil_mul(&out, SIZE_MAX / 2 + 1, 2));
    assert_false(sil_mul(&out, SIZE_MAX, SIZE_MAX));
    assert_int_equal(out, 7);
}

static void sums_are_checked(void **state)
{
    size_t out = 7;

    (void)state;
    assert_true(sil_add(&out, 40, 2));
    assert_int_equal(out, 42);
    assert_true(sil_add(&out, SIZE_MAX, 0));
    assert_true(out == SIZE_MAX);
    out = 7;
    assert_false(sil_add(&out, SIZE_MAX, 1));
    assert_int_equal(out, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_promises_are_named),
        cmocka_unit_test(kept_promises_are_evaluated_once),
        cmocka_unit_test(products_are_checked),
        cmocka_unit_test(sums_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
