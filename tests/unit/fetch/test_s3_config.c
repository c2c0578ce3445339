/* Settling a store: which source of a setting wins, and what is refused.
 * Must not know curl or credentials.
 * The environment is the test's own, and so is HOME. */
#include "aws_world.h"

#include "base/limits.h"
#include "base/mem.h"
#include "fetch/s3_config.h"

static enum sil_err init(struct s3_config *config,
                         const struct fetch_options *options,
                         struct sil_error *error)
{
    struct profile *profile = NULL;
    enum sil_err err;

    assert_int_equal(profile_create(&profile), SIL_OK);
    err = s3_config_init(config, options, profile, error);
    profile_destroy(profile);
    return err;
}

static void check_place(const struct fetch_options *options, const char *region,
                        const char *endpoint)
{
    struct s3_config config;
    struct sil_error error = {0};

    if (init(&config, options, &error))
        fail_msg("%s", error.detail);
    assert_string_equal(config.region, region);
    assert_string_equal(config.endpoint_text, endpoint);
    s3_config_finish(&config);
    s3_config_finish(&config);
}

/* Each step adds a source that has precedence over all before it. */
static void sources_have_an_order(void **state)
{
    struct fetch_options options = {.store = "s3://b"};
    struct aws_world world;

    (void)state;
    aws_init(&world);
    aws_write(world.config, "[default]\nregion = r-profile\n");
    check_place(&options, "r-profile", "https://s3.r-profile.amazonaws.com");
    (void)setenv("AWS_DEFAULT_REGION", "cn-default", 1);
    check_place(&options, "cn-default",
                "https://s3.cn-default.amazonaws.com.cn");
    (void)setenv("AWS_REGION", "r-env", 1);
    check_place(&options, "r-env", "https://s3.r-env.amazonaws.com");
    options.region = "r-given";
    check_place(&options, "r-given", "https://s3.r-given.amazonaws.com");
    aws_write(world.config, "[default]\nendpoint_url = http://profile\n");
    check_place(&options, "r-given", "http://profile");
    aws_write(world.config,
              "[default]\nendpoint_url = http://profile\nservices = s\n"
              "[services s]\ns3 =\n  endpoint_url = http://service\n");
    check_place(&options, "r-given", "http://service");
    (void)setenv("AWS_ENDPOINT_URL", "http://env", 1);
    check_place(&options, "r-given", "http://env");
    (void)setenv("AWS_ENDPOINT_URL_S3", "http://env-s3", 1);
    check_place(&options, "r-given", "http://env-s3");
    (void)setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    check_place(&options, "r-given", "https://s3.r-given.amazonaws.com");
    options.endpoint = "http://given:1";
    check_place(&options, "r-given", "http://given:1");
    aws_finish(&world);
}

static void a_region_is_needed_at_amazon_only(void **state)
{
    struct fetch_options options = {.store = "s3://b", .region = ""};
    struct s3_config config;
    struct sil_error error = {0};
    struct aws_world world;

    (void)state;
    aws_init(&world);
    assert_int_equal(init(&config, &options, &error), SIL_E_ARGUMENT);
    assert_non_null(strstr(error.detail, "AWS_REGION"));
    options.endpoint = "http://own";
    check_place(&options, "us-east-1", "http://own");
    aws_finish(&world);
}

static void other_settings_are_read(void **state)
{
    struct fetch_options options = {
        .store = "s3://b/p/q//", .endpoint = "http://own", .addressing = ""};
    struct s3_config config;
    struct aws_world world;

    (void)state;
    aws_init(&world);
    aws_write(world.config, "[default]\nca_bundle = /ca\ns3 =\n"
                            "  addressing_style = virtual\n");
    assert_int_equal(init(&config, &options, NULL), SIL_OK);
    assert_string_equal(config.bucket, "b");
    assert_string_equal(config.prefix, "p/q");
    assert_string_equal(config.authorities, "/ca");
    assert_string_equal(config.sign_text, "aws:amz:us-east-1:s3");
    assert_int_equal(config.addressing, S3_VIRTUAL);
    s3_config_finish(&config);
    (void)setenv("AWS_CA_BUNDLE", "/env-ca", 1);
    options.addressing = "path";
    assert_int_equal(init(&config, &options, NULL), SIL_OK);
    assert_string_equal(config.authorities, "/env-ca");
    assert_int_equal(config.addressing, S3_PATH);
    s3_config_finish(&config);
    aws_finish(&world);
}

