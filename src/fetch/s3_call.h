/* One request to S3 at a time, waited for: lists, looks and results.
 * Threads: one thread at a time; a thread that wants its own makes its own.
 * Must not know what is asked for, or why. */
#ifndef SIL_FETCH_S3_CALL_H
#define SIL_FETCH_S3_CALL_H

#include "fetch/s3_config.h"
#include "fetch/s3_curl.h"

struct s3_call;

/** What is asked; all lent for the call. */
struct s3_want {
    enum s3_method method;
    const char *url;
    const struct s3_upload *upload; /* of S3_PUT; NULL with the others */
};

/** Settle where the store is and as whom it is spoken to; asks nothing yet.
 *  *out: yours, s3_call_destroy(). Errors: SIL_E_ARGUMENT (with what to
 *  change), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err s3_call_create(struct s3_call **out,
                                         const struct fetch_options *options,
                                         struct sil_error *error);

/** NULL is fine. */
void s3_call_destroy(struct s3_call *call);

/** Where the store is, and the bucket and prefix in it. A loan, valid as long
 *  as the call. */
const struct s3_config *s3_call_config(const struct s3_call *call);

/** Ask, and again where that may help. answer: empty; what a 200 brought, up
 *  to its cap. Errors: those of s3_error.h's tables, of which
 *  SIL_E_STORE_ERROR may pass with time, and SIL_E_STORE_UNAVAILABLE is what
 *  every other request would meet too; the detail names no key. */
SIL_MUST_USE enum sil_err s3_call_run(struct s3_call *call, struct buf *answer,
                                      const struct s3_want *want,
                                      struct sil_error *error);

#endif
