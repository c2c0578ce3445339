/* From rows of runs to a grid, and from its cells to pieces.
 * Must not know figures or people.
 * A cell's cover is exact along a row and by whole rows down the picture: the
 * row belongs to the cell that its centre is in. */
#include "mask/grid.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"

static_assert(LIMIT_GRID_SIDE * LIMIT_GRID_SIDE < UINT16_MAX,
              "each cell may be a piece, and have a label of its own");

enum { NEIGHBOURS = 8 };

/* A piece this small, against the largest one, is a speck. */
static const float SPECK = 0.05F;

/* Covered more than this a cell is person. */
static const float COVERED = 0.5F;

/* Runs are sorted: a row's ends are those of its first and its last run. */
struct sil_box mask_box(const struct sil_mask *mask)
{
    struct sil_box box = {.x = mask->width, .y = mask->height};
    uint32_t end_x = 0;
    uint32_t end_y = 0;

    sil_assert(mask->run_count > 0);
    for (uint32_t y = 0; y < mask->height; y++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        if (count == 0)
            continue;
        box.x = runs[0].first < box.x ? runs[0].first : box.x;
        box.y = y < box.y ? y : box.y;
        end_x = runs[count - 1].end > end_x ? runs[count - 1].end : end_x;
        end_y = y + 1;
    }
    sil_assert(box.x < end_x);
    sil_assert(box.y < end_y);
    box.width = end_x - box.x;
    box.height = end_y - box.y;
    return box;
}

/* Add the pixels from .. to - 1 of a row, counted from the grid's left edge,
 * to the cells of that row. The first and the last cell get what of them is
 * covered; a run inside of one cell is both at once. Positions are floats: 24
 * bits are enough for the widest picture, with bits to spare for fractions. */
static void add_run(float *cells, uint32_t count, float from, float to,
                    float scale)
{
    float start = from * scale;
    float end = fminf(to * scale, (float)count);

    sil_assert(start >= 0);
    for (uint32_t x = (uint32_t)start; x < count && (float)x < end; x++)
        cells[x] += fminf(end, (float)x + 1) - fmaxf(start, (float)x);
}

/* Sum up the rows, then divide by how many each row of cells got: where cells
 * are not a whole number of pixels high, some get one more than others. A cell
 * is at least a pixel high, so none gets nothing. */
static void fill_cover(struct grid *grid, const struct sil_mask *mask,
                       const struct sil_box *box)
{
    struct plane *cover = &grid->cover;
    float scale = grid_scale(grid);
    uint32_t row_count = 0;
    uint32_t last = 0;

    sil_assert(scale > 0);
    for (uint32_t y = box->y; y <= box->y + box->height; y++) {
        float at = ((float)(y - box->y) + 0.5F) * scale;
        uint32_t row = (uint32_t)at;
        const struct sil_run *runs;
        uint32_t count;
        if (y == box->y + box->height || row != last) {
            float *cells = cover->values + (size_t)last * cover->width;
            for (uint32_t x = 0; x < cover->width && row_count > 0; x++)
                cells[x] /= (float)row_count;
            row_count = 0;
            last = row;
        }
        if (y == box->y + box->height || row >= cover->height)
            break; /* That was the last one. */
        row_count++;
        count = sil_mask_row(&runs, mask, y);
        for (uint32_t i = 0; i < count; i++)
            add_run(cover->values + (size_t)row * cover->width, cover->width,
                    (float)(runs[i].first - box->x),
                    (float)(runs[i].end - box->x), scale);
    }
}

/* A mask so thin that no cell is half covered is person where it is at all. */
static float threshold_of(const struct plane *cover)
{
    const size_t count = (size_t)cover->width * cover->height;

    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++)
        if (cover->values[i] > COVERED)
            return COVERED;
    return FLT_MIN;
}

/* Cells are squares, at least a pixel wide, so the last ones may hang over the
 * mask's edge. The grid covers the people and not the picture: small people in
 * a large one are told apart as well as those who fill it. */
