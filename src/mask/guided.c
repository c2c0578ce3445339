/* Box means by running sums, a 3 x 3 solution per pixel, and box means again.
 * Must not know networks, nor what the plane means.
 * All that a pixel sums up is laid side by side in fours: sums over columns are
 * kept from row to row, and slide along the row, each a vector at a time. */
#include "mask/guided.h"

#include "base/check.h"
#include "base/mem.h"

enum {
    LANES = 4,         /* red, green, blue, and the plane or the offset */
    COLOURS = 3,       /* the first of them */
    COLOUR_GROUPS = 4, /* the lanes, and the lanes times each colour */
    FIT_GROUPS = 1,    /* slopes and offset */
    COLOUR_SCALE = 255 /* what is 1 in a guide */
};

/* Nothing is divided by less: a window of one colour, and epsilon tiny. */
static const float LEAST_DETERMINANT = 1e-20F;

/* Four floats that are worked on together: gcc and clang know them on each
 * processor, while neither finds them by itself in a sum that slides. */
typedef float four __attribute__((vector_size(LANES * sizeof(float))));

/* A box mean over rows and columns. Invariant between two rows: sums[x * groups
 * + g] is group g summed over the rows row - radius_y .. row + radius_y. */
struct pass {
    /* Add a row of the source, times sign, to the sums. */
    void (*add_row)(four *sums, const void *source, uint32_t row, float sign);
    const void *source;          /* lent: what add_row reads */
    uint32_t width, height;      /* of the source */
    uint32_t radius_x, radius_y; /* at most width and height */
    uint32_t groups;             /* a pixel's */
    four *sums;                  /* [width, groups], owned */
    four *means;                 /* [width, groups], owned: of this row */
};

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

/* The picture continues beyond its edges as in a mirror. */
static uint32_t mirror(int64_t index, uint32_t count)
{
    if (index < 0)
        index = -index - 1;
    if (index >= (int64_t)count)
        index = 2 * (int64_t)count - 1 - index;
    sil_assert(index >= 0 && index < (int64_t)count);
    return (uint32_t)index;
}

/* Group 0 are the lanes; group 1 + c are the lanes times colour c. */
static void add_colours(four *restrict sums, const void *source, uint32_t row,
                        float sign)
{
    const struct colours *colours = source;
    uint32_t width = colours->plane->width;
    size_t start = (size_t)row * width;
    const float *red = colours->guide->red + start;
    const float *green = colours->guide->green + start;
    const float *blue = colours->guide->blue + start;
    const float *values = colours->plane->values + start;

    for (uint32_t x = 0; x < width; x++) {
        four lanes = {red[x], green[x], blue[x], values[x]};
        four *sum = sums + (size_t)x * COLOUR_GROUPS;
        lanes *= sign;
        sum[0] += lanes;
        sum[1] += lanes * red[x];
        sum[2] += lanes * green[x];
        sum[3] += lanes * blue[x];
    }
}

static void add_fits(four *restrict sums, const void *source, uint32_t row,
                     float sign)
{
    const struct fits *fits = source;
    const four *from = fits->fits + (size_t)row * fits->width;

    for (uint32_t x = 0; x < fits->width; x++)
        sums[x] += sign * from[x];
}

/* Fine on one that is all zeros. */
static void pass_finish(struct pass *pass)
{
    mem_free(pass->sums);
    mem_free(pass->means);
    pass->sums = NULL;
    pass->means = NULL;
}

/* Sums up the window of row 0. *pass has all but its memory and radii, which
 * are cut to the source: a window sees each pixel twice at most. */
static enum sil_err pass_init(struct pass *pass, uint32_t radius)
{
    size_t count;

    sil_assert(pass->width > 0 && pass->height > 0);
    sil_assert(radius > 0);
    pass->radius_x = radius < pass->width ? radius : pass->width;
    pass->radius_y = radius < pass->height ? radius : pass->height;
    if (!sil_mul(&count, pass->width, pass->groups))
        return SIL_E_NO_MEMORY;
    pass->sums = mem_zalloc(count, sizeof *pass->sums);
    pass->means = mem_alloc(count, sizeof *pass->means);
    if (pass->sums == NULL || pass->means == NULL)
        return SIL_E_NO_MEMORY;
    for (int64_t row = -(int64_t)pass->radius_y; row <= pass->radius_y; row++)
        pass->add_row(pass->sums, pass->source, mirror(row, pass->height), 1);
    return SIL_OK;
}

