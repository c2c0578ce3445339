/* Drawing, damaging and comparing pictures.
 * Must not know a format.
 * The guard page is what finds a read of a single byte too many without a
 * sanitizer. */
#include "decode/pictures.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum { RGB = 3, RGBA = 4 };

struct guarded guarded_copy(const void *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t data_size = (size + page - 1) / page * page;
    struct guarded guarded = {.size = size, .pages_size = data_size + page};
    uint8_t *pages = mmap(NULL, guarded.pages_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + data_size, page, PROT_NONE), 0);
    guarded.pages = pages;
    guarded.bytes = pages + data_size - size;
    if (size > 0)
        memcpy(guarded.bytes, bytes, size);
    return guarded;
}

void guarded_free(struct guarded *guarded)
{
    assert_int_equal(munmap(guarded->pages, guarded->pages_size), 0);
}

/* Slow waves with a bright disc and a dark bar: edges and flat parts. */
static uint8_t wave(uint32_t x, uint32_t y, unsigned channel)
{
    unsigned slope = (x * (channel + 1) + y * (3 - channel)) / 2 % 512;
    unsigned value = slope < 256 ? slope : 511 - slope;
    int64_t dx = (int64_t)x - 40;
    int64_t dy = (int64_t)y - 30;

    if (dx * dx + dy * dy < 400)
        value = 255 - value / 4;
    if (x % 97 > 80)
        value /= 2;
    return (uint8_t)value;
}

struct image picture_draw(uint32_t width, uint32_t height)
{
    struct image image;

    assert_int_equal(image_init(&image, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            for (unsigned c = 0; c < RGB; c++)
                image.rgb[y * image.row_bytes + x * RGB + c] = wave(x, y, c);
        }
    }
    return image;
}

uint8_t *picture_draw_alpha(uint32_t width, uint32_t height)
{
    uint8_t *rgba = mem_alloc((size_t)width * height, RGBA);
    uint8_t *at = rgba;

    assert_non_null(rgba);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            for (unsigned c = 0; c < RGB; c++)
                *at++ = wave(x, y, c);
            *at++ = (uint8_t)((x * 5 + y * 3) % 256);
        }
    }
    return rgba;
}

enum sil_err picture_decode(struct image *out, const void *bytes, size_t size,
                            uint32_t shrink)
{
    struct guarded guarded = guarded_copy(bytes, size);
    struct decode_source source = {
        .bytes = guarded.bytes, .size = size, .limits = sil_limits_default()};
    struct sil_error error = {0};
    enum sil_err err = decode_image(out, &source, shrink, &error);

    if (err && err != SIL_E_NO_MEMORY) {
        assert_int_equal(error.code, err);
        assert_true(error.detail[0] != '\0');
    }
    guarded_free(&guarded);
    return err;
}

enum sil_err picture_info(struct decode_info *out, const void *bytes,
                          size_t size)
{
    struct guarded guarded = guarded_copy(bytes, size);
    struct decode_source source = {
        .bytes = guarded.bytes, .size = size, .limits = sil_limits_default()};
    struct sil_error error = {0};
    enum sil_err err = decode_info(out, &source, &error);

    guarded_free(&guarded);
    return err;
}

/* The mean of one box and channel, cut off at the picture's edges. */
static uint8_t box_mean(const struct image *image, uint32_t x0, uint32_t y0,
                        uint32_t shrink, unsigned channel)
{
    unsigned sum = 0;
    unsigned count = 0;

    for (uint32_t y = y0; y < y0 + shrink && y < image->height; y++) {
        for (uint32_t x = x0; x < x0 + shrink && x < image->width; x++) {
            sum += image->rgb[y * image->row_bytes + x * RGB + channel];
            count++;
        }
    }
    return (uint8_t)((sum + count / 2) / count);
}

struct image picture_box_mean(const struct image *image, uint32_t shrink)
{
    struct image mean;

