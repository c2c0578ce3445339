/* truth.c: PNG files to masks.
 * Must not know how masks are compared.
 * The files are written by png_picture.c, whose own test reads them back. */
#include "base/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "encode/png_picture.h"
#include "eval/truth.h"

enum { WIDTH = 4, HEIGHT = 2 };

/* Greys around the ends, and colours whose grey is known: of pure red, green
 * and blue 76, 150 and 29. */
static const uint8_t PIXELS[HEIGHT * WIDTH * 3] = {
    0,   0, 0, 127, 127, 127, 128, 128, 128, 255, 255, 255,
    255, 0, 0, 0,   255, 0,   0,   0,   255, 1,   1,   1};
static const uint8_t GREYS[] = {0, 127, 128, 255, 76, 150, 29, 1};

static bool to_file(void *payload, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, payload) == size;
}

/* path: a template, which becomes the name of a file of those pixels. */
static void write_sample(char *path)
{
    uint8_t pixels[sizeof PIXELS];
    struct image image = {pixels, WIDTH, HEIGHT, WIDTH * 3UL, false};
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "wb");

    assert_non_null(file);
    memcpy(pixels, PIXELS, sizeof pixels);
    assert_int_equal(png_picture_write(&image, to_file, file), SIL_OK);
    assert_int_equal(fclose(file), 0);
}

static void greys_are_read(void **state)
{
    char path[] = "/tmp/sil-truth-XXXXXX";
    struct truth truth;
    bool has[UINT8_MAX + 1];
    size_t count = 0;

    (void)state;
    write_sample(path);
    assert_int_equal(truth_read(&truth, path, NULL), SIL_OK);
    assert_int_equal(truth.width, WIDTH);
    assert_int_equal(truth.height, HEIGHT);
    assert_memory_equal(truth.grey, GREYS, sizeof GREYS);
    truth_values(has, &truth);
    for (size_t i = 0; i <= UINT8_MAX; i++)
        count += has[i];
    assert_int_equal(count, sizeof GREYS);
    assert_true(has[76] && has[0] && !has[2]);
    truth_finish(&truth);
    truth_finish(&truth);
    assert_int_equal(unlink(path), 0);
}

static void masks_are_ranges_of_grey(void **state)
{
    uint8_t greys[sizeof GREYS];
    struct truth truth = {greys, WIDTH, HEIGHT};
    struct sil_mask *mask = NULL;
    const struct sil_run *runs;

    (void)state;
    memcpy(greys, GREYS, sizeof greys);
    assert_int_equal(truth_mask(&mask, &truth, 128, 255), SIL_OK);
    assert_int_equal(mask->person_pixels, 3);
    assert_int_equal(sil_mask_row(&runs, mask, 0), 1);
    assert_int_equal(runs[0].first, 2);
    assert_int_equal(runs[0].end, WIDTH);
    assert_int_equal(sil_mask_row(&runs, mask, 1), 1);
    assert_int_equal(runs[0].first, 1);
    mask_destroy(mask);
    assert_int_equal(truth_mask(&mask, &truth, 1, 1), SIL_OK);
    assert_int_equal(mask->person_pixels, 1);
    mask_destroy(mask);
    assert_int_equal(truth_mask(&mask, &truth, 2, 3), SIL_OK);
    assert_int_equal(mask->person_pixels, 0);
    mask_destroy(mask);
}

static void other_files_are_refused(void **state)
{
    struct truth truth = {.width = 7};
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(truth_read(&truth, "/nonexistent.png", &error),
                     SIL_E_IMAGE_NOT_FOUND);
    assert_int_equal(
        truth_read(&truth, SIL_SOURCE_DIR "/samples/astronaut.jpg", &error),
        SIL_E_UNSUPPORTED_FORMAT);
    assert_non_null(strstr(error.detail, "no PNG"));
    assert_int_equal(truth_read(&truth, SIL_SOURCE_DIR "/LICENSE", &error),
                     SIL_E_UNSUPPORTED_FORMAT);
    assert_int_equal(truth_read(&truth, "/dev/null", &error),
                     SIL_E_UNSUPPORTED_FORMAT);
    assert_int_equal(truth.width, 7);
}

static void survives_each_missing_allocation(void **state)
{
    char path[] = "/tmp/sil-truth-XXXXXX";
    enum sil_err err = SIL_E_NO_MEMORY;

    (void)state;
    write_sample(path);
    for (size_t n = 1; err; n++) {
        struct sil_mask *mask = NULL;
        struct truth truth = {0};

        mem_fail_at(n);
        err = truth_read(&truth, path, NULL);
        if (!err)
            err = truth_mask(&mask, &truth, 1, 255);
        mem_fail_at(0);
        /* The decoder's library has words of its own for some of them. */
        if (err)
            assert_true(truth.grey == NULL || mask == NULL);
        mask_destroy(mask);
        truth_finish(&truth);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greys_are_read),
        cmocka_unit_test(masks_are_ranges_of_grey),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(survives_each_missing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
