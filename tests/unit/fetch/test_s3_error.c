/* What answers of S3 mean: codes, statuses, and texts that are no XML.
 * Bodies end at a page that can't be read.
 * The table's own rows are not repeated: what is promised of them is. */
#include "fetch_tools.h"

#include "fetch/s3_error.h"

static void check_code(const char *body, size_t size, const char *expected)
{
    struct guard guard;
    char code[S3_CODE_SIZE];

    memset(code, 'z', sizeof code);
    guard_init(&guard, body, size);
    s3_error_code(code, guard.bytes, size);
    assert_string_equal(code, expected);
    guard_finish(&guard);
}

static void codes_are_found(void **state)
{
    static const char whole[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey"
        "</Code><Message>x</Message></Error>";
    static const char long_code[] =
        "<Code>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "</Code>"; /* 63 letters: as many as there is room for */
    static const char too_long[] =
        "<Code>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "</Code>";
    char code[S3_CODE_SIZE];

    (void)state;
    check_code(whole, sizeof whole - 1, "NoSuchKey");
    check_code("<Code>A1</Code>", 15, "A1");
    check_code("<Code></Code>", 13, "");
    check_code("<Code>A", 7, ""); /* cut off */
    check_code("<Code>", 6, "");
    check_code("<Cod", 4, "");
    check_code("", 0, "");
    check_code("<Code>a b</Code>", 16, ""); /* not a code */
    check_code("<Code>&lt;</Code>", 17, "");
    check_code("<code>A</code>", 14, "");
    check_code("{\"Code\":\"A\"}", 12, "");
    check_code(
        long_code, sizeof long_code - 1,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    check_code(too_long, sizeof too_long - 1, "");
    s3_error_code(code, NULL, 0);
    assert_string_equal(code, "");
}

static void answers_are_judged(void **state)
{
    static const struct {
        int status;
        const char *code;
        enum s3_action action;
        enum sil_err err;
    } rows[] = {
        {200, "", S3_DELIVER, SIL_OK},
        {200, "NoSuchKey", S3_DELIVER, SIL_OK}, /* a picture's own text */
        {201, "", S3_FAIL, SIL_E_STORE_ERROR},
        {204, "", S3_FAIL, SIL_E_STORE_ERROR},
        {206, "", S3_FAIL, SIL_E_STORE_ERROR},
        {301, "PermanentRedirect", S3_FAIL, SIL_E_STORE_ERROR},
        {302, "", S3_FAIL, SIL_E_STORE_ERROR},
        {400, "", S3_FAIL, SIL_E_STORE_ERROR},
        {400, "ExpiredToken", S3_RENEW, SIL_E_STORE_UNAVAILABLE},
        {400, "AuthorizationHeaderMalformed", S3_FAIL, SIL_E_STORE_ERROR},
        {401, "", S3_RENEW, SIL_E_STORE_UNAVAILABLE},
        {403, "AccessDenied", S3_FAIL, SIL_E_IMAGE_FORBIDDEN},
        {403, "", S3_FAIL, SIL_E_IMAGE_FORBIDDEN},
        {403, "SomethingNew", S3_FAIL, SIL_E_IMAGE_FORBIDDEN},
        {403, "InvalidAccessKeyId", S3_RENEW, SIL_E_STORE_UNAVAILABLE},
        {403, "SignatureDoesNotMatch", S3_RENEW, SIL_E_STORE_UNAVAILABLE},
        {403, "RequestTimeTooSkewed", S3_RESIGN, SIL_E_STORE_UNAVAILABLE},
        {403, "InvalidObjectState", S3_FAIL, SIL_E_IMAGE_FORBIDDEN},
        {404, "NoSuchKey", S3_FAIL, SIL_E_IMAGE_NOT_FOUND},
        {404, "", S3_FAIL, SIL_E_IMAGE_NOT_FOUND},
        {404, "NoSuchBucket", S3_FAIL, SIL_E_STORE_ERROR},
        {405, "", S3_FAIL, SIL_E_STORE_ERROR},
        {416, "", S3_FAIL, SIL_E_STORE_ERROR},
        {429, "", S3_RETRY, SIL_E_STORE_ERROR},
        {500, "InternalError", S3_RETRY, SIL_E_STORE_ERROR},
        {501, "NotImplemented", S3_FAIL, SIL_E_STORE_ERROR},
        {502, "", S3_RETRY, SIL_E_STORE_ERROR},
        {503, "SlowDown", S3_RETRY, SIL_E_STORE_ERROR},
        {503, "", S3_RETRY, SIL_E_STORE_ERROR},
        {504, "", S3_RETRY, SIL_E_STORE_ERROR},
        {0, "", S3_FAIL, SIL_E_STORE_ERROR},
        {100, "", S3_FAIL, SIL_E_STORE_ERROR},
        {1000, "", S3_FAIL, SIL_E_STORE_ERROR},
        {-1, "", S3_FAIL, SIL_E_STORE_ERROR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct s3_verdict verdict =
            s3_judge_answer(rows[i].status, rows[i].code);

        if (verdict.action != rows[i].action || verdict.err != rows[i].err)
            fail_msg("%d %s: %d, %s", rows[i].status, rows[i].code,
                     verdict.action, sil_err_code(verdict.err));
        assert_true((verdict.detail == NULL) == (verdict.err == SIL_OK));
    }
}

static void outcomes_are_judged(void **state)
{
    (void)state;
    for (int i = S3_ANSWERED; i <= S3_GARBAGE; i++)
        assert_non_null(s3_outcome_name((enum s3_outcome)i));
    for (int i = S3_ANSWERED + 1; i <= S3_GARBAGE; i++) {
        struct s3_verdict verdict = s3_judge_outcome((enum s3_outcome)i);

        assert_true(verdict.action == S3_FAIL || verdict.action == S3_RETRY);
        assert_true(verdict.err != SIL_OK);
        assert_non_null(verdict.detail);
    }
    assert_int_equal(s3_judge_outcome(S3_STALLED).err, SIL_E_DEADLINE_EXCEEDED);
    assert_int_equal(s3_judge_outcome(S3_CUT).err, SIL_E_STORE_ERROR);
    assert_int_equal(s3_judge_outcome(S3_UNTRUSTED).action, S3_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(outcomes_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
