/* guided.c: against a direct filter in double, and the reference's values.
 * Must not know how sums are kept.
 * The direct filter solves each window from its pixels, by elimination. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/guided.h"

enum { LANES = 4, COLOURS = 3, SIDE_MAX = 40 };

static const double TOLERANCE = 2e-4;

/* A plane and its guide, owned. */
struct scene {
    struct plane red, green, blue, plane;
};

static struct guide guide_of(const struct scene *scene)
{
    return (struct guide){scene->red.values, scene->green.values,
                          scene->blue.values};
}

static struct scene scene_make(struct dice *dice, uint32_t width,
                               uint32_t height, uint32_t smoothness)
{
    struct scene scene;

    scene.red = sample_plane(dice, width, height, smoothness);
    scene.green = sample_plane(dice, width, height, smoothness);
    scene.blue = sample_plane(dice, width, height, smoothness);
    scene.plane = sample_plane(dice, width, height, smoothness);
    return scene;
}

static void scene_finish(struct scene *scene)
{
    plane_finish(&scene->red);
    plane_finish(&scene->green);
    plane_finish(&scene->blue);
    plane_finish(&scene->plane);
}

/* The mirrored index, for windows of any size up to the picture's. */
static size_t mirrored(long index, long count)
{
    if (index < 0)
        index = -index - 1;
    return (size_t)(index < count ? index : 2 * count - 1 - index);
}

/* Solve the 4 x 4 system of normal equations by Gauss and Jordan. */
static void eliminate(double system[LANES][LANES + 1])
{
    for (int i = 0; i < LANES; i++) {
        for (int k = 0; k < LANES; k++) {
            double times = system[k][i] / system[i][i];
            for (int j = LANES; k != i && j >= i; j--)
                system[k][j] -= times * system[i][j];
        }
    }
    for (int i = 0; i < LANES; i++)
        system[i][LANES] /= system[i][i];
}

/* The best fit of one window: least squares, epsilon weighing the slopes. */
static void slow_fit(double fit[LANES], const struct scene *scene, long x,
                     long y, const struct guided_rule *rule)
{
    double system[LANES][LANES + 1] = {{0}};
    long radius = (long)rule->radius;
    double count = (2.0 * (double)radius + 1) * (2.0 * (double)radius + 1);

    for (long dy = -radius; dy <= radius; dy++) {
        for (long dx = -radius; dx <= radius; dx++) {
            size_t i =
                mirrored(y + dy, scene->plane.height) * scene->plane.width +
                mirrored(x + dx, scene->plane.width);
            double lanes[LANES + 1] = {(double)scene->red.values[i],
                                       (double)scene->green.values[i],
                                       (double)scene->blue.values[i], 1,
                                       (double)scene->plane.values[i]};
            for (int k = 0; k < LANES; k++)
                for (int j = 0; j <= LANES; j++)
                    system[k][j] += lanes[k] * lanes[j] / count;
        }
    }
    for (int k = 0; k < COLOURS; k++)
        system[k][k] += (double)rule->epsilon;
    eliminate(system);
    for (int k = 0; k < LANES; k++)
        fit[k] = system[k][LANES];
}

/* Fail where a fit isn't the mean of the fits around it. */
static void compare_fits(const struct guided *guided, const struct scene *scene,
                         const struct guided_rule *rule)
{
    static double fits[SIDE_MAX * SIDE_MAX][LANES];
    long width = scene->plane.width;
    long height = scene->plane.height;
    long radius = (long)rule->radius;
    double count = (2.0 * (double)radius + 1) * (2.0 * (double)radius + 1);

    for (long i = 0; i < width * height; i++)
        slow_fit(fits[i], scene, i % width, i / width, rule);
    for (long i = 0; i < width * height * LANES; i++) {
        long x = i / LANES % width;
        long y = i / LANES / width;
        double mean = 0;
        for (long dy = -radius; dy <= radius; dy++)
            for (long dx = -radius; dx <= radius; dx++)
                mean += fits[mirrored(y + dy, height) * (size_t)width +
                             mirrored(x + dx, width)][i % LANES] /
                        count;
        if (fabs(mean - (double)guided->fits[i]) > TOLERANCE)
            fail_msg("lane %ld of (%ld, %ld): %g, not %g", i % LANES, x, y,
                     (double)guided->fits[i], mean);
    }
}

static void fits_are_least_squares(void **state)
{
    static const struct {
        uint32_t width, height, radius, smoothness;
    } cases[] = {
        {1, 1, 1, 1},   /* nothing but mirrors */
        {1, 9, 2, 1},   /* a column, */
        {9, 1, 3, 2},   /* and a row: the other radius is cut */
        {7, 5, 5, 1},   /* as far as a mirror reaches */
        {40, 31, 3, 4}, /* the common case */
        {33, 40, 8, 9}, /* windows without much colour */
    };
    struct dice dice = {11};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene = scene_make(&dice, cases[i].width, cases[i].height,
                                        cases[i].smoothness);
        struct guide guide = guide_of(&scene);
        struct guided_rule rule = {cases[i].radius, 1e-2F};
        struct guided guided;
        assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule),
                         SIL_OK);
        assert_int_equal(guided.width, cases[i].width);
        assert_int_equal(guided.height, cases[i].height);
        /* A radius beyond the sides is cut to them: the mirror ends there. */
        if (cases[i].radius <= cases[i].width &&
            cases[i].radius <= cases[i].height)
            compare_fits(&guided, &scene, &rule);
        guided_finish(&guided);
        assert_null(guided.fits);
        scene_finish(&scene);
    }
}

