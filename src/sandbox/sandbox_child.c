/* A decoder's life inside its walls: receive, decode, answer.
 * Must not know who asks, or touch anything but the two pieces of memory.
 * It may be taken over by a picture: nothing here protects us then, the walls
 * and the checks of sandbox_port.c do. */
#include "sandbox/sandbox_wire.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"

enum { SOCKET_FD = 3, RGB = 3, CODE_FAILED = 1 };

/* The two pieces of shared memory, mapped. */
struct shared {
    const uint8_t *encoded; /* read-only; limits.image_bytes_max */
    uint8_t *pixels;
    size_t pixels_size; /* bytes */
};

/* Both descriptors are of no use once mapped. They are mapped at their largest,
 * once: how much of them a picture takes is told with each ask. */
static bool map(struct shared *shared, const struct sandbox_options *options,
                const int *fds)
{
    void *encoded = mmap(NULL, options->limits.image_bytes_max, PROT_READ,
                         MAP_SHARED, fds[WIRE_ENCODED], 0);
    void *pixels;

    if (!wire_pixels_size(&shared->pixels_size, &options->limits))
        return false;
    /* Both may be read by either side at any time: what is told about them
     * goes over the socket. */
    pixels = mmap(NULL, shared->pixels_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                  fds[WIRE_PIXELS], 0);
    if (encoded == MAP_FAILED || pixels == MAP_FAILED)
        return false;
    shared->encoded = encoded;
    shared->pixels = pixels;
    return true;
}

/* Decoders that can write where they are told have done so; what others give
 * is copied there, row by row without gaps. */
static void hand_over(const struct shared *shared, const struct image *image)
{
    size_t row_bytes = (size_t)image->width * RGB;

    image_check(image);
    if (image->rgb == shared->pixels)
        return;
    sil_assert(row_bytes * image->height <= shared->pixels_size);
    for (uint32_t y = 0; y < image->height; y++)
        memcpy(shared->pixels + y * row_bytes,
               image->rgb + y * image->row_bytes, row_bytes);
}

/* Decode as asked. The room is given to whoever can decode straight into it;
 * the rest gets memory of this process, which is bound. */
static enum sil_err read_pixels(struct wire_answer *answer,
                                const struct sandbox_options *options,
                                const struct shared *shared,
                                const struct wire_ask *ask,
                                struct sil_error *error)
{
    struct decode_source source = {.bytes = shared->encoded,
                                   .size = ask->size,
                                   .limits = ask->limits,
                                   .deadline_ns = ask->deadline_ns,
                                   .room = shared->pixels,
                                   .room_bytes = shared->pixels_size};
    struct image image = {0};
    enum sil_err err = options->read(&image, &source, ask->shrink, error);

    sil_assert(ask->shrink > 0);
    if (err)
        return err;
    hand_over(shared, &image);
    answer->width = image.width;
    answer->height = image.height;
    image_finish(&image);
    return SIL_OK;
}

/* Read the header. No room for pixels is given: none are wanted yet. The
 * answer is filled only where all went well; errors go by their own way. */
static enum sil_err read_info(struct wire_answer *answer,
                              const struct sandbox_options *options,
                              const struct shared *shared,
                              const struct wire_ask *ask,
                              struct sil_error *error)
{
    struct decode_source source = {.bytes = shared->encoded,
                                   .size = ask->size,
                                   .limits = ask->limits,
                                   .deadline_ns = ask->deadline_ns};
    struct decode_info info = {0};
    enum sil_err err = options->info(&info, &source, error);

    sil_assert(source.bytes != NULL);
    if (err)
        return err;
    answer->width = info.width;
    answer->height = info.height;
    answer->orientation = info.orientation;
    return SIL_OK;
}

/* One picture, or one look at its header. false: the other side is gone, or
 * wants something that nobody of ours would say. The process ends then, and
 * with it all that a picture may have left in its memory. */
static bool serve(const struct sandbox_options *options,
                  const struct shared *shared)
{
    struct wire_ask ask;
    struct wire_answer answer = {0};
    struct sil_error error = {0};
    enum sil_err err;

    if (!wire_receive(SOCKET_FD, &ask, sizeof ask, NULL, 0))
        return false;
    sil_assert(ask.size <= options->limits.image_bytes_max);
    err = ask.what == WIRE_INFO
              ? read_info(&answer, options, shared, &ask, &error)
              : read_pixels(&answer, options, shared, &ask, &error);
    answer.err = (uint32_t)err;
    /* A detail belongs to its error; a lack of memory comes without. */
    if (error.code == err)
        memcpy(answer.detail, error.detail, sizeof answer.detail);
    return wire_send(SOCKET_FD, &answer, sizeof answer, NULL, 0);
}

/* The first answer says that the walls stand. Only the socket and the standard
 * descriptors stay open: everything else is closed before. _exit() since what
 * the parent had in its buffers when it forked isn't ours to write. */
_Noreturn void child_run(const struct sandbox_options *options, const int *fds)
{
    struct shared shared = {0};
    struct wire_answer ready = {0};

    sil_assert(fds[WIRE_SOCKET] > SOCKET_FD);
    if (!map(&shared, options, fds) ||
        dup2(fds[WIRE_SOCKET], SOCKET_FD) != SOCKET_FD ||
        syscall(SYS_close_range, SOCKET_FD + 1, ~0U, 0) != 0 ||
        !filter_shut(LIMIT_SANDBOX_MEMORY_MAX))
        _exit(CODE_FAILED);
    if (!wire_send(SOCKET_FD, &ready, sizeof ready, NULL, 0))
        _exit(CODE_FAILED);
    while (serve(options, &shared))
        ;
    _exit(0);
}
