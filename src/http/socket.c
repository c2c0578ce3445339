/* The system's calls for listening and accepting.
 * Must not know libuv or HTTP.
 * An address is one of two families in one union, since sockets want it so. */
#include "http/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"

/* The widest family sets the size, so that accept4() never cuts. */
union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

/* Returns the address's size; 0 if the text is none. Names are not looked up:
 * where a service listens should not depend on a name server. */
static socklen_t read_address(union address *out, const char *text,
                              uint16_t port)
{
    sil_assert(text != NULL);
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return sizeof out->v4;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return sizeof out->v6;
    }
    return 0;
}

/* Sockets that are accepted inherit the small send buffer. -1: errno says why.
 * SO_REUSEADDR, or a restart would have to wait for connections that the kernel
 * still remembers. */
static int open_socket(const union address *address, socklen_t size)
{
    int sndbuf_bytes = LIMIT_HTTP_SNDBUF_BYTES;
    int yes = 1;
    int listener = socket(address->any.sa_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    sil_assert(size > 0);
    if (listener < 0)
        return -1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
        setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &sndbuf_bytes,
                   sizeof sndbuf_bytes) ||
        bind(listener, &address->any, size) ||
        listen(listener, LIMIT_HTTP_BACKLOG)) {
        int why = errno;

        (void)close(listener);
        errno = why;
        return -1;
    }
    return listener;
}

/* The port is asked for afterwards, as 0 has the system choose one. */
enum sil_err socket_listen(int *out, uint16_t *port, const char *text,
                           struct sil_error *error)
{
    union address address;
    socklen_t size = read_address(&address, text, *port);
    int listener;

    if (size == 0)
        return err_set(error, SIL_E_ARGUMENT, "not an IP address: %s", text);
    listener = open_socket(&address, size);
    if (listener < 0)
        return err_set(error, SIL_E_ARGUMENT, "can't listen on %s, port %u: %s",
                       text, *port, strerror(errno));
    size = sizeof address;
    if (getsockname(listener, &address.any, &size) == 0)
        *port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
                                                        : address.v4.sin_port);
    sil_assert(*port != 0);
    *out = listener;
    return SIL_OK;
}

/* "192.0.2.1" or "2001:db8::1"; an IPv4 address inside IPv6 as IPv4, so that
 * limits per address see one client, however it came in. */
static void peer_text(char *text, const union address *address)
{
    static const char mapped[] = "::ffff:";
    const void *bytes = &address->v4.sin_addr;
    const char *result;

    if (address->any.sa_family == AF_INET6)
        bytes = &address->v6.sin6_addr;
    result = inet_ntop(address->any.sa_family, bytes, text, SOCKET_PEER_SIZE);
    if (result == NULL)
        text[0] = '\0';
    else if (strncmp(text, mapped, sizeof mapped - 1) == 0 &&
             strchr(text, '.') != NULL)
        memmove(text, text + sizeof mapped - 1,
                strlen(text) - (sizeof mapped - 1) + 1);
    sil_assert(strlen(text) < SOCKET_PEER_SIZE);
}

/* One at a time: how many are accepted in a row the caller decides. */
int socket_accept(int listener, char *peer)
{
    union address address = {0};
    socklen_t size = sizeof address;
    int client;

    sil_assert(listener >= 0);
    client =
        accept4(listener, &address.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0)
        peer_text(peer, &address);
    return client;
}
