/* PNGs with a soft edge: the matte in grey, or the people in colour with it.
 * Must not know chunks, nor how a matte is made.
 * Rows are pixels here, so that a filter needs the row above as it was. Beyond
 * the people a cutout is black and clear, which costs next to nothing. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "encode/png_stream.h"

enum { RGB = 3, RGBA = 4 };

/** Rows with a soft edge. */
struct soft_rows {
    const struct sil_result *result; /* lent */
    size_t row_bytes;                /* of a row of pixels */
    uint8_t *here, *above; /* [row_bytes], owned: this row, the last */
    uint8_t *alpha;        /* [width], owned: this row's, of a cutout */
};

/* Colours of the people, and how much of each pixel they are. */
static void lay_out_cutout(const struct soft_rows *rows, uint32_t y)
{
    const struct sil_result *result = rows->result;
    const uint8_t *rgb;

    sil_assert(y < result->mask->height);
    /* Nobody has no colours. */
    if (result->colours.rgb == NULL) {
        memset(rows->here, 0, rows->row_bytes);
        return;
    }
    rgb = result->colours.rgb + (size_t)y * result->colours.row_bytes;
    matte_row(rows->alpha, &result->matte, result->mask, y);
    for (uint32_t x = 0; x < result->mask->width; x++) {
        memcpy(rows->here + (size_t)x * RGBA, rgb + (size_t)x * RGB, RGB);
        rows->here[(size_t)x * RGBA + RGB] = rows->alpha[x];
    }
}

/* What was this row is the one above now. */
static void make_row(uint8_t *row, void *payload, uint32_t y)
{
    struct soft_rows *rows = payload;
    uint8_t *swapped = rows->above;

    rows->above = rows->here;
    rows->here = swapped;
    if (rows->result->output == SIL_OUTPUT_CUTOUT)
        lay_out_cutout(rows, y);
    else
        matte_row(rows->here, &rows->result->matte, rows->result->mask, y);
    row[0] = PNG_FILTER_UP;
    for (size_t i = 0; i < rows->row_bytes; i++)
        row[1 + i] = (uint8_t)(rows->here[i] - rows->above[i]);
}

/* Fine on rows that were made half-way. */
static void finish(void *payload)
{
    struct soft_rows *rows = payload;

    mem_free(rows->here);
    mem_free(rows->above);
    mem_free(rows->alpha);
    mem_free(rows);
}

/* Above the first row there are zeros. */
static enum sil_err create(struct encoder **out,
                           const struct sil_result *result,
                           enum png_colour colour)
{
    struct png_source source = {
        .width = result->mask->width,
        .height = result->mask->height,
        .colour = colour,
        .kind = DEFLATE_PHOTO,
        .make_row = make_row,
        .finish = finish,
    };
    struct soft_rows *rows = mem_zalloc(1, sizeof *rows);

    sil_assert(result->matte.width == source.width);
    sil_assert(result->matte.height == source.height);
    if (rows == NULL)
        return SIL_E_NO_MEMORY;
    source.payload = rows;
    rows->result = result;
    rows->alpha = mem_alloc(source.width, sizeof *rows->alpha);
    if (sil_mul(&rows->row_bytes, source.width,
                colour == PNG_RGBA ? RGBA : 1)) {
        rows->here = mem_zalloc(rows->row_bytes, 1);
        rows->above = mem_zalloc(rows->row_bytes, 1);
    }
    if (rows->alpha == NULL || rows->here == NULL || rows->above == NULL) {
        finish(rows);
        return SIL_E_NO_MEMORY;
    }
    return png_stream_create(out, &source);
}

/* Mostly 0 and 255, but where it isn't codes have to be made for it. */
enum sil_err png_alpha_encoder_create(struct encoder **out,
                                      const struct sil_result *result)
{
    return create(out, result, PNG_GREY);
}

/* Memory: nine bytes a column beside the PNG's. */
enum sil_err png_cutout_encoder_create(struct encoder **out,
                                       const struct sil_result *result)
{
    sil_assert(result->colours.rgb == NULL ||
               result->colours.width == result->mask->width);
    sil_assert((result->colours.rgb == NULL) == (result->mask->run_count == 0));
    return create(out, result, PNG_RGBA);
}
