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
#include "base/log.h"
#include "base/mem.h"
#include "server/answers.h"
#include "server/furnish.h"
#include "server/handlers.h"
#include "server/hint.h"
#include "server/job.h"
#include "server/steps.h"

/* What the process ends with; --help says it to whoever starts it. */
enum { EXIT_DRAINED, EXIT_FAILED, EXIT_USAGE };
enum { HELP_BYTES_MAX = 65536 };

/* Before all else: this forks, and nothing may have started a thread. Its
 * limits are the settings': memory that is shared with each decoder is as large
 * as the largest picture that is taken. */
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

/* As many sessions as the model was opened for; the queue in front of them.
 * What is begun here and fails is ended by close_all(). */
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
        .standard = &service->options,
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

/* The first signal drains, the second ends the process where it stands. It runs
 * as a callback of the loop, so it may log and take its time; the drain goes on
 * with the ticks. */
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

/* SIGHUP: the list of keys was edited. A list that can't be read leaves the old
 * one: a slip of the hand must lock nobody out, and let nobody in. */
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
 * It ends when no job is left, since those with a worker can't be stopped.
 * Being late counts as cut only if somebody was waiting. */
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
    enum sil_err err = furnish_model(&service->model, &service->config,
                                     service->worker_count, error);

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

/* Nothing depends on it: where the system refuses, the service says so and goes
 * on. */
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
    enum sil_err err = furnish_try_model(&service->config, &error);
    int code;

    if (!err)
        err = open_sandbox(service, &error);
    if (!err)
        err = guard_open(&service->guard, &service->config, &error);
    if (!err)
        err = furnish_store(&service->store, &service->config, &error);
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

/* The service is allocated: metrics and settings are too large for a stack. */
int server_main(int argc, char **argv)
{
    struct sil_error error = {0};
    struct furnish_folders folders; /* the settings point there */
    struct service *service = mem_zalloc(1, sizeof *service);
    enum log_level level;
    int code = EXIT_USAGE;

    sil_assert(argc == 0 || argv != NULL);
    furnish_begin(&folders);
    if (service == NULL) {
        fputs("silhouette serve: out of memory\n", stderr);
        code = EXIT_FAILED;
        goto done;
    }
    if (config_load(&service->config, argc, argv, getenv, &error)) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        goto done;
    }
    if (service->config.is_help) {
        code = print_help();
        goto done;
    }
    if (furnish_folders(&service->config, &folders, &error) ||
        furnish_options(&service->options, &service->config, &error)) {
        fprintf(stderr, "silhouette serve: %s\n", error.detail);
        goto done;
    }
    /* Before the first line is written, and never again. */
    if (log_level_from_name(&level, service->config.log_level))
        log_set_level(level);
    service->worker_count = furnish_workers(&service->config);
    service->place_count = furnish_places(&service->config);
    code = serve(service);
done:
    furnish_finish(&folders);
    if (service != NULL)
        config_finish(&service->config);
    mem_free(service);
    return code;
}
