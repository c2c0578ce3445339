/* JPEG files of all kinds, written with libjpeg for the tests.
 * Must not know the decoder under test.
 * Colours go in as RGB, or as CMYK whose RGB the caller knows. */
#ifndef SIL_TESTS_WRITE_JPEG_H
#define SIL_TESTS_WRITE_JPEG_H

#include "decode/pictures.h"

enum jpeg_colour {
    JPEG_YCC,
    JPEG_GRAY,
    JPEG_RGB,
    JPEG_CMYK, /* inverted, with Adobe marker: as Photoshop writes it */
    JPEG_YCCK
};

struct jpeg_kind {
    const char *name;
    enum jpeg_colour colour;
    int across, down; /* luma samples per chroma sample; 0: 1 */
    bool is_progressive;
    bool is_arithmetic;
    int restart_rows;    /* 0: no restart markers */
    bool has_many_scans; /* each coefficient in a scan of its own */
    int quality;         /* 0: 95 */
    uint8_t orientation; /* of an EXIF segment; 0: no segment */
};

/** Append a whole file. */
void write_jpeg(struct buf *to, const struct image *image,
                const struct jpeg_kind *kind);

/** An EXIF block of one entry. is_big: "MM". Returns its size, at most 64. */
size_t write_exif(uint8_t *to, uint16_t orientation, bool is_big);

/** Where the first marker 0xFF code stands, or the test ends. */
size_t find_marker(const struct buf *jpeg, uint8_t code);

#endif
