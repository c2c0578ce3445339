/* Manifest, checksum, engine, one trial run: in this order.
 * Must not know pictures, or which engine it is.
 * Damaged networks can load and run: nothing is loaded whose SHA-256 is not
 * the manifest's. */
#include "infer/model.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "infer/companion.h"
#include "infer/model_file.h"
#include "infer/person.h"

/* The manifests of the networks that help. */
static const char *const companion_names[COMPANION_COUNT] = {"detector",
                                                             "pose"};

/* Nothing of it changes after sil_model_open(): all threads share it. */
struct sil_model {
    struct manifest manifest;
    struct companion *companions[COMPANION_COUNT]; /* owned; each loads itself
                                                      when first used */
    struct engine_constant constants[LIMIT_MODEL_CONSTANTS_MAX]; /* its own */
    struct engine_net *nets[MODEL_NET_COUNT]; /* owned, all the same */
};

/* One thread: right for a program that looks at one picture at a time. */
struct sil_model_options sil_model_options_default(void)
{
    return (struct sil_model_options){.name = "person", .thread_count = 1};
}

/* Read NAME.json of the folder. name: checked by the caller. */
static enum sil_err read_manifest(struct manifest *out, const char *folder,
                                  const char *name, struct sil_error *error)
{
    struct buf text;
    enum sil_err err;

    sil_assert(manifest_is_name(name));
    buf_init(&text, LIMIT_MODEL_MANIFEST_MAX);
    err = model_file_read(&text, folder, name, ".json", error);
    if (!err)
        err = manifest_parse(out, text.bytes, text.size, error);
    buf_finish(&text);
    return err;
}

/* The files of a network, as the engine takes them. */
struct files {
    struct buf network;
    struct buf weights; /* empty unless it is IR */
    struct buf path;    /* of the network */
};

/* Read what the manifest names; files_finish() in either case. */
static enum sil_err files_read(struct files *files, const char *folder,
                               const struct manifest *manifest,
                               struct sil_error *error)
{
    enum sil_err err;

    buf_init(&files->network, LIMIT_MODEL_BYTES_MAX);
    buf_init(&files->weights, LIMIT_MODEL_BYTES_MAX);
    buf_init(&files->path, LIMIT_MODEL_PATH_MAX);
    err = model_file_read_checked(&files->network, folder, &manifest->file,
                                  error);
    if (!err && manifest->format == ENGINE_IR)
        err = model_file_read_checked(&files->weights, folder,
                                      &manifest->weights, error);
    if (err)
        return err;
    sil_assert(files->network.size > 0);
    buf_addf(&files->path, "%s/%s", folder, manifest->file.name);
    if (buf_text(&files->path)[0] != '\0')
        return SIL_OK;
    return err_set(error, SIL_E_NO_MEMORY, "no memory to read a network");
}

/* Also what was never read: buffers are fine empty. */
static void files_finish(struct files *files)
{
    buf_finish(&files->network);
    buf_finish(&files->weights);
    buf_finish(&files->path);
}

/* Look at a grey square: a network that can't is found out now, and not at the
 * first picture. The runner goes again: sessions make their own. */
static enum sil_err try_network(const struct sil_model *model,
                                struct sil_error *error)
{
    uint8_t grey[] = {UINT8_MAX / 2, UINT8_MAX / 2, UINT8_MAX / 2};
    struct image image = {grey, 1, 1, sizeof grey, false};
    struct view view = {.part = {0, 0, 1, 1}};
    struct person_net net = {.form = &model->manifest.form};
    struct plane plane = {0};
    enum sil_err err = engine_runner_create(&net.runner, model->nets[0], error);

    if (err)
        return err;
    sil_assert(net.runner != NULL);
    person_input_size(&view.width, &view.height, &net.form->sides, &view.part,
                      model->manifest.first_side);
    err = person_look(&plane, &net, &image, &view, error);
    plane_finish(&plane);
    engine_runner_destroy(net.runner);
    return err;
}

/* What the engine is told of the inputs that are no picture. Names are lent by
 * the manifest, which stays as long as the model. */
static void name_constants(struct engine_options *engine,
                           struct sil_model *model)
{
    const struct manifest *manifest = &model->manifest;

    sil_assert(manifest->constant_count <= LIMIT_MODEL_CONSTANTS_MAX);
    for (uint32_t i = 0; i < manifest->constant_count; i++) {
        const struct manifest_constant *from = &manifest->constants[i];
        struct engine_constant *to = &model->constants[i];

        to->name = from->name;
        memcpy(to->shape, from->shape, sizeof to->shape);
        to->rank = from->rank;
        to->value = from->value;
    }
    engine->constants = model->constants;
    engine->constant_count = manifest->constant_count;
}

/* The output that is looked at: a name becomes an index, once. */
static enum sil_err choose_output(struct sil_model *model,
                                  struct sil_error *error)
{
    struct manifest *manifest = &model->manifest;
    uint32_t count = engine_net_outputs(model->nets[0]);

    if (manifest->output_name[0] != '\0')
        return engine_net_find_output(&manifest->form.output_index,
                                      model->nets[0], manifest->output_name,
                                      error);
    sil_assert(count > 0);
    if (manifest->form.output_index < count)
        return SIL_OK;
    return err_set(error, SIL_E_MODEL,
                   "the manifest's \"output.index\" is %u: the network has %u "
                   "outputs",
                   manifest->form.output_index, count);
}

