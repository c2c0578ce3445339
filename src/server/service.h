/* What all requests share, in one place.
 * Threads: fields are set before the loop runs and read-only then, but for
 * those of the loop's thread; what they point to says its own rule.
 * The one struct of the server that everything in this folder may see. */
#ifndef SIL_SERVER_SERVICE_H
#define SIL_SERVER_SERVICE_H

#include "fetch/fetch.h"
#include "http/http.h"
#include "sandbox/sandbox.h"
#include "server/admission.h"
#include "server/config.h"
#include "server/guard.h"
#include "server/health.h"
#include "server/metrics.h"
#include "server/workers.h"

struct job;

/** The running service. Owned by server_main(). */
struct service {
    struct config config;
    struct sil_options options; /* of a request that asks for nothing */
    struct metrics metrics;
    struct loop *loop;
    struct http_server *http; /* NULL before it listens, and closed */
    struct fetch_store *store;
    struct sil_model *model;
    struct sandbox *sandbox; /* NULL: workers decode by themselves */
    struct guard *guard;
    struct admission *admission;
    struct workers *workers;
    struct health *health;
    struct buf busy;       /* the answer when there is no memory */
    uint32_t worker_count; /* at least 1 */
    uint32_t place_count;  /* of the admission */
    /* The loop's thread only, from here on. */
    struct job *jobs;        /* all that are not freed; NULL: none */
    bool is_draining;        /* SIGTERM came */
    uint64_t drain_until_ns; /* then what is left is cut off */
    bool is_cut;             /* something was */
};

#endif
