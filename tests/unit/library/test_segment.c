/* segment.c: sil_segment() and sil_segment_pixels() as callers meet them.
 * Must not know the looks; what they find is held in tests/golden.
 * Pictures are the samples, and pixels made here. */
#include "infer/infer_tools.h"

#include <pthread.h>

#include "base/clock.h"
#include "decode/image.h"
#include "mask/result.h"

enum { ORIENTATION_COUNT = 8, THREAD_COUNT = 3 };

struct fixture {
    struct sil_model *model;
    struct sil_session *session;
    struct buf astronaut; /* a JPEG, 512 x 512, one person */
    struct buf portrait;  /* an AVIF, 360 x 480, one person */
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
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    buf_finish(&fixture->astronaut);
    buf_finish(&fixture->portrait);
    sil_session_destroy(fixture->session);
    sil_session_destroy(NULL);
    sil_model_close(fixture->model);
    return 0;
}

/* The mask alone, taken out of its result; mask_destroy(). */
static struct sil_mask *mask_of(struct sil_session *session,
                                const struct buf *bytes,
                                const struct sil_options *options)
{
    const struct sil_picture picture = {bytes->bytes, bytes->size};
    struct sil_result *result = NULL;
    struct sil_mask *mask;

    assert_int_equal(sil_segment(&result, session, &picture, options, NULL),
                     SIL_OK);
    result_check(result);
    mask = result->mask;
    result->mask = NULL;
    sil_result_destroy(result);
    return mask;
}

static void assert_same(const struct sil_mask *a, const struct sil_mask *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->run_count, b->run_count);
    assert_memory_equal(a->row_ends, b->row_ends,
                        a->height * sizeof *a->row_ends);
    assert_memory_equal(a->runs, b->runs, a->run_count * sizeof *a->runs);
}

static bool is_person(const struct sil_mask *mask, uint32_t x, uint32_t y)
{
    const struct sil_run *runs;
    uint32_t count = sil_mask_row(&runs, mask, y);

    for (uint32_t i = 0; i < count; i++)
        if (x >= runs[i].first && x < runs[i].end)
            return true;
    return false;
}

static void a_person_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct sil_mask *mask =
        mask_of(fixture->session, &fixture->astronaut, NULL);
    struct sil_timing timing = sil_session_timing(fixture->session);

    assert_int_equal(sil_mask_width(mask), 512);
    assert_int_equal(sil_mask_height(mask), 512);
    assert_true(is_person(mask, 220, 120)); /* the face */
    assert_false(is_person(mask, 10, 10));  /* the flag */
    assert_true(timing.decode_ns > 0);
    assert_true(timing.infer_ns > 0);
    assert_true(timing.mask_ns > 0);
    mask_destroy(mask);
}

static void separate_silhouettes_are_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct sil_picture picture = {fixture->portrait.bytes,
                                        fixture->portrait.size};
    struct sil_result *result = NULL;

    assert_int_equal(
        sil_segment(&result, fixture->session, &picture, NULL, NULL), SIL_OK);
    assert_int_equal(sil_result_person_count(result), 1);
    assert_ptr_equal(sil_result_mask(result), result->mask);
    sil_result_destroy(result);
    sil_result_destroy(NULL);
}

/* Put an EXIF segment with an orientation behind a JPEG's first marker. */
static struct buf with_orientation(const struct buf *jpeg, uint8_t orientation)
{
    uint8_t exif[] = {
        0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
        'M',  'M',  0, 42, 0,   0,   0,   8, /* offset of the list */
        0,    1,                             /* one entry: */
        0x01, 0x12, 0, 3,  0,   0,   0,   1,   0, orientation,
        0,    0,    0, 0,  0,   0,   0,   0};
    struct buf bytes;

