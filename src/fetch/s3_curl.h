/* Signed requests, many at once: libcurl as the rest of the store needs it.
 * Threads: one thread at a time, but for s3_curl_wake(), which any may call.
 * Must not know what is tried again, or what an answer means. */
#ifndef SIL_FETCH_S3_CURL_H
#define SIL_FETCH_S3_CURL_H

#include "fetch/credentials.h"
#include "fetch/s3_body.h"
#include "fetch/s3_error.h"

struct s3_curl;     /* the connections */
struct s3_transfer; /* one request under way */

enum s3_method { S3_GET, S3_HEAD, S3_PUT };

/** What a PUT sends; all lent until told. */
struct s3_upload {
    const void *bytes;
    size_t size;              /* bytes, at least 1 */
    const char *sha256;       /* of the bytes, 64 hex digits */
    const char *content_type; /* "image/png" */
};

/** What is asked; all texts are lent for the call of s3_curl_start(). */
struct s3_ask {
    const char *url;
    const struct credential *credential;
    int64_t skew_s;       /* the store's clock minus ours, seconds */
    uint64_t deadline_ns; /* 0: none */
    enum s3_method method;
    const struct s3_upload *upload; /* of S3_PUT; NULL with the others */
    struct buf *bytes; /* lent until told: the object, up to its cap */
    void *payload;     /* for the callback */
};

/** What came back; valid during the callback. */
struct s3_answer {
    enum s3_outcome outcome;
    struct s3_head head;
    int64_t server_s;          /* Unix time of the Date header; 0: none */
    const struct buf *trouble; /* the body of an answer that isn't 200 */
    const char *text;          /* curl's words, for the log only; "": none */
};

/** Told once per started transfer that isn't dropped, from s3_curl_step().
 *  The transfer is gone then. */
typedef void (*s3_told_fn)(void *payload, const struct s3_answer *answer);

/** sign_text: "aws:amz:REGION:s3"; authorities: a file of trusted roots or
 *  NULL. Both are lent and must outlive it. *out: yours, s3_curl_destroy().
 *  Errors: SIL_E_NO_MEMORY, SIL_E_ARGUMENT (a libcurl that won't do). */
SIL_MUST_USE enum sil_err s3_curl_create(struct s3_curl **out,
                                         const char *sign_text,
                                         const char *authorities,
                                         s3_told_fn told,
                                         struct sil_error *error);

/** No transfer is under way any more. NULL is fine. */
void s3_curl_destroy(struct s3_curl *curl);

/** Begin one. *out is a loan, valid until told or dropped. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err s3_curl_start(struct s3_transfer **out,
                                        struct s3_curl *curl,
                                        const struct s3_ask *ask);

/** End one without telling. */
void s3_curl_drop(struct s3_curl *curl, struct s3_transfer *transfer);

/** Wait at most wait_ms for anything to happen, and tell what is over. */
void s3_curl_step(struct s3_curl *curl, uint32_t wait_ms);

/** Let a waiting step return. Any thread. */
void s3_curl_wake(struct s3_curl *curl);

#endif
