/* pieces.c: against drawings, and against a slow flood fill.
 * Must not know upscaling.
 * The flood fill shares no idea with the code: it spreads until it rests. */
#include "mask/mask_samples.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mask/pieces.h"

/* All pieces count. */
static const struct pieces_rule any = {
    .present = .5f, .area_fraction = 0, .pixels_min = 1};

struct drawing {
    const char *why;
    const char *rows[6]; /* NULL: no more */
    uint32_t count;
    struct box box;
};

static const struct drawing drawings[] = {
    {"nothing", {"....", "...."}, 0, {0, 0, 0, 0}},
    {"one pixel, in a corner", {"....", "...#"}, 1, {3, 1, 4, 2}},
    {"all of it", {"###", "###"}, 1, {0, 0, 3, 2}},
    {"corners touch: one piece", {"#..", ".#.", "..#"}, 1, {0, 0, 3, 3}},
    {"the other way", {"..#", ".#.", "#.."}, 1, {0, 0, 3, 3}},
    {"a pixel between: two", {"#.#"}, 2, {0, 0, 3, 1}},
    {"a row between: two", {"##", "..", "##"}, 2, {0, 0, 2, 3}},
    {"legs that meet below", {"#.#.#", "#.#.#", "#####"}, 1, {0, 0, 5, 3}},
    {"legs that meet above", {"#####", "#.#.#", "#.#.#"}, 1, {0, 0, 5, 3}},
    {"two legs meet, late", {"#...#", "#.#.#", ".#.#."}, 1, {0, 0, 5, 3}},
    {"a ring around a piece",
     {"#####", "#...#", "#.#.#", "#...#", "#####"},
     2,
     {0, 0, 5, 5}},
    {"a spiral",
     {"#####", "....#", "###.#", "#...#", "#####"},
     1,
     {0, 0, 5, 5}},
    {"long above short", {"######", "......", ".#..#."}, 3, {0, 0, 6, 3}},
    {"not at the edge", {".....", "..#..", "....."}, 1, {2, 1, 3, 2}},
};

static uint32_t row_count_of(const struct drawing *drawing)
{
    uint32_t count = 0;

    while (count < 6 && drawing->rows[count] != NULL)
        count++;
    return count;
}

static void drawings_have_their_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drawings / sizeof drawings[0]; i++) {
        const struct drawing *drawing = &drawings[i];
        struct plane plane = drawn_plane(drawing->rows, row_count_of(drawing));
        struct pieces pieces;
        assert_int_equal(pieces_find(&pieces, &plane, &any), SIL_OK);
        if (pieces.count != drawing->count)
            fail_msg("%s: %u", drawing->why, pieces.count);
        if (pieces.count > 0)
            assert_memory_equal(&pieces.box, &drawing->box, sizeof pieces.box);
        plane_finish(&plane);
    }
}

static void present_is_above_not_at(void **state)
{
    struct plane plane;
    struct pieces pieces;

    (void)state;
    assert_int_equal(plane_init(&plane, 2, 1), SIL_OK);
    plane.values[0] = .5f;
    plane.values[1] = .5f;
    assert_int_equal(pieces_find(&pieces, &plane, &any), SIL_OK);
    assert_int_equal(pieces.count, 0);
    plane.values[1] = .50001f;
    assert_int_equal(pieces_find(&pieces, &plane, &any), SIL_OK);
    assert_int_equal(pieces.count, 1);
    assert_true(pieces.box.x0 == 1);
    plane_finish(&plane);
}

/* Fill columns first .. end - 1 of rows top .. bottom - 1 of a blank plane. */
static void fill(struct plane *plane, uint32_t first, uint32_t end,
                 uint32_t top, uint32_t bottom)
{
    for (uint32_t y = top; y < bottom; y++)
        for (uint32_t x = first; x < end; x++)
            plane->values[y * plane->width + x] = 1;
}

