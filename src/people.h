/* People one by one: who of a mask is who.
 * Threads: as the job's session.
 * Composes the detector's figures and the mask's bodies. */
#ifndef SIL_PEOPLE_H
#define SIL_PEOPLE_H

#include "look.h"
#include "mask/result.h"

/** Divide result->mask into persons, the largest first, and count them. The
 *  job's image is still there. Errors: SIL_E_MODEL if the detector's files
 *  are not, SIL_E_NO_MEMORY, SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err people_find(struct sil_result *result,
                                      struct job *job);

#endif
