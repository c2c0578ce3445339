/* Who we are to S3: the keys a request is signed with.
 * Threads: one thread at a time.
 * Neither logged nor told in errors, ever. */
#ifndef SIL_FETCH_CREDENTIALS_H
#define SIL_FETCH_CREDENTIALS_H

#include "fetch/credentials_answer.h"
#include "fetch/profile.h"

struct credentials;

/** Take the first source of keys that there is, in the order of the SDKs:
 *  environment, web identity, files, container, instance metadata (see
 *  credentials_remote.h). The profile is lent and must outlive it. *out:
 *  yours, credentials_destroy(). Having none is no error yet. Errors:
 *  SIL_E_NO_MEMORY, SIL_E_INTERNAL (no thread for a source that has to be
 *  asked). */
SIL_MUST_USE enum sil_err credentials_create(struct credentials **out,
                                             struct profile *profile);

/** NULL is fine. */
void credentials_destroy(struct credentials *credentials);

/** The keys to sign with. *out is a loan, valid until the next call on
 *  credentials. Files that changed are read again; keys that expire are
 *  renewed before. Errors:
 *  SIL_E_STORE_UNAVAILABLE if there are none, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err credentials_get(const struct credential **out,
                                          struct credentials *credentials,
                                          struct sil_error *error);

/** The keys were refused. True if looking again brought others, so that
 *  trying once more makes sense. */
bool credentials_renew(struct credentials *credentials);

#endif
