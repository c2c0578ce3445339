/* Masks and planes for tests, made up or written out as text.
 * Must not know what is tested with them.
 * The dice are ours: a failing test fails again on each machine. */
#ifndef SIL_TESTS_MASK_SAMPLES_H
#define SIL_TESTS_MASK_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mask/mask.h"

struct dice {
    uint64_t state; /* never 0 */
};

/* A number 0 .. below - 1 (xorshift64*). */
static inline uint32_t dice_roll(struct dice *dice, uint32_t below)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (uint32_t)((dice->state * 0x2545F4914F6CDD1D) >> 33) % below;
}

/* 0 .. 1 in steps of 1/65536. */
static inline float dice_fraction(struct dice *dice)
{
    return (float)dice_roll(dice, 65537) / 65536;
}

/* A mask whose gaps and runs are 1 .. longest pixels, or the row's rest. */
static inline struct sil_mask *sample_mask(struct dice *dice, uint32_t width,
                                           uint32_t height, uint32_t longest)
{
    struct mask_writer writer;

    assert_int_equal(mask_begin(&writer, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        uint32_t x = dice_roll(dice, longest + 1);
        while (x < width) {
            uint32_t end = x + 1 + dice_roll(dice, longest);
            end = end < width ? end : width;
            assert_int_equal(mask_add_run(&writer, x, end), SIL_OK);
            x = end + 1 + dice_roll(dice, longest);
        }
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

/* A mask out of rows of text, '#' being person. */
static inline struct sil_mask *drawn_mask(const char *const *rows,
                                          uint32_t height)
{
    struct mask_writer writer;
    uint32_t width = (uint32_t)strlen(rows[0]);

    assert_int_equal(mask_begin(&writer, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            if (rows[y][x] == '#')
                assert_int_equal(mask_add_run(&writer, x, x + 1), SIL_OK);
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

/* The slow way to look at a pixel. */
static inline bool sample_pixel(const struct sil_mask *mask, uint32_t x,
                                uint32_t y)
{
    const struct sil_run *runs;
    uint32_t count = sil_mask_row(&runs, mask, y);

    for (uint32_t i = 0; i < count; i++)
        if (runs[i].first <= x && x < runs[i].end)
            return true;
    return false;
}

/* A plane out of rows of text, '#' being 1 and all else 0. */
static inline struct plane drawn_plane(const char *const *rows, uint32_t height)
{
    struct plane plane;
    uint32_t width = (uint32_t)strlen(rows[0]);

    assert_int_equal(plane_init(&plane, width, height), SIL_OK);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            plane.values[y * width + x] = rows[y][x] == '#';
    return plane;
}

/* A plane of noise, 0 .. 1; smoothness: how many values in a row are alike. */
static inline struct plane sample_plane(struct dice *dice, uint32_t width,
                                        uint32_t height, uint32_t smoothness)
{
    struct plane plane;

    assert_int_equal(plane_init(&plane, width, height), SIL_OK);
    for (uint32_t i = 0; i < width * height; i++) {
        bool is_new = i == 0 || dice_roll(dice, smoothness) == 0;
        plane.values[i] = is_new ? dice_fraction(dice) : plane.values[i - 1];
    }
    return plane;
}

#endif
