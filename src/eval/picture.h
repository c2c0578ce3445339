/* A picture of the folders with its true mask and ours.
 * Threads: belongs to one thread at a time.
 * Must not know figures. */
#ifndef SIL_EVAL_PICTURE_H
#define SIL_EVAL_PICTURE_H

#include "base/buf.h"
#include "eval/eval.h"
#include "eval/truth.h"

/** What a comparison needs; all of it is owned. */
struct eval_picture {
    struct buf bytes;          /* the file */
    struct sil_result *result; /* NULL: not segmented */
    struct truth truth;
    struct sil_mask *mask;   /* the true one, of everybody; NULL: none */
    struct sil_mask *ignore; /* NULL: nothing is ignored */
};

/** Read the files of a stem and segment the picture; name: its file's. *out:
 *  eval_picture_finish(), on failure too. Errors: those of file_read(),
 *  truth_read() and sil_segment(); SIL_E_BAD_OPTION if sizes differ. */
SIL_MUST_USE enum sil_err eval_picture_read(struct eval_picture *out,
                                            const struct eval_source *source,
                                            const char *stem, const char *name,
                                            struct sil_error *error);

/** Free it and make it empty. */
void eval_picture_finish(struct eval_picture *picture);

#endif
