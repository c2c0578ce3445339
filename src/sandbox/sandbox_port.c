/* Our side of one decoder: fill its memory, ask, check what it says.
 * Must not know what a picture is made of.
 * The decoder may be in somebody else's hands. So the sizes it tells are held
 * against the limits and against each other before they are used, its errors
 * against those that decoding has, and its time against the deadline. Pixels
 * may change while they are read: they are numbers that mean nothing to
 * memory. */
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/sandbox_wire.h"

enum { RGB = 3, ORIENTATION_LAST = 8 };

/* One piece of memory that both sides see. It is as large as the largest
 * picture, of which the system gives only what was touched. */
struct piece {
    int fd;         /* -1: none */
    uint8_t *bytes; /* mapped; NULL: not */
    size_t size;    /* bytes */
    size_t used;    /* bytes that may hold memory */
};

/* Invariant: socket and pidfd are both there or both -1. */
struct sandbox_port {
    struct decode_port port; /* first: what the decoding stage sees */
    struct sandbox *sandbox; /* lent */
    struct piece encoded, pixels;
    int socket, pidfd;      /* of the process; -1: there is none */
    const uint8_t *loaded;  /* whose bytes are in encoded; NULL: nobody's */
    size_t loaded_size;     /* how many of them */
    uint32_t width, height; /* of what is loaded; 0: not asked yet */
};

/* Memory. */

