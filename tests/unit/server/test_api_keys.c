/* API keys: files that are right, files that are not, and who is let in.
 * Must not know HTTP.
 * The hashes below are those of "open sesame" and "abc". */
#include "server/api_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define SESAME                                                                 \
    "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb"
#define ABC "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

enum { TORTURE_ROUNDS = 8 };

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static enum sil_err open_text(struct api_keys **keys, const char *text,
                              struct sil_error *error)
{
    char path[] = "/tmp/sil-keys-XXXXXX";
    enum sil_err err;

    write_file(path, text);
    err = api_keys_open(keys, path, error);
    assert_int_equal(unlink(path), 0);
    return err;
}

static void who_is_let_in(void **state)
{
    static const struct {
        const char *key;
        bool is_allowed;
        const char *why;
    } rows[] = {
        {"open sesame", true, "the first of the file"},
        {"abc", true, "another one, its hash in capitals"},
        {"open sesam", false, "one letter less"},
        {"open sesame ", false, "one letter more"},
        {"", false, "nothing"},
        {SESAME, false, "the hash itself is no key"},
    };
    struct api_keys *keys = NULL;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(
        open_text(&keys, "# two clients\n\n" SESAME " shop\r\n" ABC, &error),
        SIL_OK);
    assert_int_equal(api_keys_count(keys), 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (api_keys_allow(keys, rows[i].key, strlen(rows[i].key)) !=
            rows[i].is_allowed)
            fail_msg("%s: %s", rows[i].key, rows[i].why);
    assert_false(api_keys_allow(keys, NULL, 0));
    api_keys_close(keys);
}

static void files_that_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "# only a remark\n",
        "abc\n",
        SESAME "0\n", /* one digit too many */
        SESAME "\nxyz\n",
        "g1ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct api_keys *keys = NULL;
        struct sil_error error = {0};
        assert_int_equal(open_text(&keys, texts[i], &error), SIL_E_ARGUMENT);
        assert_null(keys);
        assert_true(strlen(error.detail) > 0);
        assert_null(strstr(error.detail, "/tmp"));
    }
}

static void a_missing_file_is_told(void **state)
{
    struct api_keys *keys = NULL;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(api_keys_open(&keys, "/nonexistent/keys", &error),
                     SIL_E_ARGUMENT);
    assert_null(keys);
    api_keys_close(NULL);
}

static void each_allocation_may_fail(void **state)
{
    char path[] = "/tmp/sil-keys-XXXXXX";
    enum sil_err err = SIL_E_NO_MEMORY;
    struct api_keys *keys = NULL;
    size_t round = 0;

    (void)state;
    write_file(path, SESAME "\n");
    while (err == SIL_E_NO_MEMORY && round < TORTURE_ROUNDS) {
        round++;
        mem_fail_at(round);
        err = api_keys_open(&keys, path, NULL);
        mem_fail_at(0);
    }
    assert_int_equal(err, SIL_OK);
    assert_true(round > 2);
    api_keys_close(keys);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_let_in),
        cmocka_unit_test(files_that_are_refused),
        cmocka_unit_test(a_missing_file_is_told),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
