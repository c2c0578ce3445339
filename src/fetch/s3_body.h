/* The body of one answer as it comes: an object's, or an error's.
 * Threads: one thread at a time.
 * Must not know where the bytes come from. */
#ifndef SIL_FETCH_S3_BODY_H
#define SIL_FETCH_S3_BODY_H

#include "base/buf.h"

enum { S3_STATUS_OK = 200 };

/** What the head of an answer said. With chunks there is no length, whatever
 *  another header claims. */
struct s3_head {
    int status;              /* of HTTP; 0: none came */
    int64_t announced_bytes; /* Content-Length; -1: none */
};

/* Invariant: an object's bytes never pass their cap. */
struct s3_body {
    struct buf *bytes;       /* lent: the body of a 200 */
    struct buf trouble;      /* the body of all others, as far as wanted */
    uint64_t received_bytes; /* of either */
    bool is_too_large;       /* the object is, or says so */
};

/** bytes is lent until s3_body_finish(), and empty. */
void s3_body_init(struct s3_body *body, struct buf *bytes);

/** Free what it holds. */
void s3_body_finish(struct s3_body *body);

/** Take the next piece. False if no more is wanted: too large, no memory, or
 *  an error that goes on and on. */
bool s3_body_take(struct s3_body *body, const struct s3_head *head,
                  const char *piece, size_t size);

/** Has everything come that the head announced, if it did? */
bool s3_body_is_complete(const struct s3_body *body,
                         const struct s3_head *head);

#endif
