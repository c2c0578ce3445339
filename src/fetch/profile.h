/* The profile of the shared AWS files: which it is, and what it says.
 * Threads: one thread at a time.
 * Values are never logged: some of them are secrets. */
#ifndef SIL_FETCH_PROFILE_H
#define SIL_FETCH_PROFILE_H

#include "base/err.h"

struct profile;

/** Where a value is looked for. */
enum profile_place {
    PROFILE_ANY,     /* [name] of the credentials file, then the next */
    PROFILE_CONFIG,  /* [profile name] of the config file */
    PROFILE_S3,      /* "s3 =" inside [profile name] */
    PROFILE_SERVICE, /* "s3 =" inside the [services …] it points to */
    PROFILE_PLACE_COUNT
};

/** The profile that AWS_PROFILE names ("default" without), of the files that
 *  AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name (those in ~/.aws
 *  without). Files that aren't there are empty. *out: yours,
 *  profile_destroy(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err profile_create(struct profile **out);

/** NULL is fine. */
void profile_destroy(struct profile *profile);

/** Read the files again where they changed. *is_changed: whether one did.
 *  Errors: SIL_E_NO_MEMORY; what was read before is then kept. */
SIL_MUST_USE enum sil_err profile_refresh(bool *is_changed,
                                          struct profile *profile);

/** A value. *out: yours, profile_forget(); NULL if it is absent or empty.
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err profile_copy(char **out,
                                       const struct profile *profile,
                                       enum profile_place place,
                                       const char *key);

/** Wipe and free a value. NULL is fine. */
void profile_forget(char *value);

#endif
