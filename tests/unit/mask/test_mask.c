/* mask.c: the writer's promises, the accessors, and memory running out.
 * Must not know pieces or upscaling.
 * Broken promises end the process: they are provoked in a child. */
#include "mask/mask_samples.h"

#include "base/death.h"
#include "base/mem.h"

static void rows_hold_what_was_added(void **state)
{
    const char *rows[] = {"..##.#", "......", "######", "#....#"};
    struct sil_mask *mask = drawn_mask(rows, 4);
    const struct sil_run *runs;

    (void)state;
    assert_int_equal(sil_mask_width(mask), 6);
    assert_int_equal(sil_mask_height(mask), 4);
    assert_int_equal(sil_mask_row(&runs, mask, 0), 2);
    assert_int_equal(runs[0].first, 2);
    assert_int_equal(runs[0].end, 4);
    assert_int_equal(runs[1].first, 5);
    assert_int_equal(runs[1].end, 6);
    assert_int_equal(sil_mask_row(&runs, mask, 1), 0);
    assert_int_equal(sil_mask_row(&runs, mask, 2), 1);
    assert_int_equal(runs[0].end, 6);
    assert_int_equal(sil_mask_row(&runs, mask, 3), 2);
    assert_int_equal(mask->person_pixels, 11);
    assert_true(sil_mask_area(mask) == 11.0 / 24);
    mask_check(mask);
    mask_destroy(mask);
}

static void touching_runs_are_joined(void **state)
{
    struct mask_writer writer;
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(mask_begin(&writer, 10, 2), SIL_OK);
    assert_int_equal(mask_add_run(&writer, 1, 3), SIL_OK);
    assert_int_equal(mask_add_run(&writer, 3, 10), SIL_OK);
    mask_end_row(&writer);
    /* The run above ends where this one begins, but in another row. */
    assert_int_equal(mask_add_run(&writer, 0, 1), SIL_OK);
    mask_end_row(&writer);
    mask = mask_take(&writer);
    assert_null(writer.mask);
    assert_int_equal(mask->run_count, 2);
    assert_int_equal(mask->runs[0].first, 1);
    assert_int_equal(mask->runs[0].end, 10);
    assert_int_equal(mask->person_pixels, 10);
    mask_destroy(mask);
}

static void empty_mask_has_no_runs(void **state)
{
    struct mask_writer writer;
    const struct sil_run *runs;
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(mask_begin(&writer, 1, 1), SIL_OK);
    mask_end_row(&writer);
    mask = mask_take(&writer);
    assert_null(mask->runs);
    assert_int_equal(sil_mask_row(&runs, mask, 0), 0);
    assert_null(runs);
    assert_true(sil_mask_area(mask) == 0);
    mask_destroy(mask);
    mask_destroy(NULL);
}

static void many_runs_fit(void **state)
{
    enum { WIDTH = 65500, HEIGHT = 3 };
    struct mask_writer writer;
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(mask_begin(&writer, WIDTH, HEIGHT), SIL_OK);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x += 2)
            assert_int_equal(mask_add_run(&writer, x, x + 1), SIL_OK);
        mask_end_row(&writer);
    }
    mask = mask_take(&writer);
    assert_int_equal(mask->run_count, WIDTH / 2 * HEIGHT);
    assert_int_equal(mask->person_pixels, WIDTH / 2 * HEIGHT);
    mask_destroy(mask);
}

static void each_allocation_may_fail(void **state)
{
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        struct mask_writer writer = {0};
        mem_fail_at(failure_count + 1);
        err = mask_begin(&writer, 2000, 1);
        for (uint32_t x = 0; x < 2000 && !err; x += 2)
            err = mask_add_run(&writer, x, x + 1);
        mem_fail_at(0);
        mask_abandon(&writer);
        failure_count += err != SIL_OK;
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    /* The mask, its row ends, and the runs, doubled twice. */
    assert_int_equal(failure_count, 5);
}

/* Cutting the runs to size is a courtesy: without memory they stay. */
static void take_survives_lack_of_memory(void **state)
{
    struct mask_writer writer;
    struct sil_mask *mask;

    (void)state;
    assert_int_equal(mask_begin(&writer, 5, 1), SIL_OK);
    assert_int_equal(mask_add_run(&writer, 1, 4), SIL_OK);
    mask_end_row(&writer);
    mem_fail_at(1);
    mask = mask_take(&writer);
    mem_fail_at(0);
    assert_int_equal(mask->run_count, 1);
    assert_int_equal(mask->runs[0].end, 4);
    mask_destroy(mask);
}

