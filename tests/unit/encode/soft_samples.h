/* Results with a soft edge, for tests.
 * Must not know what is tested with them.
 * The edge is really made, out of noise: it holds all values. */
#ifndef SIL_TESTS_SOFT_SAMPLES_H
#define SIL_TESTS_SOFT_SAMPLES_H

#include "encode/encode_samples.h"

#include "base/mem.h"
#include "mask/result.h"

/* A result of noise and a random mask; soft_finish(). */
static inline struct sil_result sample_soft(struct dice *dice, uint32_t width,
                                            uint32_t height,
                                            enum sil_output output)
{
    struct sil_result result = {.output = output};
    struct image image = {.width = width,
                          .height = height,
                          .row_bytes = (size_t)width * 3,
                          .is_owned = true};

    image.rgb = mem_alloc(height, image.row_bytes);
    assert_non_null(image.rgb);
    for (size_t i = 0; i < height * image.row_bytes; i++)
        image.rgb[i] = (uint8_t)dice_roll(dice, 256);
    result.mask = sample_mask(dice, width, height, 1 + dice_roll(dice, width));
    assert_int_equal(matte_make(&result.matte, result.mask, &image), SIL_OK);
    if (output == SIL_OUTPUT_CUTOUT && result.mask->run_count > 0)
        result.colours = image;
    else
        mem_free(image.rgb);
    return result;
}

static inline void soft_finish(struct sil_result *result)
{
    matte_finish(&result->matte);
    mem_free(result->colours.rgb);
    mask_destroy(result->mask);
}

/* All bytes of a result, in pieces. *to is initialised here. */
static inline void encode_result(struct buf *to,
                                 const struct sil_result *result,
                                 enum sil_format format,
                                 const struct asking *asking)
{
    struct encoder *encoder = NULL;

    buf_init(to, ENCODED_CAP);
    assert_int_equal(encoder_create(&encoder, result, format, ENCODE_IDENTITY),
                     SIL_OK);
    empty_encoder(to, encoder, asking);
    encoder_destroy(encoder);
}

#endif
