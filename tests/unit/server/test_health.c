/* The background look at a store, there and gone.
 * Must not know HTTP.
 * Waits for an answer, never for a time. */
#include "server/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NAME_SIZE = 64 };

static void a_folder_is_there(void **state)
{
    char folder[] = "/tmp/sil_health_XXXXXX";
    char name[NAME_SIZE];
    struct fetch_options options = {.store = name, .bytes_max = 1};
    struct fetch_store *store = NULL;
    struct health *health = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(name, sizeof name, "dir:%s", folder);
    assert_int_equal(fetch_store_open(&store, &options, NULL), SIL_OK);
    assert_int_equal(health_start(&health, store), SIL_OK);
    while (!health_has_store(health))
        (void)usleep(1000);
    health_stop(health); /* at once, though the next look is seconds away */
    fetch_store_close(store);
    assert_int_equal(rmdir(folder), 0);
}

static void nothing_to_stop_is_fine(void **state)
{
    (void)state;
    health_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_there),
        cmocka_unit_test(nothing_to_stop_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
