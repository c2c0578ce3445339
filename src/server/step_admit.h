/* The step "admit": what is asked for, and is there room for it?
 * Threads: the loop's thread only.
 * The one place where a request is refused for want of room. */
#ifndef SIL_SERVER_STEP_ADMIT_H
#define SIL_SERVER_STEP_ADMIT_H

#include "server/job.h"

/** Read the request, take a place and, where the picture came along, its
 *  bytes. session: NULL. Errors: those of request_parse(), fetch_key_check(),
 *  SIL_E_OVERLOADED, SIL_E_IMAGE_TOO_LARGE. */
SIL_MUST_USE enum sil_err step_admit(struct job *job,
                                     struct sil_session *session);

/** Find room for the bytes of the job's picture (held.picture_bytes).
 *  Errors: SIL_E_OVERLOADED. */
SIL_MUST_USE enum sil_err step_hold(struct job *job);

/** Count a refusal and put it into words. Returns SIL_E_OVERLOADED. */
SIL_MUST_USE enum sil_err
step_refuse(struct job *job, enum metric_reason reason, const char *detail);

#endif
