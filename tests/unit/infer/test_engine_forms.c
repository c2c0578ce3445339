/* engine_openvino.c: each form of file, outputs by index and by name.
 * Must not know pictures.
 * The networks in nets/ are those of tests/flow/tiny_nets.py: two weighted
 * sums of three colours, [1, h, w, 2], and their softmax behind them. */
#include "infer/infer_tools.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "infer/engine.h"

#define NETS_DIR SIL_SOURCE_DIR "/tests/unit/infer/nets/"

enum { WIDTH = 5, HEIGHT = 4, COLOURS = 3, CLASSES = 2 };

/* One form of the same network. */
struct form {
    enum engine_format format;
    const char *path;
    const char *weights_path; /* NULL: none */
};

static const struct form FORMS[] = {
    {ENGINE_ONNX, NETS_DIR "two.onnx", NULL},
    {ENGINE_TFLITE, NETS_DIR "two.tflite", NULL},
    {ENGINE_IR, NETS_DIR "two.xml", NETS_DIR "two.bin"},
};

/* Open it; the files' bytes are gone afterwards, as the header allows. */
static enum sil_err open_form(struct engine_net **net, const struct form *form,
                              const struct engine_options *options,
                              struct sil_error *error)
{
    struct buf bytes = file_bytes(form->path);
    struct buf weights = {0};
    struct engine_source source = {.format = form->format,
                                   .bytes = bytes.bytes,
                                   .size = bytes.size,
                                   .path = form->path};
    enum sil_err err;

    if (form->weights_path != NULL) {
        weights = file_bytes(form->weights_path);
        source.weights = weights.bytes;
        source.weights_size = weights.size;
    }
    err = engine_net_create(net, &source, options, error);
    memset(bytes.bytes, 0, bytes.size);
    buf_finish(&bytes);
    if (form->weights_path != NULL) {
        memset(weights.bytes, 0, weights.size);
        buf_finish(&weights);
    }
    return err;
}

/* The two sums of a pixel, as the network has them. */
static void sums_of(float *sums, const float *rgb)
{
    sums[0] = rgb[0] + 2 * rgb[1] + 3 * rgb[2] + 0.5F;
    sums[1] = 3 * rgb[0] - rgb[1] + 2 * rgb[2] + 0.25F;
}

static void assert_near(float a, float b)
{
    assert_true(fabsf(a - b) < 1e-4F);
}

/* Run it with noise and compare both outputs with what they have to be. */
static void compare_run(struct engine_net *net, struct engine_runner *runner)
{
    static const uint32_t shape[] = {1, HEIGHT, WIDTH, COLOURS};
    struct tensor in;
    struct tensor sums;
    struct tensor person;
    uint32_t index = 7;

    assert_int_equal(engine_input(&in, runner, shape, NULL), SIL_OK);
    for (size_t i = 0; i < tensor_count(&in); i++)
        in.values[i] = (float)noise_byte(i) / UINT8_MAX;
    assert_int_equal(engine_run(runner, NULL), SIL_OK);
    assert_int_equal(engine_net_find_output(&index, net, "person", NULL),
                     SIL_OK);
    assert_int_equal(index, 1);
    assert_int_equal(engine_output(&person, runner, index, NULL), SIL_OK);
    assert_int_equal(engine_output(&sums, runner, 0, NULL), SIL_OK);
    assert_int_equal(sums.rank, TENSOR_DIMS);
    assert_int_equal(sums.shape[1], HEIGHT);
    assert_int_equal(sums.shape[2], WIDTH);
    assert_int_equal(sums.shape[3], CLASSES);
    assert_memory_equal(sums.shape, person.shape, sizeof sums.shape);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        float wanted[CLASSES];
        float sum;

        sums_of(wanted, in.values + COLOURS * i);
        sum = expf(wanted[0]) + expf(wanted[1]);
        for (size_t k = 0; k < CLASSES; k++) {
            assert_near(sums.values[CLASSES * i + k], wanted[k]);
            assert_near(person.values[CLASSES * i + k], expf(wanted[k]) / sum);
        }
    }
}

