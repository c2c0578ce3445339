/* What is printed when the service listens: where, and a line to paste.
 * Threads: main, before the loop runs.
 * Must not know requests. */
#ifndef SIL_SERVER_HINT_H
#define SIL_SERVER_HINT_H

#include "server/service.h"

/** Print to standard output where it listens (port: the real one) and a curl
 *  line that works as pasted, with a picture of the store where that is a
 *  folder. */
void hint_print(const struct service *service, uint16_t port);

#endif
