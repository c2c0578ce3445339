/* The open sockets of a store, to look whether one has bytes left over.
 * Threads: one thread at a time.
 * A body longer than it announced is seen here only: HTTP's client stops at
 * the announced end and never looks further. */
#ifndef SIL_FETCH_S3_SOCKETS_H
#define SIL_FETCH_S3_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

enum {
    S3_SOCKETS_MAX = LIMIT_FETCH_CONCURRENCY + LIMIT_FETCH_CONNECTIONS_KEPT
};

/* All zeros is a good start. Invariant: fds[0 .. count - 1] are open. */
struct s3_sockets {
    int fds[S3_SOCKETS_MAX];
    size_t count;
};

/** Remember an open socket. One too many is not remembered. */
void s3_sockets_add(struct s3_sockets *sockets, int fd);

/** Forget a socket that is about to be closed. */
void s3_sockets_remove(struct s3_sockets *sockets, int fd);

/** Has the socket of that local port bytes that nobody read yet? */
bool s3_sockets_has_more(const struct s3_sockets *sockets, int local_port);

#endif
