/* shrink.c: means of boxes of every size, from rows in and out of order.
 * Must not know where rows come from.
 * The reference sums each box by itself; both must agree exactly. */
#include "decode/pictures.h"

#include "base/mem.h"
#include "decode/shrink.h"

enum { RGB = 3, WHITE = 255 };

static const uint32_t SIZES[][2] = {{1, 1},  {8, 8},   {9, 7},  {1, 33},
                                    {33, 1}, {64, 48}, {61, 47}};

/* Give all rows of a picture, whole and downwards. */
static void add_all(struct shrinker *shrinker, const struct image *from)
{
    struct columns columns = {.first = 0, .step = 1, .count = from->width};

    for (uint32_t y = 0; y < from->height; y++)
        shrink_add(shrinker, y, columns, from->rgb + y * from->row_bytes);
}

/* Give every second pixel of each row from the lowest up, then the others. */
static void add_in_halves(struct shrinker *shrinker, const struct image *from)
{
    uint8_t *row = mem_alloc(from->width, RGB);

    assert_non_null(row);
    for (uint32_t first = 0; first < 2 && first < from->width; first++) {
        struct columns columns = {.first = first, .step = 2};
        columns.count = (from->width - first + 1) / 2;
        for (uint32_t y = from->height; y > 0; y--) {
            const uint8_t *rgb = from->rgb + (y - 1) * from->row_bytes;
            for (uint32_t i = 0; i < columns.count; i++)
                memcpy(row + (size_t)i * RGB,
                       rgb + (size_t)(first + 2 * i) * RGB, RGB);
            shrink_add(shrinker, y - 1, columns, row);
        }
    }
    mem_free(row);
}

static void boxes_become_their_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(SIZES) * 8; i++) {
        struct image from = picture_draw(SIZES[i / 8][0], SIZES[i / 8][1]);
        struct shrinker shrinker = {.width = from.width,
                                    .height = from.height,
                                    .shrink = 1U << i % 4,
                                    .is_any_order = i / 4 % 2 == 1};
        struct image mean = picture_box_mean(&from, shrinker.shrink);
        struct image image = {0};
        assert_int_equal(shrink_init(&shrinker), SIL_OK);
        if (shrinker.is_any_order)
            add_in_halves(&shrinker, &from);
        else
            add_all(&shrinker, &from);
        shrink_take(&image, &shrinker);
        assert_null(shrinker.to.rgb);
        assert_int_equal(picture_largest_difference(&image, &mean), 0);
        shrink_finish(&shrinker);
        image_finish(&image);
        image_finish(&mean);
        image_finish(&from);
    }
}

/* The brightest boxes don't overflow their sums. */
static void white_stays_white(void **state)
{
    struct image from = picture_draw(24, 24);
    struct shrinker shrinker = {.width = 24, .height = 24, .shrink = 8};
    struct image image = {0};

    (void)state;
    memset(from.rgb, WHITE, from.row_bytes * from.height);
    assert_int_equal(shrink_init(&shrinker), SIL_OK);
    add_all(&shrinker, &from);
    shrink_take(&image, &shrinker);
    for (size_t i = 0; i < image.row_bytes * image.height; i++)
        assert_int_equal(image.rgb[i], WHITE);
    shrink_finish(&shrinker);
    image_finish(&image);
    image_finish(&from);
}

static void transparent_pixels_lie_on_white(void **state)
{
    static const struct {
        uint8_t rgba[4], rgb[RGB];
    } rows[] = {
        {{10, 20, 30, 255}, {10, 20, 30}},
        {{10, 20, 30, 0}, {255, 255, 255}},
        {{0, 0, 0, 128}, {127, 127, 127}},
        {{0, 100, 255, 51}, {204, 224, 255}},
        {{255, 255, 255, 7}, {255, 255, 255}},
        {{0, 0, 0, 1}, {254, 254, 254}},
    };

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        uint8_t rgb[RGB];
        shrink_on_white(rgb, rows[i].rgba, 1);
        assert_memory_equal(rgb, rows[i].rgb, RGB);
    }
}

static void memory_failures_are_told(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 2; i++) {
        struct shrinker shrinker = {.width = 9, .height = 9, .shrink = 2};
        mem_fail_at(i);
        assert_int_equal(shrink_init(&shrinker), SIL_E_NO_MEMORY);
        mem_fail_at(0);
        shrink_finish(&shrinker);
        assert_null(shrinker.to.rgb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_become_their_means),
        cmocka_unit_test(white_stays_white),
        cmocka_unit_test(transparent_pixels_lie_on_white),
        cmocka_unit_test(memory_failures_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
