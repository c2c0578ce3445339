/* Pictures decoded in processes that can do nothing else.
 * Threads: started while the process has one thread; a port then belongs to
 * one thread at a time, and ports may be made by any.
 * Must not know formats, requests or the network.
 *
 * A decoder reads foreign bytes with large foreign libraries: the one place
 * where memory errors are likely. So it runs in a process
 * without files, network, programs or other processes, whose memory is bound,
 * and which shares two pieces of memory with us: encoded bytes in, pixels
 * out. What a picture can break is that process; it is replaced, and the
 * picture is image_corrupt. */
#ifndef SIL_SANDBOX_SANDBOX_H
#define SIL_SANDBOX_SANDBOX_H

#include "decode/decode.h"

struct sandbox;

/** What runs inside, and how much of it there may be. */
struct sandbox_options {
    struct sil_limits limits; /* the most that will ever be asked for */
    uint32_t answer_ms;       /* for a picture without a deadline */
    /** What is done there; the decoders by default. Tests put in what real
     *  decoders must never do. */
    enum sil_err (*info)(struct decode_info *out,
                         const struct decode_source *source,
                         struct sil_error *error);
    enum sil_err (*read)(struct image *out, const struct decode_source *source,
                         uint32_t shrink, struct sil_error *error);
};

/** The decoders, the default limits. */
struct sandbox_options sandbox_options_default(void);

/** Fork the process from which decoders are forked later: small, of one
 *  thread, idle. Call it before any thread is started. *out: yours,
 *  sandbox_stop(). Errors: SIL_E_INTERNAL (the system refuses it),
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err sandbox_start(struct sandbox **out,
                                        const struct sandbox_options *options,
                                        struct sil_error *error);

/** End all its processes. Its ports have to be gone. NULL is fine. */
void sandbox_stop(struct sandbox *sandbox);

/** Decoders that died or were ended for taking too long, ever. */
uint64_t sandbox_loss_count(const struct sandbox *sandbox);

/** A decoder of one's own, for struct decode_source: its process is started
 *  now, and anew whenever it was lost. The pixels it gives are lent, until
 *  the next picture. *out: yours, sandbox_port_close(). Errors:
 *  SIL_E_INTERNAL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err sandbox_port_open(struct decode_port **out,
                                            struct sandbox *sandbox,
                                            struct sil_error *error);

/** End its process. NULL is fine. */
void sandbox_port_close(struct decode_port *port);

/** Give up, for all threads and for ever, what a service never does: running
 *  programs, looking into other processes, changing the system. Nor can other
 *  processes of the same user look into this one, or a core dump leave its
 *  keys behind. False: the system wouldn't. */
SIL_MUST_USE bool sandbox_harden(void);

#endif
