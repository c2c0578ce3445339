/* Read until the end, in pieces: pipes and growing files included.
 * Must not know what the bytes are, or interpret the path.
 * A directory opens well and fails at the first read: that is an error of
 * the path, told as "no such file". */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

/* Bytes a read(2), on the stack: as much as a pipe holds. */
enum { PIECE_SIZE = 1 << 16 };

/* What an errno of open or read means for the one who gave the path. */
static enum sil_err err_from_errno(int number)
{
    sil_assert(number != 0);
    if (number == ENOENT || number == ENOTDIR || number == EISDIR)
        return SIL_E_IMAGE_NOT_FOUND;
    if (number == EACCES || number == EPERM)
        return SIL_E_IMAGE_FORBIDDEN;
    return SIL_E_INTERNAL;
}

/* Append all that fd gives. The size is not asked for beforehand: it can be
 * wrong by the time that the last byte is read, and a pipe has none. */
static enum sil_err read_all(struct buf *to, int fd)
{
    uint8_t piece[PIECE_SIZE];
    ssize_t got;

    sil_assert(fd >= 0);
    for (;;) {
        got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue; /* A signal came, not the end. */
        if (got < 0)
            return err_from_errno(errno);
        if (got == 0)
            return buf_err(to);
        sil_assert((size_t)got <= sizeof piece);
        buf_add(to, piece, (size_t)got);
        if (buf_err(to))
            return buf_err(to);
    }
}

/* A file that is replaced meanwhile is read as it was: the open one stays. */
enum sil_err file_read(struct buf *to, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum sil_err err;

    sil_assert(to != NULL);
    if (fd < 0)
        return err_from_errno(errno);
    err = read_all(to, fd);
    /* Standard input isn't ours to close. */
    if (!is_stdin)
        (void)close(fd);
    return err;
}
