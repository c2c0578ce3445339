/* The seam's other side: OpenVINO's C interface.
 * Must not know what is in a tensor, nor the pipeline that runs it.
 * A network is compiled once, with its dynamic shape: the engine prepares
 * what a shape needs when it first comes, and forgets the oldest ones. Fixed
 * shapes would run a fifth faster, but each takes 200 ms to compile and
 * 20 MB, photographs need dozens of them, and their results differ in the
 * last bit: a mask would depend on which ones were there. */
#include "infer/engine.h"

#include <openvino/c/openvino.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"

enum {
    NODES_PER_SHAPE = 40, /* what the engine keeps of one shape, by count */
    NUMBER_SIZE = 16      /* bytes of a number as text, NUL included */
};

struct engine_net {
    pthread_mutex_t text_lock;    /* around the engine's last error text */
    ov_core_t *core;              /* owned */
    ov_compiled_model_t *network; /* owned; shared by all requests */
};

struct engine_runner {
    struct engine_net *net;      /* a loan */
    ov_infer_request_t *request; /* owned */
    ov_tensor_t *in;             /* owned; NULL before the first input */
    ov_tensor_t *out;            /* owned; NULL unless an answer is lent */
};

/* Copy the last line of the engine's text that names no path: the lines
 * above it say where in the engine's source it arose. */
static void keep_last_line(char *to, size_t size, const char *text)
{
    size_t end = strlen(text);
    size_t start;

    sil_assert(size > 0);
    to[0] = '\0';
    while (end > 0 && text[end - 1] == '\n')
        end--;
    for (start = end; start > 0 && text[start - 1] != '\n'; start--)
        continue;
    if (memchr(text + start, '/', end - start) == NULL)
        (void)snprintf(to, size, "%.*s", (int)(end - start), text + start);
}

/* SIL_OK, or what went wrong while `doing`, a piece of a sentence. The engine's
 * text is one per process: it is copied at once, under a lock. Threads of
 * another net could still change it: then the text is wrong, not the error. */
static enum sil_err engine_err(ov_status_e status, struct engine_net *net,
                               const char *doing, struct sil_error *error)
{
    char text[SIL_ERROR_DETAIL_SIZE];
    const char *last;
    int locked;

    sil_assert(net != NULL);
    if (status == OK)
        return SIL_OK;
    locked = pthread_mutex_lock(&net->text_lock);
    sil_assert(locked == 0);
    last = ov_get_last_err_msg();
    keep_last_line(text, sizeof text, last != NULL ? last : "");
    ov_free(last); /* It is a copy, though its type doesn't say so. */
    (void)pthread_mutex_unlock(&net->text_lock);
    return err_set(error, SIL_E_MODEL, "the engine failed %s (%d): %.160s",
                   doing, (int)status, text);
}

/* Settings of the engine as a whole. The capacity bounds what it keeps of
 * shapes, and so the memory that foreign pictures' aspect ratios can cost. */
static enum sil_err set_up_core(struct engine_net *net,
                                const struct engine_options *options,
                                struct sil_error *error)
{
    char capacity[NUMBER_SIZE];
    ov_status_e status;

    sil_assert(net->core != NULL);
    (void)snprintf(capacity, sizeof capacity, "%d",
                   LIMIT_MODEL_SHAPES_MAX * NODES_PER_SHAPE);
    status = ov_core_set_property(net->core, "CPU",
                                  "CPU_RUNTIME_CACHE_CAPACITY", capacity);
    if (status == OK && options->cache_dir != NULL)
        status = ov_core_set_property(
            net->core, "CPU", ov_property_key_cache_dir, options->cache_dir);
    return engine_err(status, net, "at its settings", error);
}

/* Compile for as many requests at once as threads, each on one thread, with
 * results that are the same on each machine and however many threads run. */
static enum sil_err compile(struct engine_net *net, const ov_model_t *model,
                            const struct engine_options *options,
                            struct sil_error *error)
{
    char threads[NUMBER_SIZE];
    ov_property_t properties[] = {
        {ov_property_key_num_streams, threads},
        {ov_property_key_inference_num_threads, threads},
        {ov_property_key_hint_inference_precision, "f32"},
        {ov_property_key_hint_enable_cpu_pinning, "NO"},
    };
    size_t count = sizeof properties / sizeof properties[0];

    sil_assert(net->network == NULL);
    sil_assert(options->thread_count <= LIMIT_THREADS_MAX);
    (void)snprintf(threads, sizeof threads, "%u", options->thread_count);
    return engine_err(ov_core_compile_model_props(net->core, model, "CPU",
                                                  count, properties,
                                                  &net->network),
                      net, "to compile the network", error);
}

/* Read and compile. model: size bytes of ONNX, not needed afterwards. What was
 * made by the time it fails, engine_net_destroy() frees. */
static enum sil_err load(struct engine_net *net, const void *model, size_t size,
                         const struct engine_options *options,
                         struct sil_error *error)
{
    ov_model_t *read = NULL;
    enum sil_err err =
        engine_err(ov_core_create(&net->core), net, "to start", error);

    if (err)
        return err;
    err = set_up_core(net, options, error);
    if (err)
        return err;
    err = engine_err(ov_core_read_model_from_memory_buffer(net->core, model,
                                                           size, NULL, &read),
                     net, "to read the network", error);
    if (err)
        return err;
    err = compile(net, read, options, error);
    ov_model_free(read);
    return err;
}

/* A net of which only a part was made is destroyed like a whole one. */
enum sil_err engine_net_create(struct engine_net **out, const void *model,
                               size_t size,
                               const struct engine_options *options,
                               struct sil_error *error)
{
    struct engine_net *net = mem_zalloc(1, sizeof *net);
    enum sil_err err;

