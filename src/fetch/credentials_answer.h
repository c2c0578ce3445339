/* Keys out of what a service of AWS's kind answers.
 * Threads: pure functions.
 * Neither logged nor told in errors, ever. */
#ifndef SIL_FETCH_CREDENTIALS_ANSWER_H
#define SIL_FETCH_CREDENTIALS_ANSWER_H

#include "base/err.h"

/** One set of keys, all texts owned. All zeros: none. */
struct credential {
    char *key_id;
    char *secret;
    char *token;       /* of a session; NULL: long-lived keys */
    int64_t expires_s; /* Unix time; 0: never, or not told */
};

/** Wipe and free; *credential is none afterwards. */
void credential_finish(struct credential *credential);

/** The JSON of a container's endpoint or of instance metadata: AccessKeyId,
 *  SecretAccessKey, Token, Expiration. *out: yours, credential_finish();
 *  untouched on failure. Errors: SIL_E_STORE_UNAVAILABLE (that is no such
 *  answer), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err credential_from_json(struct credential *out,
                                               const void *bytes, size_t size);

/** The XML of AssumeRoleWithWebIdentity, likewise. */
SIL_MUST_USE enum sil_err credential_from_xml(struct credential *out,
                                              const void *bytes, size_t size);

/** "2026-11-23T09:30:00Z", also with a fraction of a second, as Unix time;
 *  0 for anything else. */
int64_t credential_time(const char *text);

#endif
