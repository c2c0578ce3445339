/* What passes between us, the process that forks, and the decoders.
 * Threads: pure functions over a socket that one thread uses.
 * Inside src/sandbox only. Answers come from a process that may have been
 * taken over: whoever reads one believes nothing that it can't check. */
#ifndef SIL_SANDBOX_SANDBOX_WIRE_H
#define SIL_SANDBOX_SANDBOX_WIRE_H

#include <silhouette.h>

#include "decode/decode.h"
#include "sandbox/sandbox.h"

enum { WIRE_FDS_MAX = 3 };

enum wire_what { WIRE_INFO, WIRE_READ };

/** Asked of a decoder. */
struct wire_ask {
    enum wire_what what;
    uint32_t shrink;          /* of WIRE_READ */
    size_t size;              /* bytes in the shared memory */
    struct sil_limits limits; /* for this picture */
    uint64_t deadline_ns;     /* CLOCK_MONOTONIC; 0: none */
};

/** Told by a decoder. */
struct wire_answer {
    uint32_t err;                       /* an enum sil_err, if it is honest */
    uint32_t width, height;             /* of the picture, or of the pixels */
    uint32_t orientation;               /* EXIF */
    char detail[SIL_ERROR_DETAIL_SIZE]; /* likewise with its NUL */
};

/** What a new decoder is given, in this order. */
enum wire_fd { WIRE_SOCKET, WIRE_ENCODED, WIRE_PIXELS, WIRE_FD_COUNT };

/** Send a message, with count descriptors; false: the other side is gone.
 *  fds: NULL where count is 0. */
bool wire_send(int socket, const void *message, size_t size, const int *fds,
               size_t count);

/** Receive a message of exactly this size, and exactly count descriptors,
 *  which are then yours; false: the other side is gone, or babbles. */
bool wire_receive(int socket, void *message, size_t size, int *fds,
                  size_t count);

/** Bytes that all pixels within these limits fit in; false: no size_t. */
bool wire_pixels_size(size_t *out, const struct sil_limits *limits);

/** A decoder's whole life: shut itself in, then answer until the socket
 *  closes. fds: enum wire_fd. Never returns. */
_Noreturn void child_run(const struct sandbox_options *options, const int *fds);

/** Give up, for ever, all that decoding doesn't need. memory_bytes: what may
 *  still be allocated. False: the system wouldn't. */
bool filter_shut(size_t memory_bytes);

/** Ask for a decoder with these descriptors. *pidfd: yours. False: it can't
 *  be had. Callable from any thread. */
bool sandbox_spawn(int *pidfd, struct sandbox *sandbox, const int *fds);

/** What it was started with. A loan. */
const struct sandbox_options *sandbox_options(const struct sandbox *sandbox);

/** Count a decoder that was lost. */
void sandbox_lost(struct sandbox *sandbox);

#endif