    exif[3] = sizeof exif - 2;
    buf_init(&bytes, LIMIT_IMAGE_BYTES_MAX);
    buf_add(&bytes, jpeg->bytes, 2);
    buf_add(&bytes, exif, sizeof exif);
    buf_add(&bytes, jpeg->bytes + 2, jpeg->size - 2);
    assert_int_equal(buf_err(&bytes), SIL_OK);
    return bytes;
}

/* A mask as an image, to be turned by image_orient(). */
static struct image image_of(const struct sil_mask *mask)
{
    struct image image = {0};

    assert_int_equal(image_init(&image, mask->width, mask->height), SIL_OK);
    for (uint32_t y = 0; y < mask->height; y++)
        for (uint32_t x = 0; x < mask->width; x++)
            memset(image.rgb + y * image.row_bytes + 3 * (size_t)x,
                   is_person(mask, x, y) ? UINT8_MAX : 0, 3);
    return image;
}

/* The stored mask, turned upright, is the upright mask; pixels on which the
 * probability is nearly the threshold may differ. */
static void check_orientation(struct fixture *fixture, uint8_t orientation)
{
    struct buf bytes = with_orientation(&fixture->astronaut, orientation);
    struct sil_options options = sil_options_default();
    struct sil_mask *upright = mask_of(fixture->session, &bytes, &options);
    struct sil_mask *stored;
    struct image turned;
    size_t different = 0;

    options.orientation = SIL_STORED;
    stored = mask_of(fixture->session, &bytes, &options);
    turned = image_of(stored);
    assert_int_equal(image_orient(&turned, orientation), SIL_OK);
    assert_int_equal(turned.width, upright->width);
    assert_int_equal(turned.height, upright->height);
    assert_true(upright->person_pixels > 0);
    for (uint32_t y = 0; y < turned.height; y++)
        for (uint32_t x = 0; x < turned.width; x++)
            different += is_person(upright, x, y) !=
                         (turned.rgb[y * turned.row_bytes + 3 * (size_t)x] > 0);
    assert_true(different * 10000 < upright->person_pixels);
    image_finish(&turned);
    mask_destroy(stored);
    mask_destroy(upright);
    buf_finish(&bytes);
}

static void stored_masks_are_upright_ones_turned(void **state)
{
    for (uint8_t o = 1; o <= ORIENTATION_COUNT; o++)
        check_orientation(*state, o);
}

static void the_smallest_pictures_have_masks(void **state)
{
    static const uint32_t sides[][2] = {{1, 1}, {1, 700}, {700, 1}, {2, 3}};
    struct fixture *fixture = *state;
    uint8_t pixels[700 * 3];

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = noise_byte(i);
    for (size_t i = 0; i < ROW_COUNT(sides); i++) {
        struct sil_pixels picture = {pixels, sides[i][0], sides[i][1],
                                     3 * (size_t)sides[i][0]};
        struct sil_result *result = NULL;

        assert_int_equal(
            sil_segment_pixels(&result, fixture->session, &picture, NULL, NULL),
            SIL_OK);
        result_check(result);
        assert_int_equal(result->mask->width, sides[i][0]);
        assert_int_equal(result->mask->height, sides[i][1]);
        sil_result_destroy(result);
    }
}

/* A row of pixels that can't be segmented. */
static const struct {
    struct sil_pixels pixels;
    enum sil_err err;
} WRONG_PIXELS[] = {
    {{NULL, 1, 1, 3}, SIL_E_ARGUMENT},
    {{(const uint8_t *)"abc", 0, 1, 3}, SIL_E_ARGUMENT},
    {{(const uint8_t *)"abc", 1, 0, 3}, SIL_E_ARGUMENT},
    {{(const uint8_t *)"abc", 1, 1, 2}, SIL_E_ARGUMENT},
    {{(const uint8_t *)"abc", LIMIT_IMAGE_SIDE_MAX + 1, 1, SIZE_MAX},
     SIL_E_IMAGE_TOO_MANY_PIXELS},
    {{(const uint8_t *)"abc", 60000, 60000, 180000},
     SIL_E_IMAGE_TOO_MANY_PIXELS},
};

