/* A mask as a coarse grid of cells, and its pieces.
 * Threads: pure functions.
 * However large the picture, the grid has at most LIMIT_GRID_SIDE cells a
 * side: enough to tell people apart, and a few milliseconds to walk. */
#ifndef SIL_MASK_GRID_H
#define SIL_MASK_GRID_H

#include "mask/figure.h"
#include "mask/upscale.h"

/** What of each cell is person. */
struct grid {
    struct plane cover;         /* 0..1 */
    struct upscale_place place; /* where it lies in the picture; its threshold
                                   says which cells are person */
};

/** Cells that hang together, 8-connected. */
struct grid_piece {
    struct box box; /* picture pixels */
    uint32_t cell_count;
};

/** The pieces of a grid that are no specks, the largest first. */
struct grid_pieces {
    uint16_t *labels; /* [height, width], owned (mem_free): index + 1 of the
                         piece; 0: of none */
    struct grid_piece items[LIMIT_PIECES_MAX];
    uint32_t count; /* at least 1 */
};

/** Lay a grid over the person pixels of a mask, which has some. *out: yours,
 *  plane_finish(&out->cover). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err grid_from_mask(struct grid *out,
                                         const struct sil_mask *mask);

/** True if that cell is person. */
bool grid_is_person(const struct grid *grid, uint32_t x, uint32_t y);

/** From picture pixels to cells: 0, 0 is the first cell's corner. */
struct point grid_from_picture(const struct grid *grid, struct point at);

/** Cells in a picture pixel's length. */
float grid_scale(const struct grid *grid);

/** Find the pieces; the smaller of them that together are too many are left
 *  out. *out: yours, mem_free(out->labels). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err grid_find_pieces(struct grid_pieces *out,
                                           const struct grid *grid);

/** The smallest box around a mask's person pixels; it has some. */
struct sil_box mask_box(const struct sil_mask *mask);

#endif
