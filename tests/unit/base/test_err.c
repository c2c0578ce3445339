/* err.c: the table's columns are sane, and agree with the contract.
 * Must not know when an error arises.
 * Codes are checked against the numbers of the public enum. */
#include "base/cmocka_all.h"

#include <string.h>

#include "base/err.h"

static void the_table_and_the_enum_end_together(void **state)
{
    (void)state;
    assert_int_equal(err_count(), SIL_E_ARGUMENT);
    assert_string_equal(sil_err_code(SIL_E_BAD_JSON), "bad_json");
    assert_string_equal(sil_err_code(SIL_E_DEADLINE_EXCEEDED),
                        "deadline_exceeded");
    assert_string_equal(sil_err_code(SIL_OK), "ok");
    assert_string_equal(sil_err_message(SIL_OK), "ok");
}

static bool is_snake_case(const char *text)
{
    return *text != '\0' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

static void each_row_is_sane(void **state)
{
    (void)state;
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        bool is_client = row->status < 500;
        assert_true(is_snake_case(row->code));
        assert_true(strlen(row->message) > 0);
        assert_true(strlen(row->when) > 0);
        assert_in_range(row->stage, 0, SIL_STAGE_COUNT - 1);
        assert_in_range(row->status, 400, 599);
        assert_int_equal(row->state, is_client ? 0 : -1);
        assert_string_equal(sil_err_code((enum sil_err)i), row->code);
        assert_string_equal(sil_err_message((enum sil_err)i), row->message);
    }
}

static void image_failures_all_say_the_same(void **state)
{
    (void)state;
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        bool concerns_image =
            row->stage == SIL_STAGE_FETCH || row->stage == SIL_STAGE_DECODE;
        assert_int_equal(strcmp(row->message, "image load error") == 0,
                         concerns_image);
    }
}

static void codes_are_unique_but_for_aliases(void **state)
{
    (void)state;
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        int same_count = 0;
        for (int k = 1; k <= err_count(); k++) {
            const struct err_row *other = err_row((enum sil_err)k);
            if (other->is_alias || strcmp(other->code, row->code) != 0)
                continue;
            same_count++;
            assert_int_equal(other->status, row->status);
            assert_int_equal(other->state, row->state);
        }
        assert_int_equal(same_count, 1);
    }
}

static void unknown_errors_are_internal(void **state)
{
    static const int unknown[] = {-1, 0, SIL_E_ARGUMENT + 1, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_ptr_equal(err_row((enum sil_err)unknown[i]),
                         err_row(SIL_E_INTERNAL));
}

static void stages_have_the_vocabularys_names(void **state)
{
    static const char *const names[] = {"request", "fetch", "decode",
                                        "infer",   "mask",  "encode"};

    (void)state;
    assert_int_equal(SIL_STAGE_COUNT, 6);
    for (int i = 0; i < SIL_STAGE_COUNT; i++)
        assert_string_equal(stage_name((enum sil_stage)i), names[i]);
}

static void details_are_written_and_cut(void **state)
{
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(err_set(&error, SIL_E_IMAGE_CORRUPT, "at %d", 7),
                     SIL_E_IMAGE_CORRUPT);
    assert_int_equal(error.code, SIL_E_IMAGE_CORRUPT);
    assert_string_equal(error.detail, "at 7");
    assert_int_equal(err_set(&error, SIL_E_MODEL, "%1000d", 1), SIL_E_MODEL);
    assert_int_equal(strlen(error.detail), SIL_ERROR_DETAIL_SIZE - 1);
    assert_int_equal(err_set(NULL, SIL_E_MODEL, "%d", 1), SIL_E_MODEL);
}

static void the_version_is_the_headers(void **state)
{
    (void)state;
    assert_string_equal(sil_version(), SIL_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_and_the_enum_end_together),
        cmocka_unit_test(each_row_is_sane),
        cmocka_unit_test(image_failures_all_say_the_same),
        cmocka_unit_test(codes_are_unique_but_for_aliases),
        cmocka_unit_test(unknown_errors_are_internal),
        cmocka_unit_test(stages_have_the_vocabularys_names),
        cmocka_unit_test(details_are_written_and_cut),
        cmocka_unit_test(the_version_is_the_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
