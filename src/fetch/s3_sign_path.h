/* The address of an object, in the one form that is both sent and signed.
 * Threads: pure functions, callable from anywhere.
 * Signing hashes the path as it is sent: what is encoded here must not be
 * touched again on the way out. */
#ifndef SIL_FETCH_S3_SIGN_PATH_H
#define SIL_FETCH_S3_SIGN_PATH_H

#include "base/buf.h"
#include "base/err.h"

/** Where the bucket's name goes. */
enum s3_addressing {
    S3_AUTO,   /* virtual at AWS if the name allows it, otherwise path */
    S3_PATH,   /* https://host/bucket/key */
    S3_VIRTUAL /* https://bucket.host/key */
};

/** An endpoint taken apart; the slices live as long as its text. */
struct s3_endpoint {
    bool is_https;
    bool is_aws;           /* Amazon's own: *.amazonaws.com, .com.cn */
    const char *authority; /* "host" or "host:port"; not terminated */
    size_t authority_size; /* bytes, at least 1 */
    const char *base;      /* "/path" in front of all; not terminated */
    size_t base_size;      /* bytes, without a slash at the end; 0: none */
};

/** "auto", "path", "virtual"; NULL: auto. False if it is none of these. */
bool s3_addressing_from_name(enum s3_addressing *out, const char *name);

/** Take http://host:port/base apart. Errors: SIL_E_ARGUMENT. */
SIL_MUST_USE enum sil_err s3_endpoint_parse(struct s3_endpoint *out,
                                            const char *text,
                                            struct sil_error *error);

/** May this bucket stand in front of the endpoint's host? A name with dots
 *  would not fit the certificate of https, capitals no host. */
bool s3_can_be_virtual(const struct s3_endpoint *endpoint, const char *bucket);

/** What is asked of the store; texts are terminated and lent. */
struct s3_object {
    const struct s3_endpoint *endpoint;
    enum s3_addressing addressing;
    const char *bucket;
    const char *prefix; /* put in front of the key with a slash; "": none */
    const char *key;    /* literally, UTF-8 */
};

/** Append the object's URL. */
void s3_add_object_url(struct buf *to, const struct s3_object *object);

/** Append the URL that lists one key of the bucket, below the prefix; key is
 *  not looked at. Its query is sorted and encoded as signing wants it. */
void s3_add_list_url(struct buf *to, const struct s3_object *object);

/** Append the URL of a page of the bucket's list: what lies below the prefix,
 *  behind the token of the page before ("": from the beginning). */
void s3_add_page_url(struct buf *to, const struct s3_object *object,
                     const char *token);

#endif