    sil_assert(options->thread_count > 0);
    sil_assert(model != NULL && size > 0);
    if (net == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a network");
    if (pthread_mutex_init(&net->text_lock, NULL) != 0) {
        mem_free(net);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a lock");
    }
    err = load(net, model, size, options, error);
    if (err) {
        engine_net_destroy(net);
        return err;
    }
    *out = net;
    return SIL_OK;
}

/* In the reverse order of making; not all of the engine's functions take
 * NULL. */
void engine_net_destroy(struct engine_net *net)
{
    if (net == NULL)
        return;
    if (net->network != NULL)
        ov_compiled_model_free(net->network);
    if (net->core != NULL)
        ov_core_free(net->core);
    (void)pthread_mutex_destroy(&net->text_lock);
    mem_free(net);
}

/* Cheap: the weights are the net's, and memory comes with the first shape. */
enum sil_err engine_runner_create(struct engine_runner **out,
                                  struct engine_net *net,
                                  struct sil_error *error)
{
    struct engine_runner *runner = mem_zalloc(1, sizeof *runner);
    enum sil_err err;

    sil_assert(net->network != NULL);
    if (runner == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a runner");
    runner->net = net;
    err = engine_err(
        ov_compiled_model_create_infer_request(net->network, &runner->request),
        net, "to make a request", error);
    if (err) {
        engine_runner_destroy(runner);
        return err;
    }
    *out = runner;
    return SIL_OK;
}

/* The request refers to the tensor it was given: it goes before it. */
void engine_runner_destroy(struct engine_runner *runner)
{
    if (runner == NULL)
        return;
    if (runner->out != NULL)
        ov_tensor_free(runner->out);
    if (runner->request != NULL)
        ov_infer_request_free(runner->request);
    if (runner->in != NULL)
        ov_tensor_free(runner->in);
    mem_free(runner);
}

/* Give the runner's input tensor a shape; its memory grows when it must, and
 * is kept when it need not be as large the next time. */
static ov_status_e shape_input(struct engine_runner *runner,
                               const uint32_t *shape)
{
    int64_t sides[TENSOR_DIMS];
    ov_shape_t native = {0};
    ov_status_e status;

    sil_assert(runner->request != NULL);
    for (size_t i = 0; i < TENSOR_DIMS; i++)
        sides[i] = shape[i];
    status = ov_shape_create(TENSOR_DIMS, sides, &native);
    if (status != OK)
        return status;
    if (runner->in == NULL)
        status = ov_tensor_create(F32, native, &runner->in);
    else
        status = ov_tensor_set_shape(runner->in, native);
    (void)ov_shape_free(&native);
    if (status != OK)
        return status;
    return ov_infer_request_set_input_tensor(runner->request, runner->in);
}

/* The caller writes into the engine's own memory: a picture is resampled right
 * to where the network reads it. */
enum sil_err engine_input(struct tensor *in, struct engine_runner *runner,
                          const uint32_t *shape, struct sil_error *error)
{
    void *values = NULL;
    ov_status_e status;
    enum sil_err err;

    for (size_t i = 0; i < TENSOR_DIMS; i++)
        sil_assert(shape[i] > 0);
    status = shape_input(runner, shape);
    if (status == OK)
        status = ov_tensor_data(runner->in, &values);
    err = engine_err(status, runner->net, "to take an input", error);
    if (err)
        return err;
    sil_assert(values != NULL);
    in->values = values;
    memcpy(in->shape, shape, sizeof in->shape);
    return SIL_OK;
}

/* The answer's shape, which must be of float and four dimensions. What they
 * should be only the caller knows. *out may be half filled on failure. */
static enum sil_err read_answer(struct tensor *out,
                                struct engine_runner *runner,
                                struct sil_error *error)
{
    ov_element_type_e type = DYNAMIC;
    ov_shape_t shape = {0};
    void *values = NULL;
    ov_status_e status = ov_tensor_get_element_type(runner->out, &type);
    bool is_ours;

    sil_assert(runner->out != NULL);
    if (status == OK)
        status = ov_tensor_data(runner->out, &values);
    if (status == OK)
        status = ov_tensor_get_shape(runner->out, &shape);
    if (status != OK)
        return engine_err(status, runner->net, "to give its answer", error);
    is_ours = type == F32 && shape.rank == TENSOR_DIMS;
    for (size_t i = 0; is_ours && i < TENSOR_DIMS; i++) {
        is_ours = shape.dims[i] > 0 && shape.dims[i] <= UINT32_MAX;
        out->shape[i] = (uint32_t)shape.dims[i];
    }
    (void)ov_shape_free(&shape);
    out->values = values;
    if (is_ours)
        return SIL_OK;
    return err_set(error, SIL_E_MODEL,
                   "the network's answer is not float in %d dimensions",
                   TENSOR_DIMS);
}

/* The last answer is given back first: until now it was lent. */
enum sil_err engine_run(struct tensor *out, struct engine_runner *runner,
                        struct sil_error *error)
{
    struct tensor answer = {0};
    ov_status_e status;
    enum sil_err err;

    sil_assert(runner->in != NULL);
    sil_assert(runner->request != NULL);
    if (runner->out != NULL) {
        ov_tensor_free(runner->out);
        runner->out = NULL;
    }
    status = ov_infer_request_infer(runner->request);
    if (status == OK)
        status =
            ov_infer_request_get_output_tensor(runner->request, &runner->out);
    err = engine_err(status, runner->net, "to run the network", error);
    if (!err)
        err = read_answer(&answer, runner, error);
    if (!err)
        *out = answer;
    return err;
}
