/* One look of the detector: resample, run, decode the anchors, merge.
 * Must not know what becomes of the figures.
 * What overlaps is merged, not dropped: the mean of several guesses, weighted
 * by their scores, lies better than the best of them. */
#include "infer/detector.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "infer/net_form.h"

enum {
    SIDE = 224,     /* of the input, pixels */
    ANCHORS = 2254, /* 28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6 */
    VALUES = 12,    /* of an anchor: box and four points, x and y in turn */
    BOX_CENTRE = 0, /* where they stand in it */
    BOX_SIZE = 2,
    POINT_HIP = 4,
    POINT_RIM = 6, /* on the circle around the body, above the head */
    POINT_SHOULDERS = 8
};

/* The anchors: grids of cells a side, with so many anchors in each cell. */
struct anchor_grid {
    uint32_t side, in_cell;
};

static const struct anchor_grid anchor_grids[] = {{28, 2}, {14, 2}, {7, 6}};

/* Below it is nobody. MediaPipe's own value is .5: who stands behind somebody
 * scores less, and the mask tells nonsense apart (docs/QUALITY.md). */
static const float SCORE_MIN = 0.1F;

/* Boxes that overlap more are one person. */
static const float OVERLAP_MAX = 0.3F;

/* Feet are this many radii from the hip, opposite of the head. */
static const float FOOT = 0.9F;

/* An anchor's word, its values in shares of the input's side, 0..1. */
struct guess {
    float score;
    uint32_t anchor;
    float values[VALUES];
};

/* Colours from -1 to 1, interleaved. */
static const struct net_form form = {
    .geometry = NET_STRETCH,
    .layout = NET_NHWC,
    .factors = {2, 2, 2},
    .offsets = {-1, -1, -1},
    .channels = 1, /* of no use: its answer is no picture */
};

/* Fill the input with the part. */
static enum sil_err fill(struct engine_runner *runner,
                         const struct image *image, const struct box *part,
                         struct sil_error *error)
{
    const struct view view = {*part, SIDE, SIDE, false};
    uint32_t shape[TENSOR_DIMS];
    struct tensor in;
    enum sil_err err;

    net_form_shape(shape, &form, &view);
    err = engine_input(&in, runner, shape, error);
    if (err)
        return err;
    sil_assert(tensor_count(&in) == (size_t)SIDE * SIDE * NET_COLOURS);
    err = net_form_fill(in.values, &form, image, &view);
    if (err)
        return err_set(error, err, "no memory to resample the picture");
    return SIL_OK;
}

/* An output of the last run, which must have `values` for each anchor. Its
 * dimensions don't matter: it is dense. */
static enum sil_err take_output(const float **out, struct engine_runner *runner,
                                uint32_t index, uint32_t values,
                                struct sil_error *error)
{
    struct tensor answer;
    enum sil_err err = engine_output(&answer, runner, index, error);

    if (err)
        return err;
    sil_assert(answer.values != NULL);
    if (tensor_count(&answer) != (size_t)ANCHORS * values)
        return err_set(error, SIL_E_MODEL,
                       "the detector's output %u is not of its size", index);
    *out = answer.values;
    return SIL_OK;
}

/* Where an anchor is, 0..1: in the middle of its cell. */
static struct point anchor_at(uint32_t anchor)
{
    const struct anchor_grid *grid = anchor_grids;
    uint32_t cell;
    uint32_t column;
    uint32_t row;

    sil_assert(anchor < ANCHORS);
    while (anchor >= grid->side * grid->side * grid->in_cell) {
        anchor -= grid->side * grid->side * grid->in_cell;
        grid++;
    }
    cell = anchor / grid->in_cell;
    column = cell % grid->side;
    row = cell / grid->side;
    return (struct point){((float)column + 0.5F) / (float)grid->side,
                          ((float)row + 0.5F) / (float)grid->side};
}

/* An anchor's raw values: offsets from it, in input pixels, but for the
 * box's size. */
static struct guess read_guess(const float *raw, uint32_t anchor, float score)
{
    struct point at = anchor_at(anchor);
    struct guess guess = {.score = score, .anchor = anchor};

    for (int i = 0; i < VALUES; i += 2) {
        bool is_size = i == BOX_SIZE;
        guess.values[i] = raw[i] / SIDE + (is_size ? 0 : at.x);
        guess.values[i + 1] = raw[i + 1] / SIDE + (is_size ? 0 : at.y);
    }
    sil_assert(score >= 0);
    return guess;
}

/* The surest first; of equals the first anchor, so that the order never
 * depends on how the sorting goes. */
static int compare_guesses(const void *a, const void *b)
{
    const struct guess *one = a;
    const struct guess *other = b;

    if (one->score > other->score)
        return -1;
    if (one->score < other->score)
        return 1;
    return one->anchor < other->anchor ? -1 : 1;
}

/* Gather the guesses that count: [ANCHORS] there is room for. A NaN is no
 * score. Returns how many. */
