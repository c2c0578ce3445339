/* What one picture format brings: a row of the table in decode.c.
 * Threads: constants and pure functions.
 * Inside src/decode only. A new format is one file that defines its row.
 *
 * What each row keeps to: it looks at foreign bytes only through its library or
 * with a length beside the pointer; it calls decode_check_size() before it
 * allocates by what a header says, and decode_check_deadline() at least every
 * few rows, or where its library can be interrupted. An error comes with a
 * detail, save a lack of memory. */
#ifndef SIL_DECODE_DECODER_H
#define SIL_DECODE_DECODER_H

#include "decode/decode.h"

/** All functions get the whole encoded picture, at most image_bytes_max. */
struct decoder {
    const char *format; /* as in struct decode_info; static, never NULL */

    /** True if the first bytes are this format's; may be fewer than wanted. */
    bool (*matches)(const uint8_t *bytes, size_t size);

    /** Width, height and orientation, within the limits. */
    enum sil_err (*info)(struct decode_info *out,
                         const struct decode_source *source,
                         struct sil_error *error);

    /** As decode_image(); *out is untouched on failure. shrink is 1, 2, 4 or
     *  8: how the picture gets smaller is the format's own business. */
    enum sil_err (*read)(struct image *out, const struct decode_source *source,
                         uint32_t shrink, struct sil_error *error);
};

/* Each is defined in the file of its name. */
extern const struct decoder decode_jpeg;
extern const struct decoder decode_png;
extern const struct decoder decode_webp;
extern const struct decoder decode_heif;

/** Compare a header's size with the limits. Errors: SIL_E_IMAGE_CORRUPT for
 *  an empty picture, SIL_E_IMAGE_TOO_MANY_PIXELS. */
SIL_MUST_USE enum sil_err decode_check_size(uint32_t width, uint32_t height,
                                            const struct decode_source *source,
                                            struct sil_error *error);

/** SIL_E_DEADLINE_EXCEEDED once the source's deadline has passed. */
SIL_MUST_USE enum sil_err
decode_check_deadline(const struct decode_source *source,
                      struct sil_error *error);

#endif
