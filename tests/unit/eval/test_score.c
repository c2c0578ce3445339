/* score.c: against the measures written down plainly, pixel by pixel.
 * Must not know files.
 * Masks are small and made up; distances are computed for each pair of
 * pixels. */
#include "base/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/score.h"
#include "mask/mask_samples.h"

enum { WIDTH = 23, HEIGHT = 17, ROUNDS = 60 };

/* One byte a pixel. */
struct plain {
    bool at[HEIGHT][WIDTH];
};

static struct plain plain_of(const struct sil_mask *mask)
{
    struct plain plain = {{{false}}};

    for (uint32_t y = 0; mask != NULL && y < HEIGHT; y++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t x = runs[i].first; x < runs[i].end; x++)
                plain.at[y][x] = true;
    }
    return plain;
}

/* Pixels of the mask beside one outside of it. */
static struct plain edge_of(const struct plain *mask)
{
    struct plain edge = {{{false}}};

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int k = 0; k < 4; k++) {
                int nx = x + (k == 0) - (k == 1);
                int ny = y + (k == 2) - (k == 3);
                if (nx >= 0 && nx < WIDTH && ny >= 0 && ny < HEIGHT &&
                    mask->at[y][x] && !mask->at[ny][nx])
                    edge.at[y][x] = true;
            }
    return edge;
}

/* True if some pixel of the mask is within 3 by the chamfer distance. */
static bool is_near(const struct plain *mask, int x, int y)
{
    for (int v = 0; v < HEIGHT; v++)
        for (int u = 0; u < WIDTH; u++) {
            int dx = abs(u - x);
            int dy = abs(v - y);
            int low = dx < dy ? dx : dy;
            int high = dx < dy ? dy : dx;
            if (mask->at[v][u] && low * 1.3693 + (high - low) * 0.955 <= 3)
                return true;
        }
    return false;
}

/* Of the first mask's edge, how much is near the second one's; what is near
 * `ignored` doesn't count. *count: of what. */
static double share_near(int *count, const struct plain *one,
                         const struct plain *other, const struct plain *ignored)
{
    struct plain edge = edge_of(one);
    struct plain other_edge = edge_of(other);
    int hits = 0;

    *count = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (edge.at[y][x] && !is_near(ignored, x, y)) {
                (*count)++;
                hits += is_near(&other_edge, x, y);
            }
    return *count > 0 ? (double)hits / *count : 0;
}

static double plain_bf(const struct plain *one, const struct plain *other,
                       const struct plain *ignored)
{
    int count;
    int other_count;
    double precision = share_near(&count, one, other, ignored);
    double recall = share_near(&other_count, other, one, ignored);

    if (count == 0 || other_count == 0)
        return count == other_count ? 1 : 0;
    return precision + recall > 0
               ? 2 * precision * recall / (precision + recall)
               : 0;
}

static double plain_iou(const struct plain *one, const struct plain *other,
                        const struct plain *ignored)
{
    int both = 0;
    int any = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (!ignored->at[y][x]) {
                both += one->at[y][x] && other->at[y][x];
                any += one->at[y][x] || other->at[y][x];
            }
    return any > 0 ? (double)both / any : 1;
}

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) < 1e-9);
}

static void figures_are_those_of_the_plain_measures(void **state)
{
    static const struct plain nothing;
    struct dice dice = {1};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t longest = 2 + (uint32_t)i % 14;
        struct sil_mask *ours = sample_mask(&dice, WIDTH, HEIGHT, longest);
        struct sil_mask *truth = sample_mask(&dice, WIDTH, HEIGHT, longest);
        struct sil_mask *ignore = sample_mask(&dice, WIDTH, HEIGHT, 3);
        struct plain one = plain_of(ours);
        struct plain other = plain_of(truth);
        struct plain ignored = plain_of(ignore);
        struct score score = {0};

        assert_int_equal(score_masks(&score, ours, truth, ignore), SIL_OK);
        assert_false(score.is_empty);
        assert_true(score.has_ignore);
        assert_near(score.iou, plain_iou(&one, &other, &nothing));
        assert_near(score.bf, plain_bf(&one, &other, &nothing));
        assert_near(score.iou_ignore, plain_iou(&one, &other, &ignored));
        assert_near(score.bf_ignore, plain_bf(&one, &other, &ignored));
        score_finish(&score);
        mask_destroy(ours);
        mask_destroy(truth);
        mask_destroy(ignore);
    }
}

