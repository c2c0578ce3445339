/* What the fuzz targets of the picture formats share: decode, then check.
 * Must not know a format: the first bytes choose the decoder, as in service.
 * The limits are those of production but for the pixels, which are fewer so
 * that an input takes milliseconds. */
#ifndef SIL_FUZZ_DECODE_H
#define SIL_FUZZ_DECODE_H

#include <stdlib.h>

#include "base/clock.h"
#include "decode/decode.h"

enum { FUZZ_PIXELS_MAX = 1 << 20 };

static inline void fuzz_promise(bool holds)
{
    if (!holds)
        abort();
}

/* Header first, then the whole at each shrink: either an error, or exactly
 * the picture that the header told of. */
static inline int fuzz_decode(const uint8_t *data, size_t size)
{
    struct decode_source source = {
        .bytes = data, .size = size, .limits = sil_limits_default()};
    struct decode_info info = {0};
    enum sil_err header_err;

    source.limits.image_pixels_max = FUZZ_PIXELS_MAX;
    header_err = decode_info(&info, &source, NULL);
    for (uint32_t shrink = 1; shrink <= DECODE_SHRINK_MAX; shrink *= 2) {
        struct sil_error error = {0};
        struct image image = {0};
        enum sil_err err;
        source.deadline_ns = clock_ns() + 5 * NS_PER_S;
        err = decode_image(&image, &source, shrink, &error);
        fuzz_promise((err == SIL_OK) == (image.rgb != NULL));
        if (err)
            continue;
        fuzz_promise(header_err == SIL_OK);
        fuzz_promise(image.width == (info.width + shrink - 1) / shrink);
        fuzz_promise(image.height == (info.height + shrink - 1) / shrink);
        fuzz_promise(image_orient(&image, info.orientation) == SIL_OK);
        image_finish(&image);
    }
    return 0;
}

#endif
