/* Who we are to S3: the keys a request is signed with.
 * Threads: one thread at a time.
 * Neither logged nor told in errors, ever. */
#ifndef SIL_FETCH_CREDENTIALS_H
#define SIL_FETCH_CREDENTIALS_H

#include "base/err.h"
#include "fetch/profile.h"

/** One set of keys, all owned by their struct credentials. */
struct credential {
    char *key_id;
    char *secret;
    char *token; /* of a session; NULL: long-lived keys */
};

struct credentials;

/** Take the environment's keys, if it has any, or else the profile's. The
 *  profile is lent and must outlive it. *out: yours, credentials_destroy().
 *  Having none is no error yet. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err credentials_create(struct credentials **out,
                                             struct profile *profile);

/** NULL is fine. */
void credentials_destroy(struct credentials *credentials);

/** The keys to sign with. *out is a loan, valid until the next call on
 *  credentials. Files that changed are read again. Errors:
 *  SIL_E_STORE_UNAVAILABLE if there are none, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err credentials_get(const struct credential **out,
                                          struct credentials *credentials,
                                          struct sil_error *error);

/** The keys were refused. True if looking again brought others, so that
 *  trying once more makes sense. */
bool credentials_renew(struct credentials *credentials);

#endif
