/* Lines of keys: ends, empty ones, endless ones, and bytes that are no text.
 * Must not know what the keys name.
 * Each file is written as it stands in the row. */
#include "batch/key_file.h"

#include "base/limits.h"
#include "batch_tools.h"

static const struct {
    const char *text;
    size_t size;
    const char *keys[4]; /* NULL at the end */
} rows[] = {
    {"", 0, {NULL}},
    {"\n\n\n", 3, {NULL}},
    {"a", 1, {"a"}},               /* no end of the line */
    {"a\n", 2, {"a"}},             /* one */
    {"a\r\nb\r\n", 6, {"a", "b"}}, /* of Windows */
    {"a\rb\n", 4, {"a\rb"}},       /* a return inside is the key's own */
    {"\r\na\n", 4, {"a"}},
    {" a \n\tb\n", 7, {" a ", "\tb"}}, /* blanks are the key's own */
    {"a\0b\nc\n", 6, {"a\001b", "c"}}, /* no other picture's name */
    {"\xFF\n", 2, {"\xFF"}},
};

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct key_file *file = NULL;
        const char *key = "";

        put_text("keys", rows[i].text, rows[i].size);
        assert_int_equal(key_file_open(&file, "keys", NULL), SIL_OK);
        for (size_t k = 0; rows[i].keys[k] != NULL; k++) {
            assert_int_equal(key_file_next(&key, file, NULL), SIL_OK);
            assert_non_null(key);
            assert_string_equal(key, rows[i].keys[k]);
        }
        assert_int_equal(key_file_next(&key, file, NULL), SIL_OK);
        assert_null(key);
        key_file_close(file);
    }
    assert_int_equal(unlink("keys"), 0);
}

static void endless_line_is_cut_and_still_too_long(void **state)
{
    struct key_file *file = NULL;
    const char *key = NULL;
    size_t size = 1000000;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    memset(text, 'k', size);
    text[size - 2] = '\n';
    put_text("keys", text, size);
    free(text);
    assert_int_equal(key_file_open(&file, "keys", NULL), SIL_OK);
    assert_int_equal(key_file_next(&key, file, NULL), SIL_OK);
    assert_true(strlen(key) > LIMIT_KEY_BYTES_MAX);
    assert_true(strlen(key) < 2 * LIMIT_KEY_BYTES_MAX);
    assert_int_equal(key_file_next(&key, file, NULL), SIL_OK);
    assert_string_equal(key, "k");
    key_file_close(file);
    assert_int_equal(unlink("keys"), 0);
}

static void what_can_not_be_read(void **state)
{
    struct sil_error error = {0};
    struct key_file *file = NULL;
    const char *key = "";

    (void)state;
    assert_int_equal(key_file_open(&file, "none", &error), SIL_E_ARGUMENT);
    assert_non_null(strstr(error.detail, "none"));
    assert_null(file);
    /* A folder opens, and fails to be read. */
    assert_int_equal(key_file_open(&file, ".", &error), SIL_OK);
    assert_int_equal(key_file_next(&key, file, &error), SIL_E_INTERNAL);
    assert_null(key);
    key_file_close(file);
    key_file_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(endless_line_is_cut_and_still_too_long,
                                        folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(what_can_not_be_read, folder_enter,
                                        folder_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
