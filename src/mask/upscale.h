/* A probability plane becomes a mask at the picture's own size.
 * Threads: pure functions.
 * Along a row the bilinear interpolation is piecewise linear: its threshold
 * crossings are solved per segment, so the cost is rows times plane width. */
#ifndef SIL_MASK_UPSCALE_H
#define SIL_MASK_UPSCALE_H

#include "decode/image.h"
#include "mask/mask.h"

/** Where a plane lies in a picture and how it is cut. */
struct upscale_place {
    uint32_t width, height; /* of the picture, pixels */
    struct box box;         /* what the plane covers, in picture pixels */
    float threshold;        /* above it is person, 0 < t < 1 */
};

/** mask(x, y) = interpolate(plane, x + .5, y + .5) > threshold inside the
 *  box, 0 outside: at each pixel centre the same as pasting the plane back
 *  bilinearly with zeros around it. *out: yours, mask_destroy().
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err mask_from_plane(struct sil_mask **out,
                                          const struct plane *plane,
                                          const struct upscale_place *place);

/** A mask without anybody. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err mask_from_nothing(struct sil_mask **out,
                                            uint32_t width, uint32_t height);

/** Turn an upright plane and the box it covers back to the stored
 *  orientation (the inverse of EXIF 1..8); *place's width and height are the
 *  upright picture's and become the stored one's. Errors: SIL_E_NO_MEMORY,
 *  nothing changed. */
SIL_MUST_USE enum sil_err plane_unorient(struct plane *plane,
                                         struct upscale_place *place,
                                         uint8_t orientation);

#endif
