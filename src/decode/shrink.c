/* Means of boxes of pixels, summed up while the rows come in.
 * Must not know where the rows come from.
 * A box at the right or lower edge may be cut off: its mean is that of the
 * pixels that are there. Sums fit 16 bits: 8 * 8 * 255 = 16,320. */
#include "decode/shrink.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "decode/decode.h"

/* White is what is behind a picture that can be seen through, as on a page. */
enum { RGB = 3, RGBA = 4, WHITE = 255 };

_Static_assert(DECODE_SHRINK_MAX *DECODE_SHRINK_MAX *WHITE <= UINT16_MAX,
               "the sum of a box fits 16 bits");

/* Assert the invariant. */
static void shrink_check(const struct shrinker *shrinker)
{
    uint32_t shrink = shrinker->shrink;

    sil_assert(shrink >= 1 && shrink <= DECODE_SHRINK_MAX);
    sil_assert(shrinker->to.width == (shrinker->width + shrink - 1) / shrink);
    sil_assert(shrinker->to.height == (shrinker->height + shrink - 1) / shrink);
    sil_assert((shrinker->sums == NULL) == (shrink == 1));
}

/* On failure shrink_finish() still frees what was had by then. */
enum sil_err shrink_init(struct shrinker *shrinker)
{
    uint32_t shrink = shrinker->shrink;
    uint32_t width = (shrinker->width + shrink - 1) / shrink;
    uint32_t height = (shrinker->height + shrink - 1) / shrink;
    size_t sum_count;
    enum sil_err err;

    sil_assert(shrinker->sums == NULL);
    sil_assert(shrinker->width < UINT32_MAX - DECODE_SHRINK_MAX);
    sil_assert(shrinker->height < UINT32_MAX - DECODE_SHRINK_MAX);
    err = image_init(&shrinker->to, width, height);
    if (err)
        return err;
    if (shrink == 1)
        return SIL_OK;
    if (!sil_mul(&sum_count, width, RGB) ||
        !sil_mul(&sum_count, sum_count, shrinker->is_any_order ? height : 1))
        return SIL_E_NO_MEMORY;
    shrinker->sums = mem_zalloc(sum_count, sizeof *shrinker->sums);
    if (shrinker->sums == NULL)
        return SIL_E_NO_MEMORY;
    shrink_check(shrinker);
    return SIL_OK;
}

/* May be called twice. */
void shrink_finish(struct shrinker *shrinker)
{
    image_finish(&shrinker->to);
    mem_free(shrinker->sums);
    shrinker->sums = NULL;
}

/* Add the pixels of count whole boxes. Called with a constant shrink, so that
 * the compiler unrolls the inner loop. */
static inline void add_boxes(uint16_t *sums, const uint8_t *rgb, size_t count,
                             size_t shrink)
{
    for (size_t i = 0; i < count; i++) {
        unsigned red = 0;
        unsigned green = 0;
        unsigned blue = 0;
        for (size_t k = 0; k < shrink; k++) {
            red += rgb[RGB * k];
            green += rgb[RGB * k + 1];
            blue += rgb[RGB * k + 2];
        }
        sums[0] = (uint16_t)(sums[0] + red);
        sums[1] = (uint16_t)(sums[1] + green);
        sums[2] = (uint16_t)(sums[2] + blue);
        sums += RGB;
        rgb += RGB * shrink;
    }
}

/* Add pixels one by one, wherever in the row they are: for passes of interlaced
 * pictures, and for the rest of a row that fills no box. */
static void add_pixels(uint16_t *sums, struct columns columns,
                       const uint8_t *rgb, uint32_t shrink)
{
    uint32_t x = columns.first;

    for (uint32_t i = 0; i < columns.count; i++) {
        uint16_t *sum = sums + (size_t)(x / shrink) * RGB;
        for (size_t c = 0; c < RGB; c++)
            sum[c] = (uint16_t)(sum[c] + rgb[c]);
        rgb += RGB;
        x += columns.step;
    }
}

/* Add a whole row: its whole boxes, then what is left of one. */
static void add_row(uint16_t *sums, const uint8_t *rgb, uint32_t width,
                    uint32_t shrink)
{
    uint32_t box_count = width / shrink; /* whole ones */
    struct columns rest = {.first = box_count * shrink, .step = 1};

    rest.count = width - rest.first;
    sil_assert(rest.count < shrink);
    if (shrink == 2)
        add_boxes(sums, rgb, box_count, 2);
    else if (shrink == 4)
        add_boxes(sums, rgb, box_count, 4);
    else
        add_boxes(sums, rgb, box_count, 8);
    add_pixels(sums, rest, rgb + (size_t)rest.first * RGB, shrink);
}

/* Rounded means of boxes of the same area. count: values, three a box. to may
 * not overlap sums. */
