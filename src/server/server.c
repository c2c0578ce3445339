/* The service from its settings to its exit code.
 * Must not know what a request is.
 * Stopping is three waits on one loop: for answers (drain limit), then for
 * connections, then for jobs that are still away; a second signal skips all
 * of them. */
#include "server/server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/locate.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options.h"
#include "server/answers.h"
#include "server/handlers.h"
#include "server/hint.h"
#include "server/job.h"
#include "server/steps.h"

/* What the process ends with; --help says it to whoever starts it. */
enum { EXIT_DRAINED, EXIT_FAILED, EXIT_USAGE };
enum { PATH_BYTES_MAX = 4096, HELP_BYTES_MAX = 65536 };

/** Texts that must live as long as the settings that point to them. */
struct defaults {
    struct buf models;
    struct buf store;
};

/* Fill in what the settings left open: folders beside the program. It makes
 * `silhouette serve`, without any setting, a service that can be tried. */
static enum sil_err fill_in(struct config *config, struct defaults *defaults,
                            struct sil_error *error)
{
    enum sil_err err = SIL_OK;

    sil_assert(error != NULL);
    if (config->models == NULL) {
        err = locate_folder(&defaults->models, "models");
        config->models = buf_text(&defaults->models);
    }
    if (err)
        return err_set(error, err,
                       "no folder of networks beside the program; "
                       "name one with --models DIR");
    if (config->store == NULL) {
        buf_add_text(&defaults->store, "dir:");
        err = locate_folder(&defaults->store, "samples");
        config->store = buf_text(&defaults->store);
    }
    if (err)
        return err_set(error, err,
                       "which pictures? --store dir:PATH or "
                       "--store s3://bucket/prefix");
    return SIL_OK;
}

/* Opening asks nothing of a remote store: a service may start before its store
 * does, and is not ready until then. */
static enum sil_err open_store(struct service *service, struct sil_error *error)
{
    const struct config *config = &service->config;
    struct fetch_options options = {
        .store = config->store,
        .buckets = config->buckets,
        .endpoint = config->s3_endpoint,
        .region = config->s3_region,
        .addressing = config->s3_addressing,
        .bytes_max = config->image_bytes_max,
    };

    sil_assert(options.store != NULL);
    return fetch_store_open(&service->store, &options, error);
}

/* Also before any thread: a network that others made is opened in a process of
 * its own first, since the engine might die of it. */
static enum sil_err try_model(const struct service *service,
                              struct sil_error *error)
{
    const struct config *config = &service->config;
    struct sil_model_options options = sil_model_options_default();

    sil_assert(config->model != NULL);
    if (strcmp(config->model, options.name) == 0)
        return SIL_OK;
    options.name = config->model;
    return sil_model_try(config->models, &options, error);
}

/* Before all else: this forks, and nothing may have started a thread. */
static enum sil_err open_sandbox(struct service *service,
                                 struct sil_error *error)
{
    const struct config *config = &service->config;
    struct sandbox_options options = sandbox_options_default();

    sil_assert(service->sandbox == NULL);
    if (strcmp(config->sandbox, "off") == 0)
        return SIL_OK;
    options.limits.image_bytes_max = config->image_bytes_max;
    options.limits.image_pixels_max = config->image_pixels_max;
    options.answer_ms = (uint32_t)config->deadline_ms;
    return sandbox_start(&service->sandbox, &options, error);
}

/* The engine is told how many sessions there will be, to share the cores
 * among them. */
static enum sil_err open_model(struct service *service, struct sil_error *error)
{
    const struct config *config = &service->config;
    struct sil_model_options options = sil_model_options_default();

    options.name = config->model;
    options.cache_dir = config->model_cache;
    options.thread_count = service->worker_count;
    sil_assert(options.thread_count >= 1);
    return sil_model_open(&service->model, config->models, &options, error);
}

/* As many sessions as the model was opened for; the queue in front of them. */
static enum sil_err open_workers(struct service *service,
                                 struct sil_error *error)
{
    struct admission_limits limits = {
        .place_count = service->place_count,
        .in_flight = (uint32_t)service->config.in_flight,
        .bytes_held = service->config.bytes_held,
    };
    struct worker_options options = {
        .model = service->model,
        .work = steps_work,
        .sandbox = service->sandbox,
        .count = service->worker_count,
    };
    enum sil_err err = admission_create(&service->admission, &limits);

    sil_assert(options.model != NULL);
    if (err)
        return err_set(error, err, "no memory for the queue");
    options.admission = service->admission;
    return workers_start(&service->workers, &options, error);
}

