/* One page of a bucket's list: the XML of ListObjectsV2, read strictly.
 * Threads: pure functions, callable from anywhere.
 * Must not know who asked, or what the keys are for. */
#ifndef SIL_FETCH_S3_PAGE_H
#define SIL_FETCH_S3_PAGE_H

#include "base/buf.h"

/** What a page holds. */
struct s3_page {
    struct buf keys;   /* whole keys, a NUL behind each */
    size_t key_count;  /* how many */
    struct buf token;  /* of the next page, if there is one */
    bool is_truncated; /* there is */
};

/** Empty. */
void s3_page_init(struct s3_page *page);

/** Free what it holds. */
void s3_page_finish(struct s3_page *page);

/** Read a page; what it held before is dropped. A key that no text can hold
 *  (a NUL inside) makes it no page. Errors: SIL_E_STORE_ERROR (not such a
 *  page, or a next one without its token), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err s3_page_read(struct s3_page *page, const void *bytes,
                                       size_t size, struct sil_error *error);

#endif
