/* Colours of the people alone, where a pixel also shows what is behind them.
 * Threads: pure functions.
 * So that hair that is put before another background has no halo of the old
 * one. */
#ifndef SIL_MASK_FOREGROUND_H
#define SIL_MASK_FOREGROUND_H

#include "decode/image.h"
#include "mask/matte.h"

/** In the matte's soft part replace the image's colours by those of the people;
 *  where alpha is 0 there is black. The matte was made of the mask and the
 *  image. Errors: SIL_E_NO_MEMORY; the image is as it was. */
SIL_MUST_USE enum sil_err foreground_estimate(struct image *image,
                                              const struct sil_mask *mask,
                                              const struct matte *matte);

#endif
