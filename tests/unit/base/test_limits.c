/* limits.c and limits.tbl: each row is complete, defaults are the table's.
 * Must not know who obeys a limit.
 * That limits hold is tested where they hold. */
#include "base/cmocka_all.h"

#include <string.h>

#include <silhouette.h>

#include "base/limits.h"

struct limit_row {
    const char *name;
    long long value;
    const char *unit, *why;
};

static const struct limit_row rows[] = {
#define SIL_LIMIT(name, value, unit, why) {#name, value, unit, why},
#include "base/limits.tbl"
#undef SIL_LIMIT
};

static void each_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(rows[i].value > 0);
        assert_true(rows[i].value <= INT32_MAX);
        assert_true(strlen(rows[i].unit) > 0);
        assert_true(strlen(rows[i].why) > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rows[i].name, rows[k].name);
    }
}

static void defaults_are_the_tables(void **state)
{
    struct sil_limits limits = sil_limits_default();

    (void)state;
    assert_int_equal(limits.image_bytes_max, LIMIT_IMAGE_BYTES_MAX);
    assert_int_equal(limits.image_pixels_max, LIMIT_IMAGE_PIXELS_MAX);
    assert_int_equal(limits.image_side_max, LIMIT_IMAGE_SIDE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_complete),
        cmocka_unit_test(defaults_are_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
