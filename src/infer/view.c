/* Resampling as two passes over prepared weights: rows, then columns.
 * Must not know networks; it gives what a view asks for.
 * Shrinking by area and the bilinear step behind it are both linear and
 * separable: each axis folds them into one short list of weights a sample. */
#include "infer/view.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

enum {
    CHANNELS = 3,
    LANES = 4 /* a pixel is summed as 4 floats, the last one of no use */
};

/* Sample i of an axis is the sum over k < span of weights[i * span + k] times
 * pixel firsts[i] + k. Invariant: firsts[i] + span <= the axis's pixels. */
struct taps {
    uint32_t *firsts; /* [count], owned */
    float *weights;   /* [count, span], owned */
    uint32_t count;   /* samples */
    uint32_t span;    /* pixels that a sample may touch */
};

/* One axis of a view: the part may begin before the image or end behind it. */
struct axis {
    uint32_t pixels; /* of the image */
    double start;    /* of the part, image pixels */
    double length;   /* of the part, image pixels, above 0 */
    uint32_t count;  /* samples wanted */
};

/* Free both lists. All-zero taps are fine. */
static void taps_finish(struct taps *taps)
{
    mem_free(taps->firsts);
    mem_free(taps->weights);
    *taps = (struct taps){0};
}

/* Allocate for count samples of span pixels each, all weights 0. *taps is empty
 * after a failure. */
static enum sil_err taps_init(struct taps *taps, uint32_t count, uint32_t span)
{
    size_t weights;
    bool fits = sil_mul(&weights, count, span);

    sil_assert(fits);
    sil_assert(span > 0);
    *taps = (struct taps){.count = count, .span = span};
    taps->firsts = mem_zalloc(count, sizeof *taps->firsts);
    taps->weights = mem_zalloc(weights, sizeof *taps->weights);
    if (taps->firsts != NULL && taps->weights != NULL)
        return SIL_OK;
    taps_finish(taps);
    return SIL_E_NO_MEMORY;
}

/* A share of a pixel below this is the rounding of an edge, not a share. */
static const double NEGLIGIBLE = 1e-6;

/* Add `weight` times the mean of the pixels between two edges to the sample
 * i, whose list begins at its first pixel. */
static void add_area(struct taps *taps, uint32_t i, double from, double to,
                     double weight)
{
    float *weights = taps->weights + (size_t)i * taps->span;
    int64_t end = (int64_t)ceil(to);

    sil_assert(to > from);
    for (int64_t j = (int64_t)floor(from); j < end; j++) {
        double share = fmin(to, (double)j + 1) - fmax(from, (double)j);
        int64_t k = j - taps->firsts[i];
        if (share < NEGLIGIBLE)
            continue;
        sil_assert(k >= 0 && k < taps->span);
        weights[k] += (float)(weight * share / (to - from));
    }
}

/* Make the weights of one axis; free them with taps_finish(). The image is
 * thought shrunk to `small` cells, each the mean of `cell` pixels; a sample
 * lies between two of them, each weighted by how near it is. Cells outside of
 * the image are zeros: they get no weight. */
static enum sil_err taps_make(struct taps *taps, const struct axis *axis)
{
    /* Pixels from sample to sample; above one the image gets shrunk. */
    double step = axis->length / axis->count;
    double small = fmax(1, rint(axis->pixels / fmax(1, step)));
    double cell = axis->pixels / small;
    uint32_t span = (uint32_t)ceil(2 * cell) + 1;
    enum sil_err err;

    sil_assert(axis->length > 0);
    sil_assert(axis->pixels > 0 && cell >= 1);
    span = span < axis->pixels ? span : axis->pixels;
    err = taps_init(taps, axis->count, span);
    if (err)
        return err;
    for (uint32_t i = 0; i < axis->count; i++) {
        /* Where the sample is, in cells, centres at whole numbers. */
        double at = (axis->start + (i + 0.5) * step) / cell - 0.5;
        double left = floor(at);
        double first = fmin(fmax(floor(left * cell), 0), axis->pixels - span);
        taps->firsts[i] = (uint32_t)first;
        sil_assert(taps->firsts[i] + span <= axis->pixels);
        for (int k = 0; k < 2; k++) {
            double c = left + k;
            double to = fmin((c + 1) * cell, axis->pixels);
            if (c >= 0 && c < small)
                add_area(taps, i, c * cell, to, 1 - fabs(at - c));
        }
    }
    return SIL_OK;
}

/* The samples in reverse order: what is at the right is seen at the left. Each
 * keeps its own weights as they are, for the pixels don't move. In place, pair
 * by pair; a middle one stays where it is. */
static void taps_mirror(struct taps *taps)
{
    sil_assert(taps->count > 0);
    for (uint32_t i = 0; i < taps->count / 2; i++) {
        uint32_t k = taps->count - 1 - i;
        uint32_t first = taps->firsts[i];
        float *a = taps->weights + (size_t)i * taps->span;
        float *b = taps->weights + (size_t)k * taps->span;

        taps->firsts[i] = taps->firsts[k];
        taps->firsts[k] = first;
        for (uint32_t j = 0; j < taps->span; j++) {
            float weight = a[j];
            a[j] = b[j];
            b[j] = weight;
        }
    }
}

