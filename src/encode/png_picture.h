/* An RGB picture as a PNG, for sheets that people look at.
 * Threads: pure functions.
 * Must not know what the picture shows.
 *
 * Masks and cut-outs are made row by row while they are sent; this is for
 * small pictures that are there as a whole. */
#ifndef SIL_ENCODE_PNG_PICTURE_H
#define SIL_ENCODE_PNG_PICTURE_H

#include "decode/image.h"

/** Write the image, 8-bit RGB, through write(payload, ...), piece by piece.
 *  Errors: SIL_E_INTERNAL when write() gave up, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err png_picture_write(const struct image *image,
                                            sil_write_fn write, void *payload);

#endif
