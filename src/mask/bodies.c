/* Starts along each figure, spread over the mask.
 * Must not know networks, nor how masks are written.
 * A figure that gets next to nothing was none: it is left out, and what it
 * had is spread anew. */
#include "mask/bodies.h"

#include <math.h>

#include "base/check.h"
#include "base/mem.h"
#include "mask/spread.h"

static_assert(LIMIT_FIGURES_MAX + LIMIT_PIECES_MAX <= LIMIT_PEOPLE_MAX,
              "each figure and each piece may be somebody");

/* So far from its line, in radii, a figure starts … */
static const float REACH = 0.05F;

/* … but in cells no less than this, or it could fall between them. */
static const float REACH_MIN = 0.75F;

/* A piece that comes so near to a figure's line, in radii, is that figure. */
static const float CLAIM = 0.1F;

/* What the largest change of colour along one axis costs, in radii. */
static const float COLOUR = 0.4F;

/* Somebody with less of what the largest one has is nobody. */
static const float LEAST = 0.02F;

enum { SUPPORT_STEPS = 8 };

/* Invariant: starts[i].cell is i; its label is SPREAD_NONE where none is. */
struct work {
    const struct grid *grid;
    const struct grid_pieces *pieces;
    struct spread_start *starts;   /* [height, width] */
    struct spread_start *compact;  /* the same, those with a label only */
    uint16_t *labels;              /* [height, width] */
    uint8_t *is_dear;              /* [height, width] */
    struct figures figures;        /* in cells */
    bool is_out[LIMIT_PEOPLE_MAX]; /* by label - 1: left out */
    bool is_claimed[LIMIT_PIECES_MAX];
};

/* True if a point is in a person cell: of that piece, where one is asked. */
static bool is_supported(const struct grid *grid, struct point at,
                         const uint16_t *labels, uint16_t label)
{
    uint32_t x;
    uint32_t y;

    if (!(at.x >= 0) || !(at.y >= 0) || at.x >= (float)grid->cover.width ||
        at.y >= (float)grid->cover.height)
        return false;
    x = (uint32_t)at.x;
    y = (uint32_t)at.y;
    sil_assert(x < grid->cover.width);
    if (labels != NULL && labels[(size_t)y * grid->cover.width + x] != label)
        return false;
    return grid_is_person(grid, x, y);
}

/* Points at equal steps from the face to the shoulders, and on to the hip. */
float bodies_support(const struct figure *figure, const struct grid *grid,
                     const uint16_t *labels, uint16_t label)
{
    struct point joints[FIGURE_JOINTS];
    int supported = 0;

    figure_joints(joints, figure);
    for (int i = 0; i < FIGURE_JOINTS; i++)
        joints[i] = grid_from_picture(grid, joints[i]);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < SUPPORT_STEPS; k++) {
            float way = (float)k / (SUPPORT_STEPS - 1);
            struct point at = {
                joints[i].x + way * (joints[i + 1].x - joints[i].x),
                joints[i].y + way * (joints[i + 1].y - joints[i].y)};
            supported += is_supported(grid, at, labels, label);
        }
    sil_assert(supported <= 2 * SUPPORT_STEPS);
    return (float)supported / (2 * SUPPORT_STEPS);
}

/* A whole number of cells, held within 0 .. count. */
static uint32_t held(float at, uint32_t count)
{
    return (uint32_t)fminf(fmaxf(at, 0), (float)count);
}

/* The cells that may be within reach of a figure: x0, y0 .. x1 - 1, y1 - 1. To
 * measure all cells of the grid would take longer than all the rest. */
static void reach_of(uint32_t edges[4], const struct figure *figure,
                     const struct plane *cover, float reach)
{
    struct point joints[FIGURE_JOINTS];
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};

    figure_joints(joints, figure);
    for (int i = 0; i < FIGURE_JOINTS; i++) {
        box.x0 = fminf(box.x0, joints[i].x - reach);
        box.y0 = fminf(box.y0, joints[i].y - reach);
        box.x1 = fmaxf(box.x1, joints[i].x + reach);
        box.y1 = fmaxf(box.y1, joints[i].y + reach);
    }
    sil_assert(box.x0 <= box.x1);
    edges[0] = held(floorf(box.x0), cover->width);
    edges[1] = held(floorf(box.y0), cover->height);
    edges[2] = held(ceilf(box.x1), cover->width);
    edges[3] = held(ceilf(box.y1), cover->height);
}

