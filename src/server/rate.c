/* The generic cell rate algorithm: one time stamp a client is a whole bucket.
 * Must not know HTTP.
 * Clients hash into a fixed table, a few places each. Who finds them all taken
 * by busy others shares the first: memory never grows, and a flood of
 * addresses limits itself. The hash is seeded, so nobody can aim. */
#include "server/rate.h"

#include <string.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

enum { PLACES = 8 }; /* where a client may be kept */

/* Invariant: a slot whose time has passed is as good as empty. */
struct slot {
    uint64_t client;  /* hash; meaningless in an empty slot */
    uint64_t next_ns; /* when a bucket is full again; 0: it is */
};

struct rate {
    uint64_t seed;
    uint64_t interval_ns; /* between two requests in the long run */
    uint64_t slack_ns;    /* how far a burst may run ahead */
    struct slot slots[LIMIT_RATE_CLIENTS_MAX];
};

static_assert((int)LIMIT_RATE_CLIENTS_MAX >= (int)PLACES,
              "a client has its places");

/* The whole table at once, 64 KB: under a flood of addresses nothing is
 * allocated. Without random bytes the time has to do as a seed. */
enum sil_err rate_create(struct rate **out, uint32_t per_s, uint32_t burst)
{
    struct rate *rate = mem_zalloc(1, sizeof *rate);

    sil_assert(per_s >= 1);
    sil_assert(burst >= 1);
    if (rate == NULL)
        return SIL_E_NO_MEMORY;
    if (getrandom(&rate->seed, sizeof rate->seed, GRND_NONBLOCK) < 0)
        rate->seed = clock_ns();
    rate->interval_ns = NS_PER_S / per_s;
    rate->slack_ns = rate->interval_ns * (burst - 1);
    *out = rate;
    return SIL_OK;
}

/* One block, nothing inside it. */
void rate_destroy(struct rate *rate)
{
    mem_free(rate);
}

/* FNV-1a with a seed, mixed once more so that the low bits are good. */
static uint64_t hash_of(const struct rate *rate, const char *text, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ rate->seed;

    sil_assert(text != NULL || size == 0);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
    return hash * UINT64_C(0xbf58476d1ce4e5b9);
}

/* The client's slot: its own, or an empty one, or the first of its places. */
static struct slot *slot_of(struct rate *rate, uint64_t client, uint64_t now_ns)
{
    struct slot *empty = NULL;

    for (uint64_t i = 0; i < PLACES; i++) {
        uint64_t at = ((client >> 32) + i) % LIMIT_RATE_CLIENTS_MAX;
        struct slot *slot = &rate->slots[at];
        sil_assert(at < LIMIT_RATE_CLIENTS_MAX);
        /* Time empties a slot by itself: nothing ever needs to be removed. */
        if (slot->next_ns <= now_ns) {
            if (empty == NULL)
                empty = slot;
        } else if (slot->client == client) {
            return slot;
        }
    }
    if (empty == NULL)
        return &rate->slots[(client >> 32) % LIMIT_RATE_CLIENTS_MAX];
    *empty = (struct slot){.client = client, .next_ns = now_ns};
    return empty;
}

/* How far the client's next turn lies ahead says how much of its burst is
 * used up; a request that is refused doesn't push it further. */
uint32_t rate_take(struct rate *rate, const char *client, size_t size,
                   uint64_t now_ns)
{
    struct slot *slot = slot_of(rate, hash_of(rate, client, size), now_ns);
    uint64_t next_ns = slot->next_ns > now_ns ? slot->next_ns : now_ns;
    uint64_t ahead_ns = next_ns - now_ns;

    sil_assert(rate->interval_ns > 0);
    if (ahead_ns > rate->slack_ns)
        /* Rounded up: who comes at that time is let in. */
        return (uint32_t)((ahead_ns - rate->slack_ns) / NS_PER_MS) + 1;
    slot->next_ns = next_ns + rate->interval_ns;
    return 0;
}
