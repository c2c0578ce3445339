/* Messages with file descriptors over a local socket.
 * Must not know what the messages mean.
 * The sockets keep messages apart (SOCK_SEQPACKET): one comes whole or not at
 * all, so that a short one is a broken peer, not one to wait for. */
#include "sandbox/sandbox_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

enum { RGB = 3 };

/* Room for the descriptors beside a message, aligned as the kernel wants. */
union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
};

/* No signal where the other side is gone: a result tells it. The const is cast
 * away because an iovec serves both directions; sending only reads. */
bool wire_send(int socket, const void *message, size_t size, const int *fds,
               size_t count)
{
    struct iovec piece = {(void *)(uintptr_t)message, size};
    struct msghdr parts = {.msg_iov = &piece, .msg_iovlen = 1};
    union control control = {0};
    ssize_t sent;

    sil_assert(count <= WIRE_FDS_MAX);
    sil_assert(size > 0);
    if (count > 0) {
        parts.msg_control = control.bytes;
        parts.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * count);
    }
    do
        sent = sendmsg(socket, &parts, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

/* Take the descriptors out of a message; those of a message that isn't as it
 * should be are closed, so that a peer can't fill us up with them. More than
 * there is room for the kernel never hands out. */
static bool take_fds(int *fds, size_t count, struct msghdr *parts)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(parts);
    int got[WIRE_FDS_MAX];
    size_t got_count = 0;

    sil_assert(count <= WIRE_FDS_MAX);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        got_count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        sil_assert(got_count <= WIRE_FDS_MAX);
        memcpy(got, CMSG_DATA(head), got_count * sizeof(int));
    }
    if (got_count == count) {
        if (count > 0)
            memcpy(fds, got, count * sizeof(int));
        return true;
    }
    for (size_t i = 0; i < got_count; i++)
        (void)close(got[i]);
    return false;
}

/* MSG_TRUNC makes the kernel tell the whole length of what didn't fit. */
bool wire_receive(int socket, void *message, size_t size, int *fds,
                  size_t count)
{
    struct iovec piece = {message, size};
    union control control = {0};
    struct msghdr parts = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
    ssize_t got;

    sil_assert(size > 0);
    do
        got = recvmsg(socket, &parts, MSG_TRUNC | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return false;
    return take_fds(fds, count, &parts) && got == (ssize_t)size;
}

/* As rows without gaps, at full size. */
bool wire_pixels_size(size_t *out, const struct sil_limits *limits)
{
    sil_assert(limits->image_pixels_max > 0);
    return limits->image_pixels_max <= SIZE_MAX &&
           sil_mul(out, (size_t)limits->image_pixels_max, RGB);
}
