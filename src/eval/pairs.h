/* Which picture belongs to which true mask.
 * Threads: a list belongs to one thread at a time.
 * Must not know pictures: names only. */
#ifndef SIL_EVAL_PAIRS_H
#define SIL_EVAL_PAIRS_H

#include "base/err.h"

/** A true mask and its picture. */
struct pair {
    char *stem;    /* TRUTH/STEM.png is the mask; owned */
    char *picture; /* a file's name in IMAGES; owned; NULL: there is none */
};

/** Sorted by stem. */
struct pairs {
    struct pair *items; /* owned; NULL: none */
    size_t count;
};

/** All PNG files of truth, each with the file of images whose name without its
 *  ending is the same. *out: pairs_finish(), on failure too. Errors:
 *  SIL_E_IMAGE_NOT_FOUND (a folder can't be read, or truth has no PNG, or two
 *  pictures share a stem), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err pairs_read(struct pairs *out, const char *images,
                                     const char *truth,
                                     struct sil_error *error);

/** Free it and make it empty. */
void pairs_finish(struct pairs *pairs);

#endif
