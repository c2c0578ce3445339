/* pieces.c: what tidying does to drawings, and to noise.
 * Must not know how pieces are found.
 * A tidied plane has no speck and no hole left: tidying it again changes
 * nothing. */
#include "mask/mask_samples.h"

#include "base/mem.h"
#include "mask/pieces.h"

enum { ROWS_MAX = 6 };

/* A speck has less than half of the largest piece, or 2 pixels. */
static const struct pieces_rule rule = {
    .present = .5f, .area_fraction = .5f, .pixels_min = 2};

static const float HOLE = .2f;

struct drawing {
    const char *why;
    const char *before[ROWS_MAX]; /* NULL: no more */
    const char *after[ROWS_MAX];
};

static const struct drawing drawings[] = {
    {"nothing", {"....", "...."}, {"....", "...."}},
    {"all of it", {"###", "###"}, {"###", "###"}},
    {"a speck goes", {"###..", "###.#"}, {"###..", "###.."}},
    {"a half stays", {"####..##"}, {"####..##"}},
    {"one pixel alone is nobody", {"#..", "..."}, {"...", "..."}},
    {"a hole is filled", {"####", "#.##", "####"}, {"####", "####", "####"}},
    {"a notch is a hole: the edge closes it",
     {"###.###", "#######"},
     {"#######", "#######"}},
    {"a large hole stays",
     {"####", "#..#", "#..#", "####"},
     {"####", "#..#", "#..#", "####"}},
    {"a gap to the outside stays",
     {"####", "##.#", "###.", "...."},
     {"####", "##.#", "###.", "...."}},
    {"a speck in a hole: first it goes, then the hole is too large",
     {"#####", "#...#", "#.#.#", "#...#", "#####"},
     {"#####", "#...#", "#...#", "#...#", "#####"}},
};

static uint32_t row_count_of(const char *const *rows)
{
    uint32_t count = 0;

    while (count < ROWS_MAX && rows[count] != NULL)
        count++;
    return count;
}

static void drawings_are_tidied(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drawings / sizeof drawings[0]; i++) {
        const struct drawing *drawing = &drawings[i];
        uint32_t count = row_count_of(drawing->before);
        struct plane plane = drawn_plane(drawing->before, count);
        struct plane wanted = drawn_plane(drawing->after, count);
        size_t value_count = (size_t)plane.width * plane.height;

        assert_int_equal(pieces_tidy(&plane, &rule, HOLE), SIL_OK);
        for (size_t k = 0; k < value_count; k++)
            if ((plane.values[k] > .5f) != (wanted.values[k] > .5f))
                fail_msg("%s: value %zu", drawing->why, k);
        plane_finish(&wanted);
        plane_finish(&plane);
    }
}

/* Specks become 0 and holes 1; all other values stay as they were. */
static void other_values_stay(void **state)
{
    const char *rows[] = {"######.#", "#.####..", "######.."};
    struct plane plane = drawn_plane(rows, 3);

    (void)state;
    plane.values[0] = .75f;
    plane.values[6] = .25f;
    assert_int_equal(pieces_tidy(&plane, &rule, HOLE), SIL_OK);
    assert_true(plane.values[0] == .75f);
    assert_true(plane.values[6] == .25f);
    assert_true(plane.values[7] == 0);
    assert_true(plane.values[9] == 1);
    plane_finish(&plane);
}

static void twice_is_as_once(void **state)
{
    struct dice dice = {3};
    struct pieces_rule small = {
        .present = .5f, .area_fraction = .1f, .pixels_min = 3};

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct plane plane =
            sample_plane(&dice, 1 + dice_roll(&dice, 40),
                         1 + dice_roll(&dice, 40), 1 + dice_roll(&dice, 6));
        size_t bytes =
            (size_t)plane.width * plane.height * sizeof *plane.values;
        float *once = mem_alloc(bytes, 1);

        assert_non_null(once);
        assert_int_equal(pieces_tidy(&plane, &small, 0), SIL_OK);
        memcpy(once, plane.values, bytes);
        assert_int_equal(pieces_tidy(&plane, &small, 0), SIL_OK);
        assert_memory_equal(once, plane.values, bytes);
        mem_free(once);
        plane_finish(&plane);
    }
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {2};
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        struct plane plane = sample_plane(&dice, 64, 64, 1);
        mem_fail_at(failure_count + 1);
        err = pieces_tidy(&plane, &rule, HOLE);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        plane_finish(&plane);
    }
    assert_in_range(failure_count, 2, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_are_tidied),
        cmocka_unit_test(other_values_stay),
        cmocka_unit_test(twice_is_as_once),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
