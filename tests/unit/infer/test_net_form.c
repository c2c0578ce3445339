/* net_form.c: inputs in every layout and geometry, answers of every kind.
 * Must not know engines: tensors are made here.
 * Each colour of a picture has its own value, so that none can be taken for
 * another. */
#include "infer/infer_tools.h"

#include <math.h>

#include "infer/net_form.h"

enum { WIDTH = 8, HEIGHT = 4, VALUES_MAX = 1024, SIDE = 16 };

/* RGB / 255, NCHW, one probability: the form of the product's own network. */
static struct net_form plain_form(void)
{
    return (struct net_form){.factors = {1, 1, 1}, .channels = 1};
}

/* The one colour of the picture. */
static const uint8_t COLOUR[] = {51, 102, 204};

/* A picture of one colour, `pixels` being its memory. */
static struct image image_of(uint8_t *pixels)
{
    struct image image = {pixels, SIDE, SIDE, SIDE * NET_COLOURS, false};

    for (size_t i = 0; i < (size_t)SIDE * SIDE * NET_COLOURS; i++)
        pixels[i] = COLOUR[i % NET_COLOURS];
    return image;
}

/* An input pixel's value of one channel. */
static float at(const float *values, const struct net_form *form, uint32_t c,
                uint32_t y, uint32_t x)
{
    size_t i = form->layout == NET_NCHW
                   ? (size_t)c * WIDTH * HEIGHT + (size_t)y * WIDTH + x
                   : ((size_t)y * WIDTH + x) * NET_COLOURS + c;

    return values[i];
}

static void assert_near(float a, float b)
{
    assert_true(fabsf(a - b) < 1e-4F);
}

/* What the inner pixels of a picture of one colour become. */
static float wanted(const struct net_form *form, uint32_t c)
{
    uint32_t colour = form->is_bgr ? NET_COLOURS - 1 - c : c;

    return (float)COLOUR[colour] / UINT8_MAX * form->factors[c] +
           form->offsets[c];
}

/* Fill an input of 8 x 4 for a part and compare each value. */
static void check_fill(const struct net_form *form, const struct box *part,
                       const struct net_inner *inner)
{
    struct view view = {*part, WIDTH, HEIGHT, false};
    struct net_inner found = net_form_inner(form, &view);
    uint8_t pixels[SIDE * SIDE * NET_COLOURS];
    struct image image = image_of(pixels);
    float values[VALUES_MAX];

    assert_int_equal(found.x, inner->x);
    assert_int_equal(found.y, inner->y);
    assert_int_equal(found.width, inner->width);
    assert_int_equal(found.height, inner->height);
    memset(values, 0x7F, sizeof values);
    assert_int_equal(net_form_fill(values, form, &image, &view), SIL_OK);
    for (uint32_t c = 0; c < NET_COLOURS; c++)
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++) {
                bool is_in = x >= inner->x && x < inner->x + inner->width &&
                             y >= inner->y && y < inner->y + inner->height;
                assert_near(at(values, form, c, y, x),
                            is_in ? wanted(form, c) : form->offsets[c]);
            }
}

/* Parts of the picture's middle, so that nothing of them is outside. */
static const struct box WIDE = {4, 6, 12, 10};
static const struct net_inner ALL = {0, 0, WIDTH, HEIGHT};

static void inputs_are_filled_in_each_layout(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct net_form form = plain_form();

        form.layout = i & 1 ? NET_NHWC : NET_NCHW;
        form.is_bgr = i & 2;
        for (size_t c = 0; i & 4 && c < NET_COLOURS; c++) {
            form.factors[c] = 2 + (float)c;
            form.offsets[c] = -1 - (float)c;
        }
        check_fill(&form, &WIDE, &ALL);
        form.geometry = NET_STRETCH;
        check_fill(&form, &WIDE, &ALL);
    }
}

static void a_letterbox_is_black_around_it(void **state)
{
    static const struct box square = {4, 4, 8, 8};
    static const struct box flat = {2, 6, 12, 8};
    static const struct net_inner middle = {2, 0, 4, 4};
    static const struct net_inner strip = {0, 1, 8, 2};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct net_form form = plain_form();

        form.geometry = NET_LETTERBOX;
        form.layout = i & 1 ? NET_NHWC : NET_NCHW;
        if (i & 2)
            form.offsets[1] = -0.5F;
        check_fill(&form, &square, &middle);
        check_fill(&form, &flat, &strip);
        check_fill(&form, &WIDE, &ALL);
    }
}

