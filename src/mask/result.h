/* What was found in one picture: shared by the stages, like masks.
 * Threads: read-only once made.
 * Everything that an answer of any form needs is in here; what was not asked
 * for is not. */
#ifndef SIL_MASK_RESULT_H
#define SIL_MASK_RESULT_H

#include "mask/matte.h"

/** One person; the mask is owned by the result. */
struct person {
    struct sil_mask *mask; /* of the picture's size, not empty */
    struct sil_box box;    /* the smallest around it */
    float score;           /* 0..1 */
};

/* Invariant: persons' masks are disjoint, and together they are mask; they
 * are there if people is SIL_PEOPLE_EACH or output SIL_OUTPUT_BOXES. */
struct sil_result {
    enum sil_people people; /* as asked for */
    enum sil_output output; /* as asked for */
    struct sil_mask *mask;  /* everybody, owned; never NULL once made */
    uint32_t person_count;  /* of persons, or of separate silhouettes */
    struct matte matte;     /* owned; of a soft output, else none */
    struct image colours;   /* owned; of a cutout: its people; nobody: none */
    struct person *persons; /* [person_count], owned, largest first; or NULL */
};

/** Zeroed, with what the options ask for. *out: yours, sil_result_destroy().
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err result_create(struct sil_result **out,
                                        const struct sil_options *options);

/** True if people are wanted one by one. */
bool result_has_persons(const struct sil_options *options);

/** True if a soft edge is wanted. */
bool result_is_soft(const struct sil_options *options);

/** Assert the invariant of a finished result. */
void result_check(const struct sil_result *result);

#endif
