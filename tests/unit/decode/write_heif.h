/* HEIC and AVIF files, written with libheif for the tests.
 * Must not know the decoder under test.
 * Needs the library's encoders (x265, aom), which Debian's build brings. */
#ifndef SIL_TESTS_WRITE_HEIF_H
#define SIL_TESTS_WRITE_HEIF_H

#include "decode/pictures.h"

struct heif_kind {
    const char *name;
    bool is_avif;
    bool has_alpha;
    bool is_premultiplied; /* the colours are said to be */
    uint8_t bits;          /* of a sample: 8; HEIC also 10, AVIF also 12 */
    uint8_t orientation;   /* written as irot and imir; 0: as 1 */
    int quality;           /* 0: 95 */
};

/** Append a whole file of the drawing of width x height pixels. */
void write_heif(struct buf *to, uint32_t width, uint32_t height,
                const struct heif_kind *kind);

#endif
