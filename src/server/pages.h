/* The answers beside the API: health, readiness, metrics, documentation.
 * Threads: the loop's thread only.
 * Must not know segmentations. */
#ifndef SIL_SERVER_PAGES_H
#define SIL_SERVER_PAGES_H

#include "server/job.h"

/** Answer a job whose route is one of the pages. */
void pages_answer(struct job *job);

#endif
