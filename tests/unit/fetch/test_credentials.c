/* Which keys are used: environment before files, and new ones when told.
 * Must not know S3.
 * The one test of time waits as long as the files may go unlooked at. */
#include "aws_world.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/credentials.h"

static const char two_profiles[] =
    "[default]\naws_access_key_id = FILEKEY\naws_secret_access_key = s/+=\n"
    "[dev]\naws_access_key_id=DEVKEY\naws_secret_access_key=d\n"
    "aws_session_token=tok==\n";

static struct credentials *create(struct profile **profile)
{
    struct credentials *credentials = NULL;

    log_set_level(LOG_OFF);
    assert_int_equal(profile_create(profile), SIL_OK);
    assert_int_equal(credentials_create(&credentials, *profile), SIL_OK);
    return credentials;
}

static void check(struct credentials *credentials, const char *key_id,
                  const char *secret, const char *token)
{
    const struct credential *now = NULL;

    assert_int_equal(credentials_get(&now, credentials, NULL), SIL_OK);
    assert_string_equal(now->key_id, key_id);
    assert_string_equal(now->secret, secret);
    if (token != NULL)
        assert_string_equal(now->token, token);
    else
        assert_null(now->token);
}

static void sources_have_an_order(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    struct credentials *credentials;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, two_profiles);
    credentials = create(&profile);
    check(credentials, "FILEKEY", "s/+=", NULL);
    credentials_destroy(credentials);
    profile_destroy(profile);
    (void)setenv("AWS_PROFILE", "dev", 1);
    credentials = create(&profile);
    check(credentials, "DEVKEY", "d", "tok==");
    credentials_destroy(credentials);
    profile_destroy(profile);
    (void)setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1); /* half is none */
    credentials = create(&profile);
    check(credentials, "DEVKEY", "d", "tok==");
    credentials_destroy(credentials);
    profile_destroy(profile);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
    credentials = create(&profile);
    check(credentials, "ENVKEY", "e", NULL);
    credentials_destroy(credentials);
    profile_destroy(profile);
    credentials_destroy(NULL);
    aws_finish(&world);
}

static void none_is_told(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    struct credentials *credentials;
    const struct credential *now = NULL;
    struct sil_error error = {0};

    (void)state;
    aws_init(&world);
    credentials = create(&profile);
    assert_int_equal(credentials_get(&now, credentials, &error),
                     SIL_E_STORE_UNAVAILABLE);
    assert_non_null(strstr(error.detail, "AWS_PROFILE"));
    assert_null(now);
    assert_false(credentials_renew(credentials));
    aws_write(world.credentials, two_profiles);
    assert_true(credentials_renew(credentials));
    check(credentials, "FILEKEY", "s/+=", NULL);
    credentials_destroy(credentials);
    profile_destroy(profile);
    aws_finish(&world);
}

static void only_other_keys_are_worth_a_try(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    struct credentials *credentials;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, two_profiles);
    credentials = create(&profile);
    assert_false(credentials_renew(credentials));
    aws_write(world.credentials, two_profiles); /* touched, not changed */
    assert_false(credentials_renew(credentials));
    aws_write(world.credentials, "[default]\naws_access_key_id=NEW\n"
                                 "aws_secret_access_key=n\n");
    assert_true(credentials_renew(credentials));
    check(credentials, "NEW", "n", NULL);
    credentials_destroy(credentials);
    profile_destroy(profile);
    aws_finish(&world);
}

static void changed_files_are_seen_by_themselves(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    struct credentials *credentials;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, two_profiles);
    credentials = create(&profile);
    aws_write(world.credentials, "[default]\naws_access_key_id=NEW\n"
                                 "aws_secret_access_key=n\n");
    (void)usleep((LIMIT_CREDENTIALS_LOOK_MS + 10) * 1000);
    check(credentials, "NEW", "n", NULL);
    credentials_destroy(credentials);
    profile_destroy(profile);
    aws_finish(&world);
}

static void each_allocation_may_fail(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    struct credentials *credentials = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, two_profiles);
    (void)setenv("AWS_PROFILE", "dev", 1);
    assert_int_equal(profile_create(&profile), SIL_OK);
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = credentials_create(&credentials, profile);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    /* Itself, three texts, a look for web identity; then none. */
    assert_int_equal(n, 7);
    check(credentials, "DEVKEY", "d", "tok==");
    credentials_destroy(credentials);
    profile_destroy(profile);
    aws_finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_have_an_order),
        cmocka_unit_test(none_is_told),
        cmocka_unit_test(only_other_keys_are_worth_a_try),
        cmocka_unit_test(changed_files_are_seen_by_themselves),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
