/* The keys of a run's pictures: listed or given, and only its own part.
 * Threads: one thread at a time.
 * Must not know what is done with them. */
#ifndef SIL_BATCH_PICTURE_KEYS_H
#define SIL_BATCH_PICTURE_KEYS_H

#include "batch/shard.h"

struct picture_keys;

/** Which keys. All texts are lent until picture_keys_close(). */
struct picture_keys_options {
    const char *source; /* a store's text */
    const char *list;   /* a file of keys, "-": standard input; NULL: ask the
                           store what it has */
    const char *inside; /* what keys of results begin with; "": none do */
    bool takes_all;     /* not only those that end like a picture's */
    struct shard shard;
};

/** Begin. *out: yours, picture_keys_close(). Errors: SIL_E_ARGUMENT,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
picture_keys_open(struct picture_keys **out,
                  const struct picture_keys_options *options,
                  struct sil_error *error);

/** The next; *key is a loan, valid until the next call, NULL at the end. It
 *  need not be one that may be asked for. Errors: those of
 *  fetch_list_next() and key_file_next(). */
SIL_MUST_USE enum sil_err picture_keys_next(const char **key,
                                            struct picture_keys *keys,
                                            struct sil_error *error);

/** NULL is fine. */
void picture_keys_close(struct picture_keys *keys);

#endif
