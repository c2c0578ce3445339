/* Box means, a 3 x 3 solution per pixel, and box means again.
 * Must not know networks, nor what the plane means.
 * A window's fit needs the means of its colours, of the plane, and of their
 * products: four groups of four lanes, each worked on at once. */
#include "mask/guided.h"

#include "base/check.h"
#include "base/mem.h"
#include "mask/box_mean.h"

enum {
    COLOURS = 3,       /* the first lanes; the last is plane or offset */
    COLOUR_GROUPS = 4, /* the lanes, and the lanes times each colour */
    FIT_GROUPS = 1,    /* slopes and offset */
    COLOUR_SCALE = 255 /* what is 1 in a guide */
};

/* Nothing is divided by less: a window of one colour, and epsilon tiny. */
static const double LEAST_DETERMINANT = 1e-30;

/** What the first pass reads. */
struct colours {
    const struct guide *guide;
    const struct plane *plane;
};

/** What the second pass reads: [height, width]. */
struct fits {
    const four *fits;
    uint32_t width;
};

/* Group 0 are the lanes; group 1 + c are the lanes times colour c. sign: -1
 * takes a row out of the sums again. */
static void add_colours(four_sums *restrict sums, const void *source,
                        uint32_t row, double sign)
{
    const struct colours *colours = source;
    uint32_t width = colours->plane->width;
    size_t start = (size_t)row * width;
    const float *red = colours->guide->red + start;
    const float *green = colours->guide->green + start;
    const float *blue = colours->guide->blue + start;
    const float *values = colours->plane->values + start;

    for (uint32_t x = 0; x < width; x++) {
        double colour[COLOURS] = {(double)red[x], (double)green[x],
                                  (double)blue[x]};
        four_sums lanes = {colour[0], colour[1], colour[2], (double)values[x]};
        four_sums *sum = sums + (size_t)x * COLOUR_GROUPS;
        lanes *= sign;
        sum[0] += lanes;
        sum[1] += lanes * colour[0];
        sum[2] += lanes * colour[1];
        sum[3] += lanes * colour[2];
    }
}

/* For the second pass: fits as they are. */
static void add_fits(four_sums *restrict sums, const void *source, uint32_t row,
                     double sign)
{
    const struct fits *fits = source;
    const four *from = fits->fits + (size_t)row * fits->width;

    for (uint32_t x = 0; x < fits->width; x++)
        sums[x] += sign * __builtin_convertvector(from[x], four_sums);
}

/* The linear function of colour that fits a window best, from its means: the
 * covariance of the colours, symmetric, inverted by cofactors. epsilon makes
 * flat windows solvable and, the larger it is, the function flatter: the
 * plane's own mean wins over accidents of colour. */
static four solve(const four_sums *means, double epsilon)
{
    four_sums mean = means[0];
    four_sums red = means[1] - mean * mean[0];
    four_sums green = means[2] - mean * mean[1];
    four_sums blue = means[3] - mean * mean[2];
    double rr = red[0] + epsilon;
    double rg = red[1];
    double rb = red[2];
    double rp = red[3];
    double gg = green[1] + epsilon;
    double gb = green[2];
    double gp = green[3];
    double bb = blue[2] + epsilon;
    double bp = blue[3];
    double i_rr = gg * bb - gb * gb;
    double i_rg = gb * rb - rg * bb;
    double i_rb = rg * gb - gg * rb;
    double i_gg = rr * bb - rb * rb;
    double i_gb = rb * rg - rr * gb;
    double i_bb = rr * gg - rg * rg;
    double determinant = rr * i_rr + rg * i_rg + rb * i_rb;
    double least = LEAST_DETERMINANT;
    double scale = 1 / (determinant > least ? determinant : least);
    double fit_r = (i_rr * rp + i_rg * gp + i_rb * bp) * scale;
    double fit_g = (i_rg * rp + i_gg * gp + i_gb * bp) * scale;
    double fit_b = (i_rb * rp + i_gb * gp + i_bb * bp) * scale;
    double offset =
        mean[3] - fit_r * mean[0] - fit_g * mean[1] - fit_b * mean[2];

    return (four){(float)fit_r, (float)fit_g, (float)fit_b, (float)offset};
}

/* The first pass: the fit of the window around each pixel. */
static enum sil_err fit_windows(four *fits, const struct colours *source,
                                const struct guided_rule *rule)
{
    struct box_mean pass = {.add_row = add_colours,
                            .source = source,
                            .width = source->plane->width,
                            .height = source->plane->height,
                            .groups = COLOUR_GROUPS};
    enum sil_err err = box_mean_init(&pass, rule->radius);

    for (uint32_t y = 0; !err && y < pass.height; y++) {
        box_mean_row(&pass, y);
        for (uint32_t x = 0; x < pass.width; x++)
            fits[(size_t)y * pass.width + x] = solve(
                pass.means + (size_t)x * COLOUR_GROUPS, (double)rule->epsilon);
    }
    box_mean_finish(&pass);
    return err;
}