/* Last of all: who connects finds a service that can serve. */
static enum sil_err listen_http(struct service *service,
                                struct sil_error *error)
{
    const struct config *config = &service->config;
    struct http_options options = {
        .address = config->address,
        .port = config->port,
        .connections_max = (uint32_t)config->connections,
        .header_ms = (uint32_t)config->header_ms,
        .body_ms = (uint32_t)config->body_ms,
        .idle_ms = (uint32_t)config->idle_ms,
        .write_stall_ms = (uint32_t)config->stall_ms,
    };
    struct http_handler handler = handlers_of(service);

    sil_assert(service->workers != NULL);
    return http_server_open(&service->http, service->loop, &options, &handler,
                            error);
}

/* The first signal drains, the second ends the process where it stands. */
static void on_signal(void *payload)
{
    struct service *service = payload;

    if (service->is_draining) {
        /* Whoever asks twice doesn't want to wait for a worker. */
        log_event(LOG_WARN, "killed", "second signal");
        _exit(EXIT_FAILED);
    }
    log_event(LOG_INFO, "draining", NULL);
    service->is_draining = true;
    service->drain_until_ns = clock_ns() + service->config.drain_ms * NS_PER_MS;
    sil_assert(service->http != NULL);
    http_server_drain(service->http);
}

/* SIGHUP: the list of keys was edited. */
static void on_hangup(void *payload)
{
    struct service *service = payload;
    struct sil_error error = {0};
    struct log_line line;
    enum sil_err err = guard_reload(service->guard, &service->config, &error);

    sil_assert(service->guard != NULL);
    if (err) {
        log_event(LOG_ERROR, "api_keys_kept", error.detail);
        return;
    }
    log_begin(&line, LOG_INFO, "api_keys_read");
    log_int(&line, "count", (int64_t)guard_key_count(service->guard));
    log_end(&line);
}

/* One look at how far the draining is; the next one comes with the next tick.
 * It ends when no job is left, since those with a worker can't be stopped. */
static void drain(struct service *service)
{
    bool is_late = clock_ns() >= service->drain_until_ns;

    sil_assert(service->is_draining);
    if (service->http != NULL) {
        uint32_t busy_count = http_server_busy_count(service->http);
        if (!http_server_is_drained(service->http) && !is_late)
            return;
        /* Who still waits gets no answer: the exit code tells. */
        service->is_cut = service->is_cut || busy_count > 0;
        http_server_close(service->http);
        service->http = NULL;
    }
    /* Jobs whose clients are gone may still be with a worker. */
    if (service->jobs == NULL)
        loop_stop(service->loop);
}

/* The service's one clock: deadlines that pass, and how the draining goes. */
static void on_tick(void *payload)
{
    struct service *service = payload;

    sil_assert(service != NULL);
    steps_tick(service);
    if (service->is_draining)
        drain(service);
}

/* What takes long and fails for operators' mistakes comes first: the network,
 * then the workers with their self-test. */
static enum sil_err open_all(struct service *service, struct sil_error *error)
{
    enum sil_err err = open_model(service, error);

    sil_assert(service->store != NULL);
    if (!err)
        err = open_workers(service, error);
    if (err)
        return err;
    err = answers_prepare(service);
    if (!err)
        err = loop_create(&service->loop);
    if (!err)
        err = loop_every(service->loop, LIMIT_TICK_MS, on_tick, service);
    if (!err)
        err = loop_on_stop_signal(service->loop, on_signal, service);
    /* Without a list it stays what it is: the terminal was closed. */
    if (!err && guard_has_keys(service->guard))
        err = loop_on_hangup(service->loop, on_hangup, service);
    if (!err)
        err = health_start(&service->health, service->store);
    /* Their errors have no words of their own. */
    if (err)
        return err_set(error, err, "the event loop can't be set up");
    return listen_http(service, error);
}

/* After the loop has run out, or where opening failed. In this order: who
 * posts to the loop ends before it, who is lent something before its owner. */
static void close_all(struct service *service)
{
    sil_assert(service->jobs == NULL);
    health_stop(service->health);
    workers_stop(service->workers);
    sandbox_stop(service->sandbox);
    fetch_store_close(service->store);
    admission_destroy(service->admission);
    guard_close(service->guard);
    loop_destroy(service->loop);
    sil_model_close(service->model);
    buf_finish(&service->busy);
}

