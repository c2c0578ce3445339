/* What a store holds, key by key.
 * Threads: one thread at a time; asking may block for as long as a store
 * takes.
 * Must not know which keys are pictures.
 *
 *     err = fetch_list_open(&list, &options, &error);
 *     while (!err) {
 *         err = fetch_list_next(&key, list, &error);
 *         if (err || key == NULL)
 *             break;
 *         …
 *     }
 *     fetch_list_close(list);
 *
 * Keys come as a fetch of the same store takes them, without its prefix, in
 * whichever order the store has. They need not be ones that may be asked for:
 * fetch_key_check() is for each of them. */
#ifndef SIL_FETCH_FETCH_LIST_H
#define SIL_FETCH_FETCH_LIST_H

#include "fetch/fetch.h"

struct fetch_list;

/** Begin. *out: yours, fetch_list_close(). Errors: SIL_E_ARGUMENT (with what
 *  to change), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_list_open(struct fetch_list **out,
                                          const struct fetch_options *options,
                                          struct sil_error *error);

/** The next key; *key is a loan, valid until the next call, and NULL at the
 *  end. Errors: SIL_E_STORE_ERROR, SIL_E_STORE_UNAVAILABLE,
 *  SIL_E_IMAGE_FORBIDDEN (no right to list), SIL_E_NO_MEMORY; the list can't
 *  be gone on with then. */
SIL_MUST_USE enum sil_err fetch_list_next(const char **key,
                                          struct fetch_list *list,
                                          struct sil_error *error);

/** NULL is fine. */
void fetch_list_close(struct fetch_list *list);

/** What a kind of store can list. */
struct list_kind {
    const char *scheme; /* what the store's text begins with: "dir:" */
    /** Make *state of the options. Errors: those of fetch_list_open(). */
    enum sil_err (*open)(void **state, const struct fetch_options *options,
                         struct sil_error *error);
    /** The next key, or NULL; those of fetch_list_next(). */
    enum sil_err (*next)(const char **key, void *state,
                         struct sil_error *error);
    /** Free it. */
    void (*close)(void *state);
};

/** The files of a folder and of those in it. */
extern const struct list_kind list_dir;

/** The objects of a bucket below its prefix. */
extern const struct list_kind list_s3;

#endif
