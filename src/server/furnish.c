/* Opens what settings name, with the words of the settings for what fails.
 * Must not know requests, sockets or loops.
 * 0 stands for "as many as fit": the numbers are worked out here. */
#include "server/furnish.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/locate.h"
#include "base/options.h"
#include "server/workers.h"

enum { PATH_BYTES_MAX = 4096 };

/* Empty buffers allocate nothing: beginning can't fail. */
void furnish_begin(struct furnish_folders *folders)
{
    sil_assert(folders != NULL);
    buf_init(&folders->models, PATH_BYTES_MAX);
    buf_init(&folders->store, PATH_BYTES_MAX);
}

void furnish_finish(struct furnish_folders *folders)
{
    sil_assert(folders != NULL);
    buf_finish(&folders->models);
    buf_finish(&folders->store);
}

/* A setting that was given is never second-guessed: what is beside the program
 * counts only where nothing was said. */
enum sil_err furnish_folders(struct config *config,
                             struct furnish_folders *folders,
                             struct sil_error *error)
{
    enum sil_err err = SIL_OK;

    sil_assert(error != NULL);
    if (config->models == NULL) {
        err = locate_folder(&folders->models, "models");
        config->models = buf_text(&folders->models);
    }
    if (err)
        return err_set(error, err,
                       "no folder of networks beside the program; "
                       "name one with --models DIR");
    if (config->store == NULL) {
        buf_add_text(&folders->store, "dir:");
        err = locate_folder(&folders->store, "samples");
        config->store = buf_text(&folders->store);
    }
    if (err)
        return err_set(error, err,
                       "which pictures? --store dir:PATH or "
                       "--store s3://bucket/prefix");
    return SIL_OK;
}

/* The settings' words are those of the options, so a choice of config.tbl is
 * always a word that is offered. */
enum sil_err furnish_options(struct sil_options *out,
                             const struct config *config,
                             struct sil_error *error)
{
    static const char quality[] = "quality";

    sil_assert(config->quality != NULL);
    *out = options_standard();
    out->limits.image_bytes_max = config->image_bytes_max;
    out->limits.image_pixels_max = config->image_pixels_max;
    return option_set(out, option_find(quality, sizeof quality - 1),
                      config->quality, error);
}

/* Opening asks nothing of a remote store: a service may start before its store
 * does, and is not ready until then. */
enum sil_err furnish_store(struct fetch_store **out,
                           const struct config *config, struct sil_error *error)
{
    struct fetch_options options = {
        .store = config->store,
        .buckets = config->buckets,
        .endpoint = config->s3_endpoint,
        .region = config->s3_region,
        .addressing = config->s3_addressing,
        .bytes_max = config->image_bytes_max,
    };

    sil_assert(options.store != NULL);
    return fetch_store_open(out, &options, error);
}

/* Our own network needs no trial: its SHA-256 says what it is. */
enum sil_err furnish_try_model(const struct config *config,
                               struct sil_error *error)
{
    struct sil_model_options options = sil_model_options_default();

    sil_assert(config->model != NULL);
    if (strcmp(config->model, options.name) == 0)
        return SIL_OK;
    options.name = config->model;
    return sil_model_try(config->models, &options, error);
}

/* The engine is told how many sessions there will be, to share the cores
 * among them. */
enum sil_err furnish_model(struct sil_model **out, const struct config *config,
                           uint32_t session_count, struct sil_error *error)
{
    struct sil_model_options options = sil_model_options_default();

    sil_assert(session_count >= 1);
    options.name = config->model;
    options.cache_dir = config->model_cache;
    options.thread_count = session_count;
    return sil_model_open(out, config->models, &options, error);
}

/* The engine runs one look on one thread: more workers than cores would only
 * take turns. */
uint32_t furnish_workers(const struct config *config)
{
    uint32_t count =
        config->workers > 0 ? (uint32_t)config->workers : workers_core_count();

    sil_assert(count >= 1);
    return count;
}

/* A longer queue would only let requests wait until their deadline. */
uint32_t furnish_places(const struct config *config)
{
    sil_assert(config->queue <= UINT32_MAX);
    return config->queue > 0 ? (uint32_t)config->queue
                             : furnish_workers(config) * LIMIT_QUEUE_PER_WORKER;
}
