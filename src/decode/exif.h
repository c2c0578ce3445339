/* The one thing asked of EXIF: how the picture has to be turned.
 * Threads: pure functions, callable from anywhere.
 * Allocates nothing, fails never: whatever can't be read means 1.
 *
 * The eight values are those of EXIF 2.3, tag 274: where row 0 and column 0 of
 * the stored pixels belong. 1 is upright, 3 upside down, 6 and 8 a quarter
 * turn, the even ones up to 4 and the odd ones from 5 on mirrored as well.
 * image_orient() undoes them. */
#ifndef SIL_DECODE_EXIF_H
#define SIL_DECODE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/** The Orientation tag (SHORT, count 1) of the first directory of a TIFF
 *  block, with or without "Exif\0\0" before it: 1..8; 1 where it is absent,
 *  of another type, out of range or cut off. bytes: lent for the call. */
uint8_t exif_orientation(const uint8_t *bytes, size_t size);

/** The same out of a whole JPEG: the first APP1 segment that holds EXIF. */
uint8_t exif_of_jpeg(const uint8_t *bytes, size_t size);

/** The same out of a whole PNG: the first eXIf chunk, wherever it stands. */
uint8_t exif_of_png(const uint8_t *bytes, size_t size);

/** The same out of a whole WebP: the first EXIF chunk. */
uint8_t exif_of_webp(const uint8_t *bytes, size_t size);

#endif
