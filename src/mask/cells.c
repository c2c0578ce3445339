/* Area means of a picture and its mask, over cells of whole pixels.
 * Must not know what is fitted to them.
 * The sums of one row of cells are kept, whatever the picture's size; a run of
 * the mask is added cell by cell, not pixel by pixel. */
#include "mask/cells.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

enum {
    COLOURS = 3,
    SUMS = 4,           /* of a cell: its colours, and its pixels of person */
    COLOUR_SCALE = 255, /* what becomes 1 */
    MARGIN_PART = 16    /* of the people's side is added around them */
};

/* The smallest part with everybody. Runs of a row are sorted: the first and the
 * last say how far it reaches. */
static struct cells_part part_of(const struct sil_mask *mask)
{
    struct cells_part part = {mask->width, mask->height, 0, 0};

    sil_assert(mask->run_count > 0);
    for (uint32_t y = 0; y < mask->height; y++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        if (count == 0)
            continue;
        part.y0 = part.y1 == 0 ? y : part.y0;
        part.y1 = y + 1;
        part.x0 = runs[0].first < part.x0 ? runs[0].first : part.x0;
        part.x1 = runs[count - 1].end > part.x1 ? runs[count - 1].end : part.x1;
    }
    sil_assert(part.x0 < part.x1 && part.y0 < part.y1);
    return part;
}

/* The root of the part's area. As networks' sides are: of two parts with the
 * same number of pixels none gets more cells. */
static double side_of(const struct cells_part *part)
{
    return sqrt((double)(part->x1 - part->x0) * (double)(part->y1 - part->y0));
}

/* Some more on each side, as far as there is any picture. */
static void grow(struct cells_part *part, const struct image *image)
{
    uint32_t margin = 1 + (uint32_t)(side_of(part) / MARGIN_PART);

    sil_assert(part->x1 <= image->width && part->y1 <= image->height);
    part->x0 -= margin < part->x0 ? margin : part->x0;
    part->y0 -= margin < part->y0 ? margin : part->y0;
    part->x1 +=
        margin < image->width - part->x1 ? margin : image->width - part->x1;
    part->y1 +=
        margin < image->height - part->y1 ? margin : image->height - part->y1;
}

/* Where a row of cells' column begins, pixels; the last one's end is the
 * part's. */
static uint32_t edge(const struct cells *grid, uint32_t column)
{
    uint64_t at = grid->part.x0 + (uint64_t)column * grid->cell;

    return at < grid->part.x1 ? (uint32_t)at : grid->part.x1;
}

/* Add a row of pixels to the sums. 32 bits are enough while a cell has fewer
 * than 16 million pixels. */
static void add_pixels(uint32_t *sums, const struct cells *grid,
                       const uint8_t *rgb)
{
    for (uint32_t column = 0; column < grid->person.width; column++) {
        uint32_t *sum = sums + (size_t)column * SUMS;
        uint32_t end = edge(grid, column + 1);
        for (uint32_t x = edge(grid, column); x < end; x++)
            for (uint32_t c = 0; c < COLOURS; c++)
                sum[c] += rgb[(size_t)x * COLOURS + c];
    }
}

/* Add a row of the mask to the sums. The part was laid around all runs, so none
 * reaches beyond it. */
static void add_runs(uint32_t *sums, const struct cells *grid,
                     const struct sil_mask *mask, uint32_t y)
{
    const struct sil_run *runs;
    uint32_t count = sil_mask_row(&runs, mask, y);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = runs[i].first;
        sil_assert(x >= grid->part.x0 && runs[i].end <= grid->part.x1);
        while (x < runs[i].end) {
            uint32_t column = (x - grid->part.x0) / grid->cell;
            uint32_t end = edge(grid, column + 1);
            end = end < runs[i].end ? end : runs[i].end;
            sums[(size_t)column * SUMS + COLOURS] += end - x;
            x = end;
        }
    }
}

/* A row of cells, of so many rows of pixels, out of its sums. */
static void write_row(struct cells *grid, const uint32_t *sums, uint32_t row,
                      uint32_t row_pixels)
{
    float *planes[SUMS] = {grid->red.values, grid->green.values,
                           grid->blue.values, grid->person.values};

    sil_assert(row < grid->person.height);
    for (uint32_t column = 0; column < grid->person.width; column++) {
        uint32_t width = edge(grid, column + 1) - edge(grid, column);
        float share = 1 / ((float)width * (float)row_pixels);
        for (uint32_t i = 0; i < SUMS; i++) {
            float sum = (float)sums[(size_t)column * SUMS + i];
            float scale = i < COLOURS ? share / COLOUR_SCALE : share;
            planes[i][(size_t)row * grid->person.width + column] = sum * scale;
        }
    }
}

/* All rows of cells, from the top: each pixel is read once. sums: uint32
 * [width, 4], of which each row of cells begins with zeros. */
static void write_rows(struct cells *grid, uint32_t *sums,
                       const struct sil_mask *mask, const struct image *image)
{
    size_t sums_size = (size_t)grid->person.width * SUMS * sizeof *sums;
    uint32_t y = grid->part.y0;

    for (uint32_t row = 0; row < grid->person.height; row++) {
        uint32_t left = grid->part.y1 - y;
        uint32_t row_pixels = grid->cell < left ? grid->cell : left;
        memset(sums, 0, sums_size);
        for (uint32_t i = 0; i < row_pixels; i++, y++) {
            add_pixels(sums, grid, image->rgb + (size_t)y * image->row_bytes);
            add_runs(sums, grid, mask, y);
        }
        write_row(grid, sums, row, row_pixels);
    }
    sil_assert(y == grid->part.y1);
}

/* The geometry, and planes of its size. */
static enum sil_err cells_init(struct cells *grid,
                               const struct cells_part *part, uint32_t side)
{
    uint32_t cell = (uint32_t)fmax(1, rint(side_of(part) / side));
    uint32_t width = (part->x1 - part->x0 - 1) / cell + 1;
    uint32_t height = (part->y1 - part->y0 - 1) / cell + 1;
    enum sil_err err;

    *grid = (struct cells){.part = *part, .cell = cell};
    err = plane_init(&grid->red, width, height);
    if (!err)
        err = plane_init(&grid->green, width, height);
    if (!err)
        err = plane_init(&grid->blue, width, height);
    return err ? err : plane_init(&grid->person, width, height);
}

/* Memory: 16 bytes a cell that stay, and 16 a column. */
enum sil_err cells_make(struct cells *out, const struct sil_mask *mask,
                        const struct image *image, uint32_t side)
{
    struct cells_part part = part_of(mask);
    struct cells grid = {0};
    uint32_t *sums = NULL;
    size_t count;
    enum sil_err err;

    sil_assert(mask->width == image->width && mask->height == image->height);
    sil_assert(side > 0);
    grow(&part, image);
    err = cells_init(&grid, &part, side);
    if (err)
        goto done;
    err = SIL_E_NO_MEMORY;
    if (sil_mul(&count, grid.person.width, SUMS))
        sums = mem_alloc(count, sizeof *sums);
    if (sums == NULL)
        goto done;
    write_rows(&grid, sums, mask, image);
    *out = grid;
    grid = (struct cells){0}; /* It is the caller's now. */
    err = SIL_OK;
done:
    mem_free(sums);
    cells_finish(&grid);
    return err;
}

/* One by one: a making that failed half-way has some of them. */
void cells_finish(struct cells *grid)
{
    plane_finish(&grid->red);
    plane_finish(&grid->green);
    plane_finish(&grid->blue);
    plane_finish(&grid->person);
}