/* Everything after the manifest. The files' bytes are let go once compiled: the
 * engine has its own copy of the weights. Companions come last and read nothing
 * yet: a model opens without their files. */
static enum sil_err load(struct sil_model *model, const char *folder,
                         const struct sil_model_options *options,
                         struct sil_error *error)
{
    const struct manifest *manifest = &model->manifest;
    struct engine_options engine = {.thread_count = options->thread_count,
                                    .cache_dir = options->cache_dir};
    struct engine_source source = {.format = manifest->format};
    struct files files;
    enum sil_err err = files_read(&files, folder, manifest, error);

    sil_assert(model->nets[0] == NULL);
    if (manifest->input_name[0] != '\0')
        engine.input_name = manifest->input_name;
    name_constants(&engine, model);
    source.bytes = files.network.bytes;
    source.size = files.network.size;
    source.weights = files.weights.bytes;
    source.weights_size = files.weights.size;
    source.path = buf_text(&files.path);
    for (int i = 0; i < MODEL_NET_COUNT && !err; i++)
        err = engine_net_create(&model->nets[i], &source, &engine, error);
    files_finish(&files);
    if (!err)
        err = choose_output(model, error);
    if (!err)
        err = try_network(model, error);
    for (int i = 0; i < COMPANION_COUNT && !err; i++)
        err = companion_create(&model->companions[i], companion_names[i],
                               folder, options, error);
    return err;
}

/* The arguments come from a command line or a configuration: so they get
 * errors, not asserts. */
enum sil_err sil_model_open(struct sil_model **out, const char *models_dir,
                            const struct sil_model_options *options,
                            struct sil_error *error)
{
    struct sil_model_options chosen =
        options != NULL ? *options : sil_model_options_default();
    struct sil_model *model;
    enum sil_err err;

    if (out == NULL || models_dir == NULL)
        return err_set(error, SIL_E_ARGUMENT, "out or models_dir is NULL");
    if (chosen.thread_count < 1 || chosen.thread_count > LIMIT_THREADS_MAX)
        return err_set(error, SIL_E_ARGUMENT, "thread_count is not 1..%d",
                       LIMIT_THREADS_MAX);
    if (chosen.name == NULL)
        chosen.name = sil_model_options_default().name;
    if (!manifest_is_name(chosen.name))
        return err_set(error, SIL_E_ARGUMENT, "that is no network's name");
    model = mem_zalloc(1, sizeof *model);
    if (model == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a model");
    err = read_manifest(&model->manifest, models_dir, chosen.name, error);
    if (!err)
        err = load(model, models_dir, &chosen, error);
    if (err) {
        sil_model_close(model);
        return err;
    }
    sil_assert(model->nets[0] != NULL);
    *out = model;
    return SIL_OK;
}

/* Texts are cut by nobody: the manifest's are no longer than the info's. */
enum sil_err sil_model_describe(struct sil_model_info *out,
                                const char *models_dir, const char *name,
                                struct sil_error *error)
{
    struct sil_model_info info = {0};
    struct manifest manifest;
    enum sil_err err;

    static_assert(sizeof info.label >= sizeof manifest.label, "it must fit");
    static_assert(sizeof info.file >= sizeof manifest.file.name, "and it");
    if (out == NULL || models_dir == NULL || name == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "out, models_dir or name is NULL");
    if (!manifest_is_name(name))
        return err_set(error, SIL_E_ARGUMENT, "that is no network's name");
    err = read_manifest(&manifest, models_dir, name, error);
    if (err)
        return err;
    sil_assert(strlen(manifest.licence) < sizeof info.licence);
    memcpy(info.label, manifest.label, sizeof manifest.label);
    memcpy(info.licence, manifest.licence, sizeof manifest.licence);
    memcpy(info.file, manifest.file.name, sizeof manifest.file.name);
    info.look_count = manifest.second_side > 0 ? 2 : 1;
    info.threshold = manifest.threshold;
    *out = info;
    return SIL_OK;
}

/* The runners are gone by now: each was its caller's. */
void sil_model_close(struct sil_model *model)
{
    if (model == NULL)
        return;
    for (int i = 0; i < COMPANION_COUNT; i++)
        companion_destroy(model->companions[i]);
    for (int i = 0; i < MODEL_NET_COUNT; i++)
        engine_net_destroy(model->nets[i]);
    mem_free(model);
}

/* Made once, by the manifest. */
const char *sil_model_name(const struct sil_model *model)
{
    sil_assert(model != NULL);
    return model->manifest.label;
}

/* Sessions make their runners of them. */
struct engine_net *model_net(const struct sil_model *model, uint32_t index)
{
    sil_assert(index < MODEL_NET_COUNT);
    sil_assert(model->nets[index] != NULL);
    return model->nets[index];
}

/* With what the engine told since: the index of a named output. */
const struct manifest *model_manifest(const struct sil_model *model)
{
    sil_assert(model != NULL);
    return &model->manifest;
}

/* The parts of a model that are made later; locks of their own guard them. */
enum sil_err model_companion(struct engine_net **out,
                             const struct sil_model *model,
                             enum model_companion which,
                             struct sil_error *error)
{
    sil_assert(which < COMPANION_COUNT);
    sil_assert(model->companions[which] != NULL);
    return companion_net(out, model->companions[which], error);
}