static void even_a_sliver_is_a_pixel(void **state)
{
    struct view view = {{0, 0, 1, 1000}, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    struct net_inner inner;

    (void)state;
    form.geometry = NET_LETTERBOX;
    inner = net_form_inner(&form, &view);
    assert_int_equal(inner.width, 1);
    assert_int_equal(inner.height, HEIGHT);
}

static void shapes_follow_the_layout(void **state)
{
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    static const uint32_t nchw[] = {1, NET_COLOURS, HEIGHT, WIDTH};
    static const uint32_t nhwc[] = {1, HEIGHT, WIDTH, NET_COLOURS};
    struct net_form form = plain_form();
    uint32_t shape[TENSOR_DIMS];

    (void)state;
    net_form_shape(shape, &form, &view);
    assert_memory_equal(shape, nchw, sizeof shape);
    form.layout = NET_NHWC;
    net_form_shape(shape, &form, &view);
    assert_memory_equal(shape, nhwc, sizeof shape);
}

/* An answer's value before the activation, of one channel. */
static float raw(uint32_t c, uint32_t y, uint32_t x)
{
    return (float)(c == 0 ? y : x) / 10;
}

/* An answer of that form over 8 x 4. */
static struct tensor answer_of(float *values, const struct net_form *form)
{
    bool is_last = form->output_layout == NET_NHWC;
    struct tensor answer = {values, {1, HEIGHT, WIDTH, form->channels}, 4};

    if (!is_last) {
        answer.shape[1] = form->channels;
        answer.shape[2] = HEIGHT;
        answer.shape[3] = WIDTH;
    }
    for (uint32_t c = 0; c < form->channels; c++)
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++) {
                size_t pixel = (size_t)y * WIDTH + x;
                values[is_last ? pixel * form->channels + c
                               : (size_t)c * WIDTH * HEIGHT + pixel] =
                    raw(c, y, x);
            }
    return answer;
}

/* The probability that has to come out of it. */
static float probability(const struct net_form *form, uint32_t y, uint32_t x)
{
    float value = raw(form->person, y, x);
    float other = raw(1 - form->person, y, x);

    if (form->activation == NET_SIGMOID)
        return 1 / (1 + expf(-value));
    if (form->activation == NET_SOFTMAX)
        return expf(value) / (expf(value) + expf(other));
    return value;
}

static void check_read(const struct net_form *form, const struct box *part)
{
    struct view view = {*part, WIDTH, HEIGHT, false};
    struct net_inner inner = net_form_inner(form, &view);
    float values[VALUES_MAX];
    struct tensor answer = answer_of(values, form);
    struct plane plane = {0};

    assert_int_equal(net_form_read(&plane, form, &answer, &view, NULL), SIL_OK);
    assert_int_equal(plane.width, inner.width);
    assert_int_equal(plane.height, inner.height);
    for (uint32_t y = 0; y < plane.height; y++)
        for (uint32_t x = 0; x < plane.width; x++)
            assert_near(plane.values[y * plane.width + x],
                        probability(form, y + inner.y, x + inner.x));
    plane_finish(&plane);
}

static void answers_are_read_in_each_form(void **state)
{
    static const struct box square = {0, 0, 1, 1};

    (void)state;
    for (int i = 0; i < 16; i++) {
        struct net_form form = plain_form();

        form.output_layout = i & 1 ? NET_NHWC : NET_NCHW;
        form.channels = i & 2 ? 2 : 1;
        form.person = form.channels == 2 && i & 4;
        form.geometry = i & 8 ? NET_LETTERBOX : NET_STRETCH;
        check_read(&form, &square);
        form.activation = NET_SIGMOID;
        check_read(&form, &square);
        form.activation = NET_SOFTMAX;
        if (form.channels == 2)
            check_read(&form, &square);
    }
}

