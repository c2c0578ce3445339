/* manifest.c: good manifests, and each way to be wrong.
 * Must not know files.
 * A wrong row is a good text with one piece of it replaced by another. */
#include "infer/infer_tools.h"

#include <math.h>

#include "infer/manifest.h"

#define SHA256                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { TEXT_SIZE = 4096 };

/* As the product's own network has it. */
static const char GOOD[] =
    "{\"schema\":1,\"name\":\"person\",\"version\":\"1.2-b\","
    "\"licence\":\"Apache-2.0\",\"card\":\"a.md\",\"file\":\"person.onnx\","
    "\"sha256\":\"" SHA256 "\",\"input\":{\"layout\":\"NCHW\",\"colour\":"
    "\"RGB\",\"geometry\":\"aspect\",\"step\":32,\"min\":128,\"max\":768,"
    "\"scale\":255},\"output\":{\"layout\":\"NCHW\",\"channels\":1,"
    "\"activation\":\"none\"},\"looks\":[256,384],\"threshold\":0.5}";

/* Everything that there is and the one above hasn't. */
static const char OTHER[] =
    "{\"schema\":1,\"name\":\"n\",\"version\":\"2\",\"licence\":\"none\","
    "\"source\":\"u\",\"note\":\"t\",\"file\":\"n.xml\",\"sha256\":\"" SHA256
    "\",\"weights\":{\"file\":\"n.bin\",\"sha256\":\"" SHA256 "\"},"
    "\"input\":{\"name\":\"src\",\"layout\":\"NHWC\",\"colour\":\"BGR\","
    "\"geometry\":\"letterbox\",\"width\":320,\"height\":200,\"scale\":1,"
    "\"mean\":[1,2,3],\"std\":[2,4,8]},\"constants\":[{\"name\":\"r1\","
    "\"shape\":[1,1,1,1],\"value\":0},{\"name\":\"ratio\",\"shape\":[1],"
    "\"value\":0.25}],\"output\":{\"name\":\"pha\",\"layout\":\"NHWC\","
    "\"channels\":2,\"person\":1,\"activation\":\"softmax\"},\"looks\":1,"
    "\"threshold\":0.4}";

/* Of which text, what is replaced by what, and what the message names. */
struct row {
    const char *text;
    const char *from, *to;
    const char *wanted;
};