static void bad_options_are_refused(void **state)
{
    static const struct {
        struct fetch_options options;
        const char *why;
    } rows[] = {
        {{.store = "s3://"}, "s3://bucket/prefix"},
        {{.store = "s3:///p"}, "s3://bucket/prefix"},
        {{.store = "s3://b c"}, "s3://bucket/prefix"},
        {{.store = "s3://.."}, "s3://bucket/prefix"},
        {{.store = "s3://b/../p"}, "prefix"},
        {{.store = "s3://b//p"}, "prefix"},
        {{.store = "s3://b", .buckets = "ok,no/slash"}, "commas"},
        {{.store = "s3://b",
          .buckets = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"},
         "at most 16"},
        {{.store = "s3://b", .region = "eu west"}, "region"},
        {{.store = "s3://b", .region = "eu:s3"}, "region"},
        {{.store = "s3://b", .endpoint = "own:7070"}, "http://"},
        {{.store = "s3://b", .addressing = "host"}, "addressing"},
        {{.store = "s3://B", .addressing = "virtual"}, "\"path\""},
        {{.store = "s3://b", .buckets = "a,b_c", .addressing = "virtual"},
         "\"path\""},
    };
    struct aws_world world;

    (void)state;
    aws_init(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fetch_options options = rows[i].options;
        struct s3_config config;
        struct sil_error error = {0};

        if (options.region == NULL)
            options.region = "eu-west-1";
        if (init(&config, &options, &error) != SIL_E_ARGUMENT)
            fail_msg("accepted: row %zu", i);
        if (strstr(error.detail, rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, error.detail);
        assert_null(config.bucket);
    }
    aws_finish(&world);
}

static void buckets_are_admitted_by_name(void **state)
{
    struct fetch_options options = {.store = "s3://own/in",
                                    .buckets = " one,two , three,",
                                    .endpoint = "http://h"};
    static const struct {
        const char *bucket;
        const char *key;
        enum sil_err err;
    } rows[] = {
        {NULL, "k", SIL_OK},
        {"one", "k", SIL_OK},
        {"two", "k", SIL_OK},
        {"three", "k", SIL_OK},
        {"four", "k", SIL_E_IMAGE_FORBIDDEN},
        {"on", "k", SIL_E_IMAGE_FORBIDDEN},
        {"One", "k", SIL_E_IMAGE_FORBIDDEN},
        {"", "k", SIL_E_IMAGE_FORBIDDEN},
        {"own", "in/k", SIL_OK},
        {"own", "in", SIL_E_IMAGE_FORBIDDEN},
        {"own", "inside/k", SIL_E_IMAGE_FORBIDDEN},
        {"own", "k", SIL_E_IMAGE_FORBIDDEN},
    };
    struct s3_config config;
    struct aws_world world;
    char key[LIMIT_KEY_BYTES_MAX + 1];

    (void)state;
    aws_init(&world);
    assert_int_equal(init(&config, &options, NULL), SIL_OK);
    assert_int_equal(config.bucket_count, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (s3_config_admit(&config, rows[i].bucket, rows[i].key, NULL) !=
            rows[i].err)
            fail_msg("row %zu", i);
    memset(key, 'k', sizeof key - 1);
    key[LIMIT_KEY_BYTES_MAX - 3] = '\0'; /* with "in/" exactly the limit */
    assert_int_equal(s3_config_admit(&config, NULL, key, NULL), SIL_OK);
    key[LIMIT_KEY_BYTES_MAX - 3] = 'k';
    key[LIMIT_KEY_BYTES_MAX - 2] = '\0';
    assert_int_equal(s3_config_admit(&config, NULL, key, NULL),
                     SIL_E_BAD_IMG_SRC);
    s3_config_finish(&config);
    aws_finish(&world);
}

static void each_allocation_may_fail(void **state)
{
    struct fetch_options options = {.store = "s3://own/in", .buckets = "one"};
    struct profile *profile = NULL;
    struct s3_config config;
    struct aws_world world;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    (void)state;
    aws_init(&world);
    aws_write(world.config, "[default]\nregion = eu\nca_bundle = /ca\n"
                            "s3 =\n  addressing_style = path\n");
    assert_int_equal(profile_create(&profile), SIL_OK);
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = s3_config_init(&config, &options, profile, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        assert_true(err == SIL_OK || config.bucket == NULL);
    }
    assert_true(n > 8);
    s3_config_finish(&config);
    profile_destroy(profile);
    aws_finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_have_an_order),
        cmocka_unit_test(a_region_is_needed_at_amazon_only),
        cmocka_unit_test(other_settings_are_read),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(buckets_are_admitted_by_name),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