/* Large radii are as good as the whole picture, and no failure. */
static void a_radius_beyond_the_picture(void **state)
{
    struct dice dice = {12};
    struct scene scene = scene_make(&dice, 6, 4, 1);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {UINT32_MAX, 1e-3F};
    struct guided guided;

    (void)state;
    assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule), SIL_OK);
    for (int i = 0; i < 6 * 4 * LANES; i++)
        assert_true(isfinite(guided.fits[i]));
    guided_finish(&guided);
    scene_finish(&scene);
}

/* Sums slide over a thousand rows without drifting away. */
static void a_long_way_to_slide(void **state)
{
    struct dice dice = {13};
    struct scene scene = scene_make(&dice, 5, 1500, 1);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {2, 1e-3F};
    struct guided guided;
    double fit[LANES];
    double sum[LANES] = {0};

    (void)state;
    assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule), SIL_OK);
    for (long dy = -2; dy <= 2; dy++) {
        for (long dx = -2; dx <= 2; dx++) {
            slow_fit(fit, &scene, 2 + dx, 1490 + dy, &rule);
            for (int k = 0; k < LANES; k++)
                sum[k] += fit[k] / 25;
        }
    }
    for (int k = 0; k < LANES; k++)
        if (fabs(sum[k] - (double)guided.fits[(1490 * 5 + 2) * LANES + k]) >
            5e-3)
            fail_msg("lane %d: %g", k, sum[k]);
    guided_finish(&guided);
    scene_finish(&scene);
}

/* Nearly one bright colour, and an epsilon far below what floats could tell of
 * its variance: least squares all the same. */
static void flat_and_bright_colours(void **state)
{
    struct dice dice = {17};
    struct scene scene = scene_make(&dice, 24, 900, 3);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {7, 1e-5F};
    struct guided guided;
    double fit[LANES];
    double sum[LANES] = {0};

    (void)state;
    for (uint32_t i = 0; i < 24 * 900; i++) {
        scene.red.values[i] = .95F + scene.red.values[i] / 500;
        scene.green.values[i] = .96F + scene.green.values[i] / 500;
        scene.blue.values[i] = .97F + scene.blue.values[i] / 500;
    }
    assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule), SIL_OK);
    for (long dy = -7; dy <= 7; dy++) {
        for (long dx = -7; dx <= 7; dx++) {
            slow_fit(fit, &scene, 12 + dx, 880 + dy, &rule);
            for (int k = 0; k < LANES; k++)
                sum[k] += fit[k] / 225;
        }
    }
    for (int k = 0; k < LANES; k++)
        if (fabs(sum[k] - (double)guided.fits[(880 * 24 + 12) * LANES + k]) >
            1e-3 * fmax(1, fabs(sum[k])))
            fail_msg("lane %d: %g, not %g", k,
                     (double)guided.fits[(880 * 24 + 12) * LANES + k], sum[k]);
    guided_finish(&guided);
    scene_finish(&scene);
}

/* The picture of the reference's values: colours out of a formula, and a
 * brighter disc. */
static void paint(uint8_t *rgb, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t *pixel = rgb + (size_t)(y * width + x) * COLOURS;
            int dx = (int)x - 20;
            int dy = (int)y - 18;
            pixel[0] = (uint8_t)((x * x * 7 + y * 13) % 251);
            pixel[1] = (uint8_t)((x * 5 + y * y * 11 + x * y) % 241);
            pixel[2] = (uint8_t)((x * 17 + y * 29) % 239);
            for (int c = 0; c < COLOURS; c++)
                if (dx * dx + 2 * dy * dy < 200)
                    pixel[c] = (uint8_t)(pixel[c] / 4 + 180);
        }
    }
}

/* Half the picture's size, each pixel the mean of four. */
static void halve(struct scene *scene, const uint8_t *rgb, uint32_t width)
{
    struct plane *planes[] = {&scene->red, &scene->green, &scene->blue};

    for (uint32_t i = 0; i < scene->plane.width * scene->plane.height; i++) {
        uint32_t x = i % scene->plane.width * 2;
        uint32_t y = i / scene->plane.width * 2;
        scene->plane.values[i] = 0;
        for (int c = 0; c < COLOURS; c++)
            planes[c]->values[i] = 0;
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t u = x + k % 2;
            uint32_t v = y + k / 2;
            int dx = (int)u - 22;
            int dy = (int)v - 17;
            bool is_inside = dx * dx + 2 * dy * dy < 230;
            scene->plane.values[i] += is_inside ? .9F / 4 : .1F / 4;
            for (size_t c = 0; c < COLOURS; c++)
                planes[c]->values[i] +=
                    (float)rgb[(size_t)(v * width + u) * COLOURS + c] /
                    (4 * 255.F);
        }
    }
}