static const struct row WRONG[] = {
    {GOOD, "\"schema\":1,", "", "\"schema\" is missing"},
    {GOOD, "\"schema\":1", "\"schema\":2", "\"schema\" must be 1"},
    {GOOD, "\"card\":", "\"crad\":", "\"crad\" is no member"},
    {GOOD, "\"name\":\"person\",", "", "\"name\" is missing"},
    {GOOD, "\"name\":\"person\"", "\"name\":\"\"", "\"name\""},
    {GOOD, "\"name\":\"person\"", "\"name\":\"a/b\"", "\"name\""},
    {GOOD, "\"name\":\"person\"", "\"name\":7", "\"name\""},
    {GOOD, "\"1.2-b\"", "\"a b\"", "\"version\""},
    {GOOD, "\"licence\":\"Apache-2.0\",", "", "\"licence\" is missing"},
    {GOOD, "\"file\":\"person.onnx\",", "", "\"file\""},
    {GOOD, "\"person.onnx\"", "\"../person.onnx\"", "\"file\""},
    {GOOD, "\"person.onnx\"", "\".hidden.onnx\"", "\"file\""},
    {GOOD, "\"person.onnx\"", "\"person.pb\"", ".tflite or .xml"},
    {GOOD, "\"person.onnx\"", "\"onnx\"", "\"file\""},
    {GOOD, "\"person.onnx\"", "\"person.xml\"", "\"weights\" is missing"},
    {GOOD, "\"sha256\":", "\"weights\":{},\"sha256\":", "\"weights\" must"},
    {GOOD, SHA256, "0123", "\"sha256\" must be"},
    {GOOD, "0123456789abcdef", "0123456789ABCDEF", "\"sha256\""},
    {GOOD, "{\"layout\"", "7,\"x\":{\"layout\"", "\"x\" is no member"},
    {GOOD, "\"layout\":\"NCHW\",\"colour\"", "\"colour\"", "input.layout"},
    {GOOD, "\"RGB\"", "\"rgb\"", "\"input.colour\" must be"},
    {GOOD, "\"aspect\"", "\"crop\"", "\"input.geometry\" must be"},
    {GOOD, "\"step\":32", "\"step\":0", "\"input.step\" must be"},
    {GOOD, "\"step\":32", "\"step\":32.5", "\"input.step\" must be"},
    {GOOD, "\"step\":32", "\"step\":-32", "\"input.step\" must be"},
    {GOOD, "\"min\":128", "\"min\":100", "\"input.min\" must be a multiple"},
    {GOOD, "\"max\":768", "\"max\":96", "\"input.max\""},
    {GOOD, "\"max\":768", "\"max\":1e9", "\"input.max\""},
    {GOOD, "\"max\":768", "\"maximum\":768", "\"input.max\" is missing"},
    {GOOD, "\"scale\":255", "\"scale\":0", "\"input.scale\" must be"},
    {GOOD, "\"scale\":255", "\"size\":255", "\"input.size\" is no member"},
    {GOOD, "\"scale\":255", "\"width\":256", "\"input.height\" is missing"},
    {GOOD, "\"channels\":1,", "", "\"output.channels\" is missing"},
    {GOOD, "\"channels\":1", "\"channels\":3", "\"output.channels\" must be"},
    {GOOD, "\"channels\":1", "\"channels\":1,\"person\":0", "output.person"},
    {GOOD, "\"channels\":1", "\"channels\":2", "\"output.person\" is missing"},
    {GOOD, "\"none\"", "\"relu\"", "\"output.activation\" must be"},
    {GOOD, "\"none\"", "\"softmax\"", "\"output.activation\" must be"},
    {GOOD, "\"none\"", "\"none\",\"index\":-1", "\"output.index\" must be"},
    {GOOD, "[256,384]", "[]", "\"looks\" must be"},
    {GOOD, "[256,384]", "[256,0]", "\"looks\" must be"},
    {GOOD, "[256,384]", "[256,384,512]", "\"looks\" must be"},
    {GOOD, "[256,384]", "256", "\"looks\" must be"},
    {GOOD, "\"threshold\":0.5", "\"note\":\"\"", "\"threshold\" is missing"},
    {GOOD, "\"threshold\":0.5", "\"threshold\":0", "\"threshold\" must be"},
    {GOOD, "\"threshold\":0.5", "\"threshold\":1", "\"threshold\" must be"},
    {GOOD, "\"threshold\":0.5", "\"threshold\":\"0.5\"", "\"threshold\""},
    {OTHER, "\"letterbox\"", "\"aspect\"", "\"input.geometry\" must be"},
    {OTHER, "\"width\":320", "\"width\":320,\"step\":8", "\"input.step\""},
    {OTHER, "\"width\":320", "\"width\":4097", "\"input.width\" must be"},
    {OTHER, "[1,2,3]", "[1,2]", "\"input.mean\" must be"},
    {OTHER, "[2,4,8]", "[2,4,0]", "\"input.std\" must be"},
    {OTHER, "\"src\"", "\"\"", "\"input.name\" must be"},
    {OTHER, "\"name\":\"src\",", "", "\"input\" must be with a name"},
    {OTHER, "\"n.bin\"", "\"../n.bin\"", "\"weights.file\" must be"},
    {OTHER, "\"n.bin\",", "\"n.bin\",\"size\":1,", "\"weights.size\" is no"},
    {OTHER, "\"shape\":[1]", "\"shape\":[]", "\"constants.shape\" must be"},
    {OTHER, "\"shape\":[1]", "\"shape\":[4096,4096]", "\"constants.shape\""},
    {OTHER, "\"shape\":[1]", "\"shape\":[1,1,1,1,1]", "\"constants.shape\""},
    {OTHER, "\"shape\":[1]", "\"shape\":[1.5]", "\"constants.shape\""},
    {OTHER, "\"ratio\"", "7", "\"constants.name\""},
    {OTHER, "\"value\":0.25", "\"value\":\"\"", "\"constants.value\""},
    {OTHER, "\"value\":0.25", "\"values\":0", "\"constants.value\" is missing"},
    {OTHER, "\"constants\":[", "\"constants\":[[],", "\"constants.name\""},
    {OTHER, "\"pha\"", "\"pha\",\"index\":0", "\"output.index\" must be"},
    {OTHER, "\"person\":1", "\"person\":2", "\"output.person\" must be"},
    {OTHER, "\"looks\":1", "\"looks\":3", "\"looks\" must be 1 or 2"},
    {OTHER, "\"looks\":1", "\"looks\":[320]", "\"looks\" must be 1 or 2"},
};

