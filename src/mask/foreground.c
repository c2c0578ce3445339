/* Blur fusion (Forte, 2021) on the matte's grid.
 * Must not know where the matte comes from.
 * Two smooth pictures, of the people and of what is behind them, are blurred
 * apart by alpha; what a soft pixel differs from their mixture is the people's,
 * as far as it is people. Done twice, the second time more narrowly. */
#include "mask/foreground.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "mask/box_mean.h"
#include "mask/cells.h"

enum {
    SIDE = 384,        /* of the grid, cells */
    WIDE_PART = 48,    /* the windows' radius is this part of the side, */
    NARROW_PART = 192, /* and the second time this one */
    PASSES = 2,
    GROUPS = 2, /* the people's colours and weight; the background's */
    COLOURS = 3,
    OPAQUE = 255 /* alpha of what is all person; also what is 1 of a colour */
};

/* A window in which there is no person at all has no colour of people. */
static const float LEAST_WEIGHT = 1e-5F;

/** The people and their edge, lent. */
struct edge_of {
    const struct sil_mask *mask;
    const struct matte *matte;
};

/** What is blurred: float [height, width] of lanes red, green, blue, and what
 *  they weigh. */
struct layers {
    four *people;     /* owned; the weight is alpha */
    four *background; /* owned; and the rest of it */
    uint32_t width, height;
};

/* Colours by their weight, and the weights. A lane of ones becomes the sum of
 * the weights in the same step. */
static void add_layers(four_sums *sums, const void *source, uint32_t row,
                       double sign)
{
    const struct layers *layers = source;
    size_t start = (size_t)row * layers->width;

    for (uint32_t x = 0; x < layers->width; x++) {
        four_sums *sum = sums + (size_t)x * GROUPS;
        four people = layers->people[start + x];
        four background = layers->background[start + x];
        double weight = sign * (double)people[COLOURS];
        people[COLOURS] = 1;
        sum[0] += weight * __builtin_convertvector(people, four_sums);
        weight = sign * (double)background[COLOURS];
        background[COLOURS] = 1;
        sum[1] += weight * __builtin_convertvector(background, four_sums);
    }
}

/* A mean of weighted colours, as a colour; its last lane is to be set. */
static four colour_of(four mean)
{
    return mean / (mean[COLOURS] + LEAST_WEIGHT);
}

/* The people's part of a mixture: what it differs from the mixture of the
 * smooth colours is theirs by alpha. */
static four unmix(four mixture, four people, four background, float alpha)
{
    four smooth = alpha * people + (1 - alpha) * background;

    return people + alpha * (mixture - smooth);
}

/* Held within 0..1. */
static four held(four colour)
{
    for (int c = 0; c < COLOURS; c++) {
        colour[c] = colour[c] > 0 ? colour[c] : 0;
        colour[c] = colour[c] < 1 ? colour[c] : 1;
    }
    return colour;
}

/* One blur. The layers become the smooth ones; unless it is the last time the
 * people's keep what is theirs of the picture, to be blurred again. */
static enum sil_err blur(struct layers *out, const struct layers *layers,
                         const struct cells *cells, uint32_t radius,
                         bool is_last)
{
    struct box_mean mean = {.add_row = add_layers,
                            .source = layers,
                            .width = layers->width,
                            .height = layers->height,
                            .groups = GROUPS};
    enum sil_err err = box_mean_init(&mean, radius);

    sil_assert(out->people != layers->people);
    for (uint32_t y = 0; !err && y < layers->height; y++) {
        box_mean_row(&mean, y);
        for (uint32_t x = 0; x < layers->width; x++) {
            size_t i = (size_t)y * layers->width + x;
            float alpha = layers->people[i][COLOURS];
            four picture = {cells->red.values[i], cells->green.values[i],
                            cells->blue.values[i], 0};
            const four_sums *means = mean.means + (size_t)x * GROUPS;
            four people = colour_of(__builtin_convertvector(means[0], four));
            four background =
                colour_of(__builtin_convertvector(means[1], four));
            if (!is_last)
                people = held(unmix(picture, people, background, alpha));
            people[COLOURS] = alpha;
            background[COLOURS] = 1 - alpha;
            out->people[i] = people;
            out->background[i] = background;
        }
    }
    box_mean_finish(&mean);
    return err;
}