/* Sealed, so that what is mapped stays there whatever the other side does. */
static bool piece_open(struct piece *piece, size_t size)
{
    void *bytes;

    sil_assert(size > 0);
    piece->fd = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (piece->fd < 0 || ftruncate(piece->fd, (off_t)size) != 0 ||
        fcntl(piece->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
        return false;
    bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, piece->fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    piece->bytes = bytes;
    piece->size = size;
    return true;
}

/* Unmapped here, it lives on in a decoder that is still there: not for long. */
static void piece_close(struct piece *piece)
{
    if (piece->bytes != NULL)
        (void)munmap(piece->bytes, piece->size);
    if (piece->fd >= 0)
        (void)close(piece->fd);
    *piece = (struct piece){.fd = -1};
}

/* Give back what a large picture took; what a usual one takes is kept, since
 * the first touch of a page costs more than the copying. */
static void piece_trim(struct piece *piece)
{
    off_t kept = LIMIT_SANDBOX_KEPT_BYTES;

    sil_assert(piece->used <= piece->size);
    if (piece->used <= (size_t)kept)
        return;
    (void)fallocate(piece->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kept,
                    (off_t)piece->used - kept);
    piece->used = (size_t)kept;
}

/* The process. */

/* Without mercy: it may be in an endless loop. */
static void end_process(struct sandbox_port *port)
{
    sil_assert((port->socket < 0) == (port->pidfd < 0));
    if (port->socket < 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, port->pidfd, SIGKILL, NULL, 0);
    (void)close(port->pidfd);
    (void)close(port->socket);
    port->socket = -1;
    port->pidfd = -1;
}

/* It was not to end: say so where it is counted. A decoder that is lost often
 * is worth a look at which pictures do it, which the requests' own lines
 * tell. */
static void lose_process(struct sandbox_port *port, const char *why)
{
    log_event(LOG_WARN, "decoder_lost", why);
    sandbox_lost(port->sandbox);
    end_process(port);
}

/* An answer within the time; false: none, and the process is gone. */
static bool hear(struct wire_answer *answer, struct sandbox_port *port,
                 uint32_t wait_ms)
{
    struct pollfd wish = {.fd = port->socket, .events = POLLIN};
    int ready;

    sil_assert(port->socket >= 0);
    /* Its end is an event, too: a crash is noticed at once. Woken by a signal,
     * it waits a little longer than it was told. */
    do
        ready = poll(&wish, 1, (int)wait_ms);
    while (ready < 0);
    if (ready == 0) {
        lose_process(port, "took too long");
        return false;
    }
    if (wire_receive(port->socket, answer, sizeof *answer, NULL, 0))
        return true;
    lose_process(port, "died");
    return false;
}

/* A new process, and its word that its walls stand. */
static bool begin_process(struct sandbox_port *port)
{
    struct wire_answer ready;
    int pair[2];
    bool is_there;

    sil_assert(port->socket < 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    is_there =
        sandbox_spawn(&port->pidfd, port->sandbox,
                      (int[]){pair[1], port->encoded.fd, port->pixels.fd});
    (void)close(pair[1]);
    if (!is_there) {
        (void)close(pair[0]);
        return false;
    }
    port->socket = pair[0];
    return hear(&ready, port, LIMIT_SANDBOX_START_MS) && ready.err == SIL_OK;
}

/* Asking. */

/* What a decoder may say went wrong. Anything else would be an answer that
 * decoding never gives, such as a missing key. */
static bool is_honest_error(uint32_t err)
{
    return err == SIL_E_UNSUPPORTED_FORMAT || err == SIL_E_IMAGE_CORRUPT ||
           err == SIL_E_IMAGE_TOO_LARGE || err == SIL_E_IMAGE_TOO_MANY_PIXELS ||
           err == SIL_E_DEADLINE_EXCEEDED || err == SIL_E_NO_MEMORY;
}

/* The error it told, in words that end. */
static enum sil_err told_error(struct wire_answer *answer,
                               struct sandbox_port *port,
                               struct sil_error *error)
{
    sil_assert(answer->err != SIL_OK);
    if (!is_honest_error(answer->err)) {
        lose_process(port, "told nonsense");
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "the picture made its decoder fail");
    }
    answer->detail[sizeof answer->detail - 1] = '\0';
    if (answer->detail[0] != '\0')
        return err_set(error, (enum sil_err)answer->err, "%s", answer->detail);
    return (enum sil_err)answer->err;
}

/* Send the question; a process that was lost while it had nothing to do, or
 * never came up, is begun anew: that is not this picture's doing. */
static enum sil_err send_ask(struct sandbox_port *port,
                             const struct wire_ask *ask,
                             struct sil_error *error)
{
    if (port->socket >= 0) {
        if (wire_send(port->socket, ask, sizeof *ask, NULL, 0))
            return SIL_OK;
        lose_process(port, "died while idle");
    }
    sil_assert(port->socket < 0);
    if (begin_process(port) &&
        wire_send(port->socket, ask, sizeof *ask, NULL, 0))
        return SIL_OK;
    end_process(port);
    return err_set(error, SIL_E_INTERNAL, "no decoder can be started");
}

/* Ask, and wait for what it says. The decoder keeps the deadline by itself;
 * one that doesn't is ended a little later. */
static enum sil_err ask_decoder(struct wire_answer *answer,
                                struct sandbox_port *port,
                                const struct wire_ask *ask,
                                struct sil_error *error)
{
    uint32_t most_ms = sandbox_options(port->sandbox)->answer_ms;
    uint32_t wait_ms = clock_left_ms(ask->deadline_ns, most_ms);
    enum sil_err err = send_ask(port, ask, error);

    sil_assert(most_ms > 0);
    if (err)
        return err;
    if (!hear(answer, port, wait_ms + LIMIT_SANDBOX_GRACE_MS)) {
        if (clock_is_past(ask->deadline_ns))
            return err_set(error, SIL_E_DEADLINE_EXCEEDED,
                           "the deadline passed while the picture was decoded");
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "the picture made its decoder fail");
    }
    return answer->err == SIL_OK ? SIL_OK : told_error(answer, port, error);
}

/* The source's bytes, where the decoder sees them. Its limits can't be wider
 * than those that the memory was made for. */
static struct wire_ask load(struct sandbox_port *port,
                            const struct decode_source *source)
{
    struct wire_ask ask = {.what = WIRE_INFO,
                           .size = source->size,
                           .limits = source->limits,
                           .deadline_ns = source->deadline_ns};

    sil_assert(source->size <= port->encoded.size);
    memcpy(port->encoded.bytes, source->bytes, source->size);
    if (port->encoded.used < source->size)
        port->encoded.used = source->size;
    port->loaded = source->bytes;
    port->loaded_size = source->size;
    port->width = 0;
    port->height = 0;
    return ask;
}

/* The port's two functions: see decode.h. */

/* Each picture begins with this: the bytes are copied anew, even if they lie
 * where the last ones lay. */
static enum sil_err port_info(struct decode_port *any, struct decode_info *out,
                              const struct decode_source *source,
                              struct sil_error *error)
{
    struct sandbox_port *port = (struct sandbox_port *)any;
    struct wire_answer answer;
    struct wire_ask ask = load(port, source);
    enum sil_err err = ask_decoder(&answer, port, &ask, error);

    sil_assert(out != NULL);
    if (err)
        return err;
    if (answer.orientation < 1 || answer.orientation > ORIENTATION_LAST) {
        lose_process(port, "told nonsense");
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "the picture made its decoder fail");
    }
    out->width = answer.width;
    out->height = answer.height;
    out->orientation = (uint8_t)answer.orientation;
    /* decode_info() holds them to the limits before it believes them. */
    port->width = answer.width;
    port->height = answer.height;
    return SIL_OK;
}

