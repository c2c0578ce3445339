/* Errors as values: the table's columns, and filling a struct sil_error.
 * Threads: pure functions, callable from anywhere.
 * Must not know who reports an error or how it is sent. */
#ifndef SIL_BASE_ERR_H
#define SIL_BASE_ERR_H

#include <silhouette.h>

/** The one vocabulary: folder, step, error, metric, timing and log key. */
enum sil_stage {
    SIL_STAGE_REQUEST, /* before and between the stages */
    SIL_STAGE_FETCH,
    SIL_STAGE_DECODE,
    SIL_STAGE_INFER,
    SIL_STAGE_MASK,
    SIL_STAGE_ENCODE,
    SIL_STAGE_COUNT
};

/** "request", "fetch", "decode", "infer", "mask", "encode". Static. */
const char *stage_name(enum sil_stage stage);

/** One row of errors.tbl. All texts are static. */
struct err_row {
    const char *code;     /* as in the API, "image_corrupt" */
    const char *message;  /* short public text */
    const char *when;     /* a sentence for documentation */
    enum sil_stage stage; /* where it usually arises */
    int status;           /* HTTP status */
    int state;            /* the answer's "state": 0 or -1 */
    bool is_alias;        /* known to the library only; code is another's */
};

/** The row of an error; that of SIL_E_INTERNAL for SIL_OK and unknown ones.
 *  A loan of static memory. */
const struct err_row *err_row(enum sil_err err);

/** How many rows there are, SIL_OK not counted: codes 1 .. err_count(). */
int err_count(void);

/** Write code and printf-like detail into *error (NULL is fine), and return
 *  the code, so that a guard clause is one statement:
 *  `return err_set(error, SIL_E_IMAGE_CORRUPT, "JPEG ends at %zu", n);`
 *  The detail must not hold a path, a key's owner, a host or an address. */
enum sil_err err_set(struct sil_error *error, enum sil_err code,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
