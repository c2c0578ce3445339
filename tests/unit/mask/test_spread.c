/* spread.c: against trying all steps until nothing gets cheaper.
 * Must not know buckets.
 * The costs are written down again here: what they are is a promise. */
#include "mask/mask_samples.h"

#include <math.h>

#include "base/mem.h"
#include "mask/spread.h"

enum { SIDE_MAX = 24, CELLS = SIDE_MAX * SIDE_MAX, STARTS = 5, FAR = 1 << 30 };

/* A ground with what it points to. */
struct field {
    struct spread_ground ground;
    uint8_t is_dear[CELLS];
    float colours[3 * CELLS];
    struct spread_start starts[STARTS];
};

static void draw_field(struct field *field, struct dice *dice)
{
    uint32_t width = 1 + dice_roll(dice, SIDE_MAX);
    uint32_t height = 1 + dice_roll(dice, SIDE_MAX);

    field->ground =
        (struct spread_ground){width, height, field->is_dear, field->colours,
                               (float)dice_roll(dice, 60)};
    for (uint32_t i = 0; i < width * height; i++)
        field->is_dear[i] = dice_roll(dice, 3) == 0;
    for (uint32_t i = 0; i < 3 * width * height; i++)
        field->colours[i] = dice_fraction(dice);
    for (uint16_t i = 0; i < STARTS; i++)
        field->starts[i] = (struct spread_start){
            dice_roll(dice, width * height), (uint16_t)(i + 1),
            (float)dice_roll(dice, 20) / 4};
}

/* What a step costs, in tenths of a cell. */
static int step_cost(const struct spread_ground *ground, uint32_t from,
                     uint32_t to)
{
    uint32_t plane = ground->width * ground->height;
    bool is_diagonal = from % ground->width != to % ground->width &&
                       from / ground->width != to / ground->width;
    float square = 0;

    for (uint32_t c = 0; c < 3; c++) {
        float step =
            ground->colours[c * plane + from] - ground->colours[c * plane + to];
        square += step * step;
    }
    return (is_diagonal ? 14 : 10) * (ground->is_dear[to] ? 6 : 1) +
           (int)fminf(427, sqrtf(square) * ground->colour_cost * 10);
}

/* The least cost of each cell from the starts of one label; 0: of any. */
static void slow_costs(int *costs, const struct field *field, uint16_t label)
{
    const struct spread_ground *ground = &field->ground;
    int width = (int)ground->width;
    int height = (int)ground->height;
    bool is_better = true;

    for (int i = 0; i < width * height; i++)
        costs[i] = FAR;
    for (int i = 0; i < STARTS; i++) {
        int cost = (int)(field->starts[i].cost * 10);
        int *at = &costs[field->starts[i].cell];
        if (label == 0 || field->starts[i].label == label)
            *at = cost < *at ? cost : *at;
    }
    while (is_better) {
        is_better = false;
        for (int i = 0; i < width * height * 9; i++) {
            int from = i / 9;
            int x = from % width + i % 3 - 1;
            int y = from / width + i / 3 % 3 - 1;
            int cost;
            if (x < 0 || y < 0 || x >= width || y >= height ||
                y * width + x == from || costs[from] == FAR)
                continue;
            cost = costs[from] +
                   step_cost(ground, (uint32_t)from, (uint32_t)(y * width + x));
            if (cost < costs[y * width + x]) {
                costs[y * width + x] = cost;
                is_better = true;
            }
        }
    }
}

static void each_cell_has_a_cheapest_label(void **state)
{
    static struct field field;
    static int costs[STARTS + 1][CELLS];
    struct dice dice = {51};

    (void)state;
    for (int i = 0; i < 40; i++) {
        uint16_t labels[CELLS];
        draw_field(&field, &dice);
        assert_int_equal(spread(labels, &field.ground, field.starts, STARTS),
                         SIL_OK);
        for (uint16_t k = 0; k <= STARTS; k++)
            slow_costs(costs[k], &field, k);
        for (uint32_t k = 0; k < field.ground.width * field.ground.height;
             k++) {
            assert_in_range(labels[k], 1, STARTS);
            assert_int_equal(costs[labels[k]][k], costs[0][k]);
        }
    }
}

static void without_a_start_there_is_no_label(void **state)
{
    static struct field field;
    struct dice dice = {52};
    uint16_t labels[CELLS];

    (void)state;
    draw_field(&field, &dice);
    assert_int_equal(spread(labels, &field.ground, NULL, 0), SIL_OK);
    for (uint32_t k = 0; k < field.ground.width * field.ground.height; k++)
        assert_int_equal(labels[k], SPREAD_NONE);
    mem_fail_at(1);
    assert_int_equal(spread(labels, &field.ground, NULL, 0), SIL_E_NO_MEMORY);
    mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_has_a_cheapest_label),
        cmocka_unit_test(without_a_start_there_is_no_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
