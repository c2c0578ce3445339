/* manifest.c: one good manifest, and each way to be wrong.
 * Must not know files.
 * Each wrong row is the good text with one member replaced. */
#include "infer/infer_tools.h"

#include <stdio.h>

#include "infer/manifest.h"

#define SHA256                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { TEXT_SIZE = 2048 };

/* The members of the good manifest, in its order. */
static const char *const GOOD[][2] = {
    {"name", "\"person\""},
    {"version", "\"1.2-b\""},
    {"file", "\"person.onnx\""},
    {"sha256", "\"" SHA256 "\""},
    {"input", "{\"step\":32,\"min\":128,\"max\":768}"},
    {"looks", "[256,384]"},
    {"threshold", "0.5"},
    {"licence", "\"Apache-2.0\""}, /* not read */
};

/* A member and a value that it must not have; NULL: left out. */
static const char *const WRONG[][2] = {
    {"name", NULL},
    {"name", "\"\""},
    {"name", "\"a/b\""},
    {"name", "7"},
    {"version", NULL},
    {"version", "\"a b\""},
    {"file", NULL},
    {"file", "\"../person.onnx\""},
    {"file", "\".hidden\""},
    {"file", "\"/etc/passwd\""},
    {"sha256", NULL},
    {"sha256", "\"0123\""},
    {"sha256", "\"0123456789ABCDEF0123456789abcdef"
               "0123456789abcdef0123456789abcdef\""},
    {"input", NULL},
    {"input", "{\"step\":0,\"min\":128,\"max\":768}"},
    {"input", "{\"step\":32,\"min\":100,\"max\":768}"},
    {"input", "{\"step\":32,\"min\":128,\"max\":96}"},
    {"input", "{\"step\":32,\"min\":128,\"max\":1e9}"},
    {"input", "{\"step\":32.5,\"min\":128,\"max\":768}"},
    {"input", "{\"step\":-32,\"min\":128,\"max\":768}"},
    {"looks", NULL},
    {"looks", "[256]"},
    {"looks", "[256,0]"},
    {"looks", "[256,384,512]"},
    {"looks", "256"},
    {"threshold", NULL},
    {"threshold", "0"},
    {"threshold", "1"},
    {"threshold", "-0.5"},
    {"threshold", "\"0.5\""},
};

/* The good manifest with one member replaced. */
static size_t write_text(char *text, const char *key, const char *value)
{
    size_t size = 0;

    for (size_t i = 0; i < ROW_COUNT(GOOD); i++) {
        bool is_it = key != NULL && strcmp(key, GOOD[i][0]) == 0;
        const char *chosen = is_it ? value : GOOD[i][1];

        if (chosen != NULL)
            size +=
                (size_t)snprintf(text + size, TEXT_SIZE - size, "%c\"%s\":%s",
                                 size > 0 ? ',' : '{', GOOD[i][0], chosen);
    }
    size += (size_t)snprintf(text + size, TEXT_SIZE - size, "}");
    assert_true(size < TEXT_SIZE);
    return size;
}

static void good_one_is_read(void **state)
{
    struct manifest manifest;
    char text[TEXT_SIZE];
    size_t size = write_text(text, NULL, NULL);

    (void)state;
    assert_int_equal(manifest_parse(&manifest, text, size, NULL), SIL_OK);
    assert_string_equal(manifest.label, "person-1.2-b");
    assert_string_equal(manifest.file, "person.onnx");
    assert_string_equal(manifest.sha256, SHA256);
    assert_int_equal(manifest.sides.step, 32);
    assert_int_equal(manifest.sides.min, 128);
    assert_int_equal(manifest.sides.max, 768);
    assert_int_equal(manifest.first_side, 256);
    assert_int_equal(manifest.second_side, 384);
    assert_true(manifest.threshold > 0.499F && manifest.threshold < 0.501F);
}

static void each_wrong_member_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(WRONG); i++) {
        struct manifest manifest = {.first_side = 1};
        struct sil_error error = {0};
        char text[TEXT_SIZE];
        size_t size = write_text(text, WRONG[i][0], WRONG[i][1]);

        assert_int_equal(manifest_parse(&manifest, text, size, &error),
                         SIL_E_MODEL);
        assert_int_equal(error.code, SIL_E_MODEL);
        assert_non_null(strstr(error.detail, WRONG[i][0]));
        assert_int_equal(manifest.first_side, 1);
    }
}

static void a_label_that_does_not_fit_is_refused(void **state)
{
    struct manifest manifest;
    char text[TEXT_SIZE];
    char value[LIMIT_MODEL_NAME_MAX + 3];

    (void)state;
    memset(value, 'v', sizeof value);
    value[0] = '"';
    value[LIMIT_MODEL_NAME_MAX + 1] = '"';
    value[LIMIT_MODEL_NAME_MAX + 2] = '\0';
    assert_int_equal(manifest_parse(&manifest, text,
                                    write_text(text, "version", value), NULL),
                     SIL_E_MODEL);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "null", "{}x", "\xFF"};
    struct manifest manifest;

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(texts); i++)
        assert_int_equal(
            manifest_parse(&manifest, texts[i], strlen(texts[i]), NULL),
            SIL_E_MODEL);
}

static void names_are_neither_paths_nor_hidden(void **state)
{
    static const char *const bad[] = {"",     ".",   "..",       ".a", "a/b",
                                      "a\\b", "a b", "\xC3\xA9", "a\n"};

    (void)state;
    assert_true(manifest_is_name("person"));
    assert_true(manifest_is_name("Person-l_2.onnx"));
    for (size_t i = 0; i < ROW_COUNT(bad); i++)
        assert_false(manifest_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_one_is_read),
        cmocka_unit_test(each_wrong_member_is_named),
        cmocka_unit_test(a_label_that_does_not_fit_is_refused),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(names_are_neither_paths_nor_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