/* A row's text with its piece replaced. */
static size_t write_text(char *text, const struct row *row)
{
    const char *at = strstr(row->text, row->from);
    size_t before;
    size_t added = strlen(row->to);
    size_t left;

    assert_non_null(at);
    before = (size_t)(at - row->text);
    left = strlen(at + strlen(row->from));
    assert_true(before + added + left < TEXT_SIZE);
    memcpy(text, row->text, before);
    memcpy(text + before, row->to, added);
    memcpy(text + before + added, at + strlen(row->from), left + 1);
    return before + added + left;
}

static void good_one_is_read(void **state)
{
    struct manifest manifest;

    (void)state;
    assert_int_equal(manifest_parse(&manifest, GOOD, strlen(GOOD), NULL),
                     SIL_OK);
    assert_string_equal(manifest.label, "person-1.2-b");
    assert_string_equal(manifest.licence, "Apache-2.0");
    assert_int_equal(manifest.format, ENGINE_ONNX);
    assert_string_equal(manifest.file.name, "person.onnx");
    assert_string_equal(manifest.file.sha256, SHA256);
    assert_string_equal(manifest.weights.name, "");
    assert_string_equal(manifest.input_name, "");
    assert_string_equal(manifest.output_name, "");
    assert_int_equal(manifest.form.sides.step, 32);
    assert_int_equal(manifest.form.sides.min, 128);
    assert_int_equal(manifest.form.sides.max, 768);
    assert_int_equal(manifest.form.sides.width, 0);
    assert_false(manifest.form.sides.is_square);
    assert_int_equal(manifest.form.geometry, NET_ASPECT);
    assert_int_equal(manifest.form.layout, NET_NCHW);
    assert_false(manifest.form.is_bgr);
    for (size_t c = 0; c < NET_COLOURS; c++) {
        assert_true(manifest.form.factors[c] == 1);
        assert_true(manifest.form.offsets[c] == 0);
    }
    assert_int_equal(manifest.form.channels, 1);
    assert_int_equal(manifest.form.activation, NET_NONE);
    assert_int_equal(manifest.first_side, 256);
    assert_int_equal(manifest.second_side, 384);
    assert_true(fabsf(manifest.threshold - 0.5F) < 1e-6F);
}

static void everything_is_read(void **state)
{
    static const float factors[] = {127.5F, 63.75F, 31.875F};
    static const float offsets[] = {-0.5F, -0.5F, -0.375F};
    struct manifest manifest;

    (void)state;
    assert_int_equal(manifest_parse(&manifest, OTHER, strlen(OTHER), NULL),
                     SIL_OK);
    assert_int_equal(manifest.format, ENGINE_IR);
    assert_string_equal(manifest.weights.name, "n.bin");
    assert_string_equal(manifest.input_name, "src");
    assert_string_equal(manifest.output_name, "pha");
    assert_int_equal(manifest.form.sides.width, 320);
    assert_int_equal(manifest.form.sides.height, 200);
    assert_int_equal(manifest.form.geometry, NET_LETTERBOX);
    assert_int_equal(manifest.form.layout, NET_NHWC);
    assert_int_equal(manifest.form.output_layout, NET_NHWC);
    assert_true(manifest.form.is_bgr);
    for (size_t c = 0; c < NET_COLOURS; c++) {
        assert_true(fabsf(manifest.form.factors[c] - factors[c]) < 1e-4F);
        assert_true(fabsf(manifest.form.offsets[c] - offsets[c]) < 1e-6F);
    }
    assert_int_equal(manifest.form.channels, 2);
    assert_int_equal(manifest.form.person, 1);
    assert_int_equal(manifest.form.activation, NET_SOFTMAX);
    assert_int_equal(manifest.constant_count, 2);
    assert_string_equal(manifest.constants[0].name, "r1");
    assert_int_equal(manifest.constants[0].rank, 4);
    assert_string_equal(manifest.constants[1].name, "ratio");
    assert_int_equal(manifest.constants[1].rank, 1);
    assert_int_equal(manifest.constants[1].shape[0], 1);
    assert_true(fabsf(manifest.constants[1].value - 0.25F) < 1e-6F);
    assert_int_equal(manifest.first_side, 253);
    assert_int_equal(manifest.second_side, 0);
}