enum sil_err grid_from_mask(struct grid *out, const struct sil_mask *mask)
{
    struct sil_box box = mask_box(mask);
    uint32_t longer = box.width > box.height ? box.width : box.height;
    float cell = fmaxf(1, (float)longer / LIMIT_GRID_SIDE);
    uint32_t width = (uint32_t)ceilf((float)box.width / cell);
    uint32_t height = (uint32_t)ceilf((float)box.height / cell);
    struct grid grid = {
        .place = {.width = mask->width, .height = mask->height}};
    enum sil_err err;

    /* Rounding may give one more cell than there is room for. */
    width = width < LIMIT_GRID_SIDE ? width : LIMIT_GRID_SIDE;
    height = height < LIMIT_GRID_SIDE ? height : LIMIT_GRID_SIDE;
    sil_assert(width > 0 && height > 0);
    err = plane_init(&grid.cover, width, height);
    if (err)
        return err;
    for (size_t i = 0; i < (size_t)width * height; i++)
        grid.cover.values[i] = 0;
    grid.place.box = (struct box){(float)box.x, (float)box.y,
                                  (float)box.x + (float)width * cell,
                                  (float)box.y + (float)height * cell};
    fill_cover(&grid, mask, &box);
    grid.place.threshold = threshold_of(&grid.cover);
    *out = grid;
    return SIL_OK;
}

/* Strictly above, so that a cell without a pixel is never person. */
bool grid_is_person(const struct grid *grid, uint32_t x, uint32_t y)
{
    sil_assert(x < grid->cover.width);
    sil_assert(y < grid->cover.height);
    return grid->cover.values[(size_t)y * grid->cover.width + x] >
           grid->place.threshold;
}

/* The same along both axes: cells are squares, however the grid was turned. */
float grid_scale(const struct grid *grid)
{
    const struct box *box = &grid->place.box;

    sil_assert(box->x0 < box->x1);
    return (float)grid->cover.width / (box->x1 - box->x0);
}

/* May be out of the grid, as the point may be out of the mask. */
struct point grid_from_picture(const struct grid *grid, struct point at)
{
    float scale = grid_scale(grid);

    sil_assert(scale > 0);
    return (struct point){(at.x - grid->place.box.x0) * scale,
                          (at.y - grid->place.box.y0) * scale};
}

/* What is needed while a piece is followed. */
struct flood {
    const struct grid *grid;
    uint16_t *labels;
    uint32_t *stack; /* cells that are labelled, their neighbours not yet */
    uint32_t depth;
};

/* Label a cell if it is person and has no label; grow the box, in cells. A cell
 * is labelled when it is put on the stack, not when it is taken off: so it is
 * never there twice, and the stack never holds more than there are cells. */
static void visit(struct flood *flood, struct grid_piece *piece, int64_t x,
                  int64_t y, uint16_t label)
{
    uint32_t width = flood->grid->cover.width;
    size_t at = (size_t)y * width + (size_t)x;
    struct box *box = &piece->box;

    sil_assert(label > 0);
    if (x < 0 || y < 0 || x >= width || y >= flood->grid->cover.height)
        return;
    if (flood->labels[at] != 0 ||
        !grid_is_person(flood->grid, (uint32_t)x, (uint32_t)y))
        return;
    flood->labels[at] = label;
    flood->stack[flood->depth++] = (uint32_t)at;
    piece->cell_count++;
    box->x0 = fminf(box->x0, (float)x);
    box->y0 = fminf(box->y0, (float)y);
    box->x1 = fmaxf(box->x1, (float)x + 1);
    box->y1 = fmaxf(box->y1, (float)y + 1);
}

/* Follow the piece that a cell begins. Each cell is on the stack once. */
static struct grid_piece follow(struct flood *flood, uint32_t start,
                                uint16_t label)
{
    static const int8_t step[NEIGHBOURS][2] = {
        {-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}};
    uint32_t width = flood->grid->cover.width;
    struct grid_piece piece = {.box = {FLT_MAX, FLT_MAX, 0, 0}};

    sil_assert(flood->depth == 0);
    visit(flood, &piece, start % width, start / width, label);
    while (flood->depth > 0) {
        uint32_t at = flood->stack[--flood->depth];
        for (int i = 0; i < NEIGHBOURS; i++)
            visit(flood, &piece, (int64_t)(at % width) + step[i][0],
                  (int64_t)(at / width) + step[i][1], label);
    }
    return piece;
}