static void plane_allocates_its_values(void **state)
{
    struct plane plane = {0};

    (void)state;
    assert_int_equal(plane_init(&plane, 7, 3), SIL_OK);
    assert_int_equal(plane.width, 7);
    assert_int_equal(plane.height, 3);
    for (int i = 0; i < 21; i++)
        plane.values[i] = 1;
    plane_finish(&plane);
    assert_null(plane.values);
    plane_finish(&plane);
    mem_fail_at(1);
    assert_int_equal(plane_init(&plane, 7, 3), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_null(plane.values);
    /* 2^64 values of 4 bytes wrap around. */
    assert_int_equal(plane_init(&plane, UINT32_MAX, UINT32_MAX),
                     SIL_E_NO_MEMORY);
}

static void add_backwards(void)
{
    struct mask_writer writer;

    if (mask_begin(&writer, 10, 1) == SIL_OK &&
        mask_add_run(&writer, 5, 7) == SIL_OK)
        (void)!mask_add_run(&writer, 6, 8);
}

static void add_nothing(void)
{
    struct mask_writer writer;

    if (mask_begin(&writer, 10, 1) == SIL_OK)
        (void)!mask_add_run(&writer, 5, 5);
}

static void add_past_the_edge(void)
{
    struct mask_writer writer;

    if (mask_begin(&writer, 10, 1) == SIL_OK)
        (void)!mask_add_run(&writer, 5, 11);
}

static void take_too_early(void)
{
    struct mask_writer writer;

    if (mask_begin(&writer, 10, 2) == SIL_OK) {
        mask_end_row(&writer);
        (void)mask_take(&writer);
    }
}

static void end_too_many_rows(void)
{
    struct mask_writer writer;

    if (mask_begin(&writer, 10, 1) == SIL_OK) {
        mask_end_row(&writer);
        mask_end_row(&writer);
    }
}

static void look_below_the_last_row(void)
{
    const char *rows[] = {"#"};
    const struct sil_run *runs;

    (void)sil_mask_row(&runs, drawn_mask(rows, 1), 1);
}

/* Each sentence of the invariant, broken by hand. */
static void check_miscounted(void)
{
    const char *rows[] = {"#.#"};
    struct sil_mask *mask = drawn_mask(rows, 1);

    mask->person_pixels++;
    mask_check(mask);
}

static void check_touching(void)
{
    const char *rows[] = {"#.#"};
    struct sil_mask *mask = drawn_mask(rows, 1);

    mask->runs[1].first = 1;
    mask->person_pixels++;
    mask_check(mask);
}

static void check_falling_ends(void)
{
    const char *rows[] = {"#.#", "#..", "..#"};
    struct sil_mask *mask = drawn_mask(rows, 3);

    mask->row_ends[1] = 1;
    mask_check(mask);
}

static void check_ends_past_the_last_run(void)
{
    const char *rows[] = {"#.#", "#.#"};
    struct sil_mask *mask = drawn_mask(rows, 2);

    mask->row_ends[0] = 5;
    mask_check(mask);
}

static void broken_promises_end_the_process(void **state)
{
    (void)state;
    assert_dies(add_backwards, "first >= last->end");
    assert_dies(add_nothing, "first < end");
    assert_dies(add_past_the_edge, "end <= mask->width");
    assert_dies(take_too_early, "writer->row == mask->height");
    assert_dies(end_too_many_rows, "writer->row < mask->height");
    assert_dies(look_below_the_last_row, "row < mask->height");
    assert_dies(check_miscounted, "pixel_count == mask->person_pixels");
    assert_dies(check_touching, "run->first >= least");
    assert_dies(check_ends_past_the_last_run,
                "mask->row_ends[row] <= mask->run_count");
    assert_dies(check_falling_ends, "mask->row_ends[row] >= index");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_what_was_added),
        cmocka_unit_test(touching_runs_are_joined),
        cmocka_unit_test(empty_mask_has_no_runs),
        cmocka_unit_test(many_runs_fit),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(take_survives_lack_of_memory),
        cmocka_unit_test(plane_allocates_its_values),
        cmocka_unit_test(broken_promises_end_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