static const char *const NOBODY[] = {"......", "......", "......"};
static const char *const SOMEBODY[] = {"......", "..##..", "..##.."};
static const char *const EVERYWHERE[] = {"######", "######", "######"};

enum { ROWS = 3 };

static void nobody_has_a_false_area_alone(void **state)
{
    struct sil_mask *truth = drawn_mask(NOBODY, ROWS);
    struct sil_mask *ours = drawn_mask(SOMEBODY, ROWS);
    struct score score = {0};

    (void)state;
    assert_int_equal(score_masks(&score, ours, truth, ours), SIL_OK);
    assert_true(score.is_empty);
    assert_false(score.has_ignore);
    assert_near(score.false_area, 4.0 / 18);
    assert_int_equal(score_masks(&score, truth, ours, NULL), SIL_OK);
    assert_false(score.is_empty);
    assert_near(score.iou, 0);
    assert_near(score.bf, 0);
    mask_destroy(truth);
    mask_destroy(ours);
}

/* The picture's rim is no edge, so a mask of all has none. */
static void masks_without_edges_agree(void **state)
{
    struct sil_mask *all = drawn_mask(EVERYWHERE, ROWS);
    struct sil_mask *some = drawn_mask(SOMEBODY, ROWS);
    struct score score = {0};

    (void)state;
    assert_int_equal(score_masks(&score, all, all, NULL), SIL_OK);
    assert_near(score.iou, 1);
    assert_near(score.bf, 1);
    assert_int_equal(score_masks(&score, all, some, NULL), SIL_OK);
    assert_near(score.bf, 0);
    mask_destroy(all);
    mask_destroy(some);
}

/* Two true people, and three that were found: the second one is matched better
 * by the last, the first by what is left. */
static const char *const PEOPLE[][ROWS] = {
    {"##....", "##....", "##...."}, /* true */
    {"....##", "....##", "......"}, /* true */
    {".#....", ".#....", ".#...."}, {"....#.", "....#.", "....#."},
    {"....##", "....##", "....##"},
};

static void people_are_matched_best_first(void **state)
{
    struct sil_mask *masks[5];
    const struct sil_mask *lent[5];
    struct score_people truth = {lent, 2};
    struct score_people found = {lent + 2, 3};
    struct score_people none = {lent, 0};
    struct score score = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        masks[i] = drawn_mask(PEOPLE[i], ROWS);
        lent[i] = masks[i];
    }
    assert_int_equal(score_matched(&score, &found, &truth), SIL_OK);
    assert_int_equal(score.people_count, 2);
    assert_int_equal(score.predicted_count, 3);
    assert_near(score.person_ious[0], 0.5);
    assert_near(score.person_ious[1], 4.0 / 6);
    score_finish(&score);
    assert_int_equal(score_matched(&score, &none, &truth), SIL_OK);
    assert_near(score.person_ious[0] + score.person_ious[1], 0);
    score_finish(&score);
    assert_int_equal(score_matched(&score, &found, &none), SIL_OK);
    assert_int_equal(score.predicted_count, 3);
    assert_null(score.person_ious);
    /* Half of the first and all of the second is enough, less is not. */
    score_covered(&score, masks[2], &truth);
    assert_int_equal(score.covered_count, 1);
    score_covered(&score, masks[4], &truth);
    assert_int_equal(score.covered_count, 1);
    assert_true(score.has_people);
    for (size_t i = 0; i < 5; i++)
        mask_destroy(masks[i]);
}

static void survives_each_missing_allocation(void **state)
{
    struct sil_mask *mask = drawn_mask(SOMEBODY, ROWS);
    const struct sil_mask *lent = mask;
    struct score_people people = {&lent, 1};
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    for (size_t n = 1; err; n++) {
        struct score score = {0};

        mem_fail_at(n);
        err = score_masks(&score, mask, mask, NULL);
        if (!err)
            err = score_matched(&score, &people, &people);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        score_finish(&score);
    }
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_plain_measures),
        cmocka_unit_test(nobody_has_a_false_area_alone),
        cmocka_unit_test(masks_without_edges_agree),
        cmocka_unit_test(people_are_matched_best_first),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