/* What of the image's rows is summed. Two sizes: a row may be padded, and a
 * part of it be enough. */
struct extent {
    size_t count; /* values in a row */
    size_t bytes; /* from one row to the next */
};

/* Two rows of an image and their weights: in pairs the sums are read and
 * written half as often. */
struct row_pair {
    const uint8_t *rows[2];
    float weights[2];
};

/* Add both rows to the sums: the loop that most of the time goes into. Restrict
 * and one plain expression are what lets the compiler use vectors. */
static void add_rows(float *restrict sums, const struct row_pair *pair,
                     size_t count)
{
    const uint8_t *restrict row = pair->rows[0];
    const uint8_t *restrict next = pair->rows[1];
    const float weight = pair->weights[0];
    const float next_weight = pair->weights[1];

    for (size_t i = 0; i < count; i++)
        sums[i] += weight * row[i] + next_weight * next[i];
}

/* The sums of sample y of the axis down, over `count` values a row. from:
 * the first of them in the image's row 0. */
static void sum_rows(float *sums, const struct taps *down, uint32_t y,
                     const uint8_t *from, const struct extent *row)
{
    const float *weights = down->weights + (size_t)y * down->span;

    sil_assert(y < down->count);
    memset(sums, 0, (row->count + LANES) * sizeof *sums);
    for (uint32_t k = 0; k < down->span; k += 2) {
        bool is_last = k + 1 == down->span;
        const uint8_t *at = from + (down->firsts[y] + k) * row->bytes;
        struct row_pair pair = {{at, is_last ? at : at + row->bytes},
                                {weights[k], is_last ? 0 : weights[k + 1]}};
        if (pair.weights[0] > 0 || pair.weights[1] > 0)
            add_rows(sums, &pair, row->count);
    }
}

/* One row of samples out of a row of sums, whose first pixel is `origin`.
 * out: three rows of taps->count samples, `plane` values apart. */
static void write_row(float *out, size_t plane, const struct taps *taps,
                      const float *sums, uint32_t origin)
{
    const float scale = 1.0F / UINT8_MAX;

    for (uint32_t i = 0; i < taps->count; i++) {
        const float *weights = taps->weights + (size_t)i * taps->span;
        size_t first = taps->firsts[i] - origin;
        sil_assert(taps->firsts[i] >= origin);
        const float *from = sums + first * CHANNELS;
        float sample[LANES] = {0};
        for (uint32_t k = 0; k < taps->span; k++, from += CHANNELS)
            for (size_t c = 0; c < LANES; c++)
                sample[c] += weights[k] * from[c];
        out[i] = sample[0] * scale;
        out[plane + i] = sample[1] * scale;
        out[2 * plane + i] = sample[2] * scale;
    }
}

/* The pixels that an axis touches: *first .. *end - 1. Of a crop that is a part
 * of each row, and the rest is never read. */
static void taps_reach(uint32_t *first, uint32_t *end, const struct taps *taps)
{
    *first = UINT32_MAX;
    *end = 0;
    for (uint32_t i = 0; i < taps->count; i++) {
        uint32_t last = taps->firsts[i] + taps->span;
        *first = taps->firsts[i] < *first ? taps->firsts[i] : *first;
        *end = last > *end ? last : *end;
    }
    sil_assert(*first < *end);
}

/* Both passes. across and down: the weights of the two axes. Only one row of
 * sums is held between them, of the columns that across touches. */
static enum sil_err resample(float *values, const struct image *image,
                             const struct taps *across, const struct taps *down)
{
    size_t plane = (size_t)across->count * down->count;
    struct extent row = {.bytes = image->row_bytes};
    uint32_t first;
    uint32_t end;
    float *sums;

    taps_reach(&first, &end, across);
    sil_assert(end <= image->width);
    row.count = (size_t)(end - first) * CHANNELS;
    sums = mem_alloc(row.count + LANES, sizeof *sums);
    if (sums == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t y = 0; y < down->count; y++) {
        sum_rows(sums, down, y, image->rgb + (size_t)first * CHANNELS, &row);
        write_row(values + (size_t)y * across->count, plane, across, sums,
                  first);
    }
    mem_free(sums);
    return SIL_OK;
}

/* The weights are made anew for each view: some thousand numbers, against
 * millions of pixels. */
enum sil_err view_fill(float *values, const struct image *image,
                       const struct view *view)
{
    const struct box *part = &view->part;
    struct axis x = {image->width, part->x0, (double)part->x1 - part->x0,
                     view->width};
    struct axis y = {image->height, part->y0, (double)part->y1 - part->y0,
                     view->height};
    struct taps across = {0};
    struct taps down = {0};
    enum sil_err err;

    image_check(image);
    sil_assert(view->width > 0 && view->height > 0);
    sil_assert(part->x0 < part->x1);
    sil_assert(part->y0 < part->y1);
    err = taps_make(&across, &x);
    if (err)
        goto done;
    err = taps_make(&down, &y);
    if (err)
        goto done;
    if (view->is_mirrored)
        taps_mirror(&across);
    err = resample(values, image, &across, &down);
done:
    taps_finish(&across);
    taps_finish(&down);
    return err;
}
