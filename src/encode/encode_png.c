/* An 8-bit grey PNG, 0 or 255 a pixel, its rows made from the runs.
 * Must not know chunks or compression (png_stream.c), nor HTTP.
 * A row is written as its difference to the row above (filter "up"): where
 * the outline doesn't move it is all zeros. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "encode/png_stream.h"

enum {
    WHITE = 255, /* difference when person begins to be, */
    BLACK = 1    /* and when it ceases: 0 - 255, in bytes */
};

/* Where a row changes from 0 to 1 and back, in turn. */
struct edges {
    const struct sil_run *run; /* the next one that is not yet passed */
    uint32_t left;             /* runs from it on; 0: none */
    uint32_t width;            /* of the mask */
};

/* The edges of a row, from its left end. */
static struct edges edges_of(const struct sil_mask *mask, uint32_t row)
{
    struct edges edges = {.width = mask->width};

    sil_assert(row < mask->height);
    edges.left = sil_mask_row(&edges.run, mask, row);
    return edges;
}

/* Columns are asked for from left to right, and passed. */
static bool is_person_at(const struct edges *edges, uint32_t column)
{
    return edges->left > 0 && edges->run->first <= column;
}

/* Where what holds at column ends. */
static uint32_t next_edge(const struct edges *edges, uint32_t column)
{
    if (edges->left == 0)
        return edges->width;
    return is_person_at(edges, column) ? edges->run->end : edges->run->first;
}

/* Leave behind the run that ends at column. */
static void pass(struct edges *edges, uint32_t column)
{
    sil_assert(column <= edges->width);
    if (edges->left > 0 && edges->run->end <= column) {
        edges->run++;
        edges->left--;
    }
}

/* Write the differences of row y to the row above it, which for the first one
 * is all zeros. Between two edges of either row they are all alike. */
static void make_row(uint8_t *row, void *payload, uint32_t y)
{
    const struct sil_mask *mask = payload;
    struct edges above = {.width = mask->width};
    struct edges here = edges_of(mask, y);
    uint32_t column = 0;

    row[0] = PNG_FILTER_UP;
    if (y > 0)
        above = edges_of(mask, y - 1);
    while (column < mask->width) {
        uint32_t end = next_edge(&here, column);
        uint32_t other_end = next_edge(&above, column);
        bool is_person = is_person_at(&here, column);
        bool is_same = is_person == is_person_at(&above, column);
        int difference = is_same ? 0 : is_person ? WHITE : BLACK;
        end = end < other_end ? end : other_end;
        sil_assert(end > column);
        memset(row + 1 + column, difference, end - column);
        column = end;
        pass(&here, column);
        pass(&above, column);
    }
}

/* The mask is only read, though the payload's type doesn't say so. */
enum sil_err png_encoder_create(struct encoder **out,
                                const struct sil_result *result)
{
    struct png_source source = {
        .width = result->mask->width,
        .height = result->mask->height,
        .colour = PNG_GREY,
        .make_row = make_row,
        .payload = result->mask,
    };

    sil_assert(result->mask != NULL);
    return png_stream_create(out, &source);
}
