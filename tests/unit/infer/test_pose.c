/* pose.c with the real network: somebody at any angle, and nobody.
 * Must not know how squares are chosen.
 * The astronaut is looked at upright, then the square is turned: the further,
 * the less sure the network is, and upside down it is lost. */
#include "infer/infer_tools.h"

#include <math.h>

#include "decode/decode.h"
#include "infer/model.h"
#include "infer/pose.h"

struct fixture {
    struct sil_model *model;
    struct engine_runner *runner;
    struct image astronaut; /* 512 x 512, from the waist up */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct buf bytes = file_bytes(SAMPLES_DIR "/astronaut.jpg");
    struct decode_source source = {.bytes = bytes.bytes,
                                   .size = bytes.size,
                                   .limits = sil_limits_default()};
    struct engine_net *net = NULL;

    assert_int_equal(sil_model_open(&fixture.model, MODELS_DIR, NULL, NULL),
                     SIL_OK);
    assert_int_equal(model_companion(&net, fixture.model, COMPANION_POSE, NULL),
                     SIL_OK);
    assert_int_equal(engine_runner_create(&fixture.runner, net, NULL), SIL_OK);
    assert_int_equal(decode_image(&fixture.astronaut, &source, 1, NULL),
                     SIL_OK);
    buf_finish(&bytes);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    image_finish(&fixture->astronaut);
    engine_runner_destroy(fixture->runner);
    sil_model_close(fixture->model);
    return 0;
}

/* The whole picture and as much below it, hip in the middle, turned. */
static struct turned square(double degrees)
{
    double turn = degrees * acos(-1) / 180;

    return (struct turned){230, 480, 1000, (float)cos(turn), (float)sin(turn)};
}

static struct pose look(struct fixture *fixture, double degrees)
{
    struct turned part = square(degrees);
    struct pose pose = {0};

    assert_int_equal(
        pose_look(&pose, fixture->runner, &fixture->astronaut, &part, NULL),
        SIL_OK);
    assert_int_equal(pose.body.width, 256);
    assert_int_equal(pose.body.height, 256);
    return pose;
}

/* The body's value at a pixel of the picture. */
static float body_at(const struct pose *pose, const struct turned *part,
                     float x, float y)
{
    float u = (x - part->x) * part->cosine + (y - part->y) * part->sine;
    float v = (y - part->y) * part->cosine - (x - part->x) * part->sine;
    size_t column = (size_t)((u / part->side + 0.5F) * 256);
    size_t row = (size_t)((v / part->side + 0.5F) * 256);

    assert_true(column < 256 && row < 256);
    return pose->body.values[row * 256 + column];
}

static void somebody_is_seen_at_small_angles(void **state)
{
    struct fixture *fixture = *state;

    for (int degrees = -20; degrees <= 20; degrees += 20) {
        struct pose pose = look(fixture, degrees);
        struct turned part = square(degrees);

        assert_true(pose.presence > 0.9F);
        assert_true(body_at(&pose, &part, 225, 130) > 0.5F); /* the face */
        assert_true(body_at(&pose, &part, 230, 330) > 0.5F); /* the suit */
        assert_true(pose.joints.x0 < 200 && pose.joints.x1 > 250);
        assert_true(pose.joints.y0 > 0 && pose.joints.y0 < 180);
        pose_finish(&pose);
        pose_finish(&pose);
    }
}

static void nobody_is_in_a_corner(void **state)
{
    struct fixture *fixture = *state;
    struct turned part = {470, 60, 60, 1, 0};
    struct pose pose = {0};

    assert_int_equal(
        pose_look(&pose, fixture->runner, &fixture->astronaut, &part, NULL),
        SIL_OK);
    assert_true(pose.presence < 0.5F);
    pose_finish(&pose);
}

/* Squares that the detector may name, far outside or of a pixel's size. */
static void odd_squares_are_no_error(void **state)
{
    static const struct turned ODD[] = {
        {-900, 3000, 100, 1, 0},
        {256, 256, 1, 0, 1},
        {256, 256, 100000, 0.6F, -0.8F},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROW_COUNT(ODD); i++) {
        struct pose pose = {0};

        assert_int_equal(pose_look(&pose, fixture->runner, &fixture->astronaut,
                                   &ODD[i], NULL),
                         SIL_OK);
        assert_true(pose.presence >= 0 && pose.presence <= 1);
        pose_finish(&pose);
    }
}

static void survives_each_missing_allocation(void **state)
{
    struct fixture *fixture = *state;
    struct turned part = square(0);
    struct pose pose = {0};
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t failures = 0;

    while (err) {
        mem_fail_at(failures + 1);
        err =
            pose_look(&pose, fixture->runner, &fixture->astronaut, &part, NULL);
        mem_fail_at(0);
        if (err)
            assert_int_equal(err, SIL_E_NO_MEMORY);
        assert_true((pose.body.values == NULL) == (err != SIL_OK));
        failures += err ? 1 : 0;
    }
    assert_in_range(failures, 3, 20);
    pose_finish(&pose);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_is_seen_at_small_angles),
        cmocka_unit_test(nobody_is_in_a_corner),
        cmocka_unit_test(odd_squares_are_no_error),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
