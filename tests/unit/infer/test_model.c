/* model.c: the real network, and model folders with something wrong.
 * Must not know the engine.
 * The folders are made in a temporary one and removed again. */
#include "infer/infer_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sha256.h"
#include "infer/model.h"

enum { PATH_SIZE = 256, TEXT_SIZE = 1024 };

/* A folder with a manifest and a network. */
struct folder {
    char path[PATH_SIZE];
    char manifest[PATH_SIZE];
    char network[PATH_SIZE];
};

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    if (size > 0)
        assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Write bytes as the network, and a manifest that has its checksum unless
 * another one is given. output: further members of it, or "". */
static void folder_init(struct folder *folder, const struct buf *bytes,
                        const char *sha256, const char *output)
{
    char text[TEXT_SIZE];
    char own[SHA256_TEXT_SIZE];
    int size;

    (void)snprintf(folder->path, sizeof folder->path, "/tmp/sil-model-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->manifest, sizeof folder->manifest, "%.200s/%s",
                   folder->path, "person.json");
    (void)snprintf(folder->network, sizeof folder->network, "%.200s/%s",
                   folder->path, "a.onnx");
    assert_int_equal(sha256_text(own, bytes->bytes, bytes->size), SIL_OK);
    size = snprintf(text, sizeof text,
                    "{\"schema\":1,\"name\":\"a\",\"version\":\"9\","
                    "\"licence\":\"none\",\"file\":\"a.onnx\","
                    "\"sha256\":\"%s\",\"looks\":[256,384],\"threshold\":0.5,"
                    "\"input\":{\"layout\":\"NCHW\",\"colour\":\"RGB\","
                    "\"geometry\":\"aspect\",\"step\":32,\"min\":128,"
                    "\"max\":768},\"output\":{\"layout\":\"NCHW\","
                    "\"channels\":1,\"activation\":\"none\"%s}}",
                    sha256 != NULL ? sha256 : own, output);
    write_file(folder->manifest, text, (size_t)size);
    write_file(folder->network, bytes->bytes, bytes->size);
}

static void folder_finish(struct folder *folder)
{
    (void)unlink(folder->manifest);
    (void)unlink(folder->network);
    assert_int_equal(rmdir(folder->path), 0);
}

/* Opening must fail with SIL_E_MODEL, saying `wanted` and no path. */
static void assert_refused(const char *path, const char *wanted)
{
    struct sil_model *model = NULL;
    struct sil_error error = {0};

    assert_int_equal(sil_model_open(&model, path, NULL, &error), SIL_E_MODEL);
    assert_null(model);
    assert_int_equal(error.code, SIL_E_MODEL);
    assert_non_null(strstr(error.detail, wanted));
    assert_null(strchr(error.detail, '/'));
}

static void assert_opens(const char *path)
{
    struct sil_model *model = NULL;

    assert_int_equal(sil_model_open(&model, path, NULL, NULL), SIL_OK);
    assert_string_equal(sil_model_name(model), "a-9");
    sil_model_close(model);
}

static void the_real_one_opens(void **state)
{
    struct sil_model_options options = sil_model_options_default();
    struct sil_model *model = NULL;

    (void)state;
    options.thread_count = 2;
    assert_int_equal(sil_model_open(&model, MODELS_DIR, &options, NULL),
                     SIL_OK);
    assert_int_equal(strncmp(sil_model_name(model), "person-", 7), 0);
    assert_int_equal(model_manifest(model)->first_side, 256);
    sil_model_close(model);
    sil_model_close(NULL);
}

static void a_copy_opens(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.onnx");
    struct folder folder;

    (void)state;
    folder_init(&folder, &bytes, NULL, "");
    assert_opens(folder.path);
    folder_finish(&folder);
    buf_finish(&bytes);
}

static void a_trial_says_the_same(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.onnx");
    struct sil_model_options options = sil_model_options_default();
    struct sil_error error = {0};
    struct folder folder;

    (void)state;
    assert_int_equal(sil_model_try(MODELS_DIR, &options, &error), SIL_OK);
    assert_int_equal(error.code, SIL_OK);
    folder_init(&folder, &bytes, NULL, ",\"name\":\"cat\"");
    assert_int_equal(sil_model_try(folder.path, &options, &error), SIL_E_MODEL);
    assert_non_null(strstr(error.detail, "cat"));
    folder_finish(&folder);
    assert_int_equal(sil_model_try(NULL, &options, &error), SIL_E_ARGUMENT);
    buf_finish(&bytes);
}

