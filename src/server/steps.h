/* A segmentation as a table of named steps, and the loop that runs it.
 * Threads: the loop's thread, but for steps_work(), a worker's.
 * admit -> fetch -> compute (decode, infer, mask) -> encode -> send. */
#ifndef SIL_SERVER_STEPS_H
#define SIL_SERVER_STEPS_H

#include "server/job.h"

/** Begin; the job answers itself sooner or later. */
void steps_start(struct job *job);

/** The exchange ends: stop what can be stopped. Returns the stage at which
 *  it was stopped: SIL_STAGE_ENCODE where the answer was on its way, REQUEST
 *  where the job was waiting. */
enum sil_stage steps_abandon(struct job *job);

/** Answer jobs whose deadline has passed wherever they are. To be called
 *  every LIMIT_TICK_MS. */
void steps_tick(struct service *service);

/** A worker's share: the steps that compute. For struct worker_options. */
void steps_work(struct ticket *ticket, struct sil_session *session);

/** The stage that a job stands in, for errors and metrics. Not while it is
 *  away. */
enum sil_stage steps_stage(const struct job *job);

#endif
