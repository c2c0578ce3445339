/* `silhouette check`: would the service work with these settings?
 * Must not serve anything.
 * Each check is a row and says itself what to do; all are made, since a second
 * mistake is better known now than after the first one is mended. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "server/api_keys.h"
#include "server/furnish.h"
#include "server/server.h"

enum { CHECK_FINE, CHECK_FAILED, CHECK_USAGE };
enum { SHOWN_BYTES_MAX = 65536, PROBE_S = 10 };

/* Descriptors beside those of connections: files, the store, the engine. */
enum { DESCRIPTORS_MORE = 256 };

/* The settings as read are shown first: most mistakes are seen there. */
static void show_settings(const struct config *config)
{
    struct buf shown;

    sil_assert(config != NULL);
    buf_init(&shown, SHOWN_BYTES_MAX);
    config_show(&shown, config);
    printf("settings (name, where it comes from, value)\n%s\nchecks\n",
           buf_text(&shown));
    buf_finish(&shown);
}

/* The words of options that settings hold. */
static enum sil_err check_options(const struct config *config,
                                  struct sil_error *error)
{
    struct sil_options options;

    return furnish_options(&options, config, error);
}

/* Open the network and look at a grey square with it. In a process of its own
 * first: what an engine dies of is a failed check, too. */
static enum sil_err check_network(const struct config *config,
                                  struct sil_error *error)
{
    struct sil_model *model = NULL;
    enum sil_err err = furnish_try_model(config, error);

    sil_assert(config->models != NULL);
    if (!err)
        err = furnish_model(&model, config, 1, error);
    sil_model_close(model);
    return err;
}

/* Ask the store as /readyz does: its address, the bucket, the keys, and that
 * this machine's clock agrees with its. */
static enum sil_err check_store(const struct config *config,
                                struct sil_error *error)
{
    struct fetch_store *store = NULL;
    enum sil_err err = furnish_store(&store, config, error);

    if (!err)
        err = fetch_store_probe(store, clock_ns() + PROBE_S * NS_PER_S, error);
    fetch_store_close(store);
    return err;
}

/* A list that can't be read must not let everybody in. */
static enum sil_err check_keys(const struct config *config,
                               struct sil_error *error)
{
    struct api_keys *keys = NULL;
    enum sil_err err = SIL_OK;

    sil_assert(config->listen != NULL);
    if (config->api_keys != NULL)
        err = api_keys_open(&keys, config->api_keys, error);
    api_keys_close(keys);
    return err;
}

/* Bind as the service would; the socket is closed at once. With SO_REUSEADDR,
 * as the service has it: what an earlier one left behind in the kernel is no
 * obstacle. false: errno says why. */
static bool can_bind(const struct sockaddr *address, socklen_t size)
{
    int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound;
    int why;

    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    is_bound = bind(fd, address, size) == 0;
    why = errno;
    (void)close(fd);
    errno = why;
    return is_bound;
}

/* The same address that serve would listen on; port 0 is always free. */
static enum sil_err check_port(const struct config *config,
                               struct sil_error *error)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(config->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(config->port)};
    bool is_bound;

    sil_assert(config->address[0] != '\0');
    if (inet_pton(AF_INET, config->address, &v4.sin_addr) == 1)
        is_bound = can_bind((const struct sockaddr *)&v4, sizeof v4);
    else if (inet_pton(AF_INET6, config->address, &v6.sin6_addr) == 1)
        is_bound = can_bind((const struct sockaddr *)&v6, sizeof v6);
    else
        return err_set(error, SIL_E_ARGUMENT,
                       "%.64s is no address of IPv4 or IPv6", config->address);
    if (is_bound)
        return SIL_OK;
    return err_set(error, SIL_E_ARGUMENT,
                   "%.80s: %s; choose another with --listen", config->listen,
                   strerror(errno));
}

/* Each connection is a descriptor. */
static enum sil_err check_descriptors(const struct config *config,
                                      struct sil_error *error)
{
    struct rlimit limit;
    uint64_t wanted = config->connections + DESCRIPTORS_MORE;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return err_set(error, SIL_E_INTERNAL, "the limit can't be read");
    sil_assert(wanted > DESCRIPTORS_MORE);
    if (limit.rlim_cur >= wanted)
        return SIL_OK;
    return err_set(error, SIL_E_ARGUMENT,
                   "%llu files may be open, %llu connections want %llu: raise "
                   "it (ulimit -n, LimitNOFILE) or lower --connections",
                   (unsigned long long)limit.rlim_cur,
                   (unsigned long long)config->connections,
                   (unsigned long long)wanted);
}

/** One thing that is looked at. */
struct check {
    const char *name;
    enum sil_err (*run)(const struct config *config, struct sil_error *error);
};

static const struct check checks[] = {
    {"options", check_options}, {"network", check_network},
    {"store", check_store},     {"API keys", check_keys},
    {"address", check_port},    {"open files", check_descriptors},
};

enum { CHECK_COUNT = sizeof checks / sizeof checks[0] };

/* Each on its line, with what to do about it. */
static int run_all(const struct config *config)
{
    int code = CHECK_FINE;

    sil_assert(config->store != NULL);
    for (int i = 0; i < CHECK_COUNT; i++) {
        struct sil_error error = {0};
        enum sil_err err = checks[i].run(config, &error);

        if (err)
            code = CHECK_FAILED;
        printf("  %-10s %s%s\n", checks[i].name, err ? "FAILED: " : "ok",
               !err                      ? ""
               : error.detail[0] != '\0' ? error.detail
                                         : sil_err_message(err));
    }
    return code;
}

/* As server_main() begins, so that the settings mean the same. */
int server_check(int argc, char **argv)
{
    struct config config = {0};
    struct furnish_folders folders;
    struct sil_error error = {0};
    int code = CHECK_USAGE;

    sil_assert(argc == 0 || argv != NULL);
    furnish_begin(&folders);
    if (config_load(&config, argc, argv, getenv, &error)) {
        fprintf(stderr, "silhouette check: %s\n", error.detail);
        goto done;
    }
    if (config.is_help) {
        puts("usage: silhouette check [SETTING…]\n\n"
             "Show the settings that `silhouette serve` would have, with the "
             "origin of each,\nand try what they name. Takes the settings of "
             "serve: see its --help.\n\n"
             "Exit code: 0 all is well, 1 a check failed, 2 wrong usage.");
        code = CHECK_FINE;
        goto done;
    }
    if (furnish_folders(&config, &folders, &error)) {
        fprintf(stderr, "silhouette check: %s\n", error.detail);
        goto done;
    }
    show_settings(&config);
    code = run_all(&config);
done:
    furnish_finish(&folders);
    config_finish(&config);
    return code;
}