/* All-zero ones are fine. */
static void layers_finish(struct layers *layers)
{
    mem_free(layers->people);
    mem_free(layers->background);
    *layers = (struct layers){0};
}

/* *layers: layers_finish(), on failure too. */
static enum sil_err layers_init(struct layers *layers,
                                const struct cells *cells)
{
    uint32_t width = cells->person.width;
    uint32_t height = cells->person.height;
    size_t count;

    *layers = (struct layers){.width = width, .height = height};
    if (!sil_mul(&count, width, height))
        return SIL_E_NO_MEMORY;
    layers->people = mem_alloc(count, sizeof *layers->people);
    layers->background = mem_alloc(count, sizeof *layers->background);
    return layers->people != NULL && layers->background != NULL
               ? SIL_OK
               : SIL_E_NO_MEMORY;
}

/* Both layers begin as the picture, weighed by alpha and by the rest. */
static void lay_out(struct layers *layers, const struct cells *cells)
{
    size_t count = (size_t)layers->width * layers->height;

    for (size_t i = 0; i < count; i++) {
        float alpha = cells->person.values[i];
        four picture = {cells->red.values[i], cells->green.values[i],
                        cells->blue.values[i], alpha};
        layers->people[i] = picture;
        picture[COLOURS] = 1 - alpha;
        layers->background[i] = picture;
    }
}

/* The smooth layers of the cells. *out: layers_finish(). Two sets of layers
 * take turns: what was read is overwritten next. */
static enum sil_err separate(struct layers *out, const struct cells *cells)
{
    static const uint32_t parts[PASSES] = {WIDE_PART, NARROW_PART};
    double side =
        sqrt((double)cells->person.width * (double)cells->person.height);
    struct layers layers = {0};
    struct layers next = {0};
    enum sil_err err = layers_init(&layers, cells);

    if (!err)
        err = layers_init(&next, cells);
    if (!err)
        lay_out(&layers, cells);
    for (int i = 0; i < PASSES && !err; i++) {
        uint32_t radius = (uint32_t)fmax(1, rint(side / parts[i]));
        struct layers last = layers;
        err = blur(&next, &layers, cells, radius, i + 1 == PASSES);
        layers = next;
        next = last;
    }
    layers_finish(&next);
    if (err)
        layers_finish(&layers);
    else
        *out = layers;
    return err;
}

/* The cells' person plane, which is of the mask, becomes that of the matte.
 * alpha: uint8 [width], to work with. Cells at the right and the bottom may be
 * of fewer pixels. */
static void set_alpha(struct cells *cells, uint8_t *alpha,
                      const struct sil_mask *mask, const struct matte *matte)
{
    struct plane *person = &cells->person;
    size_t count = (size_t)person->width * person->height;

    memset(person->values, 0, count * sizeof *person->values);
    for (uint32_t y = cells->part.y0; y < cells->part.y1; y++) {
        uint32_t row = (y - cells->part.y0) / cells->cell;
        uint32_t end = cells->part.y0 + (row + 1) * cells->cell;
        uint32_t rows = end <= cells->part.y1
                            ? cells->cell
                            : cells->cell - (end - cells->part.y1);
        float *values = person->values + (size_t)row * person->width;
        matte_row(alpha, matte, mask, y);
        for (uint32_t x = cells->part.x0; x < cells->part.x1; x++) {
            uint32_t column = (x - cells->part.x0) / cells->cell;
            uint32_t left = cells->part.x0 + column * cells->cell;
            uint32_t wide = cells->part.x1 - left < cells->cell
                                ? cells->part.x1 - left
                                : cells->cell;
            values[column] += (float)alpha[x] / OPAQUE / (float)(rows * wide);
        }
    }
}

/** Where a pixel lies between the cells' centres. */
struct spot {
    size_t corners[4];
    four weights; /* of the corners */
};