static void one_channel_needs_no_dimension(void **state)
{
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    float values[VALUES_MAX];
    struct tensor answer = answer_of(values, &form);
    struct plane plane = {0};

    (void)state;
    answer = (struct tensor){values, {1, HEIGHT, WIDTH, 1}, 3};
    assert_int_equal(net_form_read(&plane, &form, &answer, &view, NULL),
                     SIL_OK);
    assert_near(plane.values[WIDTH], 0.1F);
    plane_finish(&plane);
}

/* Shapes that an answer of one channel to 8 x 4 must not have. */
static const struct tensor BAD_SHAPES[] = {
    {NULL, {1, 1, WIDTH, HEIGHT}, 4}, {NULL, {1, 2, HEIGHT, WIDTH}, 4},
    {NULL, {1, HEIGHT, WIDTH, 1}, 4}, {NULL, {2, 1, HEIGHT, WIDTH}, 4},
    {NULL, {1, 1, HEIGHT, 1}, 3},     {NULL, {HEIGHT, WIDTH, 1, 1}, 2},
    {NULL, {1, WIDTH, HEIGHT, 1}, 3}, {NULL, {2, HEIGHT, WIDTH, 1}, 3},
};

static void other_shapes_are_refused(void **state)
{
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    float values[VALUES_MAX] = {0};
    struct plane plane = {0};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(BAD_SHAPES); i++) {
        struct tensor answer = BAD_SHAPES[i];
        struct sil_error error = {0};

        answer.values = values;
        assert_int_equal(net_form_read(&plane, &form, &answer, &view, &error),
                         SIL_E_MODEL);
        assert_non_null(strstr(error.detail, "to a 8 x 4 input"));
        assert_null(plane.values);
    }
}

static void what_is_no_probability_is_refused(void **state)
{
    static const float wrong[] = {-0.02F, 1.02F, 30, -1e30F, NAN, INFINITY};
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    struct plane plane = {0};

    (void)state;
    for (size_t i = 0; i < 2 * ROW_COUNT(wrong); i++) {
        float values[VALUES_MAX];
        struct sil_error error = {0};
        struct tensor answer;

        /* Both ways of reading it. */
        form.geometry = i % 2 ? NET_LETTERBOX : NET_STRETCH;
        answer = answer_of(values, &form);
        values[WIDTH + 3] = wrong[i / 2];
        assert_int_equal(net_form_read(&plane, &form, &answer, &view, &error),
                         SIL_E_MODEL);
        assert_non_null(strstr(error.detail, "no probability"));
        assert_null(plane.values);
    }
}

static void roundings_are_no_errors(void **state)
{
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    float values[VALUES_MAX];
    struct tensor answer = answer_of(values, &form);
    struct plane plane = {0};

    (void)state;
    values[0] = -1e-6F;
    values[1] = 1 + 1e-6F;
    assert_int_equal(net_form_read(&plane, &form, &answer, &view, NULL),
                     SIL_OK);
    assert_true(plane.values[0] == 0);
    assert_true(plane.values[1] == 1);
    plane_finish(&plane);
}

static void a_missing_allocation_is_told(void **state)
{
    struct view view = {WIDE, WIDTH, HEIGHT, false};
    struct net_form form = plain_form();
    uint8_t pixels[SIDE * SIDE * NET_COLOURS];
    struct image image = image_of(pixels);
    float values[VALUES_MAX];
    struct tensor answer;
    struct plane plane = {0};
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    form.is_bgr = true;
    for (size_t n = 1; err; n++) {
        mem_fail_at(n);
        err = net_form_fill(values, &form, &image, &view);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    answer = answer_of(values, &form);
    mem_fail_at(1);
    err = net_form_read(&plane, &form, &answer, &view, NULL);
    mem_fail_at(0);
    assert_int_equal(err, SIL_E_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_are_filled_in_each_layout),
        cmocka_unit_test(a_letterbox_is_black_around_it),
        cmocka_unit_test(even_a_sliver_is_a_pixel),
        cmocka_unit_test(shapes_follow_the_layout),
        cmocka_unit_test(answers_are_read_in_each_form),
        cmocka_unit_test(one_channel_needs_no_dimension),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(what_is_no_probability_is_refused),
        cmocka_unit_test(roundings_are_no_errors),
        cmocka_unit_test(a_missing_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
