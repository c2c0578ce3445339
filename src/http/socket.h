/* Listening sockets and who comes in by them, over IPv4 and IPv6.
 * Threads: callable from anywhere.
 * Must not know libuv or HTTP. */
#ifndef SIL_HTTP_SOCKET_H
#define SIL_HTTP_SOCKET_H

#include "base/err.h"

enum { SOCKET_PEER_SIZE = 48 }; /* an IPv6 address as text */

/** Listen on *port of a numeric address; *port 0: any free one, told there.
 *  *out: yours, close(). Errors: SIL_E_ARGUMENT, detail says why. */
SIL_MUST_USE enum sil_err socket_listen(int *out, uint16_t *port,
                                        const char *address,
                                        struct sil_error *error);

/** Take the next client. peer: [SOCKET_PEER_SIZE], its address as text,
 *  without port. Returns a socket that is yours, non-blocking; -1: none,
 *  errno says why. */
int socket_accept(int listener, char *peer);

#endif