/* The means of one group along the row: a window that slides. */
static void slide(const struct pass *pass, uint32_t group)
{
    const four *sums = pass->sums + group;
    int64_t radius = pass->radius_x;
    float weight =
        1 / ((2 * (float)pass->radius_x + 1) * (2 * (float)pass->radius_y + 1));
    four sum = {0};

    sil_assert(group < pass->groups);
    for (int64_t x = -radius; x <= radius; x++)
        sum += sums[(size_t)mirror(x, pass->width) * pass->groups];
    for (int64_t x = 0; x < pass->width; x++) {
        bool is_last = x + 1 == pass->width;
        uint32_t old = mirror(x - radius, pass->width);
        uint32_t new = mirror(is_last ? x : x + radius + 1, pass->width);
        pass->means[(size_t)x * pass->groups + group] = weight * sum;
        sum += sums[(size_t) new * pass->groups] -
               sums[(size_t)old * pass->groups];
    }
}

/* Make the means of row, and move the sums to the row below. Rows are asked
 * for from the top. */
static void pass_row(struct pass *pass, uint32_t row)
{
    int64_t radius = pass->radius_y;

    sil_assert(row < pass->height);
    for (uint32_t group = 0; group < pass->groups; group++)
        slide(pass, group);
    if (row + 1 == pass->height)
        return;
    pass->add_row(pass->sums, pass->source,
                  mirror(row + radius + 1, pass->height), 1);
    pass->add_row(pass->sums, pass->source, mirror(row - radius, pass->height),
                  -1);
}

/* The linear function of colour that fits a window best, from its means: the
 * covariance of the colours, symmetric, inverted by cofactors. */
static four solve(const four *means, float epsilon)
{
    four mean = means[0];
    four red = means[1] - mean * mean[0];
    four green = means[2] - mean * mean[1];
    four blue = means[3] - mean * mean[2];
    float rr = red[0] + epsilon;
    float rg = red[1];
    float rb = red[2];
    float rp = red[3];
    float gg = green[1] + epsilon;
    float gb = green[2];
    float gp = green[3];
    float bb = blue[2] + epsilon;
    float bp = blue[3];
    float i_rr = gg * bb - gb * gb;
    float i_rg = gb * rb - rg * bb;
    float i_rb = rg * gb - gg * rb;
    float i_gg = rr * bb - rb * rb;
    float i_gb = rb * rg - rr * gb;
    float i_bb = rr * gg - rg * rg;
    float determinant = rr * i_rr + rg * i_rg + rb * i_rb;
    float least = LEAST_DETERMINANT;
    float scale = 1 / (determinant > least ? determinant : least);
    float fit_r = (i_rr * rp + i_rg * gp + i_rb * bp) * scale;
    float fit_g = (i_rg * rp + i_gg * gp + i_gb * bp) * scale;
    float fit_b = (i_rb * rp + i_gb * gp + i_bb * bp) * scale;
    float offset =
        mean[3] - fit_r * mean[0] - fit_g * mean[1] - fit_b * mean[2];

    return (four){fit_r, fit_g, fit_b, offset};
}

/* The first pass: the fit of the window around each pixel. */
static enum sil_err fit_windows(four *fits, const struct colours *source,
                                const struct guided_rule *rule)
{
    struct pass pass = {.add_row = add_colours,
                        .source = source,
                        .width = source->plane->width,
                        .height = source->plane->height,
                        .groups = COLOUR_GROUPS};
    enum sil_err err = pass_init(&pass, rule->radius);

    for (uint32_t y = 0; !err && y < pass.height; y++) {
        pass_row(&pass, y);
        for (uint32_t x = 0; x < pass.width; x++)
            fits[(size_t)y * pass.width + x] =
                solve(pass.means + (size_t)x * COLOUR_GROUPS, rule->epsilon);
    }
    pass_finish(&pass);
    return err;
}

/* The second pass: a pixel is in many windows, and their fits are averaged. */
static enum sil_err average_fits(four *out, const four *fits,
                                 const struct plane *plane, uint32_t radius)
{
    struct fits source = {fits, plane->width};
    struct pass pass = {.add_row = add_fits,
                        .source = &source,
                        .width = plane->width,
                        .height = plane->height,
                        .groups = FIT_GROUPS};
    enum sil_err err = pass_init(&pass, radius);

    sil_assert(out != fits);
    for (uint32_t y = 0; !err && y < pass.height; y++) {
        pass_row(&pass, y);
        for (uint32_t x = 0; x < pass.width; x++)
            out[(size_t)y * pass.width + x] = pass.means[x];
    }
    pass_finish(&pass);
    return err;
}

/* Two blocks of 16 bytes a pixel, of which one stays. */
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

/* Nothing is allocated: it is called for a few pixels at a time. */
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
