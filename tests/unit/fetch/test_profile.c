/* A profile: which files, which section, what has precedence.
 * Must not know what the values are for.
 * Files are in a HOME of the test's own. */
#include "aws_world.h"

#include "base/mem.h"
#include "fetch/profile.h"

static void check(const struct profile *profile, enum profile_place place,
                  const char *key, const char *expected)
{
    char *value = NULL;

    assert_int_equal(profile_copy(&value, profile, place, key), SIL_OK);
    if (expected == NULL)
        assert_null(value);
    else if (value == NULL || strcmp(value, expected) != 0)
        fail_msg("%s is %s, not %s", key, value, expected);
    profile_forget(value);
}

static void files_may_be_missing(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;

    (void)state;
    aws_init(&world);
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_ANY, "aws_access_key_id", NULL);
    profile_destroy(profile);
    (void)unsetenv("HOME");
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_CONFIG, "region", NULL);
    profile_destroy(profile);
    profile_destroy(NULL);
    aws_finish(&world);
}

static void both_files_are_read(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, "[default]\nk = of credentials\n"
                                 "[dev]\nk = dev's\n");
    aws_write(world.config,
              "[default]\nk = of config\nregion = eu\nempty =\n"
              "services = mine\ns3 =\n  addressing_style = path\n"
              "[profile default]\nregion = eu-2\n"
              "[profile dev]\nregion = us\n"
              "[services mine]\ns3 =\n  endpoint_url = http://s\n"
              "[services other]\ns3 =\n  endpoint_url = http://o\n");
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_ANY, "k", "of credentials"); /* comes first */
    check(profile, PROFILE_CONFIG, "k", "of config");
    check(profile, PROFILE_ANY, "region", "eu-2"); /* [profile default] first */
    check(profile, PROFILE_CONFIG, "empty", NULL);
    check(profile, PROFILE_S3, "addressing_style", "path");
    check(profile, PROFILE_S3, "k", NULL);
    check(profile, PROFILE_SERVICE, "endpoint_url", "http://s");
    profile_destroy(profile);
    (void)setenv("AWS_PROFILE", "dev", 1);
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_ANY, "k", "dev's");
    check(profile, PROFILE_CONFIG, "region", "us");
    check(profile, PROFILE_SERVICE, "endpoint_url", NULL);
    profile_destroy(profile);
    (void)setenv("AWS_PROFILE", "nobody", 1);
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_ANY, "k", NULL);
    profile_destroy(profile);
    aws_finish(&world);
}

static void variables_name_other_files(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, "[default]\nk = in credentials\n");
    aws_write(world.config, "[default]\nk = in config\n");
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", world.config, 1);
    (void)setenv("AWS_CONFIG_FILE", "~/.aws/credentials", 1);
    assert_int_equal(profile_create(&profile), SIL_OK);
    check(profile, PROFILE_ANY, "k", "in config");
    check(profile, PROFILE_CONFIG, "k", "in credentials");
    profile_destroy(profile);
    aws_finish(&world);
}

static void changes_are_seen(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    bool is_changed = true;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, "[default]\nk = 1\n");
    assert_int_equal(profile_create(&profile), SIL_OK);
    assert_int_equal(profile_refresh(&is_changed, profile), SIL_OK);
    assert_false(is_changed);
    aws_write(world.credentials, "[default]\nk = 2\n");
    check(profile, PROFILE_ANY, "k", "1"); /* not before it is asked to */
    assert_int_equal(profile_refresh(&is_changed, profile), SIL_OK);
    assert_true(is_changed);
    check(profile, PROFILE_ANY, "k", "2");
    (void)unlink(world.credentials);
    assert_int_equal(profile_refresh(&is_changed, profile), SIL_OK);
    assert_true(is_changed);
    check(profile, PROFILE_ANY, "k", NULL);
    profile_destroy(profile);
    aws_finish(&world);
}

static void each_allocation_may_fail(void **state)
{
    struct aws_world world;
    struct profile *profile = NULL;
    char *value = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    (void)state;
    aws_init(&world);
    aws_write(world.credentials, "[default]\nk = 1\n");
    aws_write(world.config, "[default]\nservices = s\n[services s]\ns3 =\n"
                            "  endpoint_url = http://s\n");
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = profile_create(&profile);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    assert_true(n > 5);
    err = SIL_E_NO_MEMORY;
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = profile_copy(&value, profile, PROFILE_SERVICE, "endpoint_url");
        mem_fail_at(0);
    }
    assert_int_equal(n, 4); /* the service's name, the value, then none */
    assert_string_equal(value, "http://s");
    profile_forget(value);
    profile_destroy(profile);
    aws_finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_may_be_missing),
        cmocka_unit_test(both_files_are_read),
        cmocka_unit_test(variables_name_other_files),
        cmocka_unit_test(changes_are_seen),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
