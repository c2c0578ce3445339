/* API keys first, then the rate of the key or, without keys, of the address.
 * Must not know routes: its caller says what is guarded.
 * A wrong key counts against its address, so that guessing is slow where a
 * rate is set. */
#include "server/guard.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/api_keys.h"
#include "server/rate.h"

enum { MS_PER_S = 1000 };

struct guard {
    struct api_keys *keys; /* owned; NULL: anybody may come in */
    struct rate *rate;     /* owned; NULL: as often as they like */
};

/* A guard without rules is made too: its caller then needs to know nothing of
 * the settings. */
enum sil_err guard_open(struct guard **out, const struct config *config,
                        struct sil_error *error)
{
    struct guard *guard = mem_zalloc(1, sizeof *guard);
    enum sil_err err = SIL_OK;

    sil_assert(config->rate_burst >= 1);
    if (guard == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the guard");
    if (config->api_keys != NULL)
        err = api_keys_open(&guard->keys, config->api_keys, error);
    if (!err && config->rate > 0)
        err = rate_create(&guard->rate, (uint32_t)config->rate,
                          (uint32_t)config->rate_burst);
    if (err) {
        guard_close(guard);
        return err;
    }
    *out = guard;
    return SIL_OK;
}

/* A file that is half-written, or gone, locks nobody out: it is told, and what
 * was read before still holds. */
enum sil_err guard_reload(struct guard *guard, const struct config *config,
                          struct sil_error *error)
{
    struct api_keys *keys = NULL;
    enum sil_err err;

    sil_assert(guard->keys != NULL);
    sil_assert(config->api_keys != NULL);
    err = api_keys_open(&keys, config->api_keys, error);
    if (err)
        return err;
    api_keys_close(guard->keys);
    guard->keys = keys;
    return SIL_OK;
}

size_t guard_key_count(const struct guard *guard)
{
    sil_assert(guard != NULL);
    return guard->keys == NULL ? 0 : api_keys_count(guard->keys);
}

/* Also ends what guard_open() began and could not finish. */
void guard_close(struct guard *guard)
{
    if (guard == NULL)
        return;
    api_keys_close(guard->keys);
    rate_destroy(guard->rate);
    mem_free(guard);
}

/* The key of "Authorization: Bearer KEY" or "X-API-Key: KEY"; bytes NULL if
 * none was sent. */
static struct http_text sent_key(const struct http_exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const size_t skip = sizeof scheme - 1;
    struct http_text value = http_header(exchange, "authorization");

    /* Authorization wins: with two keys the standard's one is meant. */
    if (value.bytes == NULL)
        return http_header(exchange, "x-api-key");
    if (value.size <= skip || strncasecmp(value.bytes, scheme, skip) != 0)
        return (struct http_text){0};
    return (struct http_text){value.bytes + skip, value.size - skip};
}

/* Take one request from a client's rate. */
static enum sil_err take(uint32_t *wait_s, struct guard *guard,
                         struct http_text client, struct sil_error *error)
{
    uint32_t wait_ms;

    sil_assert(client.bytes != NULL);
    if (guard->rate == NULL)
        return SIL_OK;
    wait_ms = rate_take(guard->rate, client.bytes, client.size, clock_ns());
    if (wait_ms == 0)
        return SIL_OK;
    *wait_s = (wait_ms + MS_PER_S - 1) / MS_PER_S;
    sil_assert(*wait_s >= 1);
    return err_set(error, SIL_E_RATE_LIMITED,
                   "more requests than this client may make: the next one is "
                   "taken in %u ms",
                   wait_ms);
}

/* A known key has its own rate wherever it is used from; everybody else
 * shares the rate of the address. */
enum sil_err guard_check(uint32_t *wait_s, struct guard *guard,
                         const struct http_exchange *exchange,
                         struct sil_error *error)
{
    const char *peer = http_peer(exchange);
    struct http_text address = {peer, strlen(peer)};
    struct http_text key;
    enum sil_err err;

    sil_assert(guard != NULL);
    if (guard->keys == NULL)
        return take(wait_s, guard, address, error);
    key = sent_key(exchange);
    /* A good key is never held up by what others do at its address. */
    if (api_keys_allow(guard->keys, key.bytes, key.size))
        return take(wait_s, guard, key, error);
    err = take(wait_s, guard, address, error);
    if (err)
        return err;
    return err_set(error, SIL_E_UNAUTHORIZED,
                   "%s; send it as \"Authorization: Bearer KEY\" or "
                   "\"X-API-Key: KEY\"",
                   key.bytes == NULL ? "an API key is needed"
                                     : "that is not an API key known here");
}

/* The rate alone lets strangers in. */
bool guard_has_keys(const struct guard *guard)
{
    sil_assert(guard != NULL);
    return guard->keys != NULL;
}