/* Between two of count centres, cell pixels apart. */
static void between(uint32_t *low, uint32_t *high, float *fraction, float at,
                    uint32_t count)
{
    float last = (float)count - 1;
    float held_at = at > 0 ? at : 0;

    held_at = held_at < last ? held_at : last;
    *low = (uint32_t)held_at;
    *high = *low + 1 < count ? *low + 1 : *low;
    *fraction = held_at - (float)*low;
}

/* Beyond the outermost centres their colour goes on. */
static struct spot spot_at(const struct cells *cells, uint32_t x, uint32_t y)
{
    float cell = (float)cells->cell;
    uint32_t width = cells->person.width;
    uint32_t left, right, top, bottom;
    float u, v;

    sil_assert(x >= cells->part.x0 && y >= cells->part.y0);
    between(&left, &right, &u, ((float)(x - cells->part.x0) + .5F) / cell - .5F,
            width);
    between(&top, &bottom, &v, ((float)(y - cells->part.y0) + .5F) / cell - .5F,
            cells->person.height);
    return (struct spot){
        {(size_t)top * width + left, (size_t)top * width + right,
         (size_t)bottom * width + left, (size_t)bottom * width + right},
        {(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v}};
}

/* A layer's colour there. */
static four sample(const four *layer, const struct spot *spot)
{
    four colour = {0};

    for (int i = 0; i < 4; i++)
        colour += spot->weights[i] * layer[spot->corners[i]];
    return colour;
}

/* The people's colour of one pixel, in place. */
static void repaint(uint8_t *rgb, const struct layers *layers,
                    const struct spot *spot, uint8_t alpha)
{
    four scale = {OPAQUE, OPAQUE, OPAQUE, OPAQUE};
    four picture = {rgb[0], rgb[1], rgb[2], 0};
    four people;
    four background;
    four colour;

    /* Where there is an edge there are layers. */
    sil_assert(layers->people != NULL && layers->background != NULL);
    people = sample(layers->people, spot);
    background = sample(layers->background, spot);
    colour =
        held(unmix(picture / scale, people, background, (float)alpha / OPAQUE));
    for (int c = 0; c < COLOURS; c++)
        rgb[c] = (uint8_t)(colour[c] * OPAQUE + .5F);
}

/* All pixels: what isn't person goes, what is stays, what is both is unmixed.
 * alpha: uint8 [width], to work with. What goes becomes black: a transparent
 * pixel's colour is still in the file, for anybody to read. */
static void repaint_all(struct image *image, uint8_t *alpha,
                        const struct cells *cells, const struct layers *layers,
                        const struct edge_of *edge)
{
    for (uint32_t y = 0; y < image->height; y++) {
        uint8_t *rgb = image->rgb + (size_t)y * image->row_bytes;
        matte_row(alpha, edge->matte, edge->mask, y);
        for (uint32_t x = 0; x < image->width; x++, rgb += COLOURS) {
            struct spot spot;
            if (alpha[x] == OPAQUE)
                continue;
            if (alpha[x] == 0) {
                memset(rgb, 0, COLOURS);
                continue;
            }
            spot = spot_at(cells, x, y);
            repaint(rgb, layers, &spot, alpha[x]);
        }
    }
}

/* Nobody has no colours: all of the picture goes. */
enum sil_err foreground_estimate(struct image *image,
                                 const struct sil_mask *mask,
                                 const struct matte *matte)
{
    struct edge_of edge = {mask, matte};
    struct cells cells = {0};
    struct layers layers = {0};
    uint8_t *alpha = mem_alloc(mask->width, sizeof *alpha);
    enum sil_err err = alpha == NULL ? SIL_E_NO_MEMORY : SIL_OK;

    sil_assert(mask->width == image->width && mask->height == image->height);
    if (!err && mask->run_count > 0)
        err = cells_make(&cells, mask, image, SIDE);
    if (!err && mask->run_count > 0) {
        set_alpha(&cells, alpha, mask, matte);
        err = separate(&layers, &cells);
    }
    if (!err)
        repaint_all(image, alpha, &cells, &layers, &edge);
    layers_finish(&layers);
    cells_finish(&cells);
    mem_free(alpha);
    return err;
}
