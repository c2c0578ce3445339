/* The masks of samples/ against those that the pipeline's slow reference
 * made of the same files.
 * Must not know how either is computed.
 * Resampling differs a little between the two, so IoU is what is compared;
 * where the reference finds nobody, not one pixel may be marked. */
#include "infer/infer_tools.h"

#include <stdio.h>

#include "decode/decode.h"

static const double IOU_MIN = 0.99;

/* The pose network answers small differences of resampling with larger ones:
 * in the mean of 27 pictures the masks agree to .995, at worst to .975. */
static const double IOU_MIN_BEST = 0.97;

struct row {
    const char *picture; /* in samples/ */
    const char *mask;    /* in tests/golden/ */
    bool is_empty;       /* nobody is there */
    enum sil_quality quality;
};

static const struct row ROWS[] = {
    {"astronaut.jpg", "astronaut.png", false, SIL_QUALITY_FAST},
    {"camera.png", "camera.png", false, SIL_QUALITY_FAST},
    /* Decoded at 1/2. */
    {"camera_turned.jpg", "camera_turned.png", false, SIL_QUALITY_FAST},
    {"portrait.avif", "portrait.png", false, SIL_QUALITY_FAST},
    {"rocket.webp", "rocket.png", true, SIL_QUALITY_FAST},
    /* tests/golden/best.py --golden makes them anew. */
    {"astronaut.jpg", "best/astronaut.png", false, SIL_QUALITY_BEST},
    {"camera.png", "best/camera.png", false, SIL_QUALITY_BEST},
    {"camera_turned.jpg", "best/camera_turned.png", false, SIL_QUALITY_BEST},
    {"pair.jpg", "best/pair.png", false, SIL_QUALITY_BEST},
    {"portrait.avif", "best/portrait.png", false, SIL_QUALITY_BEST},
    {"rocket.webp", "best/rocket.png", true, SIL_QUALITY_BEST},
};

enum { PATH_SIZE = 512 };

struct fixture {
    struct sil_model *model;
    struct sil_session *session;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    assert_int_equal(sil_model_open(&fixture.model, MODELS_DIR, NULL, NULL),
                     SIL_OK);
    assert_int_equal(sil_session_create(&fixture.session, fixture.model, NULL),
                     SIL_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    sil_session_destroy(fixture->session);
    sil_model_close(fixture->model);
    return 0;
}

static struct buf bytes_of(const char *folder, const char *name)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, SIL_SOURCE_DIR "/%s/%s", folder, name);
    return file_bytes(path);
}

static struct image golden_image(const char *name)
{
    struct buf bytes = bytes_of("tests/golden", name);
    struct decode_source source = {.bytes = bytes.bytes,
                                   .size = bytes.size,
                                   .limits = sil_limits_default()};
    struct image image = {0};

    assert_int_equal(decode_image(&image, &source, 1, NULL), SIL_OK);
    buf_finish(&bytes);
    return image;
}

/* Intersection over union with the golden image; 1 if both are empty. */
static double iou(const struct sil_mask *mask, const struct image *golden)
{
    uint64_t both = 0;
    uint64_t either = 0;

    for (uint32_t y = 0; y < golden->height; y++) {
        const uint8_t *row = golden->rgb + y * golden->row_bytes;
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        uint32_t k = 0;

        for (uint32_t x = 0; x < golden->width; x++) {
            bool is_wanted = row[3 * (size_t)x] > INT8_MAX;
            bool is_found;

            while (k < count && runs[k].end <= x)
                k++;
            is_found = k < count && runs[k].first <= x;
            both += is_found && is_wanted;
            either += is_found || is_wanted;
        }
    }
    return either > 0 ? (double)both / (double)either : 1;
}

static void check_row(struct fixture *fixture, const struct row *row)
{
    struct buf bytes = bytes_of("samples", row->picture);
    struct image golden = golden_image(row->mask);
    const struct sil_picture picture = {bytes.bytes, bytes.size};
    struct sil_options options = sil_options_default();
    struct sil_error error = {0};
    struct sil_result *result = NULL;
    const struct sil_mask *mask;

    options.quality = row->quality;
    assert_int_equal(
        sil_segment(&result, fixture->session, &picture, &options, &error),
        SIL_OK);
    mask = sil_result_mask(result);
    assert_int_equal(sil_mask_width(mask), golden.width);
    assert_int_equal(sil_mask_height(mask), golden.height);
    print_message("%s: IoU %.4f\n", row->mask, iou(mask, &golden));
    assert_true(iou(mask, &golden) >=
                (row->quality == SIL_QUALITY_BEST ? IOU_MIN_BEST : IOU_MIN));
    assert_true((sil_result_person_count(result) == 0) == row->is_empty);
    assert_true((sil_mask_area(mask) > 0) == !row->is_empty);
    sil_result_destroy(result);
    image_finish(&golden);
    buf_finish(&bytes);
}

static void masks_are_those_of_the_reference(void **state)
{
    for (size_t i = 0; i < ROW_COUNT(ROWS); i++)
        check_row(*state, &ROWS[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_those_of_the_reference),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
