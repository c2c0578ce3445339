/* bodies.c: drawn masks and figures, and whose cells are whose then.
 * Must not know networks.
 * Masks are small: a cell is a pixel. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/bodies.h"

enum { SIDE = 40, CELLS = SIDE * SIDE };

/* A mask of upright bars, and what is made of it. */
struct scene {
    struct sil_mask *mask;
    struct grid grid;
    struct grid_pieces pieces;
    struct figures figures;
    float colours[3 * CELLS];
};

/* Columns first .. end - 1 of each run, in all rows. */
static struct sil_mask *bars(const struct sil_run *runs, uint32_t count)
{
    struct mask_writer writer = {0};

    assert_int_equal(mask_begin(&writer, SIDE, SIDE), SIL_OK);
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(mask_add_run(&writer, runs[i].first, runs[i].end),
                             SIL_OK);
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

static void scene_init(struct scene *scene, const struct sil_run *runs,
                       uint32_t count)
{
    *scene = (struct scene){.mask = bars(runs, count)};
    assert_int_equal(grid_from_mask(&scene->grid, scene->mask), SIL_OK);
    assert_int_equal(grid_find_pieces(&scene->pieces, &scene->grid), SIL_OK);
    assert_int_equal(scene->grid.cover.width,
                     runs[count - 1].end - runs[0].first);
}

static void scene_finish(struct scene *scene)
{
    mem_free(scene->pieces.labels);
    plane_finish(&scene->grid.cover);
    mask_destroy(scene->mask);
}

/* Somebody who stands upright at that column. */
static void add_figure(struct scene *scene, float x, float score)
{
    scene->figures.items[scene->figures.count++] = (struct figure){
        .score = score,
        .face = {x - 2, 3, x + 2, 7},
        .shoulders = {x, 10},
        .hip = {x, 20},
        .foot = {x, 36},
        .radius = 18,
    };
}

/* Whose a pixel is. The grid begins where the mask does. */
static int owner(const struct bodies *bodies, const struct scene *scene,
                 uint32_t x, uint32_t y)
{
    uint32_t column = x - (uint32_t)scene->grid.place.box.x0;

    assert_in_range(column, 0, bodies->labels.width - 1);
    return (int)bodies->labels.values[y * bodies->labels.width + column];
}

static struct bodies find(const struct scene *scene)
{
    struct bodies bodies = {.count = 0};