/* What guided_filter() of the pipelines' reference gives, radius 3 at half the
 * size, epsilon 1e-3. */
static void the_values_of_the_reference(void **state)
{
    enum { WIDTH = 48, HEIGHT = 40 };
    static const struct {
        uint32_t x, y;
        float value;
    } golden[] = {
        {0, 0, 0.077275F},   {47, 0, 0.100799F},   {0, 39, 0.100000F},
        {47, 39, 0.100000F}, {10, 10, 0.070396F},  {20, 18, 0.872548F},
        {33, 17, 0.722228F}, {21, 30, -0.074934F}, {5, 18, 0.099724F},
        {36, 12, 0.198787F}, {24, 1, 0.080784F},   {23, 38, 0.057031F},
    };
    static uint8_t rgb[WIDTH * HEIGHT * COLOURS];
    struct dice dice = {14};
    struct scene scene = scene_make(&dice, WIDTH / 2, HEIGHT / 2, 1);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {3, 1e-3F};
    struct box box = {0, 0, WIDTH, HEIGHT};
    struct guided guided;

    (void)state;
    paint(rgb, WIDTH, HEIGHT);
    halve(&scene, rgb, WIDTH);
    assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule), SIL_OK);
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        struct guided_span span = {rgb + (golden[i].y * WIDTH + golden[i].x) *
                                             COLOURS,
                                   golden[i].y, golden[i].x, 1};
        float value;
        guided_row(&value, &guided, &box, &span);
        assert_float_equal(value, golden[i].value, 1e-4F);
    }
    guided_finish(&guided);
    scene_finish(&scene);
}

/* A fit whose lanes tell where it is: the interpolation alone. */
static void fits_are_interpolated_within_the_box(void **state)
{
    static float fits[3 * 2 * LANES];
    struct guided guided = {fits, 3, 2};
    struct box box = {10, 20, 40, 40};
    uint8_t rgb[60 * COLOURS];
    float out[60];

    (void)state;
    /* Offset x + 10 y, and a slope of red that is y. */
    for (int i = 0; i < 6; i++) {
        fits[i * LANES] = (float)(i / 3);
        fits[i * LANES + 3] = (float)(i % 3 + i / 3 * 10);
    }
    memset(rgb, 255, sizeof rgb);
    for (uint32_t y = 0; y < 60; y++) {
        struct guided_span span = {rgb, y, 0, 60};
        guided_row(out, &guided, &box, &span);
        for (uint32_t x = 0; x < 60; x++) {
            double u = fmin(fmax((x + .5 - 10) / 10 - .5, 0), 2);
            double v = fmin(fmax((y + .5 - 20) / 10 - .5, 0), 1);
            assert_float_equal(out[x], (float)(u + 11 * v), 1e-4F);
        }
    }
}

/* A span's pixels are those of its columns, wherever it begins. */
static void spans_are_parts_of_a_row(void **state)
{
    struct dice dice = {15};
    struct scene scene = scene_make(&dice, 12, 9, 2);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {2, 1e-3F};
    struct box box = {-3.5F, 1.25F, 44, 30};
    struct guided guided;
    uint8_t rgb[50 * COLOURS];
    float whole[50];
    float part[50];

    (void)state;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)dice_roll(&dice, 256);
    assert_int_equal(guided_fit(&guided, &guide, &scene.plane, &rule), SIL_OK);
    for (uint32_t first = 0; first < 50; first++) {
        struct guided_span all = {rgb, 13, 0, 50};
        struct guided_span span = {rgb + (size_t)first * COLOURS, 13, first,
                                   50 - first};
        guided_row(whole, &guided, &box, &all);
        guided_row(part, &guided, &box, &span);
        assert_memory_equal(whole + first, part, (50 - first) * sizeof *part);
    }
    guided_finish(&guided);
    scene_finish(&scene);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {16};
    struct scene scene = scene_make(&dice, 8, 8, 2);
    struct guide guide = guide_of(&scene);
    struct guided_rule rule = {2, 1e-3F};
    struct guided guided = {0};
    size_t failure_count = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        assert_null(guided.fits);
        mem_fail_at(failure_count + 1);
        err = guided_fit(&guided, &guide, &scene.plane, &rule);
        mem_fail_at(0);
        failure_count += err != SIL_OK;
    }
    /* Fits twice, and two passes of sums and means. */
    assert_int_equal(failure_count, 6);
    guided_finish(&guided);
    scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_are_least_squares),
        cmocka_unit_test(a_radius_beyond_the_picture),
        cmocka_unit_test(a_long_way_to_slide),
        cmocka_unit_test(flat_and_bright_colours),
        cmocka_unit_test(the_values_of_the_reference),
        cmocka_unit_test(fits_are_interpolated_within_the_box),
        cmocka_unit_test(spans_are_parts_of_a_row),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
