/* Where the HTTP layer meets the service: the four calls of http_handler.
 * Threads: the loop's thread only.
 * Must not know the steps of a segmentation, only where they begin. */
#ifndef SIL_SERVER_HANDLERS_H
#define SIL_SERVER_HANDLERS_H

#include "server/service.h"

/** The handler of the service (lent). */
struct http_handler handlers_of(struct service *service);

#endif
