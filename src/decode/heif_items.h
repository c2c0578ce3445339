/* The coded pictures inside a HEIF file, all of them, and how large they are.
 * Threads: pure functions, callable from anywhere.
 * Inside src/decode only.
 *
 * Why at all: the decoding library compares a picture's limits with the sizes
 * that boxes tell (ispe), then hands the bitstream to a codec, which allocates
 * by what the bitstream tells. A file of a few hundred bytes can so ask for
 * gigabytes. Here the bitstreams are asked, before either of the two runs. */
#ifndef SIL_DECODE_HEIF_ITEMS_H
#define SIL_DECODE_HEIF_ITEMS_H

#include "decode/coded_size.h"
#include "decode/decode.h"

/** Find the largest sides that any HEVC or AV1 bitstream of the file tells,
 *  tiles, alpha and thumbnails included; 0 x 0 without such. Errors:
 *  SIL_E_IMAGE_CORRUPT where that can't be found out, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err heif_items_size(struct coded_size *out,
                                          const struct decode_source *source,
                                          struct sil_error *error);

#endif
