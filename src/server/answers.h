/* What is sent: masks, errors, pages, with their header fields.
 * Threads: the loop's thread only.
 * Answering is the last thing done with a job: it may be gone afterwards. */
#ifndef SIL_SERVER_ANSWERS_H
#define SIL_SERVER_ANSWERS_H

#include "server/job.h"

/** Append the error body of the contract. detail: for the developer who
 *  calls, "" if none; stage: where it happened. */
void answer_error_body(struct buf *to, enum sil_err err, const char *detail,
                       enum sil_stage stage);

/** Answer with an error of the table, what it says of itself included:
 *  Allow, Retry-After. error: code and detail; stage: where it happened. */
void answer_error(struct job *job, const struct sil_error *error,
                  enum sil_stage stage);

/** Answer with what is in job->page. */
void answer_page(struct job *job, int status, const char *content_type);

/** An answer whose body is static memory. */
struct answer_copy {
    int status;
    const struct http_field *fields; /* lent for the call, as their texts */
    size_t field_count;
    const uint8_t *bytes;
    size_t size;
};

/** Answer with bytes that are always there, sent from where they are. */
void answer_static(struct job *job, const struct answer_copy *copy);

/** Answer with the mask that was made. */
void answer_mask(struct job *job);

/** Write the answer for when there is no memory, while there is some; once,
 *  before requests come. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err answers_prepare(struct service *service);

/** Answer an exchange that no job could be had for. */
void answer_no_memory(struct service *service, struct http_exchange *exchange);

#endif
