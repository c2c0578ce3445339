/* encode_alpha.c: read back number by number.
 * Must not know how the size is counted.
 * empty_encoder() holds the bytes against the size that was told. */
#include "encode/soft_samples.h"

/* The text must be the matte's rows. */
static void assert_rows_are(const char *text, const struct sil_result *result)
{
    uint8_t *alpha = mem_alloc(result->mask->width, 1);
    const char *at = text;

    assert_non_null(alpha);
    for (uint32_t y = 0; y < result->mask->height; y++) {
        const char *before = y == 0 ? "{\"state\":1,\"data\":[[" : "],[";
        assert_int_equal(strncmp(at, before, strlen(before)), 0);
        at += strlen(before);
        matte_row(alpha, &result->matte, result->mask, y);
        for (uint32_t x = 0; x < result->mask->width; x++) {
            char *end;
            if (x > 0)
                assert_int_equal(*at++, ',');
            assert_int_equal(strtol(at, &end, 10), alpha[x]);
            /* No sign, blank or leading zero. */
            assert_true(*at >= '0' && *at <= '9');
            assert_true(*at != '0' || end == at + 1);
            at = end;
        }
    }
    assert_string_equal(at, "]]}");
    mem_free(alpha);
}

static void rows_come_back(void **state)
{
    struct dice dice = {41};

    (void)state;
    for (int i = 0; i < 60; i++) {
        struct asking asking = {1 + dice_roll(&dice, 3000), &dice};
        struct sil_result result =
            sample_soft(&dice, 1 + dice_roll(&dice, 90),
                        1 + dice_roll(&dice, 60), SIL_OUTPUT_ALPHA);
        struct buf json;
        encode_result(&json, &result, SIL_FORMAT_JSON, &asking);
        assert_rows_are(buf_text(&json), &result);
        buf_finish(&json);
        soft_finish(&result);
    }
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {42};
    struct sil_result result = sample_soft(&dice, 30, 20, SIL_OUTPUT_ALPHA);
    struct encoder *encoder = NULL;

    (void)state;
    /* The encoder, a row's values, its text. */
    for (size_t i = 1; i <= 3; i++) {
        mem_fail_at(i);
        assert_int_equal(
            encoder_create(&encoder, &result, SIL_FORMAT_JSON, ENCODE_IDENTITY),
            SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(encoder);
    }
    soft_finish(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
