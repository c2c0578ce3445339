/* Encoded picture in, pixels out, no more of them than asked for.
 * Threads: no shared state; callable from anywhere.
 * Order, always: bytes limit, header, side and pixel limits, allocation,
 * decoding. Truncated or damaged input is an error, never half a picture.
 *
 * The same for all formats: colour profiles and gamma are ignored; of an
 * animation the first frame is the picture; transparency lies on white; the
 * first bytes tell the format, nothing else does. */
#ifndef SIL_DECODE_DECODE_H
#define SIL_DECODE_DECODE_H

#include "base/err.h"
#include "decode/image.h"

struct decode_port;

/** What is decoded, all of it lent for the call. */
struct decode_source {
    const uint8_t *bytes;     /* the encoded picture, whole; NULL if empty */
    size_t size;              /* bytes */
    struct sil_limits limits; /* what it may be at most */
    uint64_t deadline_ns;     /* CLOCK_MONOTONIC; 0: none */
    struct decode_port *port; /* who decodes; NULL: this thread, here */
    uint8_t *room;            /* pixels may be put there, lent; NULL: nowhere */
    size_t room_bytes;        /* of room */
};

/** What a header says. */
struct decode_info {
    uint32_t width, height; /* pixels, as decode_image() gives them */
    uint8_t orientation;    /* EXIF 1..8; 1 where absent, junk, or HEIF, which
                               the container's own turns make upright */
    const char *format;     /* "jpeg", "png", "webp", "heif"; static */
};

/** Decoding somewhere else, as in a process of its own. A picture is first
 *  asked about with info(); read() then gives pixels that are lent, until the
 *  next call of any of the three. */
struct decode_port {
    /** As decode_info(), but that format is left alone. */
    enum sil_err (*info)(struct decode_port *port, struct decode_info *out,
                         const struct decode_source *source,
                         struct sil_error *error);
    /** As decode_image(). */
    enum sil_err (*read)(struct decode_port *port, struct image *out,
                         const struct decode_source *source, uint32_t shrink,
                         struct sil_error *error);
    /** The picture is done with: nothing of it needs to be kept. */
    void (*rest)(struct decode_port *port);
};

/** JPEG's own transforms go no further, and no look wants less. */
enum { DECODE_SHRINK_MAX = 8 };

/** Read the header and check it against the limits; allocates no pixels.
 *  Cheap: a server may call it before it decides whether to decode. *out:
 *  untouched on failure.
 *  Errors: SIL_E_UNSUPPORTED_FORMAT, SIL_E_IMAGE_CORRUPT,
 *  SIL_E_IMAGE_TOO_LARGE, SIL_E_IMAGE_TOO_MANY_PIXELS, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err decode_info(struct decode_info *out,
                                      const struct decode_source *source,
                                      struct sil_error *error);

/** Decode at 1/shrink (1, 2, 4 or 8) of the stored size: the result is
 *  ceil(width / shrink) x ceil(height / shrink). Its pixel (x, y) is about the
 *  mean of the box from (x * shrink, y * shrink), shrink wide and high; at the
 *  right and lower edge the box may reach beyond the picture, and then the
 *  pixel stands for what is inside. So one pixel here is exactly shrink
 *  there, whatever the sizes. *out: yours, image_finish(); untouched on
 *  failure. Its pixels are lent where the source has a port or room that they
 *  fit in. Errors: those of decode_info() and SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err decode_image(struct image *out,
                                       const struct decode_source *source,
                                       uint32_t shrink,
                                       struct sil_error *error);

#endif
