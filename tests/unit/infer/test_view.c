/* view.c: against the two steps done one after the other, in double.
 * Must not know how weights are folded.
 * The slow way is that of the pipeline's reference: shrink the whole image by
 * area, then take bilinear samples of it, zero outside. */
#include "infer/infer_tools.h"

#include <math.h>

#include "infer/view.h"

static const double TOLERANCE = 2e-5;

struct row {
    uint32_t width, height; /* of the image */
    struct box part;
    uint32_t view_width, view_height;
};

static const struct row ROWS[] = {
    {64, 48, {0, 0, 64, 48}, 64, 48},             /* as it is */
    {64, 48, {0, 0, 64, 48}, 16, 12},             /* whole factors */
    {101, 67, {0, 0, 101, 67}, 32, 32},           /* odd factors */
    {33, 21, {0, 0, 33, 21}, 96, 128},            /* enlarged both ways */
    {90, 20, {0, 0, 90, 20}, 32, 64},             /* shrunk and enlarged */
    {80, 60, {10.25F, 5.5F, 61.75F, 44}, 32, 32}, /* a part between pixels */
    {80, 60, {70, 50, 80, 60}, 32, 32},           /* the last corner */
    {80, 60, {-8, -6.5F, 90, 70}, 32, 32},        /* beyond all edges */
    {1, 1, {0, 0, 1, 1}, 32, 32},                 /* one pixel */
    {1, 300, {0, 0, 1, 300}, 32, 64},             /* one column */
    {300, 1, {0, 0, 300, 1}, 64, 32},             /* one row */
    {65, 63, {0.5F, 0.5F, 64.5F, 62.5F}, 63, 61}, /* steps around 1 */
    {50, 50, {0, 0, 49.5F, 49.5F}, 1, 1},         /* one sample */
};

/* One axis: the cells, and where a sample lies among them. */
struct slow_axis {
    double cells, size; /* how many, and pixels in each */
    double at;          /* of the sample, in cells */
};

/* How much of pixel k lies in cell i of the axis, as a share of the cell. */
static double share(const struct slow_axis *axis, double i, uint32_t k)
{
    double from = fmax(i * axis->size, k);
    double to = fmin((i + 1) * axis->size, k + 1);

    return fmax(0, to - from) / axis->size;
}

/* How much of pixel k is in the bilinear sample of an axis. */
static double weight(const struct slow_axis *axis, uint32_t k)
{
    double sum = 0;

    for (double i = floor(axis->at); i <= floor(axis->at) + 1; i++)
        if (i >= 0 && i < axis->cells)
            sum += (1 - fabs(axis->at - i)) * share(axis, i, k);
    return sum;
}

static struct slow_axis slow_axis(uint32_t pixels, double from, double to,
                                  uint32_t count, uint32_t i)
{
    struct slow_axis axis;
    double step = (to - from) / count;

    axis.cells = fmax(1, rint(pixels / fmax(1, step)));
    axis.size = pixels / axis.cells;
    axis.at = (from + (i + 0.5) * step) / axis.size - 0.5;
    return axis;
}

static double slow_sample(const struct image *image, const struct row *row,
                          uint32_t u, uint32_t v, uint32_t c)
{
    struct slow_axis x = slow_axis(image->width, (double)row->part.x0,
                                   (double)row->part.x1, row->view_width, u);
    struct slow_axis y = slow_axis(image->height, (double)row->part.y0,
                                   (double)row->part.y1, row->view_height, v);
    double sum = 0;

    for (uint32_t j = 0; j < image->height; j++) {
        double down = weight(&y, j);
        const uint8_t *row_of = image->rgb + j * image->row_bytes;
        for (uint32_t i = 0; down > 0 && i < image->width; i++)
            sum += down * weight(&x, i) * row_of[3 * (size_t)i + c];
    }
    return sum / UINT8_MAX;
}

/* An image of noise whose rows have bytes between them that must not show. */
static struct image noise_image(uint32_t width, uint32_t height)
{
    struct image image = {NULL, width, height, 3 * (size_t)width + 5, true};

    image.rgb = mem_alloc(image.row_bytes, height);
    assert_non_null(image.rgb);
    for (size_t i = 0; i < image.row_bytes * height; i++)
        image.rgb[i] = noise_byte(i);
    return image;
}

static void check_row(const struct row *row, bool is_mirrored)
{
    struct image image = noise_image(row->width, row->height);
    struct view view = {row->part, row->view_width, row->view_height,
                        is_mirrored};
    size_t plane = (size_t)row->view_width * row->view_height;
    float *values = mem_alloc(3 * plane, sizeof *values);

    assert_non_null(values);
    assert_int_equal(view_fill(values, &image, &view), SIL_OK);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t v = 0; v < row->view_height; v++)
            for (uint32_t u = 0; u < row->view_width; u++) {
                double got =
                    (double)values[c * plane + (size_t)v * row->view_width + u];
                uint32_t from = is_mirrored ? row->view_width - 1 - u : u;
                double want = slow_sample(&image, row, from, v, c);
                assert_true(fabs(got - want) < TOLERANCE);
            }
    mem_free(values);
    image_finish(&image);
}

static void is_area_then_bilinear(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(ROWS); i++)
        check_row(&ROWS[i], false);
}

static void is_mirrored_at_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(ROWS); i++)
        check_row(&ROWS[i], true);
}

static void survives_each_missing_allocation(void **state)
{
    struct image image = noise_image(40, 30);
    struct view view = {{0, 0, 40, 30}, 16, 16, false};
    float values[3 * 16 * 16];
    size_t failures = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    while (err) {
        mem_fail_at(failures + 1);
        err = view_fill(values, &image, &view);
        mem_fail_at(0);
        if (err)
            assert_int_equal(err, SIL_E_NO_MEMORY);
        failures += err ? 1 : 0;
    }
    assert_int_equal(failures, 5);
    image_finish(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_area_then_bilinear),
        cmocka_unit_test(is_mirrored_at_last),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
