/* grid.c: against counting each pixel, and pieces against drawings.
 * Must not know figures.
 * Masks are of all sizes: cells from one pixel to many. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/grid.h"

/* The cover of a cell, pixel by pixel: rows by their centres, columns by what
 * of a pixel is in the cell. */
static float slow_cover(const struct sil_mask *mask, const struct grid *grid,
                        uint32_t x, uint32_t y)
{
    float scale = grid_scale(grid);
    float sum = 0;
    uint32_t rows = 0;
    struct sil_box box = mask_box(mask);

    for (uint32_t row = box.y; row < box.y + box.height; row++) {
        if ((uint32_t)(((float)(row - box.y) + 0.5F) * scale) != y)
            continue;
        rows++;
        for (uint32_t column = box.x; column < box.x + box.width; column++) {
            float from = (float)(column - box.x) * scale;
            float share =
                fminf(from + scale, (float)x + 1) - fmaxf(from, (float)x);
            if (share > 0 && sample_pixel(mask, column, row))
                sum += share;
        }
    }
    return rows > 0 ? sum / (float)rows : 0;
}

static void random_masks_are_covered_right(void **state)
{
    struct dice dice = {31};

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, 1 + dice_roll(&dice, 700),
                        1 + dice_roll(&dice, 300), 1 + dice_roll(&dice, 90));
        struct grid grid;
        if (mask->run_count == 0) {
            mask_destroy(mask);
            continue;
        }
        assert_int_equal(grid_from_mask(&grid, mask), SIL_OK);
        assert_in_range(grid.cover.width, 1, LIMIT_GRID_SIDE);
        assert_in_range(grid.cover.height, 1, LIMIT_GRID_SIDE);
        for (int k = 0; k < 60; k++) {
            uint32_t x = dice_roll(&dice, grid.cover.width);
            uint32_t y = dice_roll(&dice, grid.cover.height);
            float cover = grid.cover.values[y * grid.cover.width + x];
            assert_float_equal(cover, slow_cover(mask, &grid, x, y), 2e-3);
        }
        plane_finish(&grid.cover);
        mask_destroy(mask);
    }
}

struct piece_case {
    const char *why;
    const char *rows[6];
    uint32_t height;
    uint32_t sizes[3]; /* of the pieces, the largest first; 0: no more */
};

static const struct piece_case piece_cases[] = {
    {"one pixel", {"..#"}, 1, {1}},
    {"corners join", {"#..", ".#.", "..#"}, 3, {3}},
    {"two", {"##.#", "##.#"}, 2, {4, 2}},
    {"a ring and its heart",
     {"#####", "#...#", "#.#.#", "#...#", "#####"},
     5,
     {16, 1}},
    {"a speck is left out",
     {"#####.#", "#####..", "#####..", "#####..", "####..."},
     5,
     {24}},
    {"equal ones", {"#.#.#"}, 1, {1, 1, 1}},
};

static void drawings_have_their_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof piece_cases / sizeof *piece_cases; i++) {
        const struct piece_case *at = &piece_cases[i];
        struct sil_mask *mask = drawn_mask(at->rows, at->height);
        struct grid_pieces pieces;
        struct grid grid;
        uint32_t expected = 0;
        while (expected < 3 && at->sizes[expected] > 0)
            expected++;
        assert_int_equal(grid_from_mask(&grid, mask), SIL_OK);
        assert_int_equal(grid_find_pieces(&pieces, &grid), SIL_OK);
        if (pieces.count != expected)
            fail_msg("%s: %u pieces", at->why, pieces.count);
        for (uint32_t k = 0; k < expected; k++) {
            uint32_t labelled = 0;
            assert_int_equal(pieces.items[k].cell_count, at->sizes[k]);
            for (uint32_t c = 0; c < grid.cover.width * grid.cover.height; c++)
                labelled += pieces.labels[c] == k + 1;
            assert_int_equal(labelled, at->sizes[k]);
        }
        mem_free(pieces.labels);
        plane_finish(&grid.cover);
        mask_destroy(mask);
    }
}

/* Of many alike, so many are kept; the first found are the first. */
static void too_many_pieces_are_cut(void **state)
{
    char row[2 * LIMIT_PIECES_MAX + 12];
    const char *rows[] = {row};
    struct sil_mask *mask;
    struct grid_pieces pieces;
    struct grid grid;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof row; i++)
        row[i] = i % 2 == 0 ? '#' : '.';
    row[sizeof row - 1] = '\0';
    mask = drawn_mask(rows, 1);
    assert_int_equal(grid_from_mask(&grid, mask), SIL_OK);
    assert_int_equal(grid_find_pieces(&pieces, &grid), SIL_OK);
    assert_int_equal(pieces.count, LIMIT_PIECES_MAX);
    assert_float_equal(pieces.items[0].box.x0, 0, 1e-6);
    assert_float_equal(pieces.items[1].box.x0, 2, 1e-6);
    mem_free(pieces.labels);
    plane_finish(&grid.cover);
    mask_destroy(mask);
}

/* No cell of it is half covered: it is person all the same. */
static void a_hair_is_somebody(void **state)
{
    struct mask_writer writer = {0};
    struct sil_mask *mask;
    struct grid_pieces pieces;
    struct grid grid;

    (void)state;
    assert_int_equal(mask_begin(&writer, 9, 2000), SIL_OK);
    for (uint32_t y = 0; y < 2000; y++) {
        assert_int_equal(mask_add_run(&writer, 4, 5), SIL_OK);
        mask_end_row(&writer);
    }
    mask = mask_take(&writer);
    assert_int_equal(grid_from_mask(&grid, mask), SIL_OK);
    assert_int_equal(grid.cover.width, 1);
    assert_int_equal(grid.cover.height, LIMIT_GRID_SIDE);
    assert_int_equal(grid_find_pieces(&pieces, &grid), SIL_OK);
    assert_int_equal(pieces.count, 1);
    mem_free(pieces.labels);
    plane_finish(&grid.cover);
    mask_destroy(mask);
}

static void each_allocation_may_fail(void **state)
{
    const char *const rows[] = {"##.#"};
    struct sil_mask *mask = drawn_mask(rows, 1);
    struct grid_pieces pieces;
    struct grid grid;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(grid_from_mask(&grid, mask), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(grid_from_mask(&grid, mask), SIL_OK);
    for (size_t i = 1; i <= 2; i++) {
        mem_fail_at(i);
        assert_int_equal(grid_find_pieces(&pieces, &grid), SIL_E_NO_MEMORY);
        mem_fail_at(0);
    }
    plane_finish(&grid.cover);
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_masks_are_covered_right),
        cmocka_unit_test(drawings_have_their_pieces),
        cmocka_unit_test(too_many_pieces_are_cut),
        cmocka_unit_test(a_hair_is_somebody),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
