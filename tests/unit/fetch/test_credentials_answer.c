/* credentials_answer.c: keys out of JSON and XML, and what is none.
 * Must not know who answers.
 * Each answer is also cut at every length: never half a set of keys. */
#include "fetch_tools.h"

#include <string.h>

#include "base/mem.h"
#include "fetch/credentials_answer.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char good_json[] =
    "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIAKEY\","
    "\"SecretAccessKey\":\"s/e+c=\",\"Token\":\"tok==\","
    "\"Expiration\":\"2026-11-23T09:30:00Z\"}";
static const char good_xml[] =
    "<AssumeRoleWithWebIdentityResponse><Credentials>"
    "<AccessKeyId>ASIAKEY</AccessKeyId>"
    "<SecretAccessKey>s/e+c=</SecretAccessKey>"
    "<SessionToken>tok==</SessionToken>"
    "<Expiration>2026-11-23T09:30:00.123Z</Expiration>"
    "</Credentials></AssumeRoleWithWebIdentityResponse>";
enum { EXPIRES_S = 1795426200 };

typedef enum sil_err (*read_fn)(struct credential *out, const void *bytes,
                                size_t size);

static void check_good(read_fn read, const char *text)
{
    struct credential found = {0};

    assert_int_equal(read(&found, text, strlen(text)), SIL_OK);
    assert_string_equal(found.key_id, "ASIAKEY");
    assert_string_equal(found.secret, "s/e+c=");
    assert_string_equal(found.token, "tok==");
    assert_int_equal(found.expires_s, EXPIRES_S);
    credential_finish(&found);
    assert_null(found.key_id);
    credential_finish(&found);
}

static void answers_are_read(void **state)
{
    (void)state;
    check_good(credential_from_json, good_json);
    check_good(credential_from_xml, good_xml);
}

/* Without a token they are long-lived; without an expiration they never
 * end. */
static void only_a_pair_is_needed(void **state)
{
    static const char json[] =
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}";
    struct credential found = {0};

    (void)state;
    assert_int_equal(credential_from_json(&found, json, sizeof json - 1),
                     SIL_OK);
    assert_null(found.token);
    assert_int_equal(found.expires_s, 0);
    credential_finish(&found);
}

static const char *const bad[] = {
    "",
    "{}",
    "[]",
    "not json",
    "{\"AccessKeyId\":\"A\"}",
    "{\"SecretAccessKey\":\"B\"}",
    "{\"AccessKeyId\":1,\"SecretAccessKey\":\"B\"}",
    "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"B\"}",
    "{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"B\"}",
    "{\"Code\":\"Failed\",\"Message\":\"no role\"}",
    "<AccessKeyId>A</AccessKeyId>",
    "<AccessKeyId>A</AccessKeyId><SecretAccessKey>",
    "<AccessKeyId>A</AccessKeyId><SecretAccessKey></SecretAccessKey>",
    "<AccessKeyId>A b</AccessKeyId><SecretAccessKey>B</SecretAccessKey>",
    "<accesskeyid>A</accesskeyid><secretaccesskey>B</secretaccesskey>",
};

static void other_answers_are_none(void **state)
{
    static const read_fn readers[] = {credential_from_json,
                                      credential_from_xml};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        for (size_t r = 0; r < COUNT(readers); r++) {
            struct credential found = {0};

            assert_int_equal(readers[r](&found, bad[i], strlen(bad[i])),
                             SIL_E_STORE_UNAVAILABLE);
            assert_null(found.key_id);
        }
    }
}

/* Cut off, an answer is refused, or gives whole texts. */
static void cut_answers_are_never_half(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof good_xml - 1; size++) {
        struct credential found = {0};

        if (credential_from_xml(&found, good_xml, size) == SIL_OK)
            assert_string_equal(found.secret, "s/e+c=");
        credential_finish(&found);
        if (size < sizeof good_json - 1)
            assert_int_equal(credential_from_json(&found, good_json, size),
                             SIL_E_STORE_UNAVAILABLE);
    }
}

static void times_have_one_form(void **state)
{
    static const char *const none[] = {
        "",
        "never",
        "2026-11-23",
        "2026-11-23T09:30:00",
        "2026-11-23T09:30:00+01:00",
        "2026-11-23 09:30:00Z",
        "2026-11-23T09:30:00Zx",
        "2026-1-23T09:30:00Z",
    };

    (void)state;
    assert_int_equal(credential_time("2026-11-23T09:30:00Z"), EXPIRES_S);
    assert_int_equal(credential_time("2026-11-23T09:30:00.5Z"), EXPIRES_S);
    assert_int_equal(credential_time("1970-01-02T00:00:00Z"), 86400);
    for (size_t i = 0; i < COUNT(none); i++)
        assert_int_equal(credential_time(none[i]), 0);
}

/* JSON's own allocations are the parser's. */
static void memory_may_run_out(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 4; n++) {
        struct credential found = {0};

        mem_fail_at(n);
        assert_int_equal(
            credential_from_xml(&found, good_xml, sizeof good_xml - 1),
            SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(found.key_id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(only_a_pair_is_needed),
        cmocka_unit_test(other_answers_are_none),
        cmocka_unit_test(cut_answers_are_never_half),
        cmocka_unit_test(times_have_one_form),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests_name("credentials_answer", tests, NULL, NULL);
}