/* A piece and the label that its cells have as yet. */
struct found {
    struct grid_piece piece;
    uint16_t label;
};

/* The largest first, then the first found. */
static int compare_found(const void *a, const void *b)
{
    const struct found *one = a;
    const struct found *other = b;

    if (one->piece.cell_count != other->piece.cell_count)
        return one->piece.cell_count > other->piece.cell_count ? -1 : 1;
    return one->label < other->label ? -1 : 1;
}

/* Put a piece among the largest, which are sorted, if it is one of them. Noise
 * may have thousands of pieces: only as many as are kept are ever compared. */
static uint32_t keep_largest(struct found *kept, uint32_t count,
                             const struct found *found)
{
    sil_assert(count <= LIMIT_PIECES_MAX);
    if (count == LIMIT_PIECES_MAX && compare_found(found, &kept[count - 1]) > 0)
        return count;
    if (count < LIMIT_PIECES_MAX)
        count++;
    kept[count - 1] = *found;
    qsort(kept, count, sizeof *kept, compare_found);
    return count;
}

/* Follow all pieces. Returns how many of them are kept. */
static uint32_t find_largest(struct found *kept, struct flood *flood)
{
    const struct plane *cover = &flood->grid->cover;
    const uint32_t cell_count = cover->width * cover->height;
    uint32_t count = 0;
    uint16_t label = 0;

    for (uint32_t at = 0; at < cell_count; at++) {
        struct found found;
        if (flood->labels[at] != 0 ||
            !grid_is_person(flood->grid, at % cover->width, at / cover->width))
            continue;
        label++;
        found = (struct found){follow(flood, at, label), label};
        count = keep_largest(kept, count, &found);
    }
    sil_assert(count > 0);
    while ((float)kept[count - 1].piece.cell_count <
           SPECK * (float)kept[0].piece.cell_count)
        count--;
    return count;
}

/* Give the kept pieces' cells their labels, and the others none; and the
 * pieces their boxes in the picture. */
static void relabel(struct grid_pieces *out, const struct grid *grid,
                    const struct found *kept)
{
    const size_t cell_count = (size_t)grid->cover.width * grid->cover.height;
    const struct box *all = &grid->place.box;
    float cell = 1 / grid_scale(grid);

    sil_assert(out->count <= LIMIT_PIECES_MAX);
    for (size_t at = 0; at < cell_count; at++) {
        uint16_t label = 0;
        for (uint16_t i = 0; i < out->count && out->labels[at] != 0; i++)
            if (kept[i].label == out->labels[at])
                label = (uint16_t)(i + 1);
        out->labels[at] = label;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        struct box *box = &out->items[i].box;
        out->items[i] = kept[i].piece;
        *box = (struct box){all->x0 + box->x0 * cell, all->y0 + box->y0 * cell,
                            all->x0 + box->x1 * cell, all->y0 + box->y1 * cell};
    }
}

/* Both lists are as long as the grid has cells: at most 36,864, 220 KB. */
enum sil_err grid_find_pieces(struct grid_pieces *out, const struct grid *grid)
{
    const size_t cell_count = (size_t)grid->cover.width * grid->cover.height;
    struct found kept[LIMIT_PIECES_MAX];
    struct flood flood = {.grid = grid};

    sil_assert(cell_count > 0);
    flood.labels = mem_zalloc(cell_count, sizeof *flood.labels);
    flood.stack = mem_alloc(cell_count, sizeof *flood.stack);
    if (flood.labels == NULL || flood.stack == NULL) {
        mem_free(flood.labels);
        mem_free(flood.stack);
        return SIL_E_NO_MEMORY;
    }
    *out = (struct grid_pieces){.labels = flood.labels};
    out->count = find_largest(kept, &flood);
    relabel(out, grid, kept);
    mem_free(flood.stack);
    return SIL_OK;
}