/* Start a figure on the person cells near its line, and claim their pieces. */
static void start_figure(struct work *work, const struct figure *figure,
                         uint16_t label)
{
    const struct plane *cover = &work->grid->cover;
    float reach = fmaxf(REACH * figure->radius, REACH_MIN);
    float claim = fmaxf(CLAIM * figure->radius, REACH_MIN);
    bool is_near[LIMIT_PIECES_MAX] = {false};
    bool is_started = false;
    uint32_t edges[4];

    reach_of(edges, figure, cover, claim);
    sil_assert(edges[2] <= cover->width && edges[3] <= cover->height);
    for (uint32_t y = edges[1]; y < edges[3]; y++)
        for (uint32_t x = edges[0]; x < edges[2]; x++) {
            size_t at = (size_t)y * cover->width + x;
            struct spread_start *start = &work->starts[at];
            uint16_t piece = work->pieces->labels[at];
            float cost;
            if (!grid_is_person(work->grid, x, y))
                continue;
            cost = figure_distance(
                figure, (struct point){(float)x + 0.5F, (float)y + 0.5F});
            if (cost < claim && piece > 0)
                is_near[piece - 1] = true;
            if (cost < reach &&
                (start->label == SPREAD_NONE || cost < start->cost)) {
                start->label = label;
                start->cost = cost;
                is_started = true;
            }
        }
    /* Who starts nowhere claims nothing: a start must be left. */
    for (uint32_t i = 0; i < LIMIT_PIECES_MAX && is_started; i++)
        work->is_claimed[i] = work->is_claimed[i] || is_near[i];
}

/* Start all figures that aren't left out, then the pieces that none claims. A
 * piece starts on all of its cells: nothing is to be found out about it.
 * A figure's label is its index + 1; those of pieces come after them. Returns
 * how many starts there are, in work->compact. */
static size_t start_all(struct work *work)
{
    const struct plane *cover = &work->grid->cover;
    const size_t cell_count = (size_t)cover->width * cover->height;
    size_t count = 0;

    for (size_t at = 0; at < cell_count; at++)
        work->starts[at] = (struct spread_start){.cell = (uint32_t)at};
    for (uint32_t i = 0; i < LIMIT_PIECES_MAX; i++)
        work->is_claimed[i] = false;
    for (uint32_t i = 0; i < work->figures.count; i++)
        if (!work->is_out[i])
            start_figure(work, &work->figures.items[i], (uint16_t)(i + 1));
    for (size_t at = 0; at < cell_count; at++) {
        uint16_t piece = work->pieces->labels[at];
        if (piece > 0 && !work->is_claimed[piece - 1]) {
            work->starts[at].label = (uint16_t)(work->figures.count + piece);
            work->starts[at].cost = 0;
        }
        if (work->starts[at].label != SPREAD_NONE)
            work->compact[count++] = work->starts[at];
    }
    sil_assert(count <= cell_count);
    return count;
}

/* Leave out figures with next to none of the person cells. Returns how many
 * of them. That happens to who is beside the mask, to whom another one's line
 * covers, and to guesses on a rim; pieces always have their own cells. Cells
 * out of the mask don't count: they are nobody's, though they have labels. */
static uint32_t leave_out(struct work *work)
{
    const size_t cell_count =
        (size_t)work->grid->cover.width * work->grid->cover.height;
    uint32_t areas[LIMIT_PEOPLE_MAX] = {0};
    uint32_t largest = 0;
    uint32_t count = 0;

    for (size_t at = 0; at < cell_count; at++) {
        uint16_t label = work->labels[at];
        sil_assert(label > 0 && label <= LIMIT_PEOPLE_MAX);
        areas[label - 1] += !work->is_dear[at];
        if (areas[label - 1] > largest)
            largest = areas[label - 1];
    }
    for (uint32_t i = 0; i < work->figures.count; i++)
        if (!work->is_out[i] && (float)areas[i] <= LEAST * (float)largest) {
            work->is_out[i] = true;
            count++;
        }
    return count;
}

