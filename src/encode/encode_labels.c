/* An 8-bit grey PNG in which a pixel's value is whose it is: 1 is the largest
 * person, 0 nobody.
 * Must not know chunks or compression (png_stream.c), nor HTTP.
 * Each row is painted person by person, and written as its difference to the
 * row above, which is kept for that. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "encode/png_stream.h"

static_assert(LIMIT_PEOPLE_MAX <= UINT8_MAX, "a person is a byte");

/* What rows are made of. */
struct labels {
    const struct sil_result *result; /* lent */
    uint8_t *here, *above;           /* owned, [width]: two rows, painted */
};

/* Paint a row: people are disjoint, so their order changes nothing. */
static void paint(uint8_t *row, const struct sil_result *result, uint32_t y)
{
    memset(row, 0, result->mask->width);
    for (uint32_t i = 0; i < result->person_count; i++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, result->persons[i].mask, y);
        for (uint32_t k = 0; k < count; k++) {
            sil_assert(runs[k].end <= result->mask->width);
            memset(row + runs[k].first, (int)i + 1,
                   runs[k].end - runs[k].first);
        }
    }
}

/* Rows come in turn, so the last one is the one above. */
static void make_row(uint8_t *row, void *payload, uint32_t y)
{
    struct labels *labels = payload;
    uint8_t *swapped = labels->above;

    labels->above = labels->here;
    labels->here = swapped;
    if (y == 0)
        memset(labels->above, 0, labels->result->mask->width);
    paint(labels->here, labels->result, y);
    sil_assert(labels->here != labels->above);
    row[0] = PNG_FILTER_UP;
    for (uint32_t x = 0; x < labels->result->mask->width; x++)
        row[1 + x] = (uint8_t)(labels->here[x] - labels->above[x]);
}

/* The result stays. */
static void finish(void *payload)
{
    struct labels *labels = payload;

    mem_free(labels->here);
    mem_free(labels->above);
    mem_free(labels);
}

/* Whatever fails, the stream or this frees the rows. */
enum sil_err labels_encoder_create(struct encoder **out,
                                   const struct sil_result *result)
{
    struct png_source source = {
        .width = result->mask->width,
        .height = result->mask->height,
        .colour = PNG_GREY,
        .make_row = make_row,
        .finish = finish,
    };
    struct labels *labels = mem_zalloc(1, sizeof *labels);

    sil_assert(result->person_count <= LIMIT_PEOPLE_MAX);
    if (labels == NULL)
        return SIL_E_NO_MEMORY;
    labels->result = result;
    labels->here = mem_alloc(source.width, 1);
    labels->above = mem_alloc(source.width, 1);
    source.payload = labels;
    if (labels->here == NULL || labels->above == NULL) {
        finish(labels);
        return SIL_E_NO_MEMORY;
    }
    return png_stream_create(out, &source);
}
