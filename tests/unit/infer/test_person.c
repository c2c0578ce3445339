/* person.c: the sizes of inputs, and one look with the real network.
 * Must not know pipelines.
 * The sizes in the table were computed by the pipeline's reference. */
#include "infer/infer_tools.h"

#include "infer/model.h"
#include "infer/person.h"

static const struct net_sides SIDES = {.step = 32, .min = 128, .max = 768};

struct row {
    float width, height; /* of the part, pixels */
    uint32_t side;
    uint32_t input_width, input_height;
};

static const struct row ROWS[] = {
    {550, 832, 256, 224, 320},   {550, 832, 384, 320, 480},
    {832, 550, 256, 320, 224},   {832, 550, 384, 480, 320},
    {4032, 3024, 256, 288, 224}, {4032, 3024, 384, 448, 320},
    {480, 640, 256, 224, 288},   {480, 640, 384, 320, 448},
    {1920, 1080, 256, 352, 192}, {1920, 1080, 384, 512, 288},
    {289, 256, 256, 256, 256},   {289, 256, 384, 416, 352}, /* half steps */
    {1, 1, 256, 256, 256},       {1, 1, 384, 384, 384},
    {1, 1000, 256, 128, 768},    {1000, 1, 384, 768, 128}, /* the ends */
};

static void inputs_keep_the_aspect_ratio(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct box part = {7, 9, 7 + row->width, 9 + row->height};
        uint32_t width;
        uint32_t height;

        person_input_size(&width, &height, &SIDES, &part, row->side);
        assert_int_equal(width, row->input_width);
        assert_int_equal(height, row->input_height);
    }
}

static void sides_may_be_square_or_fixed(void **state)
{
    static const struct net_sides square = {
        .step = 32, .min = 128, .max = 768, .is_square = true};
    static const struct net_sides fixed = {.width = 320, .height = 200};
    struct box part = {0, 0, 1920, 1080};
    uint32_t width;
    uint32_t height;

    (void)state;
    person_input_size(&width, &height, &square, &part, 500);
    assert_int_equal(width, 512);
    assert_int_equal(height, 512);
    person_input_size(&width, &height, &fixed, &part, 500);
    assert_int_equal(width, 320);
    assert_int_equal(height, 200);
}

static void looks_and_answers_probabilities(void **state)
{
    uint8_t grey[] = {90, 90, 90};
    struct image image = {grey, 1, 1, sizeof grey, false};
    struct view view = {{0, 0, 1, 1}, 160, 128, false};
    struct sil_model *model = NULL;
    struct person_net net = {0};
    struct plane plane = {0};

    (void)state;
    assert_int_equal(sil_model_open(&model, MODELS_DIR, NULL, NULL), SIL_OK);
    net.form = &model_manifest(model)->form;
    assert_int_equal(
        engine_runner_create(&net.runner, model_net(model, 0), NULL), SIL_OK);
    assert_int_equal(person_look(&plane, &net, &image, &view, NULL), SIL_OK);
    assert_int_equal(plane.width, 160);
    assert_int_equal(plane.height, 128);
    for (size_t i = 0; i < (size_t)plane.width * plane.height; i++)
        assert_true(plane.values[i] >= 0 && plane.values[i] <= 1);
    plane_finish(&plane);
    engine_runner_destroy(net.runner);
    sil_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_keep_the_aspect_ratio),
        cmocka_unit_test(sides_may_be_square_or_fixed),
        cmocka_unit_test(looks_and_answers_probabilities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
