/* The pipelines: where people are in a picture.
 * Threads: a job belongs to one thread.
 * Must not know what a mask is stored as, or who asked for it.
 *
 * What was found is a plane of probabilities over a box of the picture; a mask,
 * a soft edge and single people are all made of it. */
#ifndef SIL_FIND_H
#define SIL_FIND_H

#include "look.h"
#include "mask/mask.h"

/** What a pipeline found. */
struct found {
    struct plane plane; /* probabilities of what box covers, owned; values
                           NULL: nobody */
    struct box box;     /* upright picture pixels; elsewhere is nobody */
    float threshold;    /* above it is person, 0 < t < 1 */
    uint32_t count;     /* separate silhouettes; 0: nobody */
};

/** Two looks. *out: yours, found_finish(), untouched on failure. Errors: those
 *  of job_decode() and job_look(). */
SIL_MUST_USE enum sil_err find_fast(struct found *out, struct job *job);

/** The same, finer, and with a second opinion: docs/QUALITY.md. *out, errors:
 *  as of find_fast(), and SIL_E_MODEL if the helping networks' files are not
 *  there. */
SIL_MUST_USE enum sil_err find_best(struct found *out, struct job *job);

/** Free the plane and make it nothing. */
void found_finish(struct found *found);

#endif