    assert_int_equal(image_init(&mean, (image->width + shrink - 1) / shrink,
                                (image->height + shrink - 1) / shrink),
                     SIL_OK);
    for (uint32_t y = 0; y < mean.height; y++) {
        for (uint32_t x = 0; x < mean.width; x++) {
            for (unsigned c = 0; c < RGB; c++)
                mean.rgb[y * mean.row_bytes + x * RGB + c] =
                    box_mean(image, x * shrink, y * shrink, shrink, c);
        }
    }
    return mean;
}

/* Sum and largest of the absolute differences. */
static uint64_t differ(const struct image *a, const struct image *b,
                       int *largest)
{
    uint64_t sum = 0;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    *largest = 0;
    for (uint32_t y = 0; y < a->height; y++) {
        const uint8_t *row_a = a->rgb + y * a->row_bytes;
        const uint8_t *row_b = b->rgb + y * b->row_bytes;
        for (size_t i = 0; i < (size_t)a->width * RGB; i++) {
            int difference = abs(row_a[i] - row_b[i]);
            if (difference > *largest)
                *largest = difference;
            sum += (uint64_t)difference;
        }
    }
    return sum;
}

double picture_mean_difference(const struct image *a, const struct image *b)
{
    int largest;
    uint64_t sum = differ(a, b, &largest);

    return (double)sum / ((double)a->width * a->height * RGB);
}

int picture_largest_difference(const struct image *a, const struct image *b)
{
    int largest;

    (void)differ(a, b, &largest);
    return largest;
}

void picture_assert_cuts_refused(const struct buf *bytes, size_t least,
                                 size_t tail)
{
    for (size_t percent = 0; percent < 100; percent++) {
        size_t size = bytes->size * percent / 100;
        struct image image = {0};
        enum sil_err err;
        if (size >= bytes->size - tail)
            break;
        err = picture_decode(&image, bytes->bytes, size, 2);
        if (size < least)
            assert_int_equal(err, SIL_E_UNSUPPORTED_FORMAT);
        else
            assert_int_equal(err, SIL_E_IMAGE_CORRUPT);
        assert_null(image.rgb);
    }
}

void picture_assert_flips_survived(const struct buf *bytes, unsigned count)
{
    uint8_t *copy = mem_alloc(bytes->size, 1);
    uint32_t state = 1;

    assert_non_null(copy);
    for (unsigned i = 0; i < count; i++) {
        struct image image = {0};
        memcpy(copy, bytes->bytes, bytes->size);
        for (unsigned k = 0; k <= i % 4; k++) {
            state = state * 1664525 + 1013904223;
            copy[(state >> 8) % bytes->size] ^= (uint8_t)(1U << (state >> 29));
        }
        if (picture_decode(&image, copy, bytes->size, 1) == SIL_OK)
            image_check(&image);
        else
            assert_null(image.rgb);
        image_finish(&image);
    }
    mem_free(copy);
}

void picture_assert_memory_failures(const struct buf *bytes, uint32_t shrink,
                                    enum sil_err other)
{
    enum { ALLOCATIONS_MAX = 100 };
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t failed_count = 0;

    while (err != SIL_OK) {
        struct image image = {0};
        mem_fail_at(failed_count + 1);
        err = picture_decode(&image, bytes->bytes, bytes->size, shrink);
        mem_fail_at(0);
        if (err) {
            assert_true(err == SIL_E_NO_MEMORY || err == other);
            assert_null(image.rgb);
            failed_count++;
        }
        assert_true(failed_count < ALLOCATIONS_MAX);
        image_finish(&image);
    }
    assert_true(failed_count >= 1);
}

void picture_assert_deadline(const struct decoder *decoder,
                             const struct buf *bytes)
{
    struct image image = {0};
    struct decode_source source = {.bytes = bytes->bytes,
                                   .size = bytes->size,
                                   .limits = sil_limits_default(),
                                   .deadline_ns = 1};
    struct sil_error error = {0};

    assert_int_equal(decode_image(&image, &source, 1, &error),
                     SIL_E_DEADLINE_EXCEEDED);
    assert_int_equal(decoder->read(&image, &source, 1, &error),
                     SIL_E_DEADLINE_EXCEEDED);
    assert_null(image.rgb);
}