static void average(uint8_t *to, const uint16_t *sums, size_t count,
                    unsigned area)
{
    sil_assert(area >= 1);
    sil_assert(area <= DECODE_SHRINK_MAX * DECODE_SHRINK_MAX);
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)((sums[i] + area / 2) / area);
}

/* Turn the sums of the row of boxes y into pixels. The boxes of the last row
 * have fewer rows of pixels, the last box of a row fewer columns. */
static void finish_row(struct shrinker *shrinker, uint32_t y,
                       const uint16_t *sums)
{
    uint32_t shrink = shrinker->shrink;
    uint32_t whole = shrinker->width / shrink;
    uint32_t left = shrinker->height - y * shrink;
    uint32_t row_count = left < shrink ? left : shrink;
    uint32_t cut = shrinker->width % shrink;
    uint8_t *to = shrinker->to.rgb + y * shrinker->to.row_bytes;

    sil_assert(row_count >= 1);
    /* Constants, so that the common division is a shift. The area is asked for,
     * not the shrink: boxes that are cut off come here, too. */
    if (row_count * shrink == 4)
        average(to, sums, (size_t)whole * RGB, 4);
    else if (row_count * shrink == 16)
        average(to, sums, (size_t)whole * RGB, 16);
    else if (row_count * shrink == 64)
        average(to, sums, (size_t)whole * RGB, 64);
    else
        average(to, sums, (size_t)whole * RGB, row_count * shrink);
    if (cut > 0)
        average(to + (size_t)whole * RGB, sums + (size_t)whole * RGB, RGB,
                row_count * cut);
}

/* Without shrinking the pixels go straight to their places. */
static void place_pixels(struct image *to, uint32_t y, struct columns columns,
                         const uint8_t *rgb)
{
    uint8_t *row = to->rgb + y * to->row_bytes;
    uint32_t x = columns.first;

    sil_assert(y < to->height);
    if (columns.step == 1) {
        memcpy(row + (size_t)x * RGB, rgb, (size_t)columns.count * RGB);
        return;
    }
    for (uint32_t i = 0; i < columns.count; i++) {
        memcpy(row + (size_t)x * RGB, rgb, RGB);
        rgb += RGB;
        x += columns.step;
    }
}

/* The one place where all ways meet: straight, whole rows, parts of rows. In
 * order, a row of boxes is finished with its last row of pixels. */
void shrink_add(struct shrinker *shrinker, uint32_t y, struct columns columns,
                const uint8_t *rgb)
{
    uint32_t shrink = shrinker->shrink;
    size_t sums_per_row = (size_t)shrinker->to.width * RGB;
    uint16_t *sums = shrinker->sums;

    sil_assert(y < shrinker->height);
    sil_assert(columns.count >= 1);
    sil_assert(columns.first + (uint64_t)(columns.count - 1) * columns.step <
               shrinker->width);
    if (shrink == 1) {
        place_pixels(&shrinker->to, y, columns, rgb);
        return;
    }
    if (shrinker->is_any_order)
        sums += sums_per_row * (y / shrink);
    if (columns.count == shrinker->width)
        add_row(sums, rgb, columns.count, shrink);
    else
        add_pixels(sums, columns, rgb, shrink);
    if (shrinker->is_any_order)
        return;
    if (y % shrink == shrink - 1 || y == shrinker->height - 1) {
        finish_row(shrinker, y / shrink, sums);
        memset(sums, 0, sums_per_row * sizeof *sums);
    }
}

/* Boxes that were filled in any order are all finished here. The image is the
 * caller's then; shrink_finish() frees the sums alone. */
void shrink_take(struct image *out, struct shrinker *shrinker)
{
    size_t sums_per_row = (size_t)shrinker->to.width * RGB;

    shrink_check(shrinker);
    if (shrinker->is_any_order && shrinker->shrink > 1) {
        for (uint32_t y = 0; y < shrinker->to.height; y++)
            finish_row(shrinker, y, shrinker->sums + y * sums_per_row);
    }
    *out = shrinker->to;
    shrinker->to = (struct image){0};
}

/* Opaque pixels, which are most of them, are just copied. Colours are not
 * multiplied by alpha yet: PNG and WebP have them so. */
void shrink_on_white(uint8_t *rgb, const uint8_t *rgba, size_t count)
{
    sil_assert(rgb != rgba);
    for (size_t i = 0; i < count; i++) {
        unsigned alpha = rgba[RGBA * i + 3];
        if (alpha == WHITE) {
            memcpy(rgb + RGB * i, rgba + RGBA * i, RGB);
            continue;
        }
        for (size_t c = 0; c < RGB; c++) {
            unsigned light = rgba[RGBA * i + c] * alpha;
            light += WHITE * (WHITE - alpha);
            rgb[RGB * i + c] = (uint8_t)((light + WHITE / 2) / WHITE);
        }
    }
}