/* Say it loudly where strangers may ask. Not an error: a gateway in front may
 * keep them out. */
static void warn_of_strangers(const struct service *service)
{
    const char *address = service->config.address;
    bool is_loopback =
        strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;

    sil_assert(*address != '\0');
    if (!is_loopback && !guard_has_keys(service->guard))
        log_event(LOG_WARN, "open_to_strangers",
                  "listening beyond this machine without --api-keys");
}

/* Nothing depends on it: where the system refuses, the service says so and
 * goes on. */
static void harden(void)
{
    if (!sandbox_harden())
        log_event(LOG_WARN, "not_hardened",
                  "the system refuses a filter of system calls");
    if (geteuid() == 0)
        log_event(LOG_WARN, "runs_as_root", "a user without rights will do");
}

/* A store that can't be opened as named is wrong usage; everything else that
 * fails here is the machine's doing. */
static int serve(struct service *service)
{
    struct sil_error error = {0};
    enum sil_err err = try_model(service, &error);
    int code;

    if (!err)
        err = open_sandbox(service, &error);
    if (!err)
        err = guard_open(&service->guard, &service->config, &error);
    if (!err)
        err = open_store(service, &error);
    /* A supervisor may try again after a failure, but not after this. */
    code = err == SIL_E_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
    if (!err) {
        err = open_all(service, &error);
        code = EXIT_FAILED;
    }
    if (err) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        close_all(service);
        return code;
    }
    sil_assert(service->http != NULL);
    /* From here on requests are served; the line says where. */
    hint_print(service, http_server_port(service->http));
    log_event(LOG_INFO, "listening", service->config.listen);
    warn_of_strangers(service);
    harden();
    loop_run(service->loop);
    close_all(service);
    log_event(LOG_INFO, "stopped", service->is_cut ? "answers were cut" : NULL);
    return service->is_cut ? EXIT_FAILED : EXIT_DRAINED;
}

/* To standard output: it was asked for, and may be piped to a pager. */
static int print_help(void)
{
    struct buf help;

    buf_init(&help, HELP_BYTES_MAX);
    config_help(&help);
    sil_assert(buf_err(&help) != SIL_E_STATE);
    fputs(buf_text(&help), stdout);
    buf_finish(&help);
    return EXIT_DRAINED;
}

/* The numbers that are 0 for "as many as fit": a worker for each core, and a
 * queue that is worked off within a deadline. */
static void size(struct service *service)
{
    const struct config *config = &service->config;

    service->worker_count =
        config->workers > 0 ? (uint32_t)config->workers : workers_core_count();
    service->place_count = config->queue > 0
                               ? (uint32_t)config->queue
                               : service->worker_count * LIMIT_QUEUE_PER_WORKER;
    sil_assert(service->worker_count >= 1);
}

/* What a request gets that asks for nothing. The settings' words are those of
 * the options, so a choice of config.tbl is always a word that is offered. */
static enum sil_err read_options(struct sil_options *out,
                                 const struct config *config,
                                 struct sil_error *error)
{
    static const char quality[] = "quality";

    sil_assert(config->quality != NULL);
    *out = sil_options_default();
    out->limits.image_bytes_max = config->image_bytes_max;
    out->limits.image_pixels_max = config->image_pixels_max;
    return option_set(out, option_find(quality, sizeof quality - 1),
                      config->quality, error);
}

/* The service is allocated: metrics and settings are too large for a stack. */
int server_main(int argc, char **argv)
{
    struct sil_error error = {0};
    struct defaults defaults; /* until the end: the settings point there */
    struct service *service = mem_zalloc(1, sizeof *service);
    enum log_level level;
    int code = EXIT_USAGE;

    sil_assert(argc == 0 || argv != NULL);
    buf_init(&defaults.models, PATH_BYTES_MAX);
    buf_init(&defaults.store, PATH_BYTES_MAX);
    if (service == NULL) {
        fputs("silhouette serve: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    if (config_load(&service->config, argc, argv, getenv, &error)) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        goto done;
    }
    if (service->config.is_help) {
        code = print_help();
        goto done;
    }
    if (fill_in(&service->config, &defaults, &error)) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        goto done;
    }
    if (read_options(&service->options, &service->config, &error)) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        goto done;
    }
    /* Before the first line is written, and never again. */
    if (log_level_from_name(&level, service->config.log_level))
        log_set_level(level);
    size(service);
    code = serve(service);
done:
    buf_finish(&defaults.models);
    buf_finish(&defaults.store);
    mem_free(service);
    return code;
}