static void a_manifest_is_described(void **state)
{
    struct sil_model_info info = {.look_count = 7};
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(sil_model_describe(&info, "/nonexistent", "a", &error),
                     SIL_E_MODEL);
    assert_int_equal(sil_model_describe(&info, MODELS_DIR, "../a", &error),
                     SIL_E_ARGUMENT);
    assert_int_equal(sil_model_describe(&info, MODELS_DIR, NULL, &error),
                     SIL_E_ARGUMENT);
    assert_int_equal(info.look_count, 7);
    assert_int_equal(sil_model_describe(&info, MODELS_DIR, "person", NULL),
                     SIL_OK);
    assert_string_equal(info.file, "person.onnx");
    assert_string_equal(info.licence, "Apache-2.0");
    assert_int_equal(strncmp(info.label, "person-", 7), 0);
    assert_int_equal(info.look_count, 2);
}

static void a_flipped_bit_is_refused(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.onnx");
    char sha256[SHA256_TEXT_SIZE];
    struct folder folder;

    (void)state;
    assert_int_equal(sha256_text(sha256, bytes.bytes, bytes.size), SIL_OK);
    bytes.bytes[bytes.size / 2] ^= 1;
    folder_init(&folder, &bytes, sha256, "");
    assert_refused(folder.path, "SHA-256");
    folder_finish(&folder);
    buf_finish(&bytes);
}

/* Outputs that person.onnx hasn't, and the words for it. */
static const char *const OUTPUTS[][2] = {
    {",\"index\":1", "output.index"},
    {",\"name\":\"cat\"", "cat"},
};

static void an_output_that_is_not_there_is_told(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.onnx");
    struct folder folder;

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(OUTPUTS); i++) {
        folder_init(&folder, &bytes, NULL, OUTPUTS[i][0]);
        assert_refused(folder.path, OUTPUTS[i][1]);
        folder_finish(&folder);
    }
    folder_init(&folder, &bytes, NULL, ",\"name\":\"person\"");
    assert_opens(folder.path);
    folder_finish(&folder);
    buf_finish(&bytes);
}

static void an_empty_file_is_refused(void **state)
{
    struct buf bytes;
    struct folder folder;

    (void)state;
    buf_init(&bytes, 1);
    folder_init(&folder, &bytes, NULL, "");
    assert_refused(folder.path, "empty");
    folder_finish(&folder);
    buf_finish(&bytes);
}

static void what_is_no_network_is_refused(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.onnx");
    struct folder folder;

    (void)state;
    bytes.size /= 2;
    folder_init(&folder, &bytes, NULL, "");
    assert_refused(folder.path, "engine");
    folder_finish(&folder);
    buf_clear(&bytes);
    buf_add_text(&bytes, "not a network");
    folder_init(&folder, &bytes, NULL, "");
    assert_refused(folder.path, "engine");
    folder_finish(&folder);
    buf_finish(&bytes);
}

static void missing_files_are_named(void **state)
{
    struct buf bytes = file_bytes(MODELS_DIR "/person.json");
    struct folder folder;

    (void)state;
    assert_refused("/nonexistent", "person.json");
    folder_init(&folder, &bytes, NULL, "");
    assert_int_equal(unlink(folder.network), 0);
    assert_refused(folder.path, "a.onnx");
    write_file(folder.manifest, "{", 1);
    assert_refused(folder.path, "JSON");
    folder_finish(&folder);
    buf_finish(&bytes);
}

static void impossible_arguments_are_refused(void **state)
{
    struct sil_model_options options = sil_model_options_default();
    struct sil_model *model = NULL;

    (void)state;
    assert_int_equal(sil_model_open(NULL, MODELS_DIR, NULL, NULL),
                     SIL_E_ARGUMENT);
    assert_int_equal(sil_model_open(&model, NULL, NULL, NULL), SIL_E_ARGUMENT);
    options.thread_count = 0;
    assert_int_equal(sil_model_open(&model, MODELS_DIR, &options, NULL),
                     SIL_E_ARGUMENT);
    options.thread_count = LIMIT_THREADS_MAX + 1;
    assert_int_equal(sil_model_open(&model, MODELS_DIR, &options, NULL),
                     SIL_E_ARGUMENT);
    options = sil_model_options_default();
    options.name = "../person";
    assert_int_equal(sil_model_open(&model, MODELS_DIR, &options, NULL),
                     SIL_E_ARGUMENT);
    assert_null(model);
}

static void survives_each_missing_allocation(void **state)
{
    struct sil_model *model = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    for (size_t n = 1; err; n++) {
        struct sil_error error = {0};

        mem_fail_at(n);
        err = sil_model_open(&model, MODELS_DIR, NULL, &error);
        mem_fail_at(0);
        if (err)
            assert_int_equal(err, SIL_E_NO_MEMORY);
        assert_int_equal(error.code, err);
        assert_true((model == NULL) == (err != SIL_OK));
    }
    sil_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_one_opens),
        cmocka_unit_test(a_copy_opens),
        cmocka_unit_test(a_trial_says_the_same),
        cmocka_unit_test(a_manifest_is_described),
        cmocka_unit_test(a_flipped_bit_is_refused),
        cmocka_unit_test(an_output_that_is_not_there_is_told),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(impossible_arguments_are_refused),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