static uint32_t gather(struct guess *guesses, const float *raw,
                       const float *logits)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ANCHORS; i++) {
        float score = 1 / (1 + expf(-logits[i]));
        if (score >= SCORE_MIN)
            guesses[count++] = read_guess(raw + (size_t)i * VALUES, i, score);
    }
    sil_assert(count <= ANCHORS);
    qsort(guesses, count, sizeof *guesses, compare_guesses);
    return count;
}

/* The share of two guesses' boxes that both have: intersection over union. A
 * box of negative size, which the network may give, has none. */
static float overlap(const struct guess *a, const struct guess *b)
{
    float area[2] = {1, 1};
    float both = 1;

    for (int axis = 0; axis < 2; axis++) {
        float half_a = a->values[BOX_SIZE + axis] / 2;
        float half_b = b->values[BOX_SIZE + axis] / 2;
        float from = fmaxf(a->values[axis] - half_a, b->values[axis] - half_b);
        float to = fminf(a->values[axis] + half_a, b->values[axis] + half_b);
        both *= fmaxf(0, to - from);
        area[0] *= 2 * half_a;
        area[1] *= 2 * half_b;
    }
    return both > 0 ? both / (area[0] + area[1] - both) : 0;
}

/* A merged guess in the image. The rim point lies straight above the hip, as
 * far as the body reaches; so the feet are about as far below it. */
static struct figure place(const struct guess *guess, const struct box *part)
{
    const float *values = guess->values;
    float side = part->x1 - part->x0;
    float half_width = values[BOX_SIZE] / 2;
    float half_height = values[BOX_SIZE + 1] / 2;
    float up_x = values[POINT_RIM] - values[POINT_HIP];
    float up_y = values[POINT_RIM + 1] - values[POINT_HIP + 1];
    struct figure figure = {
        .score = guess->score,
        .face = {values[BOX_CENTRE] - half_width,
                 values[BOX_CENTRE + 1] - half_height,
                 values[BOX_CENTRE] + half_width,
                 values[BOX_CENTRE + 1] + half_height},
        .shoulders = {values[POINT_SHOULDERS], values[POINT_SHOULDERS + 1]},
        .hip = {values[POINT_HIP], values[POINT_HIP + 1]},
        .foot = {values[POINT_HIP] - FOOT * up_x,
                 values[POINT_HIP + 1] - FOOT * up_y},
        .radius = hypotf(up_x, up_y),
    };

    sil_assert(side > 0);
    figure_map(&figure, (struct point){-part->x0 / side, -part->y0 / side},
               side);
    return figure;
}

/* True if all of a figure is a number: nothing else may get to where it is
 * turned into cells of a grid. */
static bool is_real(const struct figure *figure)
{
    struct point joints[FIGURE_JOINTS];
    float sum = 0;

    if (!(figure->radius > 0) || !isfinite(figure->radius))
        return false;
    figure_joints(joints, figure);
    for (int i = 0; i < FIGURE_JOINTS; i++)
        sum += fabsf(joints[i].x) + fabsf(joints[i].y);
    return isfinite(sum);
}

/* Merge the surest guess with all that overlap it, again and again; those that
 * were merged get score 0. guesses: sorted. */
static void merge(struct figures *out, struct guess *guesses, uint32_t count,
                  const struct box *part)
{
    for (uint32_t i = 0; i < count && out->count < LIMIT_FIGURES_MAX; i++) {
        struct guess sum = guesses[i];
        float weight = 0;
        if (!(guesses[i].score > 0))
            continue; /* It went with a surer one. */
        for (int v = 0; v < VALUES; v++)
            sum.values[v] = 0;
        for (uint32_t k = count; k-- > i;) {
            float score = guesses[k].score;
            /* Itself comes last: the others are compared with it. */
            if (!(score > 0) ||
                (k != i && !(overlap(&guesses[i], &guesses[k]) > OVERLAP_MAX)))
                continue;
            for (int v = 0; v < VALUES; v++)
                sum.values[v] += score * guesses[k].values[v];
            weight += score;
            guesses[k].score = 0;
        }
        sil_assert(weight > 0);
        for (int v = 0; v < VALUES; v++)
            sum.values[v] /= weight;
        out->items[out->count] = place(&sum, part);
        out->count += is_real(&out->items[out->count]);
    }
}

/* The outputs are told apart by their order, and checked by their sizes: what
 * is in the file is known (its checksum), but not what an engine makes of it.
 * Both are lent by the runner until its next input. */
enum sil_err detector_look(struct figures *out, struct engine_runner *runner,
                           const struct image *image, const struct box *part,
                           struct sil_error *error)
{
    const float *raw = NULL;
    const float *logits = NULL;
    struct guess *guesses;
    enum sil_err err = fill(runner, image, part, error);

    if (!err)
        err = engine_run(runner, error);
    if (!err)
        err = take_output(&raw, runner, 0, VALUES, error);
    if (!err)
        err = take_output(&logits, runner, 1, 1, error);
    if (err)
        return err;
    sil_assert(raw != NULL && logits != NULL);
    guesses = mem_alloc(ANCHORS, sizeof *guesses);
    if (guesses == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory to look for people");
    out->count = 0;
    merge(out, guesses, gather(guesses, raw, logits), part);
    mem_free(guesses);
    return SIL_OK;
}