/* What may be left out, and what may stand in its place. */
static const struct row RIGHT[] = {
    {GOOD, ",\"scale\":255", "", NULL},
    {GOOD, "\"aspect\"", "\"stretch\"", NULL},
    {GOOD, "[256,384]", "[512]", NULL},
    {GOOD, "\"person.onnx\"", "\"a.tflite\"", NULL},
    {GOOD, "\"none\"", "\"sigmoid\",\"index\":3", NULL},
    {GOOD, "\"max\":768", "\"max\":128", NULL},
    {OTHER, "\"letterbox\"", "\"stretch\"", NULL},
    {OTHER, "\"looks\":1", "\"looks\":2", NULL},
};

static void what_may_differ_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(RIGHT); i++) {
        struct manifest manifest;
        char text[TEXT_SIZE];
        size_t size = write_text(text, &RIGHT[i]);

        assert_int_equal(manifest_parse(&manifest, text, size, NULL), SIL_OK);
        assert_true(manifest.first_side > 0);
    }
}

static void each_wrong_member_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(WRONG); i++) {
        struct manifest manifest = {.first_side = 1};
        struct sil_error error = {0};
        char text[TEXT_SIZE];
        size_t size = write_text(text, &WRONG[i]);

        assert_int_equal(manifest_parse(&manifest, text, size, &error),
                         SIL_E_MODEL);
        assert_int_equal(error.code, SIL_E_MODEL);
        if (strstr(error.detail, WRONG[i].wanted) == NULL)
            fail_msg("row %zu: %s", i, error.detail);
        assert_int_equal(manifest.first_side, 1);
    }
}

static void there_are_not_too_many_constants(void **state)
{
    static const char element[] = "{\"name\":\"c\",\"shape\":[1],\"value\":1},";
    char many[TEXT_SIZE] = "\"constants\":[";
    struct row row = {OTHER, "\"constants\":[", many, NULL};
    struct manifest manifest;
    struct sil_error error = {0};
    char text[TEXT_SIZE];
    size_t size;

    (void)state;
    /* Two are there already. */
    for (int i = 0; i < LIMIT_MODEL_CONSTANTS_MAX - 2; i++)
        memcpy(many + strlen(many), element, sizeof element);
    size = write_text(text, &row);
    assert_int_equal(manifest_parse(&manifest, text, size, NULL), SIL_OK);
    assert_int_equal(manifest.constant_count, LIMIT_MODEL_CONSTANTS_MAX);
    memcpy(many + strlen(many), element, sizeof element);
    size = write_text(text, &row);
    assert_int_equal(manifest_parse(&manifest, text, size, &error),
                     SIL_E_MODEL);
    assert_non_null(strstr(error.detail, "\"constants\""));
}

static void a_label_that_does_not_fit_is_refused(void **state)
{
    char version[LIMIT_MODEL_NAME_MAX + 3];
    struct row row = {GOOD, "\"1.2-b\"", version, NULL};
    struct manifest manifest;
    char text[TEXT_SIZE];
    size_t size;

    (void)state;
    memset(version, 'v', sizeof version);
    version[0] = '"';
    version[LIMIT_MODEL_NAME_MAX + 1] = '"';
    version[LIMIT_MODEL_NAME_MAX + 2] = '\0';
    size = write_text(text, &row);
    assert_int_equal(manifest_parse(&manifest, text, size, NULL), SIL_E_MODEL);
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
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_may_differ_is_taken),
        cmocka_unit_test(each_wrong_member_is_named),
        cmocka_unit_test(there_are_not_too_many_constants),
        cmocka_unit_test(a_label_that_does_not_fit_is_refused),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(names_are_neither_paths_nor_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