static void each_form_gives_the_same(void **state)
{
    struct engine_options options = {.thread_count = 1};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(FORMS); i++) {
        struct engine_runner *runner = NULL;
        struct engine_net *net = NULL;

        assert_int_equal(open_form(&net, &FORMS[i], &options, NULL), SIL_OK);
        assert_int_equal(engine_net_outputs(net), 2);
        assert_int_equal(engine_runner_create(&runner, net, NULL), SIL_OK);
        compare_run(net, runner);
        compare_run(net, runner);
        engine_runner_destroy(runner);
        engine_net_destroy(net);
    }
}

static void an_unknown_output_is_an_error(void **state)
{
    struct engine_options options = {.thread_count = 1};
    struct engine_net *net = NULL;
    struct sil_error error = {0};
    uint32_t index = 7;

    (void)state;
    assert_int_equal(open_form(&net, &FORMS[0], &options, NULL), SIL_OK);
    assert_int_equal(engine_net_find_output(&index, net, "nobody", &error),
                     SIL_E_MODEL);
    assert_non_null(strstr(error.detail, "nobody"));
    assert_int_equal(index, 7);
    engine_net_destroy(net);
}

static void inputs_must_all_be_named(void **state)
{
    static const struct engine_constant constant = {
        .name = "ratio", .shape = {1}, .rank = 1, .value = 1};
    struct engine_options options = {
        .thread_count = 1, .constants = &constant, .constant_count = 1};
    struct engine_net *net = NULL;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(open_form(&net, &FORMS[0], &options, &error), SIL_E_MODEL);
    assert_non_null(strstr(error.detail, "inputs"));
    assert_null(net);
}

static void a_wrong_input_name_is_an_error(void **state)
{
    struct engine_options options = {.thread_count = 1, .input_name = "sound"};
    static const uint32_t shape[] = {1, HEIGHT, WIDTH, COLOURS};
    struct engine_runner *runner = NULL;
    struct engine_net *net = NULL;
    struct tensor in;

    (void)state;
    assert_int_equal(open_form(&net, &FORMS[1], &options, NULL), SIL_OK);
    assert_int_equal(engine_runner_create(&runner, net, NULL), SIL_OK);
    assert_int_equal(engine_input(&in, runner, shape, NULL), SIL_E_MODEL);
    engine_runner_destroy(runner);
    engine_net_destroy(net);
}

/* Half of each file: of IR that of the .xml, then that of the .bin. */
static void what_is_cut_is_refused(void **state)
{
    struct engine_options options = {.thread_count = 1};

    (void)state;
    for (size_t i = 0; i < 2 * ROW_COUNT(FORMS); i++) {
        const struct form *form = &FORMS[i / 2];
        struct buf bytes = file_bytes(form->path);
        struct buf weights = file_bytes(
            form->weights_path != NULL ? form->weights_path : form->path);
        char path[] = "/tmp/sil-net-XXXXXX.tflite";
        struct engine_source source = {form->format, bytes.bytes, bytes.size,
                                       NULL,         0,           path};
        struct engine_net *net = NULL;
        int fd = mkstemps(path, (int)strlen(".tflite"));

        assert_true(fd >= 0);
        if (form->weights_path != NULL) {
            source.weights = weights.bytes;
            source.weights_size = weights.size;
        }
        if (form->weights_path != NULL && i % 2 == 1)
            source.weights_size /= 2;
        else
            source.size = source.size * (i % 2 + 1) / 3;
        assert_int_equal(write(fd, source.bytes, source.size), source.size);
        assert_int_equal(close(fd), 0);
        assert_int_equal(engine_net_create(&net, &source, &options, NULL),
                         SIL_E_MODEL);
        assert_null(net);
        assert_int_equal(unlink(path), 0);
        buf_finish(&bytes);
        buf_finish(&weights);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_gives_the_same),
        cmocka_unit_test(an_unknown_output_is_an_error),
        cmocka_unit_test(inputs_must_all_be_named),
        cmocka_unit_test(a_wrong_input_name_is_an_error),
        cmocka_unit_test(what_is_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