static uint32_t count_beside(uint32_t large_height, uint32_t small_width)
{
    struct pieces_rule rule = pieces_rule_default();
    struct plane plane;
    struct pieces pieces;

    assert_int_equal(plane_init(&plane, 50, 50), SIL_OK);
    for (int i = 0; i < 2500; i++)
        plane.values[i] = 0;
    fill(&plane, 0, 20, 0, large_height);
    fill(&plane, 25, 25 + small_width, 49, 50);
    assert_int_equal(pieces_find(&pieces, &plane, &rule), SIL_OK);
    if (pieces.count == 2)
        assert_true(pieces.box.y1 == 50);
    if (pieces.count == 1)
        assert_true(pieces.box.y1 == (float)large_height);
    plane_finish(&plane);
    return pieces.count;
}

static void small_pieces_do_not_count(void **state)
{
    (void)state;
    /* 5 % of 20 x 20 are exactly 20 pixels. */
    assert_int_equal(count_beside(20, 20), 2);
    assert_int_equal(count_beside(20, 19), 1);
    /* 5 % of 20 x 2 are 2 pixels, but 8 is the least. */
    assert_int_equal(count_beside(2, 8), 2);
    assert_int_equal(count_beside(2, 7), 1);
}

static void nothing_but_specks_is_nobody(void **state)
{
    struct pieces_rule rule = pieces_rule_default();
    const char *rows[] = {"#######.", "........", "#######."};
    struct plane plane = drawn_plane(rows, 3);
    struct pieces pieces;

    (void)state;
    assert_int_equal(pieces_find(&pieces, &plane, &rule), SIL_OK);
    assert_int_equal(pieces.count, 0);
    plane_finish(&plane);
}

/* Give label to a pixel's neighbours until nothing changes. */
static void flood(int *labels, const struct plane *plane, int label)
{
    int width = (int)plane->width;
    int height = (int)plane->height;
    bool has_changed = true;

    while (has_changed) {
        has_changed = false;
        for (int i = 0; i < width * height; i++) {
            int x = i % width;
            int y = i / width;
            if (labels[i] != 0 || !(plane->values[i] > .5f))
                continue;
            for (int k = 0; k < 9; k++) {
                int nx = x + k % 3 - 1;
                int ny = y + k / 3 - 1;
                if (nx < 0 || ny < 0 || nx >= width || ny >= height ||
                    labels[ny * width + nx] != label)
                    continue;
                labels[i] = label;
                has_changed = true;
                break;
            }
        }
    }
}

static uint32_t slow_count(const struct plane *plane)
{
    size_t pixel_count = (size_t)plane->width * plane->height;
    int *labels = calloc(pixel_count, sizeof *labels);
    int label = 0;

    assert_non_null(labels);
    for (size_t i = 0; i < pixel_count; i++) {
        if (labels[i] != 0 || !(plane->values[i] > .5f))
            continue;
        labels[i] = ++label;
        flood(labels, plane, label);
    }
    free(labels);
    return (uint32_t)label;
}

static void noise_agrees_with_a_flood_fill(void **state)
{
    struct dice dice = {1};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint32_t width = 1 + dice_roll(&dice, 24);
        uint32_t height = 1 + dice_roll(&dice, 24);
        struct plane plane =
            sample_plane(&dice, width, height, 1 + dice_roll(&dice, 6));
        struct pieces pieces;
        assert_int_equal(pieces_find(&pieces, &plane, &any), SIL_OK);
        assert_int_equal(pieces.count, slow_count(&plane));
        plane_finish(&plane);
    }
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {2};
    struct plane plane = sample_plane(&dice, 64, 64, 1);
    struct pieces pieces;
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        mem_fail_at(failure_count + 1);
        err = pieces_find(&pieces, &plane, &any);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    assert_in_range(failure_count, 2, 10);
    plane_finish(&plane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_have_their_pieces),
        cmocka_unit_test(present_is_above_not_at),
        cmocka_unit_test(small_pieces_do_not_count),
        cmocka_unit_test(nothing_but_specks_is_nobody),
        cmocka_unit_test(noise_agrees_with_a_flood_fill),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