/* Number the labels that are there from 0 on, in their order. */
static void number(struct bodies *out, const struct work *work)
{
    const size_t cell_count = (size_t)out->labels.width * out->labels.height;
    bool is_there[LIMIT_PEOPLE_MAX] = {false};
    uint32_t numbers[LIMIT_PEOPLE_MAX] = {0};

    for (size_t at = 0; at < cell_count; at++)
        is_there[work->labels[at] - 1] = true;
    out->count = 0;
    for (uint32_t i = 0; i < LIMIT_PEOPLE_MAX; i++) {
        if (!is_there[i])
            continue;
        numbers[i] = out->count;
        out->scores[out->count++] = i < work->figures.count
                                        ? work->figures.items[i].score
                                        : BODY_UNSEEN;
    }
    sil_assert(out->count > 0);
    for (size_t at = 0; at < cell_count; at++)
        out->labels.values[at] = (float)numbers[work->labels[at] - 1];
}

/* Figures into cells; their mean radius sets what colours cost. */
static float take_figures(struct work *work, const struct figures *figures)
{
    const struct box *box = &work->grid->place.box;
    float sum = 0;

    work->figures = *figures;
    for (uint32_t i = 0; i < figures->count; i++) {
        figure_map(&work->figures.items[i], (struct point){box->x0, box->y0},
                   grid_scale(work->grid));
        sum += work->figures.items[i].radius;
    }
    sil_assert(sum >= 0);
    return figures->count > 0 ? COLOUR * sum / (float)figures->count : 0;
}

/* Spread, leave out, and again until everybody has something: each round has
 * a figure less, so there is an end. */
static enum sil_err settle(struct work *work, const float *colours,
                           float colour_cost)
{
    const struct plane *cover = &work->grid->cover;
    const struct spread_ground ground = {
        .width = cover->width,
        .height = cover->height,
        .is_dear = work->is_dear,
        .colours = colours,
        .colour_cost = colour_cost,
    };
    enum sil_err err;

    sil_assert(colour_cost >= 0);
    do {
        size_t count = start_all(work);
        /* A piece is somebody's or itself a start. */
        sil_assert(count > 0);
        err = spread(work->labels, &ground, work->compact, count);
    } while (!err && leave_out(work) > 0);
    return err;
}

/* Some 36,000 cells at most: all of it takes a few milliseconds, however large
 * the picture is and however many people it shows. */
enum sil_err bodies_find(struct bodies *out, const struct grid *grid,
                         const struct grid_pieces *pieces,
                         const struct figures *figures, const float *colours)
{
    const struct plane *cover = &grid->cover;
    const size_t cell_count = (size_t)cover->width * cover->height;
    struct work work = {.grid = grid, .pieces = pieces};
    float colour_cost = take_figures(&work, figures);
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(pieces->count > 0);
    work.starts = mem_alloc(cell_count, sizeof *work.starts);
    work.compact = mem_alloc(cell_count, sizeof *work.compact);
    work.labels = mem_alloc(cell_count, sizeof *work.labels);
    work.is_dear = mem_alloc(cell_count, sizeof *work.is_dear);
    if (work.starts == NULL || work.compact == NULL || work.labels == NULL ||
        work.is_dear == NULL)
        goto done;
    for (size_t at = 0; at < cell_count; at++)
        work.is_dear[at] = !(cover->values[at] > grid->place.threshold);
    err = settle(&work, colours, colour_cost);
    if (!err)
        err = plane_init(&out->labels, cover->width, cover->height);
    if (!err)
        number(out, &work);
done:
    mem_free(work.starts);
    mem_free(work.compact);
    mem_free(work.labels);
    mem_free(work.is_dear);
    return err;
}
