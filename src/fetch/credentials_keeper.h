/* Keys that are there before they are needed, and renewed before they expire.
 * Threads: one of its own asks; the functions are for one other thread.
 * Must not know who gives the keys. */
#ifndef SIL_FETCH_CREDENTIALS_KEEPER_H
#define SIL_FETCH_CREDENTIALS_KEEPER_H

#include "fetch/credentials_remote.h"

struct keeper;

/** Start asking. remote: taken over, also on failure. *out: yours,
 *  keeper_stop(). Errors: SIL_E_NO_MEMORY, SIL_E_INTERNAL (no thread). */
SIL_MUST_USE enum sil_err keeper_start(struct keeper **out,
                                       struct remote *remote);

/** Give up what is being asked, and free all. NULL is fine. */
void keeper_stop(struct keeper *keeper);

/** Move keys that came since the last call into *credential, whose old ones
 *  are wiped; true if there were any. With is_first, wait for the first ones
 *  at most LIMIT_CREDENTIALS_WAIT_MS. */
bool keeper_take(struct credential *credential, struct keeper *keeper,
                 bool is_first);

/** The keys were refused: ask at once, and wait as keeper_take() does. */
bool keeper_renew(struct credential *credential, struct keeper *keeper);

#endif
