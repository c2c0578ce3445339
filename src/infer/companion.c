/* Manifest, checksum, engine: under a lock, once.
 * Must not know what the network finds.
 * Its manifest says less than that of a network which segments: how it is run
 * is fixed in detector.c. */
#include "infer/companion.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "infer/manifest_read.h"
#include "infer/model_file.h"

#define FOLDER "people"

struct companion {
    pthread_mutex_t lock; /* around net */
    const char *name;     /* of the manifest, without .json; static */
    struct buf folder;    /* the path of FOLDER */
    struct buf cache_dir; /* empty: none */
    uint32_t thread_count;
    struct engine_net *net; /* owned; NULL: not loaded yet */
};

/* Copies: what is lent to sil_model_open() is lent for that call alone.
 * "people" is a folder beside the manifests, so that `silhouette models`
 * doesn't list what can't segment. */
static enum sil_err fill(struct companion *companion, const char *models_dir,
                         const struct sil_model_options *options)
{
    enum sil_err err;

    sil_assert(models_dir != NULL);
    buf_addf(&companion->folder, "%s/" FOLDER, models_dir);
    if (options->cache_dir != NULL)
        buf_addf(&companion->cache_dir, "%s", options->cache_dir);
    companion->thread_count = options->thread_count;
    err = buf_err(&companion->folder);
    if (!err)
        err = buf_err(&companion->cache_dir);
    /* A path too long leads nowhere, which is found out when it is used. */
    return err == SIL_E_STATE ? SIL_OK : err;
}

/* The lock is the first thing made and the last one destroyed. */
enum sil_err companion_create(struct companion **out, const char *name,
                              const char *models_dir,
                              const struct sil_model_options *options,
                              struct sil_error *error)
{
    struct companion *companion = mem_zalloc(1, sizeof *companion);
    enum sil_err err;

    sil_assert(options->thread_count > 0);
    if (companion == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a model");
    if (pthread_mutex_init(&companion->lock, NULL) != 0) {
        mem_free(companion);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a lock");
    }
    companion->name = name;
    buf_init(&companion->folder, LIMIT_MODEL_PATH_MAX);
    buf_init(&companion->cache_dir, LIMIT_MODEL_PATH_MAX);
    err = fill(companion, models_dir, options);
    if (err) {
        companion_destroy(companion);
        return err_set(error, err, "no memory for a model");
    }
    *out = companion;
    return SIL_OK;
}

/* Fine for one that was never used, and holds no network. */
void companion_destroy(struct companion *companion)
{
    if (companion == NULL)
        return;
    engine_net_destroy(companion->net);
    buf_finish(&companion->folder);
    buf_finish(&companion->cache_dir);
    (void)pthread_mutex_destroy(&companion->lock);
    mem_free(companion);
}

/* What is read of the manifest: a file and its checksum. There is no format in
 * it: all of them are TFLite. */
static enum sil_err parse(struct manifest_file *out, const char *name,
                          const struct buf *text, struct sil_error *error)
{
    struct reading reading = {.prefix = "", .error = error};
    struct json *root = NULL;
    enum sil_err err = json_parse(&root, text->bytes, text->size, error);

    if (err == SIL_E_NO_MEMORY)
        return err;
    if (err)
        return err_set(error, SIL_E_MODEL, "%s.json is not JSON", name);
    reading.object = root;
    reading_text(&reading, "file", out->name, sizeof out->name);
    reading_text(&reading, "sha256", out->sha256, sizeof out->sha256);
    if (!reading.err && !manifest_is_name(out->name))
        reading_fail(&reading, "file", "a name without a path");
    if (!reading.err && strlen(out->sha256) != SHA256_TEXT_SIZE - 1)
        reading_fail(&reading, "sha256", "64 hexadecimal digits");
    json_destroy(root);
    sil_assert(reading.err || out->name[0] != '\0');
    return reading.err;
}

/* Read the manifest. */
static enum sil_err read_manifest(struct manifest_file *out, const char *name,
                                  const char *folder, struct sil_error *error)
{
    struct buf text;
    enum sil_err err;

    sil_assert(folder != NULL);
    buf_init(&text, LIMIT_MODEL_MANIFEST_MAX);
    err = model_file_read(&text, folder, name, ".json", error);
    if (!err)
        err = parse(out, name, &text, error);
    buf_finish(&text);
    return err;
}

/* Read and compile. The lock is held. */
static enum sil_err load(struct companion *companion, struct sil_error *error)
{
    const char *folder = buf_text(&companion->folder);
    struct engine_options options = {.thread_count = companion->thread_count};
    struct engine_source source = {.format = ENGINE_TFLITE};
    struct manifest_file file = {.name = ""};
    struct buf network;
    struct buf path;
    enum sil_err err = read_manifest(&file, companion->name, folder, error);

    buf_init(&network, LIMIT_MODEL_BYTES_MAX);
    buf_init(&path, LIMIT_MODEL_PATH_MAX);
    sil_assert(companion->net == NULL);
    if (!err)
        err = model_file_read_checked(&network, folder, &file, error);
    if (err)
        goto done;
    buf_addf(&path, "%s/%s", folder, file.name);
    source.path = buf_text(&path);
    source.bytes = network.bytes;
    source.size = network.size;
    if (companion->cache_dir.size > 0)
        options.cache_dir = buf_text(&companion->cache_dir);
    err = buf_err(&path);
    if (err) {
        (void)err_set(error, err, "no memory to read a network");
        goto done;
    }
    err = engine_net_create(&companion->net, &source, &options, error);
done:
    buf_finish(&network);
    buf_finish(&path);
    return err;
}

/* Say what for it was wanted, and where it comes from: a clone in which
 * tools/setup has not been run is no damage. */
static enum sil_err explain(enum sil_err err, const struct sil_error *why,
                            struct sil_error *error)
{
    sil_assert(err != SIL_OK);
    return err_set(error, err,
                   "people can't be told apart: %.150s (tools/setup fetches "
                   "what it takes)",
                   why->detail);
}

/* The lock is held while the network is read and compiled, some 200 ms: whoever
 * asks meanwhile wants the same, and would have to wait anyway. Afterwards it
 * costs next to nothing. What failed leaves no trace: the next call tries
 * again, since the file may have come. */
enum sil_err companion_net(struct engine_net **out, struct companion *companion,
                           struct sil_error *error)
{
    struct sil_error why = {.code = SIL_OK};
    enum sil_err err = SIL_OK;
    int locked = pthread_mutex_lock(&companion->lock);

    sil_assert(locked == 0);
    if (companion->net == NULL)
        err = load(companion, &why);
    if (!err)
        *out = companion->net;
    (void)pthread_mutex_unlock(&companion->lock);
    return err ? explain(err, &why, error) : SIL_OK;
}
