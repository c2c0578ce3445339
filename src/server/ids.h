/* Names of a request: its id and the trace it belongs to.
 * Threads: callable from anywhere.
 * What a client sends is taken only if it can't harm a log or a header. */
#ifndef SIL_SERVER_IDS_H
#define SIL_SERVER_IDS_H

#include "base/limits.h"
#include "http/http.h"

enum { ID_SIZE = LIMIT_REQUEST_ID_MAX + 1, TRACE_SIZE = 33 };

/** The client's X-Request-Id if it is 1..64 of [A-Za-z0-9._-], else a new
 *  random one. id: [ID_SIZE]. */
void id_from(char *id, struct http_text sent);

/** The trace id of a W3C traceparent, else a new random one. trace:
 *  [TRACE_SIZE], 32 hex digits. */
void trace_from(char *trace, struct http_text traceparent);

#endif
