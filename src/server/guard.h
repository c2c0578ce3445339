/* Who may come in, and how often: asked when a request's head is here.
 * Threads: the loop's thread only, after opening.
 * Both rules are off unless a setting turns them on. */
#ifndef SIL_SERVER_GUARD_H
#define SIL_SERVER_GUARD_H

#include "http/http.h"
#include "server/config.h"

struct guard;

/** Read the keys and make the limiter, as the settings ask. *out: yours.
 *  Errors: SIL_E_ARGUMENT (the file of keys), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err guard_open(struct guard **out,
                                     const struct config *config,
                                     struct sil_error *error);

/** Read the keys again, from the file that the settings name: at once all of
 *  them count, and none that is gone. On failure the old ones stay. Errors:
 *  those of guard_open(). */
SIL_MUST_USE enum sil_err guard_reload(struct guard *guard,
                                       const struct config *config,
                                       struct sil_error *error);

/** How many keys there are; 0: none is asked for. */
size_t guard_key_count(const struct guard *guard);

/** NULL is fine. */
void guard_close(struct guard *guard);

/** May this request be served? Counts it, if so. *wait_s: seconds to wait
 *  where it came too soon, else untouched. Errors: SIL_E_UNAUTHORIZED,
 *  SIL_E_RATE_LIMITED. */
SIL_MUST_USE enum sil_err guard_check(uint32_t *wait_s, struct guard *guard,
                                      const struct http_exchange *exchange,
                                      struct sil_error *error);

/** Does it ask for a key? */
bool guard_has_keys(const struct guard *guard);

#endif
