/* The manifest: when it is there, what its lines hold.
 * Must not know why anything failed.
 * Lines are parsed by the project's own strict JSON. */
#include "batch/failures.h"

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "batch_tools.h"

enum { TEXT_MAX = 65536 };

static void a_line_for_each(void **state)
{
    static const char key[] = "a \"quoted\"\n\x1b[2J \xFF.jpg";
    struct failures failures = {0};
    struct sil_error why = {0};
    struct json *line = NULL;
    struct buf text;

    (void)state;
    put_text("f.jsonl", "old", 3);
    assert_int_equal(failures_open(&failures, "f.jsonl", NULL), SIL_OK);
    assert_int_equal(access("f.jsonl", F_OK), -1); /* nothing failed yet */
    (void)err_set(&why, SIL_E_IMAGE_CORRUPT, "it \"ends\" early");
    assert_int_equal(failures_add(&failures, key, &why, NULL), SIL_OK);
    buf_init(&text, TEXT_MAX);
    assert_int_equal(file_read(&text, "f.jsonl"), SIL_OK);
    assert_int_equal(text.bytes[text.size - 1], '\n');
    assert_int_equal(json_parse(&line, text.bytes, text.size, NULL), SIL_OK);
    assert_string_equal(json_text(json_member(line, "key")),
                        "a \"quoted\"\n\x1b[2J \xEF\xBF\xBD.jpg");
    assert_string_equal(json_text(json_member(line, "code")), "image_corrupt");
    assert_string_equal(json_text(json_member(line, "stage")), "decode");
    assert_string_equal(json_text(json_member(line, "reason")),
                        "it \"ends\" early");
    json_destroy(line);
    why = (struct sil_error){.code = SIL_E_STORE_ERROR}; /* without a detail */
    assert_int_equal(failures_add(&failures, "b", &why, NULL), SIL_OK);
    failures_close(&failures);
    failures_close(&failures);
    buf_clear(&text);
    assert_int_equal(file_read(&text, "f.jsonl"), SIL_OK);
    assert_non_null(strstr(buf_text(&text), "\n{\"key\":\"b\",\"code\":"
                                            "\"store_error\",\"stage\":"
                                            "\"fetch\",\"reason\":\"image load"
                                            " error\"}\n"));
    buf_finish(&text);
    assert_int_equal(unlink("f.jsonl"), 0);
}

static void places_where_none_can_be(void **state)
{
    struct failures failures = {0};
    struct sil_error why = {.code = SIL_E_IMAGE_CORRUPT};
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(failures_open(&failures, "folder", &error),
                     SIL_E_ARGUMENT);
    assert_int_equal(failures_open(&failures, "no/such/f", &error), SIL_OK);
    assert_int_equal(failures_add(&failures, "a", &why, &error),
                     SIL_E_INTERNAL);
    assert_non_null(strstr(error.detail, "no/such/f"));
    failures_close(&failures);
    assert_int_equal(rmdir("folder"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_for_each, folder_enter,
                                        folder_leave),
        cmocka_unit_test_setup_teardown(places_where_none_can_be, folder_enter,
                                        folder_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
