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
#include "infer/engine_text.h"

enum {
    NODES_PER_SHAPE = 40, /* what the engine keeps of one shape, by count */
    NUMBER_SIZE = 16      /* bytes of a number as text, NUL included */
};

struct engine_net {
    pthread_mutex_t text_lock;     /* around the engine's last error text */
    struct engine_options options; /* what they name are loans */
    ov_core_t *core;               /* owned */
    ov_compiled_model_t *network;  /* owned; shared by all requests */
    size_t output_count;           /* at least 1 */
};

/* Invariant: outs has as many elements as the net has outputs. */
struct engine_runner {
    struct engine_net *net;      /* a loan */
    ov_infer_request_t *request; /* owned */
    ov_tensor_t *in;             /* owned; NULL before the first input */
    ov_tensor_t **outs;          /* owned, each too; NULL: not lent */
};

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
    engine_text_last(text, sizeof text, last != NULL ? last : "");
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
 * results that are the same on each machine and however many threads run. f32,
 * as others would be faster on some processors and give other masks there. */
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

/* The engine keeps referring to IR's weights: it gets a copy of its own. *out:
 * NULL if there are none. */
static ov_status_e copy_weights(ov_tensor_t **out,
                                const struct engine_source *source)
{
    int64_t size = (int64_t)source->weights_size;
    ov_shape_t shape = {0};
    void *values = NULL;
    ov_status_e status;

    *out = NULL;
    if (source->weights == NULL)
        return OK;
    sil_assert(size > 0);
    status = ov_shape_create(1, &size, &shape);
    if (status != OK)
        return status;
    status = ov_tensor_create(U8, shape, out);
    (void)ov_shape_free(&shape);
    if (status == OK)
        status = ov_tensor_data(*out, &values);
    if (status == OK)
        memcpy(values, source->weights, source->weights_size);
    return status;
}

/* Read the files into *out, yours. The engine's readers take ONNX and IR from
 * memory, and TFLite by its path alone. */
static enum sil_err read_network(ov_model_t **out, struct engine_net *net,
                                 const struct engine_source *source,
                                 struct sil_error *error)
{
    ov_tensor_t *weights = NULL;
    ov_status_e status;

    sil_assert(net->core != NULL);
    if (source->format == ENGINE_TFLITE) {
        sil_assert(source->path != NULL);
        status = ov_core_read_model(net->core, source->path, NULL, out);
    } else {
        status = copy_weights(&weights, source);
        if (status == OK)
            status = ov_core_read_model_from_memory_buffer(
                net->core, source->bytes, source->size, weights, out);
    }
    if (weights != NULL)
        ov_tensor_free(weights);
    return engine_err(status, net, "to read the network", error);
}

/* How many outputs it has; and each of its inputs must be one that gets
 * values. */
static enum sil_err count_ports(struct engine_net *net, struct sil_error *error)
{
    size_t wanted = 1 + net->options.constant_count;
    size_t count = 0;
    ov_status_e status = ov_compiled_model_inputs_size(net->network, &count);

    sil_assert(net->output_count == 0);
    if (status == OK)
        status =
            ov_compiled_model_outputs_size(net->network, &net->output_count);
    if (status != OK)
        return engine_err(status, net, "to tell its ports", error);
    /* An input without values would be read as whatever is in its memory. */
    if (count != wanted)
        return err_set(error, SIL_E_MODEL,
                       "the network has %zu inputs, %zu of them are named",
                       count, wanted);
    if (net->output_count == 0)
        return err_set(error, SIL_E_MODEL, "the network has no output");
    return SIL_OK;
}

/* Read and compile; the source is not needed afterwards. What was made by the
 * time it fails, engine_net_destroy() frees. */
static enum sil_err load(struct engine_net *net,
                         const struct engine_source *source,
                         struct sil_error *error)
{
    ov_model_t *read = NULL;
    enum sil_err err =
        engine_err(ov_core_create(&net->core), net, "to start", error);

    if (err)
        return err;
    err = set_up_core(net, &net->options, error);
    if (err)
        return err;
    err = read_network(&read, net, source, error);
    if (err)
        return err;
    sil_assert(read != NULL);
    err = compile(net, read, &net->options, error);
    ov_model_free(read);
    return err ? err : count_ports(net, error);
}

/* A net of which only a part was made is destroyed like a whole one. */
enum sil_err engine_net_create(struct engine_net **out,
                               const struct engine_source *source,
                               const struct engine_options *options,
                               struct sil_error *error)
{
    struct engine_net *net = mem_zalloc(1, sizeof *net);
    enum sil_err err;

