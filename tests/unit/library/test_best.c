/* find_best.c and opinion.c: sil_segment() with quality "best".
 * Must not know the looks; what they find is held in tests/golden.
 * Needs the helping networks in models/people, which tools/setup fetches. */
#include "infer/infer_tools.h"

#include <pthread.h>

#include "base/clock.h"
#include "mask/result.h"

enum { THREAD_COUNT = 2 };

struct fixture {
    struct sil_model *model;
    struct sil_session *session;
    struct buf astronaut; /* a JPEG, 512 x 512, one person */
    struct buf portrait;  /* an AVIF, 360 x 480, one person */
    struct buf rocket;    /* a WebP, nobody */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct sil_model_options options = sil_model_options_default();

    options.thread_count = THREAD_COUNT;
    assert_int_equal(sil_model_open(&fixture.model, MODELS_DIR, &options, NULL),
                     SIL_OK);
    assert_int_equal(sil_session_create(&fixture.session, fixture.model, NULL),
                     SIL_OK);
    fixture.astronaut = file_bytes(SAMPLES_DIR "/astronaut.jpg");
    fixture.portrait = file_bytes(SAMPLES_DIR "/portrait.avif");
    fixture.rocket = file_bytes(SAMPLES_DIR "/rocket.webp");
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    buf_finish(&fixture->astronaut);
    buf_finish(&fixture->portrait);
    buf_finish(&fixture->rocket);
    sil_session_destroy(fixture->session);
    sil_model_close(fixture->model);
    return 0;
}

static struct sil_options best(void)
{
    struct sil_options options = sil_options_default();

    options.quality = SIL_QUALITY_BEST;
    return options;
}

static struct sil_result *result_of(struct sil_session *session,
                                    const struct buf *bytes,
                                    const struct sil_options *options)
{
    const struct sil_picture picture = {bytes->bytes, bytes->size};
    struct sil_result *result = NULL;

    assert_int_equal(sil_segment(&result, session, &picture, options, NULL),
                     SIL_OK);
    result_check(result);
    return result;
}

static void assert_same(const struct sil_result *a, const struct sil_result *b)
{
    const struct sil_mask *one = a->mask;
    const struct sil_mask *other = b->mask;

    assert_int_equal(a->person_count, b->person_count);
    assert_int_equal(one->height, other->height);
    assert_int_equal(one->run_count, other->run_count);
    assert_memory_equal(one->row_ends, other->row_ends,
                        one->height * sizeof *one->row_ends);
    assert_memory_equal(one->runs, other->runs,
                        one->run_count * sizeof *one->runs);
}

static void somebody_is_found_and_nobody_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct sil_options options = best();
    struct sil_result *one =
        result_of(fixture->session, &fixture->astronaut, &options);
    struct sil_timing timing = sil_session_timing(fixture->session);
    struct sil_result *none =
        result_of(fixture->session, &fixture->rocket, &options);

    assert_int_equal(one->person_count, 1);
    assert_true(sil_mask_area(one->mask) > 0.2);
    assert_true(timing.infer_ns > 0);
    assert_true(timing.mask_ns > 0);
    assert_int_equal(none->person_count, 0);
    assert_int_equal(none->mask->person_pixels, 0);
    sil_result_destroy(one);
    sil_result_destroy(none);
}

static void fast_is_something_else(void **state)
{
    struct fixture *fixture = *state;
    struct sil_options options = best();
    struct sil_result *fine =
        result_of(fixture->session, &fixture->astronaut, &options);
    struct sil_result *fast =
        result_of(fixture->session, &fixture->astronaut, NULL);
    double ratio =
        (double)fine->mask->person_pixels / (double)fast->mask->person_pixels;

    assert_true(fine->mask->run_count != fast->mask->run_count || ratio < 1 ||
                ratio > 1);
    assert_true(ratio > 0.8 && ratio < 1.25);
    sil_result_destroy(fine);
    sil_result_destroy(fast);
}

