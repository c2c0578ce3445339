/* The API described for machines.
 * Threads: a pure function.
 * Made from the tables of routes, options and errors: it can't differ. */
#ifndef SIL_SERVER_OPENAPI_H
#define SIL_SERVER_OPENAPI_H

#include "base/buf.h"
#include "server/config.h"

/** Append the OpenAPI 3.1 document of a service with these settings, JSON. */
void openapi_text(struct buf *to, const struct config *config);

#endif