/* What the pixels have to be, of a picture whose header was read. */
static bool is_as_expected(const struct sandbox_port *port,
                           const struct wire_answer *answer, uint32_t shrink)
{
    uint64_t width = ((uint64_t)port->width + shrink - 1) / shrink;
    uint64_t height = ((uint64_t)port->height + shrink - 1) / shrink;

    sil_assert(shrink > 0);
    return answer->width == width && answer->height == height && width > 0 &&
           height > 0 && width * height <= port->pixels.size / RGB;
}

/* Bytes that were not loaded yet are, with their header: the sizes in it are
 * what those of the pixels are held against. */
static enum sil_err port_read(struct decode_port *any, struct image *out,
                              const struct decode_source *source,
                              uint32_t shrink, struct sil_error *error)
{
    struct sandbox_port *port = (struct sandbox_port *)any;
    struct wire_ask ask = {.what = WIRE_READ,
                           .shrink = shrink,
                           .size = source->size,
                           .limits = source->limits,
                           .deadline_ns = source->deadline_ns};
    struct wire_answer answer;
    struct decode_info info;
    size_t used;
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    if (port->loaded != source->bytes || port->loaded_size != source->size ||
        port->width == 0)
        err = port_info(any, &info, source, error);
    if (!err)
        err = ask_decoder(&answer, port, &ask, error);
    if (err)
        return err;
    if (!is_as_expected(port, &answer, shrink)) {
        lose_process(port, "told nonsense");
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "the picture made its decoder fail");
    }
    *out = (struct image){.rgb = port->pixels.bytes,
                          .width = answer.width,
                          .height = answer.height,
                          .row_bytes = (size_t)answer.width * RGB};
    used = out->row_bytes * out->height;
    if (port->pixels.used < used)
        port->pixels.used = used;
    return SIL_OK;
}

/* Between two pictures: what is loaded is nobody's any more. */
static void port_rest(struct decode_port *any)
{
    struct sandbox_port *port = (struct sandbox_port *)any;

    sil_assert(port->sandbox != NULL);
    port->loaded = NULL;
    piece_trim(&port->encoded);
    piece_trim(&port->pixels);
}

/* Also of a port that was opened half-way. */
void sandbox_port_close(struct decode_port *any)
{
    struct sandbox_port *port = (struct sandbox_port *)any;

    if (port == NULL)
        return;
    end_process(port);
    piece_close(&port->encoded);
    piece_close(&port->pixels);
    mem_free(port);
}

/* The process is started at once: that it can't be is told when the service
 * starts, not with its first picture. */
enum sil_err sandbox_port_open(struct decode_port **out,
                               struct sandbox *sandbox, struct sil_error *error)
{
    const struct sil_limits *limits = &sandbox_options(sandbox)->limits;
    struct sandbox_port *port = mem_zalloc(1, sizeof *port);
    size_t pixels_size = 0;

    sil_assert(limits->image_bytes_max > 0);
    if (port == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a decoder");
    port->port = (struct decode_port){port_info, port_read, port_rest};
    port->sandbox = sandbox;
    port->socket = -1;
    port->pidfd = -1;
    port->encoded.fd = -1;
    port->pixels.fd = -1;
    if (!wire_pixels_size(&pixels_size, limits) ||
        !piece_open(&port->encoded, limits->image_bytes_max) ||
        !piece_open(&port->pixels, pixels_size) || !begin_process(port)) {
        sandbox_port_close(&port->port);
        return err_set(error, SIL_E_INTERNAL,
                       "the system refuses a process to decode pictures in; "
                       "--sandbox off does without one");
    }
    *out = &port->port;
    return SIL_OK;
}