    sil_assert(options->thread_count > 0);
    sil_assert(source->bytes != NULL && source->size > 0);
    if (net == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a network");
    if (pthread_mutex_init(&net->text_lock, NULL) != 0) {
        mem_free(net);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a lock");
    }
    net->options = *options;
    err = load(net, source, error);
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

/* Counted once, when it was loaded. */
uint32_t engine_net_outputs(const struct engine_net *net)
{
    sil_assert(net->output_count > 0);
    sil_assert(net->output_count <= UINT32_MAX);
    return (uint32_t)net->output_count;
}

/* True if output i is called so. One of its names is enough to know it by.
 * Failing to tell a name is as good as another name. */
static bool is_called(const struct engine_net *net, size_t i, const char *name)
{
    ov_output_const_port_t *port = NULL;
    char *found = NULL;
    bool is_it = false;

    sil_assert(i < net->output_count);
    if (ov_compiled_model_output_by_index(net->network, i, &port) != OK)
        return false;
    if (ov_port_get_any_name(port, &found) == OK) {
        is_it = strcmp(found, name) == 0;
        ov_free(found);
    }
    ov_output_const_port_free(port);
    return is_it;
}

/* By asking each output in turn: a network has few, and this happens once. */
enum sil_err engine_net_find_output(uint32_t *index, struct engine_net *net,
                                    const char *name, struct sil_error *error)
{
    sil_assert(net->network != NULL);
    sil_assert(name != NULL);
    for (uint32_t i = 0; i < engine_net_outputs(net); i++) {
        if (!is_called(net, i, name))
            continue;
        *index = i;
        return SIL_OK;
    }
    return err_set(error, SIL_E_MODEL, "the network has no output \"%.64s\"",
                   name);
}

/* Fill an input with its one value. The request keeps the tensor. f32, as all
 * inputs here. */
static ov_status_e set_constant(struct engine_runner *runner,
                                const struct engine_constant *constant)
{
    int64_t sides[TENSOR_DIMS];
    ov_tensor_t *tensor = NULL;
    ov_shape_t shape = {0};
    void *values = NULL;
    size_t count = 1;
    ov_status_e status;

    sil_assert(constant->rank >= 1 && constant->rank <= TENSOR_DIMS);
    for (size_t i = 0; i < constant->rank; i++) {
        bool fits = sil_mul(&count, count, constant->shape[i]);
        sil_assert(fits);
        sides[i] = constant->shape[i];
    }
    status = ov_shape_create(constant->rank, sides, &shape);
    if (status != OK)
        return status;
    status = ov_tensor_create(F32, shape, &tensor);
    (void)ov_shape_free(&shape);
    if (status == OK)
        status = ov_tensor_data(tensor, &values);
    /* A few values mostly: states of a recurrent network, a ratio. */
    for (size_t i = 0; status == OK && i < count; i++)
        ((float *)values)[i] = constant->value;
    if (status == OK)
        status = ov_infer_request_set_tensor(runner->request, constant->name,
                                             tensor);
    if (tensor != NULL)
        ov_tensor_free(tensor);
    return status;
}

/* All constants, once: they stay set from run to run. */
static ov_status_e set_constants(struct engine_runner *runner)
{
    const struct engine_options *options = &runner->net->options;
    ov_status_e status = OK;

    sil_assert(options->constant_count == 0 || options->constants != NULL);
    for (size_t i = 0; status == OK && i < options->constant_count; i++)
        status = set_constant(runner, &options->constants[i]);
    return status;
}

/* Cheap: the weights are the net's, and memory comes with the first shape. */
enum sil_err engine_runner_create(struct engine_runner **out,
                                  struct engine_net *net,
                                  struct sil_error *error)
{
    struct engine_runner *runner = mem_zalloc(1, sizeof *runner);
    ov_status_e status;
    enum sil_err err;

    sil_assert(net->network != NULL);
    if (runner == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a runner");
    runner->net = net;
    runner->outs = mem_zalloc(net->output_count, sizeof(ov_tensor_t *));
    if (runner->outs == NULL) {
        engine_runner_destroy(runner);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a runner");
    }
    status =
        ov_compiled_model_create_infer_request(net->network, &runner->request);
    if (status == OK)
        status = set_constants(runner);
    err = engine_err(status, net, "to make a request", error);
    if (err) {
        engine_runner_destroy(runner);
        return err;
    }
    *out = runner;
    return SIL_OK;
}

/* Give back what was lent of the last run. */
static void take_back(struct engine_runner *runner)
{
    sil_assert(runner->outs != NULL);
    for (size_t i = 0; i < runner->net->output_count; i++) {
        if (runner->outs[i] != NULL)
            ov_tensor_free(runner->outs[i]);
        runner->outs[i] = NULL;
    }
}

/* The request refers to the tensor it was given: it goes before it. */
void engine_runner_destroy(struct engine_runner *runner)
{
    if (runner == NULL)
        return;
    if (runner->outs != NULL)
        take_back(runner);
    if (runner->request != NULL)
        ov_infer_request_free(runner->request);
    if (runner->in != NULL)
        ov_tensor_free(runner->in);
    mem_free(runner->outs);
    mem_free(runner);
}

/* Give the runner's input tensor a shape; its memory grows when it must, and
 * is kept when it need not be as large the next time. */
static ov_status_e shape_input(struct engine_runner *runner,
                               const uint32_t *shape)
{
    const char *name = runner->net->options.input_name;
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
    if (name != NULL)
        return ov_infer_request_set_tensor(runner->request, name, runner->in);
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
    take_back(runner);
    status = shape_input(runner, shape);
    if (status == OK)
        status = ov_tensor_data(runner->in, &values);
    err = engine_err(status, runner->net, "to take an input", error);
    if (err)
        return err;
    sil_assert(values != NULL);
    in->values = values;
    memcpy(in->shape, shape, sizeof in->shape);
    in->rank = TENSOR_DIMS;
    return SIL_OK;
}

/* The shape, the dimensions that are missing filled up with ones. false: what
 * a tensor can't be. */
static bool read_shape(struct tensor *out, const ov_shape_t *shape)
{
    if (shape->rank < 1 || shape->rank > TENSOR_DIMS)
        return false;
    out->rank = (uint32_t)shape->rank;
    for (size_t i = 0; i < TENSOR_DIMS; i++) {
        int64_t side = i < out->rank ? shape->dims[i] : 1;
        if (side < 1 || side > UINT32_MAX)
            return false;
        out->shape[i] = (uint32_t)side;
    }
    sil_assert(out->rank >= 1);
    return true;
}

/* What an output has to be the caller of the seam knows; but it must be of
 * float. *out may be half filled on failure. */
static enum sil_err read_answer(struct tensor *out, struct engine_net *net,
                                const ov_tensor_t *answer,
                                struct sil_error *error)
{
    ov_element_type_e type = DYNAMIC;
    ov_shape_t shape = {0};
    void *values = NULL;
    ov_status_e status = ov_tensor_get_element_type(answer, &type);
    bool is_ours;

    sil_assert(net != NULL);
    if (status == OK)
        status = ov_tensor_data(answer, &values);
    if (status == OK)
        status = ov_tensor_get_shape(answer, &shape);
    if (status != OK)
        return engine_err(status, net, "to give its answer", error);
    is_ours = type == F32 && read_shape(out, &shape);
    (void)ov_shape_free(&shape);
    out->values = values;
    if (is_ours)
        return SIL_OK;
    return err_set(error, SIL_E_MODEL,
                   "the network's answer is not float in 1 to %d dimensions",
                   TENSOR_DIMS);
}

/* What was lent of the last run went back with engine_input(). */
enum sil_err engine_run(struct engine_runner *runner, struct sil_error *error)
{
    sil_assert(runner->in != NULL);
    sil_assert(runner->request != NULL);
    return engine_err(ov_infer_request_infer(runner->request), runner->net,
                      "to run the network", error);
}

/* The engine's memory is lent, not copied: most answers are looked at once. */
enum sil_err engine_output(struct tensor *out, struct engine_runner *runner,
                           uint32_t index, struct sil_error *error)
{
    struct tensor answer = {0};
    enum sil_err err = SIL_OK;

    sil_assert(runner->request != NULL);
    sil_assert(index < runner->net->output_count);
    if (runner->outs[index] == NULL)
        err = engine_err(ov_infer_request_get_output_tensor_by_index(
                             runner->request, index, &runner->outs[index]),
                         runner->net, "to give its answer", error);
    if (!err)
        err = read_answer(&answer, runner->net, runner->outs[index], error);
    if (!err)
        *out = answer;
    return err;
}