/* The second pass: a pixel is in many windows, and their fits are averaged. One
 * window's fit alone would show its square where the next one fits
 * otherwise. */
static enum sil_err average_fits(four *out, const four *fits,
                                 const struct plane *plane, uint32_t radius)
{
    struct fits source = {fits, plane->width};
    struct box_mean pass = {.add_row = add_fits,
                            .source = &source,
                            .width = plane->width,
                            .height = plane->height,
                            .groups = FIT_GROUPS};
    enum sil_err err = box_mean_init(&pass, radius);

    sil_assert(out != fits);
    for (uint32_t y = 0; !err && y < pass.height; y++) {
        box_mean_row(&pass, y);
        for (uint32_t x = 0; x < pass.width; x++)
            out[(size_t)y * pass.width + x] =
                __builtin_convertvector(pass.means[x], four);
    }
    box_mean_finish(&pass);
    return err;
}

/* Two blocks of 16 bytes a pixel, of which one stays. The second pass can't be
 * in place: it still reads rows above the one that it writes. */
enum sil_err guided_fit(struct guided *out, const struct guide *guide,
                        const struct plane *plane,
                        const struct guided_rule *rule)
{
    struct colours source = {guide, plane};
    four *raw = NULL;
    four *fits = NULL;
    size_t count;
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(plane->values != NULL);
    sil_assert(rule->radius > 0);
    sil_assert(rule->epsilon > 0);
    if (!sil_mul(&count, plane->width, plane->height))
        goto done;
    raw = mem_alloc(count, sizeof *raw);
    fits = mem_alloc(count, sizeof *fits);
    if (raw == NULL || fits == NULL)
        goto done;
    err = fit_windows(raw, &source, rule);
    if (!err)
        err = average_fits(fits, raw, plane, rule->radius);
    if (err)
        goto done;
    *out = (struct guided){(float *)fits, plane->width, plane->height};
    fits = NULL; /* It is the caller's now. */
done:
    mem_free(raw);
    mem_free(fits);
    return err;
}

/* What guided_row() gives where a plane's value is a pixel. */
void guided_plane(struct plane *out, const struct guided *guided,
                  const struct guide *guide)
{
    const four *fits = (const four *)guided->fits;
    size_t count = (size_t)guided->width * guided->height;

    sil_assert(out->width == guided->width && out->height == guided->height);
    for (size_t i = 0; i < count; i++) {
        four lanes = {guide->red[i], guide->green[i], guide->blue[i], 1};
        lanes *= fits[i];
        out->values[i] = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    }
}

/* One block: nothing else to free. */
void guided_finish(struct guided *guided)
{
    mem_free(guided->fits);
    *guided = (struct guided){0};
}

/* Between which two of count values a place lies, and how far along. */
struct between {
    size_t low, high; /* the same at the edges */
    float fraction;   /* 0 .. 1 */
};

/* at: 0 is the centre of the first value. */
static struct between between(double at, uint32_t count)
{
    double last = (double)count - 1;
    double held = at > 0 ? at : 0;
    uint32_t low;

    held = held < last ? held : last;
    low = (uint32_t)held;
    sil_assert(low < count);
    return (struct between){low, low + 1 < count ? low + 1 : low,
                            (float)(held - low)};
}

/* Nothing is allocated: it is called for a few pixels at a time. Fits are
 * interpolated and not values: a pixel's own colour makes its value, so that
 * edges are as sharp as the picture, however coarse the grid is. */
void guided_row(float *out, const struct guided *guided, const struct box *box,
                const struct guided_span *span)
{
    const four *fits = (const four *)guided->fits;
    double step_x = guided->width / ((double)box->x1 - (double)box->x0);
    double step_y = guided->height / ((double)box->y1 - (double)box->y0);
    struct between y = between(
        (span->row + 0.5 - (double)box->y0) * step_y - 0.5, guided->height);
    const four *upper = fits + y.low * guided->width;
    const four *lower = fits + y.high * guided->width;

    sil_assert(guided->fits != NULL);
    sil_assert(box->x0 < box->x1 && box->y0 < box->y1);
    for (uint32_t i = 0; i < span->count; i++) {
        double at = (span->first + i + 0.5 - (double)box->x0) * step_x - 0.5;
        struct between x = between(at, guided->width);
        four a = upper[x.low] + y.fraction * (lower[x.low] - upper[x.low]);
        four b = upper[x.high] + y.fraction * (lower[x.high] - upper[x.high]);
        const uint8_t *rgb = span->rgb + (size_t)i * COLOURS;
        four colour = {rgb[0], rgb[1], rgb[2], COLOUR_SCALE};
        colour *= a + x.fraction * (b - a);
        out[i] = (colour[0] + colour[1] + colour[2] + colour[3]) / COLOUR_SCALE;
    }
}
