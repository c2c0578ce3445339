/* figure.c: who is the same, how far is far, and maps there and back.
 * Must not know masks.
 * Figures are built from a hip and a direction, as the detector's are. */
#include "base/cmocka_all.h"

#include <math.h>

#include "mask/figure.h"

/* A figure of radius 10 whose body points to `angle` (0: up), its face at the
 * end of it. */
static struct figure figure_at(float x, float y, float angle)
{
    float up_x = sinf(angle);
    float up_y = -cosf(angle);
    struct point head = {x + 7 * up_x, y + 7 * up_y};

    return (struct figure){
        .score = 1,
        .face = {head.x - 1, head.y - 1, head.x + 1, head.y + 1},
        .shoulders = {x + 5 * up_x, y + 5 * up_y},
        .hip = {x, y},
        .foot = {x - 9 * up_x, y - 9 * up_y},
        .radius = 10,
    };
}

struct same_case {
    const char *why;
    float x, y, angle; /* of the other; the first is upright at 0, 0 */
    bool is_same;
};

static const struct same_case same_cases[] = {
    {"itself", 0, 0, 0, true},
    {"a hip that is nearly the same", 1, 1, 0, true},
    {"side by side, touching", 3, 0, 0, false},
    {"side by side, one leaning a little", 3, 0, 0.5F, false},
    {"near, but turned against each other", 3, 0, 0.7F, true},
    {"near, the other one upside down", 3, 0, (float)M_PI, true},
    {"turned, and far enough", 4, 0, 0.7F, false},
    {"one above the other", 0, -12, 0, false},
};

static void the_same_is_told_from_another(void **state)
{
    struct figure first = figure_at(0, 0, 0);

    (void)state;
    for (size_t i = 0; i < sizeof same_cases / sizeof *same_cases; i++) {
        const struct same_case *at = &same_cases[i];
        struct figure other = figure_at(at->x, at->y, at->angle);
        if (figure_is_same(&first, &other) != at->is_same ||
            figure_is_same(&other, &first) != at->is_same)
            fail_msg("%s", at->why);
    }
}

/* Angles just left and right of the jump from pi to -pi. */
static void directions_wrap_around(void **state)
{
    struct figure a = figure_at(0, 0, -(float)M_PI / 2 + 0.1F);
    struct figure b = figure_at(0, 3, -(float)M_PI / 2 - 0.1F);

    (void)state;
    assert_false(figure_is_same(&a, &b));
}

static void faces_that_overlap_are_one(void **state)
{
    struct figure a = figure_at(0, 0, 0);
    struct figure b = figure_at(6, 0, 0);

    (void)state;
    assert_false(figure_is_same(&a, &b));
    b.face = a.face;
    assert_true(figure_is_same(&a, &b));
}

static void distances_are_to_the_nearest_stretch(void **state)
{
    struct figure figure = figure_at(0, 0, 0);
    struct figure point = figure;

    (void)state;
    assert_float_equal(figure_distance(&figure, (struct point){3, 0}), 3, 1e-5);
    assert_float_equal(figure_distance(&figure, (struct point){0, -3}), 0,
                       1e-5);
    assert_float_equal(figure_distance(&figure, (struct point){0, 12}), 3,
                       1e-5);
    assert_float_equal(figure_distance(&figure, (struct point){4, -10}), 5,
                       1e-5);
    /* All in one place: a stretch of no length. */
    point.face = (struct box){0, 0, 0, 0};
    point.shoulders = point.foot = point.hip = (struct point){0, 0};
    assert_float_equal(figure_distance(&point, (struct point){3, 4}), 5, 1e-5);
}

static void maps_move_and_scale(void **state)
{
    struct figure figure = figure_at(10, 20, 0);

    (void)state;
    figure_map(&figure, (struct point){4, 8}, 2);
    assert_float_equal(figure.hip.x, 12, 1e-5);
    assert_float_equal(figure.hip.y, 24, 1e-5);
    assert_float_equal(figure.foot.y, 42, 1e-5);
    assert_float_equal(figure.face.x0, 10, 1e-5);
    assert_float_equal(figure.face.y1, 12, 1e-5);
    assert_float_equal(figure.radius, 20, 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_told_from_another),
        cmocka_unit_test(directions_wrap_around),
        cmocka_unit_test(faces_that_overlap_are_one),
        cmocka_unit_test(distances_are_to_the_nearest_stretch),
        cmocka_unit_test(maps_move_and_scale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
