/* One line and one set of counts per request, when it is over.
 * Threads: the loop's thread only.
 * The key itself is written at debug level only; else its hash. */
#ifndef SIL_SERVER_ACCESSLOG_H
#define SIL_SERVER_ACCESSLOG_H

#include "server/job.h"

/** Log and count a job whose exchange ends now (job->exchange is still
 *  valid). stage: where it was stopped, if it was. */
void accesslog_end(struct job *job, const struct http_ending *ending,
                   enum sil_stage stage);

#endif
