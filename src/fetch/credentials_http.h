/* One small request to a service that gives keys, and its answer.
 * Threads: blocks its thread; callable from any.
 * Must not know what is asked for. No redirect is followed and no proxy used:
 * who asks for keys asks the one place that was named. */
#ifndef SIL_FETCH_CREDENTIALS_HTTP_H
#define SIL_FETCH_CREDENTIALS_HTTP_H

#include <stdatomic.h>

#include "base/buf.h"

enum { CREDENTIALS_HEADERS_MAX = 2 };

/** What is asked; all texts lent for the call. */
struct credentials_request {
    const char *method; /* "GET", "PUT", "POST" */
    const char *url;
    const char *headers[CREDENTIALS_HEADERS_MAX]; /* "Name: value"; NULL: no */
    const char *body;                             /* NULL: none */
    const char *authorities;     /* trusted roots; NULL: the system's */
    const atomic_bool *is_ended; /* true: give up at once; NULL: never */
};

/** Ask. *answer: an initialised buffer, filled up to its cap. Errors:
 *  SIL_E_STORE_UNAVAILABLE (nobody there, too late, a status other than 200,
 *  an answer above the cap), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
credentials_http(struct buf *answer, const struct credentials_request *request);

#endif
