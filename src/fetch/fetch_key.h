/* What an imgSrc names: the rule of the contract, and the bucket in front.
 * Threads: pure functions, callable from anywhere.
 * A key is taken literally: nothing here decodes or repairs one. */
#ifndef SIL_FETCH_FETCH_KEY_H
#define SIL_FETCH_FETCH_KEY_H

#include "base/err.h"

/** An imgSrc taken apart. Both point into it and live as long. */
struct fetch_place {
    const char *bucket; /* not terminated; NULL: the store's own bucket */
    size_t bucket_size; /* bytes; 0 if bucket is NULL */
    const char *key;    /* terminated, never empty */
};

/** Is it a key that may be asked for? img_src: size bytes, need not be
 *  terminated; a NUL inside is refused. *place is set on success, its key
 *  being the rest of img_src. Errors: SIL_E_BAD_IMG_SRC. */
SIL_MUST_USE enum sil_err fetch_key_split(struct fetch_place *place,
                                          const char *img_src, size_t size,
                                          struct sil_error *error);

#endif
