/* A mask's edge, softened to follow the picture's colours.
 * Must not know networks: the mask is all it has, whoever made it.
 * The guided filter is fitted three times on a grid of the people, each time to
 * what the last one gave, and then applied to the pixels near the outline
 * (docs/QUALITY.md, "Soft edge", has what was measured). */
#include "mask/matte.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "mask/box_mean.h"
#include "mask/cells.h"
#include "mask/guided.h"

enum {
    SIDE = 384,        /* of the grid, cells */
    RADIUS_PART = 64,  /* a window's radius is this part of the grid's side */
    FITS = 3,          /* the filter is fitted so often */
    OPAQUE = 255,      /* alpha of what is wholly person */
    PERSON_LEAST = 128 /* alpha of the mask's pixels, at least */
};

/* Variance of colour that counts as flat; what a fit's slope is steepened by,
 * since windows of both sides make it too gentle; and how little person, or
 * background, of a window makes its middle no edge. */
static const float EPSILON = 1e-5F;
static const float GAIN = 1.25F;
static const double NEGLIGIBLE = 1e-4;

/** The edge being made. */
struct edge {
    struct cells grid;
    struct guided guided; /* of the grid's person plane */
    uint32_t radius;      /* cells */
    uint8_t *is_near; /* [grid height, grid width], owned: 1 near outlines */
};

/* Steeper around the middle; held within 0..1. The middle stays the middle, so
 * that the outline doesn't move. */
static float steepen(float value)
{
    float steep = .5F + GAIN * (value - .5F);

    steep = steep > 0 ? steep : 0;
    return steep < 1 ? steep : 1;
}

/* Fit what the grid knows, then again what that gives. The person plane isn't
 * the mask's any more afterwards. The last fit isn't evaluated here: it is
 * applied, and steepened, pixel by pixel. */
static enum sil_err fit(struct edge *edge)
{
    struct cells *grid = &edge->grid;
    struct guide guide = {grid->red.values, grid->green.values,
                          grid->blue.values};
    struct guided_rule rule = {edge->radius, EPSILON};
    size_t count = (size_t)grid->person.width * grid->person.height;

    sil_assert(edge->guided.fits == NULL);
    for (int i = 0; i < FITS; i++) {
        enum sil_err err;
        guided_finish(&edge->guided);
        err = guided_fit(&edge->guided, &guide, &grid->person, &rule);
        if (err)
            return err;
        if (i + 1 == FITS)
            break;
        guided_plane(&grid->person, &edge->guided, &guide);
        for (size_t k = 0; k < count; k++)
            grid->person.values[k] = steepen(grid->person.values[k]);
    }
    return SIL_OK;
}

/* For the box mean: the person plane in the first lane. */
static void add_person(four_sums *sums, const void *source, uint32_t row,
                       double sign)
{
    const struct plane *person = source;
    const float *values = person->values + (size_t)row * person->width;

    for (uint32_t x = 0; x < person->width; x++)
        sums[x][0] += sign * (double)values[x];
}

/* Mark the cells whose window holds both person and background. */
static enum sil_err find_near(struct edge *edge)
{
    struct plane *person = &edge->grid.person;
    struct box_mean mean = {.add_row = add_person,
                            .source = person,
                            .width = person->width,
                            .height = person->height,
                            .groups = 1};
    enum sil_err err;

    edge->is_near = mem_alloc(person->height, person->width);
    if (edge->is_near == NULL)
        return SIL_E_NO_MEMORY;
    err = box_mean_init(&mean, edge->radius);
    for (uint32_t y = 0; !err && y < person->height; y++) {
        uint8_t *row = edge->is_near + (size_t)y * person->width;
        box_mean_row(&mean, y);
        for (uint32_t x = 0; x < person->width; x++)
            row[x] = mean.means[x][0] > NEGLIGIBLE &&
                     mean.means[x][0] < 1 - NEGLIGIBLE;
    }
    box_mean_finish(&mean);
    return err;
}

/* The spans of a band, written where spans isn't NULL. Returns how many. Asked
 * twice, to count and to write: so that they are one list of the right size. */
