/* Where results go: a folder or a bucket, written whole or not at all.
 * Threads: one thread at a time; a thread that wants its own opens its own.
 * Each call waits until it is done.
 * Must not know what is written. */
#ifndef SIL_FETCH_FETCH_SINK_H
#define SIL_FETCH_FETCH_SINK_H

#include "fetch/fetch.h"

/** What the names of unfinished files begin with: no key of a list. */
#define FETCH_TEMPORARY ".silhouette-"

struct fetch_sink;

/** What is put there; all lent for the call. */
struct fetch_parcel {
    const char *key; /* below the sink's prefix; must have passed
                        fetch_key_check() */
    const void *bytes;
    size_t size;              /* at least 1 */
    const char *content_type; /* "image/png" */
};

/** Open a sink. Of the options only the store and how it is spoken to are
 *  looked at. A folder is made if its parent is there. *out: yours,
 *  fetch_sink_close(). Errors: SIL_E_ARGUMENT (with what to change),
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_sink_open(struct fetch_sink **out,
                                          const struct fetch_options *options,
                                          struct sil_error *error);

/** *out: is there something of that key? A store that denies looking counts
 *  as empty. Errors: SIL_E_STORE_ERROR, SIL_E_STORE_UNAVAILABLE, _INTERNAL,
 *  _NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_sink_has(bool *out, struct fetch_sink *sink,
                                         const char *key,
                                         struct sil_error *error);

/** Put it there in one piece, over whatever was there. Errors:
 *  SIL_E_IMAGE_FORBIDDEN, SIL_E_STORE_ERROR (may work another time),
 *  SIL_E_STORE_UNAVAILABLE, SIL_E_INTERNAL (the disk is full, and the like),
 *  SIL_E_BAD_IMG_SRC (no such name can be), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err fetch_sink_put(struct fetch_sink *sink,
                                         const struct fetch_parcel *parcel,
                                         struct sil_error *error);

/** NULL is fine. */
void fetch_sink_close(struct fetch_sink *sink);

/** What a kind of store can do with results; errors as above. */
struct sink_kind {
    const char *scheme; /* what the store's text begins with: "dir:" */
    /** Make *state of the options. */
    enum sil_err (*open)(void **state, const struct fetch_options *options,
                         struct sil_error *error);
    /** Look. */
    enum sil_err (*has)(bool *out, void *state, const char *key,
                        struct sil_error *error);
    /** Put. */
    enum sil_err (*put)(void *state, const struct fetch_parcel *parcel,
                        struct sil_error *error);
    /** Free it. */
    void (*close)(void *state);
};

/** Files, each beside its place first, then renamed into it. */
extern const struct sink_kind sink_dir;

/** Objects, each one signed PUT. */
extern const struct sink_kind sink_s3;

#endif
