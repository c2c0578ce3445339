/* A small set of descriptors, found again by their local port.
 * Must not know curl, or read a byte: it only peeks.
 * libcurl tells a transfer's local port, not its descriptor. */
#include "fetch/s3_sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/check.h"

/* Not remembering one only means that its left-over bytes aren't seen. */
void s3_sockets_add(struct s3_sockets *sockets, int fd)
{
    sil_assert(sockets->count <= S3_SOCKETS_MAX);
    sil_assert(fd >= 0);
    if (sockets->count < S3_SOCKETS_MAX)
        sockets->fds[sockets->count++] = fd;
}

/* Order doesn't matter, so the last one fills the gap. */
void s3_sockets_remove(struct s3_sockets *sockets, int fd)
{
    sil_assert(fd >= 0);
    sil_assert(sockets->count <= S3_SOCKETS_MAX);
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->fds[i] == fd) {
            sockets->count--;
            sockets->fds[i] = sockets->fds[sockets->count];
            return;
        }
}

/* 0: it has none, or isn't of the Internet. */
static int local_port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    const struct sockaddr_in *v4 = (const void *)&address;
    const struct sockaddr_in6 *v6 = (const void *)&address;

    sil_assert(fd >= 0);
    if (getsockname(fd, (void *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(v4->sin_port);
    return address.ss_family == AF_INET6 ? ntohs(v6->sin6_port) : 0;
}

/* Peeking without waiting; 0 is the other side's end, below 0 nothing yet. */
bool s3_sockets_has_more(const struct s3_sockets *sockets, int local_port)
{
    char byte;

    sil_assert(sockets->count <= S3_SOCKETS_MAX);
    for (size_t i = 0; local_port != 0 && i < sockets->count; i++)
        if (local_port_of(sockets->fds[i]) == local_port)
            return recv(sockets->fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    return false;
}