static void wrong_pixels_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sil_result *result = NULL;

    for (size_t i = 0; i < ROW_COUNT(WRONG_PIXELS); i++) {
        struct sil_error error;

        assert_int_equal(sil_segment_pixels(&result, fixture->session,
                                            &WRONG_PIXELS[i].pixels, NULL,
                                            &error),
                         WRONG_PIXELS[i].err);
        assert_int_equal(error.code, WRONG_PIXELS[i].err);
        assert_true(error.detail[0] != '\0');
    }
    assert_int_equal(
        sil_segment_pixels(&result, fixture->session, NULL, NULL, NULL),
        SIL_E_ARGUMENT);
    assert_null(result);
}

static enum sil_err try_options(struct fixture *fixture,
                                const struct sil_options *options)
{
    const struct sil_picture picture = {fixture->portrait.bytes,
                                        fixture->portrait.size};
    struct sil_result *result = NULL;
    struct sil_error error;
    enum sil_err err =
        sil_segment(&result, fixture->session, &picture, options, &error);

    assert_int_equal(error.code, err);
    assert_true((result == NULL) == (err != SIL_OK));
    sil_result_destroy(result);
    return err;
}

static void wrong_options_are_refused(void **state)
{
    static const float thresholds[] = {-0.1F, 1, 2};
    struct sil_options options = sil_options_default();

    for (size_t i = 0; i < ROW_COUNT(thresholds); i++) {
        options.threshold = thresholds[i];
        assert_int_equal(try_options(*state, &options), SIL_E_ARGUMENT);
    }
    options = sil_options_default();
    options.quality = (enum sil_quality)7;
    assert_int_equal(try_options(*state, &options), SIL_E_ARGUMENT);
    options = sil_options_default();
    options.orientation = (enum sil_orientation)7;
    assert_int_equal(try_options(*state, &options), SIL_E_ARGUMENT);
    options = sil_options_default();
    options.deadline_ns = 1;
    assert_int_equal(try_options(*state, &options), SIL_E_DEADLINE_EXCEEDED);
    options = sil_options_default();
    options.limits.image_bytes_max = 1000;
    assert_int_equal(try_options(*state, &options), SIL_E_IMAGE_TOO_LARGE);
    options = sil_options_default();
    options.limits.image_side_max = 479;
    assert_int_equal(try_options(*state, &options),
                     SIL_E_IMAGE_TOO_MANY_PIXELS);
    assert_int_equal(try_options(*state, NULL), SIL_OK);
}

static void wrong_arguments_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct sil_picture letter = {"x", 1};
    const struct sil_picture missing = {NULL, 1};
    const struct sil_picture nothing = {NULL, 0};
    struct sil_session *session = NULL;
    struct sil_result *result = NULL;

    assert_int_equal(sil_segment(NULL, fixture->session, &letter, NULL, NULL),
                     SIL_E_ARGUMENT);
    assert_int_equal(sil_segment(&result, NULL, &letter, NULL, NULL),
                     SIL_E_ARGUMENT);
    assert_int_equal(sil_segment(&result, fixture->session, NULL, NULL, NULL),
                     SIL_E_ARGUMENT);
    assert_int_equal(
        sil_segment(&result, fixture->session, &missing, NULL, NULL),
        SIL_E_ARGUMENT);
    assert_int_equal(
        sil_segment(&result, fixture->session, &nothing, NULL, NULL),
        SIL_E_UNSUPPORTED_FORMAT);
    assert_int_equal(sil_session_create(NULL, fixture->model, NULL),
                     SIL_E_ARGUMENT);
    assert_int_equal(sil_session_create(&session, NULL, NULL), SIL_E_ARGUMENT);
    assert_null(result);
    assert_null(session);
}

