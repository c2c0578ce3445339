/* engine_openvino.c: the same input gives the same bytes, whatever else runs.
 * Must not know pictures: inputs are noise.
 * More shapes pass than the engine keeps prepared, so that some are forgotten
 * and prepared again. */
#include "infer/infer_tools.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "infer/engine.h"

enum { SHAPE_COUNT = 14, THREAD_COUNT = 4, ROUNDS = 2 };

static_assert((int)SHAPE_COUNT > (int)LIMIT_MODEL_SHAPES_MAX,
              "some shapes must be forgotten");

/* A network and what it answers to each shape. */
struct fixture {
    struct buf model;
    struct engine_net *net;
    struct buf answers[SHAPE_COUNT];
};

static void shape_of(uint32_t *shape, size_t i)
{
    shape[0] = 1;
    shape[1] = 3;
    shape[2] = 128 + 32 * (uint32_t)(i / 4);
    shape[3] = 128 + 32 * (uint32_t)(i % 4);
}

/* Run shape i and append the answer's bytes. */
static void run_shape(struct buf *to, struct engine_runner *runner, size_t i)
{
    uint32_t shape[TENSOR_DIMS];
    struct tensor in;
    struct tensor out;

    shape_of(shape, i);
    assert_int_equal(engine_input(&in, runner, shape, NULL), SIL_OK);
    assert_memory_equal(in.shape, shape, sizeof shape);
    for (size_t k = 0; k < tensor_count(&in); k++)
        in.values[k] = (float)noise_byte(k) / UINT8_MAX;
    assert_int_equal(engine_run(runner, NULL), SIL_OK);
    assert_int_equal(engine_output(&out, runner, 0, NULL), SIL_OK);
    assert_int_equal(out.shape[1], 1);
    assert_int_equal(out.shape[2], shape[2]);
    assert_int_equal(out.shape[3], shape[3]);
    buf_add(to, out.values, tensor_count(&out) * sizeof *out.values);
    assert_int_equal(buf_err(to), SIL_OK);
}

static struct engine_net *net_of(const struct buf *model, uint32_t thread_count)
{
    struct engine_options options = {.thread_count = thread_count};
    struct engine_source source = {.bytes = model->bytes, .size = model->size};
    struct engine_net *net = NULL;

    assert_int_equal(engine_net_create(&net, &source, &options, NULL), SIL_OK);
    return net;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct engine_runner *runner = NULL;

    fixture.model = file_bytes(MODELS_DIR "/person.onnx");
    fixture.net = net_of(&fixture.model, 1);
    assert_int_equal(engine_runner_create(&runner, fixture.net, NULL), SIL_OK);
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        buf_init(&fixture.answers[i], LIMIT_MODEL_BYTES_MAX);
        run_shape(&fixture.answers[i], runner, i);
    }
    engine_runner_destroy(runner);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < SHAPE_COUNT; i++)
        buf_finish(&fixture->answers[i]);
    engine_net_destroy(fixture->net);
    buf_finish(&fixture->model);
    return 0;
}

/* All shapes in an order of one's own, compared with the fixture's. */
static void compare_all(const struct fixture *fixture,
                        struct engine_runner *runner, size_t offset)
{
    struct buf answer;

    buf_init(&answer, LIMIT_MODEL_BYTES_MAX);
    for (size_t k = 0; k < ROUNDS * SHAPE_COUNT; k++) {
        size_t i = (k * 5 + offset) % SHAPE_COUNT;
        const struct buf *wanted = &fixture->answers[i];

        buf_clear(&answer);
        run_shape(&answer, runner, i);
        assert_int_equal(answer.size, wanted->size);
        assert_memory_equal(answer.bytes, wanted->bytes, wanted->size);
    }
    buf_finish(&answer);
}

static void history_does_not_show(void **state)
{
    struct fixture *fixture = *state;
    struct engine_runner *runner = NULL;

    assert_int_equal(engine_runner_create(&runner, fixture->net, NULL), SIL_OK);
    compare_all(fixture, runner, 3);
    engine_runner_destroy(runner);
}

/* What one thread of the next test gets. */
struct job {
    const struct fixture *fixture;
    struct engine_net *net;
    size_t index;
};

static void *run_job(void *argument)
{
    struct job *job = argument;
    struct engine_runner *runner = NULL;

    assert_int_equal(engine_runner_create(&runner, job->net, NULL), SIL_OK);
    compare_all(job->fixture, runner, job->index);
    engine_runner_destroy(runner);
    return NULL;
}

static void other_threads_do_not_show(void **state)
{
    struct fixture *fixture = *state;
    struct engine_net *net = net_of(&fixture->model, THREAD_COUNT);
    pthread_t threads[THREAD_COUNT];
    struct job jobs[THREAD_COUNT];

    for (size_t i = 0; i < THREAD_COUNT; i++) {
        jobs[i] = (struct job){fixture, net, i};
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]),
                         0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    engine_net_destroy(net);
}

static void a_shape_that_does_not_fit_is_an_error(void **state)
{
    static const uint32_t shape[TENSOR_DIMS] = {1, 2, 128, 128};
    struct fixture *fixture = *state;
    struct engine_runner *runner = NULL;
    struct sil_error error = {0};
    struct tensor tensor;
    enum sil_err err;
    struct buf answer;

    assert_int_equal(engine_runner_create(&runner, fixture->net, NULL), SIL_OK);
    err = engine_input(&tensor, runner, shape, &error);
    if (!err)
        err = engine_run(runner, &error);
    assert_int_equal(err, SIL_E_MODEL);
    assert_int_equal(error.code, SIL_E_MODEL);
    assert_null(strchr(error.detail, '/'));
    /* And the runner still runs. */
    buf_init(&answer, LIMIT_MODEL_BYTES_MAX);
    run_shape(&answer, runner, 0);
    assert_memory_equal(answer.bytes, fixture->answers[0].bytes,
                        fixture->answers[0].size);
    buf_finish(&answer);
    engine_runner_destroy(runner);
}

/* Make a net that keeps its compiled form in a folder, and compare. */
static enum sil_err run_cached(const struct fixture *fixture, const char *path)
{
    struct engine_options options = {.thread_count = 1, .cache_dir = path};
    struct engine_source source = {.bytes = fixture->model.bytes,
                                   .size = fixture->model.size};
    struct engine_runner *runner = NULL;
    struct engine_net *net = NULL;
    enum sil_err err = engine_net_create(&net, &source, &options, NULL);

    if (err)
        return err;
    assert_int_equal(engine_runner_create(&runner, net, NULL), SIL_OK);
    compare_all(fixture, runner, 1);
    engine_runner_destroy(runner);
    engine_net_destroy(net);
    return SIL_OK;
}

/* Remove a folder and the files in it; how many there were. */
static size_t remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    for (entry = readdir(folder); entry != NULL; entry = readdir(folder))
        if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            count++;
    assert_int_equal(closedir(folder), 0);
    assert_int_equal(rmdir(path), 0);
    return count;
}

static void a_cache_does_not_show(void **state)
{
    char path[] = "/tmp/sil-cache-XXXXXX";

    assert_non_null(mkdtemp(path));
    assert_int_equal(run_cached(*state, path), SIL_OK);
    assert_int_equal(run_cached(*state, path), SIL_OK);
    assert_true(remove_folder(path) > 0);
    assert_int_equal(run_cached(*state, "/dev/null/cache"), SIL_E_MODEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_does_not_show),
        cmocka_unit_test(other_threads_do_not_show),
        cmocka_unit_test(a_shape_that_does_not_fit_is_an_error),
        cmocka_unit_test(a_cache_does_not_show),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
