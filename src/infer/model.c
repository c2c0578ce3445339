/* Manifest, checksum, engine, one trial run: in this order.
 * Must not know pictures, or which engine it is.
 * Damaged networks can load and run: nothing is loaded whose SHA-256 is not
 * the manifest's. */
#include "infer/model.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/mem.h"

/* Nothing of it changes after sil_model_open(): all threads share it. */
struct sil_model {
    struct manifest manifest;
    struct engine_net *net; /* owned */
};

/* One thread: right for a program that looks at one picture at a time. */
struct sil_model_options sil_model_options_default(void)
{
    return (struct sil_model_options){.name = "person", .thread_count = 1};
}

/* Read the file `name``suffix` of the models folder. to: initialised, its cap
 * is the limit. Errors name the file but not the folder: they may get to a
 * client. */
static enum sil_err read_file(struct buf *to, const char *folder,
                              const char *name, const char *suffix,
                              struct sil_error *error)
{
    struct buf path;
    const char *text;
    enum sil_err err;

    sil_assert(manifest_is_name(name));
    buf_init(&path, LIMIT_MODEL_PATH_MAX);
    buf_addf(&path, "%s/%s%s", folder, name, suffix);
    text = buf_text(&path);
    err = buf_err(&path);
    if (err == SIL_E_STATE)
        err = SIL_E_IMAGE_NOT_FOUND;
    if (!err)
        err = file_read(to, text);
    buf_finish(&path);
    if (err == SIL_E_NO_MEMORY)
        return err_set(error, err, "no memory to read a network");
    if (err == SIL_E_STATE)
        return err_set(error, SIL_E_MODEL, "%s%s is larger than %zu bytes",
                       name, suffix, to->cap);
    if (err)
        return err_set(error, SIL_E_MODEL,
                       "the models folder has no readable %s%s", name, suffix);
    return SIL_OK;
}

/* Read NAME.json of the folder. name: checked by the caller. */
static enum sil_err read_manifest(struct manifest *out, const char *folder,
                                  const char *name, struct sil_error *error)
{
    struct buf text;
    enum sil_err err;

    sil_assert(manifest_is_name(name));
    buf_init(&text, LIMIT_MODEL_MANIFEST_MAX);
    err = read_file(&text, folder, name, ".json", error);
    if (!err)
        err = manifest_parse(out, text.bytes, text.size, error);
    buf_finish(&text);
    return err;
}

/* Read the network into *to and compare its checksum. The message shows twelve
 * digits of each: enough to see which file it is. */
static enum sil_err read_network(struct buf *to, const char *folder,
                                 const struct manifest *manifest,
                                 struct sil_error *error)
{
    char sha256[SHA256_TEXT_SIZE];
    enum sil_err err = read_file(to, folder, manifest->file, "", error);

    sil_assert(strlen(manifest->sha256) == SHA256_TEXT_SIZE - 1);
    if (err)
        return err;
    err = sha256_text(sha256, to->bytes, to->size);
    if (err)
        return err_set(error, SIL_E_MODEL, "SHA-256 can't be computed");
    if (memcmp(sha256, manifest->sha256, sizeof sha256) != 0)
        return err_set(error, SIL_E_MODEL,
                       "%s has SHA-256 %.12s…, its manifest says %.12s…",
                       manifest->file, sha256, manifest->sha256);
    return SIL_OK;
}

/* Look at a grey square: a network that can't is found out now, and not at
 * the first picture. */
static enum sil_err try_network(const struct sil_model *model,
                                struct sil_error *error)
{
    uint8_t grey[] = {UINT8_MAX / 2, UINT8_MAX / 2, UINT8_MAX / 2};
    struct image image = {grey, 1, 1, sizeof grey, false};
    struct view view = {.part = {0, 0, 1, 1}};
    struct engine_runner *runner = NULL;
    struct plane plane = {0};
    enum sil_err err = engine_runner_create(&runner, model->net, error);

    if (err)
        return err;
    sil_assert(runner != NULL);
    person_input_size(&view.width, &view.height, &model->manifest.sides,
                      &view.part, model->manifest.first_side);
    err = person_look(&plane, runner, &image, &view, error);
    for (size_t i = 0; !err && i < (size_t)plane.width * plane.height; i++)
        if (!(plane.values[i] >= 0 && plane.values[i] <= 1))
            err = err_set(error, SIL_E_MODEL,
                          "the network's answer is no probability: %g",
                          (double)plane.values[i]);
    plane_finish(&plane);
    engine_runner_destroy(runner);
    return err;
}

/* Everything after the manifest. The file's bytes are let go once compiled: the
 * engine has its own copy of the weights. */
static enum sil_err load(struct sil_model *model, const char *folder,
                         const struct sil_model_options *options,
                         struct sil_error *error)
{
    struct engine_options engine = {.thread_count = options->thread_count,
                                    .cache_dir = options->cache_dir};
    struct engine_source source = {.format = ENGINE_ONNX};
    struct buf network;
    enum sil_err err;

    buf_init(&network, LIMIT_MODEL_BYTES_MAX);
    sil_assert(model->net == NULL);
    err = read_network(&network, folder, &model->manifest, error);
    source.bytes = network.bytes;
    source.size = network.size;
    if (!err)
        err = engine_net_create(&model->net, &source, &engine, error);
    buf_finish(&network);
    return err ? err : try_network(model, error);
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
    sil_assert(model->net != NULL);
    *out = model;
    return SIL_OK;
}

void sil_model_close(struct sil_model *model)
{
    if (model == NULL)
        return;
    engine_net_destroy(model->net);
    mem_free(model);
}

const char *sil_model_name(const struct sil_model *model)
{
    sil_assert(model != NULL);
    return model->manifest.label;
}

struct engine_net *model_net(const struct sil_model *model)
{
    sil_assert(model->net != NULL);
    return model->net;
}

const struct manifest *model_manifest(const struct sil_model *model)
{
    sil_assert(model != NULL);
    return &model->manifest;
}
