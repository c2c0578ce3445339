/* Pictures with true masks: segmented and compared.
 * Threads: an evaluation belongs to one thread at a time.
 * Must not know how figures are shown.
 *
 * Use: eval_run() over two folders, figures_make() of its scores, and perhaps
 * sheet_make() of the worst pictures. */
#ifndef SIL_EVAL_EVAL_H
#define SIL_EVAL_EVAL_H

#include "base/err.h"
#include "eval/figures.h"

/** What is compared with what; texts are lent. */
struct eval_source {
    const char *images; /* a folder */
    const char *truth;  /* a folder of STEM.png */
    const char *ignore; /* the same, pixels that don't count; NULL: none */
    bool has_instances; /* truth holds person numbers, not 0 and 255 */
    struct sil_options options; /* of the segmentation */
    struct sil_session *session;
    /** Tells of a picture that is left out; may be NULL. */
    void (*tell)(void *payload, const char *stem,
                 const struct sil_error *error);
    void *payload; /* of tell */
};

/** All pictures that could be compared. */
struct evaluation {
    struct score *scores; /* [count], owned; by stem */
    char **pictures;      /* [count], owned, each too: their files' names */
    size_t count;
    size_t left_out; /* pictures */
};

/** Compare all. A picture that can't be is left out and told of; the others
 *  count. *out: evaluation_finish(), on failure too. Errors:
 *  SIL_E_IMAGE_NOT_FOUND (of a folder), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err eval_run(struct evaluation *out,
                                   const struct eval_source *source,
                                   struct sil_error *error);

/** Free it and make it empty. */
void evaluation_finish(struct evaluation *evaluation);

#endif
