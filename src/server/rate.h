/* How often one client may ask: a token bucket for each, in bounded memory.
 * Threads: a limiter belongs to the loop's thread.
 * Must not know what a client is: it sees a text, an address or a key. */
#ifndef SIL_SERVER_RATE_H
#define SIL_SERVER_RATE_H

#include <silhouette.h>

struct rate;

/** per_s requests a second each, in the long run, and burst at once, both at
 *  least 1. *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err rate_create(struct rate **out, uint32_t per_s,
                                      uint32_t burst);

/** NULL is fine. */
void rate_destroy(struct rate *rate);

/** May the client (size bytes of text) ask now? 0: yes, and it counts; else
 *  the milliseconds to wait before the next is granted. */
uint32_t rate_take(struct rate *rate, const char *client, size_t size,
                   uint64_t now_ns);

#endif
