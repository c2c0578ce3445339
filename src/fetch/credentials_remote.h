/* Who gives us keys over the network, and how they are asked.
 * Threads: one thread at a time; asking blocks it.
 * Neither tokens nor keys are logged or told in errors, ever. */
#ifndef SIL_FETCH_CREDENTIALS_REMOTE_H
#define SIL_FETCH_CREDENTIALS_REMOTE_H

#include <stdatomic.h>

#include "fetch/credentials_answer.h"
#include "fetch/profile.h"

struct remote;

/** What the environment and the profile say about it:
 *    web identity       AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or
 *                       role_arn and web_identity_token_file of the profile;
 *                       asked of STS
 *    container          AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *    instance metadata  AWS_EC2_METADATA_DISABLED=false, in so many words: an
 *                       address that anybody on the machine's network could
 *                       answer at isn't asked without being told to
 *  *out: yours, remote_destroy(); NULL if there is none. is_web: only web
 *  identity, which comes before the files; the others come after them.
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
remote_find(struct remote **out, const struct profile *profile, bool is_web);

/** NULL is fine. */
void remote_destroy(struct remote *remote);

/** For the log: "web_identity", "container", "instance". Static. */
const char *remote_name(const struct remote *remote);

/** Ask for keys. *out: yours, credential_finish(); untouched on failure.
 *  is_ended: gives up once it is true; NULL: never. Errors:
 *  SIL_E_STORE_UNAVAILABLE, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err remote_ask(struct credential *out,
                                     const struct remote *remote,
                                     const atomic_bool *is_ended);

#endif
