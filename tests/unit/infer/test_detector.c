/* detector.c and companion.c: with the network itself, on a sample.
 * Must not know what is made of figures.
 * The network is one of those that tools/setup fetches. */
#include "infer/infer_tools.h"

#include <math.h>
#include <pthread.h>

#include "decode/decode.h"
#include "infer/companion.h"
#include "infer/detector.h"
#include "infer/model.h"

enum { THREADS = 4 };

/* A companion with its network, and a runner of it. */
struct found {
    struct companion *companion;
    struct engine_runner *runner;
};

static void found_init(struct found *found)
{
    struct sil_model_options options = sil_model_options_default();
    struct engine_net *net = NULL;

    *found = (struct found){0};
    assert_int_equal(companion_create(&found->companion, "detector", MODELS_DIR,
                                      &options, NULL),
                     SIL_OK);
    assert_int_equal(companion_net(&net, found->companion, NULL), SIL_OK);
    assert_int_equal(engine_runner_create(&found->runner, net, NULL), SIL_OK);
}

static void found_finish(struct found *found)
{
    engine_runner_destroy(found->runner);
    companion_destroy(found->companion);
}

/* The astronaut: 512 x 512. */
static struct image sample(void)
{
    struct buf bytes = file_bytes(SAMPLES_DIR "/astronaut.jpg");
    struct decode_source source = {.bytes = bytes.bytes,
                                   .size = bytes.size,
                                   .limits = sil_limits_default()};
    struct image image = {0};

    assert_int_equal(decode_image(&image, &source, 1, NULL), SIL_OK);
    buf_finish(&bytes);
    return image;
}

static void a_face_is_found_where_it_is(void **state)
{
    struct image image = sample();
    struct box whole = {0, 0, (float)image.width, (float)image.height};
    struct figures figures = {.count = 0};
    struct found found;

    (void)state;
    found_init(&found);
    assert_int_equal(
        detector_look(&figures, found.runner, &image, &whole, NULL), SIL_OK);
    assert_in_range(figures.count, 1, LIMIT_FIGURES_MAX);
    /* As another decoding of the same network's answer has it. */
    assert_float_equal(figures.items[0].score, 0.809, 0.02);
    assert_float_equal(figures.items[0].face.x0, 161, 4);
    assert_float_equal(figures.items[0].face.y0, 136, 4);
    assert_float_equal(figures.items[0].face.x1, 263, 4);
    assert_float_equal(figures.items[0].face.y1, 238, 4);
    assert_float_equal(figures.items[0].hip.x, 153, 8);
    assert_float_equal(figures.items[0].hip.y, 535, 8);
    assert_float_equal(figures.items[0].shoulders.x, 209, 4);
    assert_float_equal(figures.items[0].shoulders.y, 244, 4);
    assert_float_equal(figures.items[0].radius, hypotf(87, 513), 8);
    for (uint32_t i = 1; i < figures.count; i++)
        assert_true(figures.items[i].score <= figures.items[i - 1].score);
    found_finish(&found);
    image_finish(&image);
}

/* Seen in the middle of a larger square, all is where it was. */
static void parts_may_reach_out(void **state)
{
    struct image image = sample();
    float side = (float)image.width;
    struct box whole = {0, 0, side, side};
    struct box larger = {-side / 4, -side / 4, side * 5 / 4, side * 5 / 4};
    struct figures near = {.count = 0};
    struct figures far = {.count = 0};
    struct found found;

    (void)state;
    found_init(&found);
    assert_int_equal(detector_look(&near, found.runner, &image, &whole, NULL),
                     SIL_OK);
    assert_int_equal(detector_look(&far, found.runner, &image, &larger, NULL),
                     SIL_OK);
    assert_true(near.count > 0 && far.count > 0);
    assert_float_equal(near.items[0].shoulders.x, far.items[0].shoulders.x, 40);
    assert_float_equal(near.items[0].shoulders.y, far.items[0].shoulders.y, 40);
    found_finish(&found);
    image_finish(&image);
}

static void nobody_is_in_a_grey_square(void **state)
{
    uint8_t grey[] = {127, 127, 127};
    struct image image = {grey, 1, 1, sizeof grey, false};
    struct box whole = {0, 0, 1, 1};
    struct figures figures = {.count = 7};
    struct found found;

    (void)state;
    found_init(&found);
    assert_int_equal(
        detector_look(&figures, found.runner, &image, &whole, NULL), SIL_OK);
    assert_int_equal(figures.count, 0);
    found_finish(&found);
}

/* The network that segments takes another input, and gives another answer. */
static void another_network_is_refused(void **state)
{
    uint8_t grey[] = {127, 127, 127};
    struct image image = {grey, 1, 1, sizeof grey, false};
    struct box whole = {0, 0, 1, 1};
    struct figures figures = {.count = 7};
    struct engine_runner *runner = NULL;
    struct sil_model *model = NULL;

    (void)state;
    assert_int_equal(sil_model_open(&model, MODELS_DIR, NULL, NULL), SIL_OK);
    assert_int_equal(engine_runner_create(&runner, model_net(model, 0), NULL),
                     SIL_OK);
    assert_int_equal(detector_look(&figures, runner, &image, &whole, NULL),
                     SIL_E_MODEL);
    assert_int_equal(figures.count, 7);
    engine_runner_destroy(runner);
    sil_model_close(model);
}

/* Asks for the network; NULL if it can't be had. */
static void *ask(void *companion)
{
    struct engine_net *net = NULL;

    return companion_net(&net, companion, NULL) ? NULL : net;
}

static void many_threads_get_one_network(void **state)
{
    struct sil_model_options options = sil_model_options_default();
    struct companion *companion = NULL;
    pthread_t threads[THREADS];
    void *nets[THREADS];

    (void)state;
    assert_int_equal(
        companion_create(&companion, "detector", MODELS_DIR, &options, NULL),
        SIL_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, companion), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], &nets[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_non_null(nets[i]);
        assert_ptr_equal(nets[i], nets[0]);
    }
    companion_destroy(companion);
}

static void a_folder_without_it_is_told(void **state)
{
    struct sil_model_options options = sil_model_options_default();
    struct companion *companion = NULL;
    struct engine_net *net = NULL;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(
        companion_create(&companion, "detector", SAMPLES_DIR, &options, &error),
        SIL_OK);
    for (int i = 0; i < 2; i++) {
        error = (struct sil_error){0};
        assert_int_equal(companion_net(&net, companion, &error), SIL_E_MODEL);
        assert_non_null(strstr(error.detail, "detector.json"));
        assert_non_null(strstr(error.detail, "tools/setup"));
        assert_null(strstr(error.detail, SAMPLES_DIR));
        assert_null(net);
    }
    companion_destroy(companion);
    mem_fail_at(1);
    assert_int_equal(
        companion_create(&companion, "detector", SAMPLES_DIR, &options, &error),
        SIL_E_NO_MEMORY);
    mem_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_face_is_found_where_it_is),
        cmocka_unit_test(parts_may_reach_out),
        cmocka_unit_test(nobody_is_in_a_grey_square),
        cmocka_unit_test(another_network_is_refused),
        cmocka_unit_test(many_threads_get_one_network),
        cmocka_unit_test(a_folder_without_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