    assert_int_equal(bodies_find(&bodies, &scene->grid, &scene->pieces,
                                 &scene->figures, scene->colours),
                     SIL_OK);
    for (uint32_t i = 0; i < bodies.labels.width * bodies.labels.height; i++)
        assert_in_range((uint32_t)bodies.labels.values[i], 0, bodies.count - 1);
    return bodies;
}

static void pieces_without_figures_are_people(void **state)
{
    static const struct sil_run runs[] = {{2, 12}, {20, 38}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 2);
    bodies = find(&scene);
    assert_int_equal(bodies.count, 2);
    /* The larger piece is the first. */
    assert_int_equal(owner(&bodies, &scene, 5, 9), 1);
    assert_int_equal(owner(&bodies, &scene, 25, 9), 0);
    assert_float_equal(bodies.scores[0], BODY_UNSEEN, 1e-6);
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

static void a_figure_has_its_piece(void **state)
{
    static const struct sil_run runs[] = {{2, 12}, {20, 38}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 2);
    add_figure(&scene, 7, 0.75F);
    bodies = find(&scene);
    assert_int_equal(bodies.count, 2);
    assert_int_equal(owner(&bodies, &scene, 3, 30), 0);
    assert_int_equal(owner(&bodies, &scene, 37, 30), 1);
    assert_float_equal(bodies.scores[0], 0.75F, 1e-6);
    assert_float_equal(bodies.scores[1], BODY_UNSEEN, 1e-6);
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

/* Alike in colour, two who touch part half-way. */
static void two_figures_share_a_piece(void **state)
{
    static const struct sil_run runs[] = {{0, 40}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 1);
    add_figure(&scene, 10, 0.9F);
    add_figure(&scene, 30, 0.8F);
    bodies = find(&scene);
    assert_int_equal(bodies.count, 2);
    for (uint32_t y = 10; y < 30; y++) {
        assert_int_equal(owner(&bodies, &scene, 18, y), 0);
        assert_int_equal(owner(&bodies, &scene, 21, y), 1);
    }
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

/* In different colours they part where the colours do. */
static void colours_part_people(void **state)
{
    static const struct sil_run runs[] = {{0, 40}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 1);
    add_figure(&scene, 10, 0.9F);
    add_figure(&scene, 30, 0.8F);
    for (uint32_t i = 0; i < 3 * CELLS; i++)
        scene.colours[i] = i % SIDE < 24 ? 0.1F : 0.9F;
    bodies = find(&scene);
    for (uint32_t y = 10; y < 30; y++) {
        assert_int_equal(owner(&bodies, &scene, 23, y), 0);
        assert_int_equal(owner(&bodies, &scene, 24, y), 1);
    }
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

/* Beside the mask, or on another's very line: nothing is left for them. */
static void figures_that_get_nothing_are_none(void **state)
{
    static const struct sil_run runs[] = {{2, 20}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 1);
    add_figure(&scene, 35, 0.9F);
    add_figure(&scene, 10, 0.8F);
    add_figure(&scene, 10, 0.7F);
    bodies = find(&scene);
    assert_int_equal(bodies.count, 1);
    assert_float_equal(bodies.scores[0], 0.8F, 1e-6);
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

/* A line that passes by so near that it claims a piece, but never starts. */
static void a_near_miss_leaves_somebody(void **state)
{
    static const struct sil_run runs[] = {{20, 40}};
    struct scene scene;
    struct bodies bodies;

    (void)state;
    scene_init(&scene, runs, 1);
    add_figure(&scene, 19.2F, 0.9F);
    bodies = find(&scene);
    assert_int_equal(bodies.count, 1);
    assert_float_equal(bodies.scores[0], BODY_UNSEEN, 1e-6);
    plane_finish(&bodies.labels);
    scene_finish(&scene);
}

static void support_is_what_of_a_figure_is_person(void **state)
{
    static const struct sil_run runs[] = {{2, 12}, {20, 38}};
    struct scene scene;

    (void)state;
    scene_init(&scene, runs, 2);
    add_figure(&scene, 7, 1);
    add_figure(&scene, 15, 1);
    add_figure(&scene, 99, 1);
    assert_float_equal(
        bodies_support(&scene.figures.items[0], &scene.grid, NULL, 0), 1, 1e-6);
    for (int i = 1; i < 3; i++)
        assert_float_equal(
            bodies_support(&scene.figures.items[i], &scene.grid, NULL, 0), 0,
            1e-6);
    /* It is in the second piece, the smaller one. */
    assert_float_equal(bodies_support(&scene.figures.items[0], &scene.grid,
                                      scene.pieces.labels, 1),
                       0, 1e-6);
    assert_float_equal(bodies_support(&scene.figures.items[0], &scene.grid,
                                      scene.pieces.labels, 2),
                       1, 1e-6);
    scene_finish(&scene);
}

/* Four lists, the spread's nodes, the labels. */
static void each_allocation_may_fail(void **state)
{
    static const struct sil_run runs[] = {{0, 40}};
    struct bodies bodies = {.count = 0};
    struct scene scene;

    (void)state;
    scene_init(&scene, runs, 1);
    for (size_t i = 1; i <= 6; i++) {
        mem_fail_at(i);
        assert_int_equal(bodies_find(&bodies, &scene.grid, &scene.pieces,
                                     &scene.figures, scene.colours),
                         SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(bodies.labels.values);
    }
    scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_without_figures_are_people),
        cmocka_unit_test(a_figure_has_its_piece),
        cmocka_unit_test(two_figures_share_a_piece),
        cmocka_unit_test(colours_part_people),
        cmocka_unit_test(figures_that_get_nothing_are_none),
        cmocka_unit_test(a_near_miss_leaves_somebody),
        cmocka_unit_test(support_is_what_of_a_figure_is_person),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