/* After each bad picture the session gives the same mask as before. */
static void a_session_outlives_bad_pictures(void **state)
{
    struct fixture *fixture = *state;
    struct sil_mask *before =
        mask_of(fixture->session, &fixture->portrait, NULL);

    for (size_t size = 0; size < fixture->astronaut.size; size += 9999) {
        struct sil_mask *after;
        struct sil_result *result = NULL;
        const struct sil_picture cut = {fixture->astronaut.bytes, size};
        struct sil_error error;
        enum sil_err err =
            sil_segment(&result, fixture->session, &cut, NULL, &error);

        assert_true(err == SIL_E_IMAGE_CORRUPT ||
                    err == SIL_E_UNSUPPORTED_FORMAT);
        assert_int_equal(error.code, err);
        assert_null(result);
        after = mask_of(fixture->session, &fixture->portrait, NULL);
        assert_same(before, after);
        mask_destroy(after);
    }
    mask_destroy(before);
}

/* Fail one allocation after the other until it succeeds. *result: the last. */
static void fail_each_allocation(struct sil_result **result,
                                 const struct fixture *fixture,
                                 const struct sil_options *options)
{
    enum sil_err err = SIL_E_NO_MEMORY;

    for (size_t n = 1; err; n++) {
        const struct sil_picture picture = {fixture->astronaut.bytes,
                                            fixture->astronaut.size};
        struct sil_error error;

        mem_fail_at(n);
        err = sil_segment(result, fixture->session, &picture, options, &error);
        mem_fail_at(0);
        if (err)
            assert_int_equal(err, SIL_E_NO_MEMORY);
        assert_int_equal(error.code, err);
        assert_true((*result == NULL) == (err != SIL_OK));
    }
}

static void survives_each_missing_allocation(void **state)
{
    struct fixture *fixture = *state;
    struct sil_mask *wanted =
        mask_of(fixture->session, &fixture->astronaut, NULL);
    struct sil_options each = sil_options_default();
    struct sil_result *all = NULL;
    struct sil_result *result = NULL;

    fail_each_allocation(&all, fixture, NULL);
    assert_same(all->mask, wanted);
    /* The first one to ask for people has their network loaded, too. */
    each.people = SIL_PEOPLE_EACH;
    fail_each_allocation(&result, fixture, &each);
    assert_same(result->mask, wanted);
    assert_int_equal(sil_result_person_count(result), 1);
    assert_same(sil_result_person(result, 0).mask, wanted);
    sil_result_destroy(all);
    sil_result_destroy(result);
    mask_destroy(wanted);
}

/* What one thread of the next test gets and gives. */
struct job {
    struct fixture *fixture;
    struct sil_mask *mask;
};

static void *run_job(void *argument)
{
    struct job *job = argument;
    struct sil_session *session = NULL;

    assert_int_equal(sil_session_create(&session, job->fixture->model, NULL),
                     SIL_OK);
    mask_destroy(mask_of(session, &job->fixture->portrait, NULL));
    job->mask = mask_of(session, &job->fixture->astronaut, NULL);
    sil_session_destroy(session);
    return NULL;
}

static void threads_give_the_same_mask(void **state)
{
    struct fixture *fixture = *state;
    struct sil_mask *wanted =
        mask_of(fixture->session, &fixture->astronaut, NULL);
    pthread_t threads[THREAD_COUNT];
    struct job jobs[THREAD_COUNT];

    for (size_t i = 0; i < THREAD_COUNT; i++) {
        jobs[i] = (struct job){fixture, NULL};
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]),
                         0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_same(jobs[i].mask, wanted);
        mask_destroy(jobs[i].mask);
    }
    mask_destroy(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_is_found),
        cmocka_unit_test(separate_silhouettes_are_counted),
        cmocka_unit_test(stored_masks_are_upright_ones_turned),
        cmocka_unit_test(the_smallest_pictures_have_masks),
        cmocka_unit_test(wrong_pixels_are_refused),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_session_outlives_bad_pictures),
        cmocka_unit_test(survives_each_missing_allocation),
        cmocka_unit_test(threads_give_the_same_mask),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
