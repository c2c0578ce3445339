/* Is the store there? Asked in the background, answered from memory.
 * Threads: a thread of its own asks; the answer may be read from anywhere.
 * Must not know what "not ready" does to a load balancer. */
#ifndef SIL_SERVER_HEALTH_H
#define SIL_SERVER_HEALTH_H

#include "fetch/fetch.h"

struct health;

/** Start asking the store (lent, must outlive it). *out: yours,
 *  health_stop(). Errors: SIL_E_NO_MEMORY, SIL_E_INTERNAL (no thread). */
SIL_MUST_USE enum sil_err health_start(struct health **out,
                                       struct fetch_store *store);

/** Stop and free; waits for a question under way. NULL is fine. */
void health_stop(struct health *health);

/** Was the store there when last asked? false until first asked. */
bool health_has_store(const struct health *health);

#endif