static uint32_t band_spans(struct matte_span *spans, const struct edge *edge,
                           uint32_t band)
{
    const struct cells *grid = &edge->grid;
    uint32_t width = grid->person.width;
    const uint8_t *is_near = edge->is_near + (size_t)band * width;
    uint32_t count = 0;

    for (uint32_t x = 0; x < width; x++) {
        uint64_t end = grid->part.x0 + (uint64_t)(x + 1) * grid->cell;
        bool is_new = x == 0 || !is_near[x - 1];
        if (!is_near[x])
            continue;
        count += is_new;
        if (spans == NULL)
            continue;
        if (is_new)
            spans[count - 1].first = grid->part.x0 + x * grid->cell;
        spans[count - 1].end =
            end < grid->part.x1 ? (uint32_t)end : grid->part.x1;
    }
    return count;
}

/* Count the spans, and make room for them. */
static enum sil_err init_spans(struct matte *matte, const struct edge *edge)
{
    const struct cells *grid = &edge->grid;
    uint32_t span_count = 0;

    matte->top = grid->part.y0;
    matte->band_rows = grid->cell;
    matte->band_count = grid->person.height;
    matte->span_ends = mem_alloc(matte->band_count, sizeof *matte->span_ends);
    if (matte->span_ends == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t band = 0; band < matte->band_count; band++) {
        span_count += band_spans(NULL, edge, band);
        matte->span_ends[band] = span_count;
    }
    /* Where there is person there is an outline, unless all is person. */
    matte->spans = mem_alloc((size_t)span_count + 1, sizeof *matte->spans);
    return matte->spans == NULL ? SIL_E_NO_MEMORY : SIL_OK;
}

/* Lay out the spans' values, and make room for them. A byte a pixel near the
 * outline: of most pictures a small part of a whole plane. */
static enum sil_err init_values(struct matte *matte, const struct edge *edge)
{
    size_t size = 0;
    uint32_t index = 0;

    for (uint32_t band = 0; band < matte->band_count; band++) {
        (void)band_spans(matte->spans + index, edge, band);
        for (; index < matte->span_ends[band]; index++) {
            struct matte_span *span = &matte->spans[index];
            size_t span_size;
            sil_assert(span->first < span->end && span->end <= matte->width);
            span->start = size;
            if (!sil_mul(&span_size, span->end - span->first,
                         matte->band_rows) ||
                !sil_add(&size, size, span_size))
                return SIL_E_NO_MEMORY;
        }
    }
    matte->values = mem_alloc(size + 1, sizeof *matte->values);
    return matte->values == NULL ? SIL_E_NO_MEMORY : SIL_OK;
}

/* The band of a row; band_count: none. */
static uint32_t band_of(const struct matte *matte, uint32_t row)
{
    uint32_t band;

    if (matte->band_count == 0 || row < matte->top)
        return matte->band_count;
    band = (row - matte->top) / matte->band_rows;
    return band < matte->band_count ? band : matte->band_count;
}

/* All rows of a band have the same spans. */
uint32_t matte_spans(const struct matte_span **spans, const struct matte *matte,
                     uint32_t row)
{
    uint32_t band = band_of(matte, row);
    uint32_t start;

    sil_assert(row < matte->height);
    *spans = NULL;
    if (band == matte->band_count)
        return 0;
    start = band == 0 ? 0 : matte->span_ends[band - 1];
    *spans = matte->spans + start;
    return matte->span_ends[band] - start;
}

/* The values of a span in a row of its band. */
static uint8_t *values_at(const struct matte *matte,
                          const struct matte_span *span, uint32_t row)
{
    uint32_t line = (row - matte->top) % matte->band_rows;

    sil_assert(row >= matte->top);
    return matte->values + span->start +
           (size_t)line * (span->end - span->first);
}

/* 0 and 255, as the mask says. */
static void fill_row(uint8_t *alpha, const struct sil_mask *mask, uint32_t row)
{
    const struct sil_run *runs;
    uint32_t count = sil_mask_row(&runs, mask, row);

    memset(alpha, 0, mask->width);
    for (uint32_t i = 0; i < count; i++)
        memset(alpha + runs[i].first, OPAQUE, runs[i].end - runs[i].first);
}

/* The mask first: spans cover few pixels of a row. */
void matte_row(uint8_t *alpha, const struct matte *matte,
               const struct sil_mask *mask, uint32_t row)
{
    const struct matte_span *spans;
    uint32_t count = matte_spans(&spans, matte, row);

    sil_assert(mask->width == matte->width && mask->height == matte->height);
    fill_row(alpha, mask, row);
    for (uint32_t i = 0; i < count; i++)
        memcpy(alpha + spans[i].first, values_at(matte, &spans[i], row),
               spans[i].end - spans[i].first);
}

