/* A file without a name takes the descriptor's place.
 * Must not know what is written.
 * A file and not a pipe: nobody reads while it is written. */
#include "server/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

void capture_begin(struct capture *capture, int fd)
{
    capture->fd = fd;
    capture->saved = dup(fd);
    capture->file = memfd_create("capture", MFD_CLOEXEC);
    assert_true(capture->saved >= 0);
    assert_true(capture->file >= 0);
    assert_int_equal(dup2(capture->file, fd), fd);
}

void capture_end(struct capture *capture)
{
    ssize_t size;

    assert_int_equal(dup2(capture->saved, capture->fd), capture->fd);
    size = pread(capture->file, capture->text, CAPTURE_SIZE - 1, 0);
    assert_true(size >= 0);
    capture->text[size] = '\0';
    assert_int_equal(close(capture->saved), 0);
    assert_int_equal(close(capture->file), 0);
}