static void the_smallest_pictures_have_masks(void **state)
{
    static const uint32_t sides[][2] = {{1, 1}, {1, 700}, {700, 1}, {2, 3}};
    struct fixture *fixture = *state;
    struct sil_options options = best();
    uint8_t pixels[700 * 3];

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = noise_byte(i);
    for (size_t i = 0; i < ROW_COUNT(sides); i++) {
        struct sil_pixels picture = {pixels, sides[i][0], sides[i][1],
                                     3 * (size_t)sides[i][0]};
        struct sil_result *result = NULL;

        assert_int_equal(sil_segment_pixels(&result, fixture->session, &picture,
                                            &options, NULL),
                         SIL_OK);
        result_check(result);
        assert_int_equal(result->mask->width, sides[i][0]);
        assert_int_equal(result->mask->height, sides[i][1]);
        sil_result_destroy(result);
    }
}

/* A deadline that passes somewhere on the way, whatever the machine: each is
 * half as long again as the one before, until the picture is done. */
static void the_deadline_is_looked_at_on_the_way(void **state)
{
    struct fixture *fixture = *state;
    struct sil_options options = best();
    const struct sil_picture picture = {fixture->astronaut.bytes,
                                        fixture->astronaut.size};
    enum sil_err err = SIL_E_DEADLINE_EXCEEDED;
    struct sil_result *result = NULL;
    uint32_t passed_count = 0;

    for (uint64_t wait_ns = 100000; err; wait_ns += wait_ns / 2) {
        options.deadline_ns = clock_ns() + wait_ns;
        err = sil_segment(&result, fixture->session, &picture, &options, NULL);
        passed_count += err != SIL_OK;
        assert_true(err == SIL_OK || err == SIL_E_DEADLINE_EXCEEDED);
        assert_true((result == NULL) == (err != SIL_OK));
    }
    assert_true(passed_count > 0);
    sil_result_destroy(result);
}

static void survives_each_missing_allocation(void **state)
{
    struct fixture *fixture = *state;
    struct sil_options options = best();
    struct sil_result *wanted =
        result_of(fixture->session, &fixture->portrait, &options);
    struct sil_result *result = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;

    for (size_t n = 1; err; n++) {
        const struct sil_picture picture = {fixture->portrait.bytes,
                                            fixture->portrait.size};

        mem_fail_at(n);
        err = sil_segment(&result, fixture->session, &picture, &options, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        assert_true((result == NULL) == (err != SIL_OK));
    }
    assert_same(result, wanted);
    sil_result_destroy(result);
    sil_result_destroy(wanted);
}

/* What one thread of the next test gets and gives. */
struct turn {
    struct fixture *fixture;
    struct sil_result *result;
};

static void *run_turn(void *argument)
{
    struct turn *turn = argument;
    struct sil_options options = best();
    struct sil_session *session = NULL;

    assert_int_equal(sil_session_create(&session, turn->fixture->model, NULL),
                     SIL_OK);
    sil_result_destroy(result_of(session, &turn->fixture->portrait, &options));
    sil_result_destroy(result_of(session, &turn->fixture->rocket, NULL));
    turn->result = result_of(session, &turn->fixture->astronaut, &options);
    sil_session_destroy(session);
    return NULL;
}

static void threads_give_the_same_mask(void **state)
{
    struct fixture *fixture = *state;
    struct sil_options options = best();
    struct sil_result *wanted =
        result_of(fixture->session, &fixture->astronaut, &options);
    pthread_t threads[THREAD_COUNT];
    struct turn turns[THREAD_COUNT];

    for (size_t i = 0; i < THREAD_COUNT; i++) {
        turns[i] = (struct turn){fixture, NULL};
        assert_int_equal(pthread_create(&threads[i], NULL, run_turn, &turns[i]),
                         0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_same(turns[i].result, wanted);
        sil_result_destroy(turns[i].result);
    }
    sil_result_destroy(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_is_found_and_nobody_is_not),
        cmocka_unit_test(fast_is_something_else),
        cmocka_unit_test(the_smallest_pictures_have_masks),
        cmocka_unit_test(the_deadline_is_looked_at_on_the_way),
        cmocka_unit_test(survives_each_missing_allocation),
        cmocka_unit_test(threads_give_the_same_mask),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
