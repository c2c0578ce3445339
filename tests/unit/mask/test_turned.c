/* turned.c: against places computed in double, value by value.
 * Must not know which network turns its squares.
 * Squares at odd angles, partly outside, tiny, and larger than the box. */
#include "mask/mask_samples.h"

#include <math.h>

#include "mask/turned.h"

static const double TOLERANCE = 1e-3;

enum { WIDTH = 24, HEIGHT = 18, SIDE = 8 };

static const struct box BOX = {10, 20, 58, 56};

struct row {
    const char *why;
    float x, y, side;
    float degrees;
};

static const struct row ROWS[] = {
    {"upright, inside", 34, 38, 16, 0},
    {"a quarter turn", 34, 38, 16, 90},
    {"on its head", 34, 38, 16, 180},
    {"askew", 30.5f, 41.25f, 20, 31},
    {"the other way", 30.5f, 41.25f, 20, -74},
    {"over the corner", 12, 22, 30, 12},
    {"larger than the box", 34, 38, 200, 45},
    {"smaller than a value", 34, 38, 1, 7},
    {"elsewhere", 400, -300, 20, 7},
};

/* A value of the plane, 0 outside. */
static double value_at(const struct plane *plane, double x, double y)
{
    if (x < 0 || y < 0 || x >= plane->width || y >= plane->height)
        return 0;
    return (double)plane->values[(size_t)y * plane->width + (size_t)x];
}

static double slow_sample(const struct plane *plane, double x, double y)
{
    double sum = 0;

    for (int k = 0; k < 4; k++) {
        double i = floor(x) + k % 2;
        double j = floor(y) + (double)(k / 2);
        sum += (1 - fabs(x - i)) * (1 - fabs(y - j)) * value_at(plane, i, j);
    }
    return sum;
}

static void check_row(const struct row *row, const struct plane *from)
{
    const double turn = (double)row->degrees * acos(-1) / 180;
    struct turned part = {row->x, row->y, row->side, (float)cos(turn),
                          (float)sin(turn)};
    struct dice dice = {5};
    struct plane to = sample_plane(&dice, WIDTH, HEIGHT, 4);
    struct plane before;

    dice = (struct dice){5};
    before = sample_plane(&dice, WIDTH, HEIGHT, 4);
    plane_raise(&to, &BOX, from, &part);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++) {
            double dx = 10 + (x + .5) * 2 - (double)row->x;
            double dy = 20 + (y + .5) * 2 - (double)row->y;
            double u = (dx * cos(turn) + dy * sin(turn)) / (double)row->side;
            double v = (dy * cos(turn) - dx * sin(turn)) / (double)row->side;
            double want =
                slow_sample(from, (u + .5) * SIDE - .5, (v + .5) * SIDE - .5);
            size_t i = (size_t)y * WIDTH + x;
            want = fmax(want, (double)before.values[i]);
            if (fabs((double)to.values[i] - want) > TOLERANCE)
                fail_msg("%s: %u, %u", row->why, x, y);
        }
    plane_finish(&before);
    plane_finish(&to);
}

static void places_are_turned(void **state)
{
    struct dice dice = {6};
    struct plane from = sample_plane(&dice, SIDE, SIDE, 1);

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        check_row(&ROWS[i], &from);
    plane_finish(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_turned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
