/* encode.c: the choice of a form, and the library's sil_result_write().
 * Must not know the forms' bytes.
 * Each allocation of each form fails once. */
#include "encode/encode_samples.h"

#include "base/mem.h"

static void content_types_are_the_contracts(void **state)
{
    (void)state;
    assert_string_equal(encode_content_type(SIL_FORMAT_JSON),
                        "application/json");
    assert_string_equal(encode_content_type(SIL_FORMAT_PNG), "image/png");
    assert_string_equal(encode_content_type(SIL_FORMAT_RLE),
                        "application/vnd.coco.rle+json");
}

static void only_plain_json_knows_its_size(void **state)
{
    const char *rows[] = {"#.", ".."};
    struct sil_mask *mask = drawn_mask(rows, 2);
    struct sil_result result = result_of(mask);

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct encoder *encoder = NULL;
        enum sil_format format = i / 2 ? SIL_FORMAT_PNG : SIL_FORMAT_JSON;
        enum encode_coding coding = i % 2 ? ENCODE_GZIP : ENCODE_IDENTITY;
        assert_int_equal(encoder_create(&encoder, &result, format, coding),
                         SIL_OK);
        assert_true(encoder_size(encoder) ==
                    (i == 0 ? 32 : ENCODE_SIZE_UNKNOWN));
        encoder_destroy(encoder);
    }
    encoder_destroy(NULL);
    mask_destroy(mask);
}

static void the_end_stays_the_end(void **state)
{
    const char *rows[] = {"#.", ".."};
    struct sil_mask *mask = drawn_mask(rows, 2);
    struct sil_result result = result_of(mask);
    uint8_t bytes[4096];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct encoder *encoder = NULL;
        enum sil_format format = i / 2 ? SIL_FORMAT_PNG : SIL_FORMAT_JSON;
        enum encode_coding coding = i % 2 ? ENCODE_GZIP : ENCODE_IDENTITY;
        assert_int_equal(encoder_create(&encoder, &result, format, coding),
                         SIL_OK);
        assert_true(encoder_next(encoder, bytes, sizeof bytes) > 0);
        for (int k = 0; k < 3; k++)
            assert_int_equal(encoder_next(encoder, bytes, sizeof bytes), 0);
        encoder_destroy(encoder);
    }
    mask_destroy(mask);
}

/* Takes count pieces, then refuses. */
struct taker {
    struct buf taken;
    int count;
};

static bool take(void *payload, const void *bytes, size_t size)
{
    struct taker *taker = payload;

    assert_true(size > 0);
    if (taker->count == 0)
        return false;
    taker->count--;
    buf_add(&taker->taken, bytes, size);
    return true;
}

static void a_mask_is_written_whole(void **state)
{
    struct dice dice = {24};
    struct sil_mask *mask = sample_mask(&dice, 300, 200, 40);
    struct sil_result result = result_of(mask);

    (void)state;
    for (int i = 0; i < 2; i++) {
        enum sil_format format = i ? SIL_FORMAT_PNG : SIL_FORMAT_JSON;
        struct taker taker = {.count = INT32_MAX};
        struct buf wanted;
        encode_mask(&wanted, mask, format, ENCODE_IDENTITY);
        buf_init(&taker.taken, ENCODED_CAP);
        assert_int_equal(sil_result_write(&result, format, take, &taker),
                         SIL_OK);
        assert_int_equal(taker.taken.size, wanted.size);
        assert_memory_equal(taker.taken.bytes, wanted.bytes, wanted.size);
        buf_finish(&taker.taken);
        buf_finish(&wanted);
    }
    mask_destroy(mask);
}

static void a_writer_may_give_up(void **state)
{
    struct dice dice = {25};
    struct sil_mask *mask = sample_mask(&dice, 300, 200, 40);
    struct sil_result result = result_of(mask);

    (void)state;
    for (int count = 0; count < 3; count++) {
        struct taker taker = {.count = count};
        buf_init(&taker.taken, ENCODED_CAP);
        assert_int_equal(
            sil_result_write(&result, SIL_FORMAT_JSON, take, &taker),
            SIL_E_INTERNAL);
        assert_int_equal(taker.count, 0);
        buf_finish(&taker.taken);
    }
    mask_destroy(mask);
}

struct form_cost {
    enum sil_format format;
    enum encode_coding coding;
    size_t allocation_count;
};

static void each_allocation_may_fail(void **state)
{
    static const struct form_cost costs[] = {
        {SIL_FORMAT_JSON, ENCODE_IDENTITY, 1},
        {SIL_FORMAT_JSON, ENCODE_GZIP, 3},
        {SIL_FORMAT_PNG, ENCODE_IDENTITY, 3},
        {SIL_FORMAT_PNG, ENCODE_GZIP, 5},
    };
    const char *rows[] = {"#."};
    struct sil_mask *mask = drawn_mask(rows, 1);
    struct sil_result result = result_of(mask);

    (void)state;
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        struct encoder *encoder = NULL;
        for (size_t k = 1; k <= costs[i].allocation_count; k++) {
            mem_fail_at(k);
            assert_int_equal(encoder_create(&encoder, &result, costs[i].format,
                                            costs[i].coding),
                             SIL_E_NO_MEMORY);
            assert_null(encoder);
        }
        mem_fail_at(costs[i].allocation_count + 1);
        assert_int_equal(
            encoder_create(&encoder, &result, costs[i].format, costs[i].coding),
            SIL_OK);
        mem_fail_at(0);
        encoder_destroy(encoder);
    }
    mem_fail_at(1);
    assert_int_equal(sil_result_write(&result, SIL_FORMAT_JSON, take, NULL),
                     SIL_E_NO_MEMORY);
    mem_fail_at(0);
    mask_destroy(mask);
}

static void what_is_not_offered_is_refused(void **state)
{
    const char *rows[] = {"#."};
    struct sil_mask *mask = drawn_mask(rows, 1);
    struct sil_result result = result_of(mask);
    struct sil_options options = {.output = SIL_OUTPUT_MASK};
    struct encoder *encoder = NULL;

    (void)state;
    assert_true(encode_offers(&options, SIL_FORMAT_JSON));
    assert_true(encode_offers(&options, SIL_FORMAT_PNG));
    options.output = SIL_OUTPUT_CUTOUT;
    result.output = SIL_OUTPUT_CUTOUT;
    assert_false(encode_offers(&options, SIL_FORMAT_JSON));
    assert_int_equal(
        encoder_create(&encoder, &result, SIL_FORMAT_JSON, ENCODE_IDENTITY),
        SIL_E_NOT_ACCEPTABLE);
    assert_null(encoder);
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_offered_is_refused),
        cmocka_unit_test(content_types_are_the_contracts),
        cmocka_unit_test(only_plain_json_knows_its_size),
        cmocka_unit_test(the_end_stays_the_end),
        cmocka_unit_test(a_mask_is_written_whole),
        cmocka_unit_test(a_writer_may_give_up),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