/* On the mask's side of the middle, whatever the colours say: a soft mask that
 * is cut at the middle is the mask. */
static uint8_t alpha_of(float value, bool is_person)
{
    int alpha = (int)(steepen(value) * OPAQUE + .5F);

    if (is_person)
        return (uint8_t)(alpha > PERSON_LEAST ? alpha : PERSON_LEAST);
    return (uint8_t)(alpha < PERSON_LEAST ? alpha : PERSON_LEAST - 1);
}

/* Rows to work with. */
struct line {
    uint8_t *mask; /* [width], owned: a row of the mask, 0 or 255 */
    float *values; /* [width], owned: of a span's pixels */
};

/* One row of all spans that are in it. */
static void write_row(struct matte *matte, const struct edge *edge,
                      const struct image *image, const struct line *line,
                      uint32_t row)
{
    const struct cells *grid = &edge->grid;
    const uint8_t *rgb = image->rgb + (size_t)row * image->row_bytes;
    const struct matte_span *spans;
    uint32_t count = matte_spans(&spans, matte, row);
    /* Cells are whole: the last one's box may reach beyond the part. */
    struct box box = {
        (float)grid->part.x0, (float)grid->part.y0,
        (float)grid->part.x0 + (float)grid->person.width * (float)grid->cell,
        (float)grid->part.y0 + (float)grid->person.height * (float)grid->cell};

    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = spans[i].first;
        struct guided_span span = {rgb + (size_t)first * 3, row, first,
                                   spans[i].end - first};
        uint8_t *values = values_at(matte, &spans[i], row);
        guided_row(line->values, &edge->guided, &box, &span);
        for (uint32_t k = 0; k < span.count; k++)
            values[k] = alpha_of(line->values[k], line->mask[first + k] != 0);
    }
}

/* All rows; the mask is laid out for those that have spans. */
static enum sil_err write_rows(struct matte *matte, const struct edge *edge,
                               const struct sil_mask *mask,
                               const struct image *image)
{
    uint32_t end = edge->grid.part.y1;
    struct line line = {mem_alloc(mask->width, sizeof *line.mask),
                        mem_alloc(mask->width, sizeof *line.values)};
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(end <= mask->height);
    if (line.mask == NULL || line.values == NULL)
        goto done;
    for (uint32_t row = matte->top; row < end; row++) {
        fill_row(line.mask, mask, row);
        write_row(matte, edge, image, &line, row);
    }
    err = SIL_OK;
done:
    mem_free(line.mask);
    mem_free(line.values);
    return err;
}

/* The window's radius for a grid. */
static uint32_t radius_of(const struct cells *grid)
{
    double side =
        sqrt((double)grid->person.width * (double)grid->person.height);

    return (uint32_t)fmax(1, rint(side / RADIUS_PART));
}

/* Which cells are near is found before the person plane is refined. */
enum sil_err matte_make(struct matte *out, const struct sil_mask *mask,
                        const struct image *image)
{
    struct matte matte = {.width = mask->width, .height = mask->height};
    struct edge edge = {0};
    enum sil_err err = SIL_OK;

    sil_assert(mask->width == image->width && mask->height == image->height);
    if (mask->run_count == 0)
        goto done;
    err = cells_make(&edge.grid, mask, image, SIDE);
    if (err)
        goto done;
    edge.radius = radius_of(&edge.grid);
    err = find_near(&edge);
    if (!err)
        err = fit(&edge);
    if (!err)
        err = init_spans(&matte, &edge);
    if (!err)
        err = init_values(&matte, &edge);
    if (!err)
        err = write_rows(&matte, &edge, mask, image);
done:
    cells_finish(&edge.grid);
    guided_finish(&edge.guided);
    mem_free(edge.is_near);
    if (err)
        matte_finish(&matte);
    else
        *out = matte;
    return err;
}

/* An all-zero one is fine: it has no outline. */
void matte_finish(struct matte *matte)
{
    mem_free(matte->span_ends);
    mem_free(matte->spans);
    mem_free(matte->values);
    *matte = (struct matte){0};
}
