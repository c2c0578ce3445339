/* Which store, in one struct: options, then environment, then profile.
 * Threads: read-only once made.
 * The order of each setting's sources is that of the AWS SDKs. */
#ifndef SIL_FETCH_S3_CONFIG_H
#define SIL_FETCH_S3_CONFIG_H

#include "fetch/fetch.h"
#include "fetch/fetch_job.h"
#include "fetch/profile.h"
#include "fetch/s3_sign_path.h"

/* Invariant after s3_config_init(): bucket, prefix, region and endpoint_text
 * are set; endpoint points into endpoint_text. All texts are owned. */
struct s3_config {
    char *bucket;                /* the store's own */
    char *prefix;                /* in front of all its keys; "": none */
    char *buckets;               /* further ones, NUL after each; NULL: none */
    size_t bucket_count;         /* how many further ones */
    char *region;                /* "eu-west-1" */
    char *endpoint_text;         /* "https://s3.eu-west-1.amazonaws.com" */
    struct s3_endpoint endpoint; /* the same, taken apart */
    enum s3_addressing addressing;
    char *authorities; /* file of trusted roots; NULL: the system's */
    char *sign_text;   /* "aws:amz:eu-west-1:s3" */
};

/** Settle everything, or say what to change. Errors: SIL_E_ARGUMENT,
 *  SIL_E_NO_MEMORY; *config is then finished. */
SIL_MUST_USE enum sil_err s3_config_init(struct s3_config *config,
                                         const struct fetch_options *options,
                                         const struct profile *profile,
                                         struct sil_error *error);

/** Free what it holds. Twice is fine. */
void s3_config_finish(struct s3_config *config);

/** May this be asked for? bucket NULL: the store's own, the key below its
 *  prefix. A key with a bucket in front is whole: of the store's own bucket
 *  it must lie below the prefix. Errors: SIL_E_IMAGE_FORBIDDEN,
 *  SIL_E_BAD_IMG_SRC (too long with the prefix). */
SIL_MUST_USE enum sil_err s3_config_admit(const struct s3_config *config,
                                          const char *bucket, const char *key,
                                          struct sil_error *error);

#endif
