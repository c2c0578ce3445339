/* Who is let in with which key, and how often.
 * Must not know HTTP: an exchange is two fields and an address here.
 * One request a second is far apart: no test waits for the next. */
#include "server/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sha256.h"

/** What is asked of an exchange. */
static struct {
    const char *authorization, *api_key; /* NULL: not sent */
    const char *peer;
} sent;

/* In the place of the HTTP layer's. */
struct http_text http_header(const struct http_exchange *exchange,
                             const char *name)
{
    const char *value = strcasecmp(name, "authorization") == 0
                            ? sent.authorization
                            : sent.api_key;

    assert_non_null(exchange);
    return (struct http_text){value, value == NULL ? 0 : strlen(value)};
}

const char *http_peer(const struct http_exchange *exchange)
{
    assert_non_null(exchange);
    return sent.peer;
}

static char exchange;

static enum sil_err check(struct guard *guard, uint32_t *wait_s)
{
    struct sil_error error = {0};
    enum sil_err err = guard_check(
        wait_s, guard, (const struct http_exchange *)(const void *)&exchange,
        &error);

    assert_int_equal(error.code, err);
    return err;
}

/* A guard with the key "good", where keys are wanted. */
static struct guard *guard_of(bool has_keys, uint64_t rate, uint64_t burst)
{
    char path[] = "/tmp/sil-guard-XXXXXX";
    char hash[SHA256_TEXT_SIZE];
    struct config config = {.rate = rate, .rate_burst = burst};
    struct guard *guard = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(sha256_text(hash, "good", 4), SIL_OK);
    assert_int_equal(write(fd, hash, sizeof hash - 1), sizeof hash - 1);
    assert_int_equal(close(fd), 0);
    config.api_keys = has_keys ? path : NULL;
    assert_int_equal(guard_open(&guard, &config, NULL), SIL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(guard_has_keys(guard), has_keys);
    sent.authorization = NULL;
    sent.api_key = NULL;
    sent.peer = "192.0.2.7";
    return guard;
}

static void without_rules_all_are_let_in(void **state)
{
    struct guard *guard = guard_of(false, 0, 1);
    uint32_t wait_s = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(wait_s, 0);
    guard_close(guard);
}

/* From one list to another, and not to one that is none. */
static void keys_are_read_again(void **state)
{
    struct guard *guard = guard_of(true, 0, 1);
    struct config config = {.rate_burst = 1};
    char path[] = "/tmp/sil-guard-XXXXXX";
    char hash[SHA256_TEXT_SIZE];
    uint32_t wait_s = 0;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    config.api_keys = path;
    sent.api_key = "good";
    assert_int_equal(guard_reload(guard, &config, NULL), SIL_E_ARGUMENT);
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(sha256_text(hash, "better", 6), SIL_OK);
    assert_int_equal(write(fd, hash, sizeof hash - 1), sizeof hash - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(guard_reload(guard, &config, NULL), SIL_OK);
    assert_int_equal(guard_key_count(guard), 1);
    assert_int_equal(check(guard, &wait_s), SIL_E_UNAUTHORIZED);
    sent.api_key = "better";
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(unlink(path), 0);
    guard_close(guard);
}

static void keys_are_found_where_they_may_be(void **state)
{
    static const struct {
        const char *authorization, *api_key;
        enum sil_err err;
    } rows[] = {
        {NULL, NULL, SIL_E_UNAUTHORIZED},
        {"Bearer good", NULL, SIL_OK},
        {"bearer good", NULL, SIL_OK}, /* schemes have no case */
        {NULL, "good", SIL_OK},
        {"Bearer bad", NULL, SIL_E_UNAUTHORIZED},
        {"Bearer ", NULL, SIL_E_UNAUTHORIZED},
        {"Bearer GOOD", NULL, SIL_E_UNAUTHORIZED}, /* keys do */
        {"Basic good", NULL, SIL_E_UNAUTHORIZED},
        {"good", NULL, SIL_E_UNAUTHORIZED},
        {"Bearer bad", "good", SIL_E_UNAUTHORIZED}, /* the first one counts */
        {NULL, "bad", SIL_E_UNAUTHORIZED},
        {NULL, "", SIL_E_UNAUTHORIZED},
    };
    struct guard *guard = guard_of(true, 0, 1);
    uint32_t wait_s = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sent.authorization = rows[i].authorization;
        sent.api_key = rows[i].api_key;
        assert_int_equal(check(guard, &wait_s), rows[i].err);
    }
    guard_close(guard);
}

static void addresses_have_a_rate_each(void **state)
{
    struct guard *guard = guard_of(false, 1, 2);
    uint32_t wait_s = 0;

    (void)state;
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(check(guard, &wait_s), SIL_E_RATE_LIMITED);
    assert_int_equal(wait_s, 1);
    sent.peer = "192.0.2.8";
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    guard_close(guard);
}

static void wrong_keys_use_up_their_addresses_rate(void **state)
{
    struct guard *guard = guard_of(true, 1, 1);
    uint32_t wait_s = 0;

    (void)state;
    sent.api_key = "guess";
    assert_int_equal(check(guard, &wait_s), SIL_E_UNAUTHORIZED);
    sent.api_key = "other";
    assert_int_equal(check(guard, &wait_s), SIL_E_RATE_LIMITED);
    /* A good one has its own. */
    sent.api_key = "good";
    assert_int_equal(check(guard, &wait_s), SIL_OK);
    assert_int_equal(check(guard, &wait_s), SIL_E_RATE_LIMITED);
    guard_close(guard);
}

static void a_missing_file_of_keys_is_told(void **state)
{
    struct config config = {.api_keys = "/no/such/file", .rate_burst = 1};
    struct sil_error error = {0};
    struct guard *guard = NULL;

    (void)state;
    assert_int_equal(guard_open(&guard, &config, &error), SIL_E_ARGUMENT);
    assert_null(guard);
    assert_null(strstr(error.detail, "/no/such"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_all_are_let_in),
        cmocka_unit_test(keys_are_read_again),
        cmocka_unit_test(keys_are_found_where_they_may_be),
        cmocka_unit_test(addresses_have_a_rate_each),
        cmocka_unit_test(wrong_keys_use_up_their_addresses_rate),
        cmocka_unit_test(a_missing_file_of_keys_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
