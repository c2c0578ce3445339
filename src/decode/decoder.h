/* What one picture format brings: a row of the table in decode.c.
 * Threads: constants and pure functions.
 * Inside src/decode only. A new format is one file that defines its row. */
#ifndef SIL_DECODE_DECODER_H
#define SIL_DECODE_DECODER_H

#include "decode/decode.h"

/** All functions get the whole encoded picture, at most image_bytes_max. */
struct decoder {
    const char *format; /* as in struct decode_info; static */

    /** True if the first bytes are this format's; may be fewer than wanted. */
    bool (*matches)(const uint8_t *bytes, size_t size);

    /** Width, height and orientation, within the limits. */
    enum sil_err (*info)(struct decode_info *out,
                         const struct decode_source *source,
                         struct sil_error *error);

    /** As decode_image(); *out is untouched on failure. */
    enum sil_err (*read)(struct image *out, const struct decode_source *source,
                         uint32_t shrink, struct sil_error *error);
};

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
