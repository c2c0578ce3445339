/* A plane's threshold crossings at the picture's size, row by row.
 * Must not know what the plane means, or touch single pixels of the picture.
 * Two neighbouring rows of the plane make a band, in which only the cells
 * whose four corners lie on both sides of the threshold can hold an outline,
 * whatever the row between them: few, found once a band by comparing bytes. */
#include "mask/upscale.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* Rows of bytes are looked through in words of 8, and padded to them. */
enum { WORD = sizeof(uint64_t), PADDING = 2 * WORD };

/* No row of the plane: nothing is held yet. */
static const int64_t NO_ROW = INT64_MIN;

/* One axis: index in the plane (centre of the first value: 0) to index in the
 * picture, at = index * step + start. */
struct axis {
    double step, start;
};

/* The rows row and row + 1 of the plane, which is surrounded by zeros: rows
 * -1 and height, columns -1 and width. Bytes count columns from -1. */
struct band {
    const struct plane *plane;
    float threshold;
    int64_t row;          /* the upper row, -1 .. height - 1, or NO_ROW */
    const float *upper;   /* [width]; NULL: zeros */
    const float *lower;   /* [width]; NULL: zeros */
    size_t byte_count;    /* of the three arrays below, whole words */
    uint8_t *upper_above; /* 0 or 1: value > threshold; in memory */
    uint8_t *lower_above; /* likewise, the lower row; in memory */
    uint8_t *is_mixed;    /* 0 or 1: the cell's corners differ; in memory */
    uint32_t *cells;      /* left columns (from -1) of mixed cells */
    uint32_t cell_count;
    void *memory; /* owned, holds all of the above */
};

/* Where a row's outline is being followed. */
struct outline {
    struct mask_writer *writer;
    struct axis x;
    float fraction; /* of the way from the band's upper to its lower row */
};

/* count values evenly cover from .. to; the first one's centre lies half a
 * step inside, and pixels count from their centres too. */
static struct axis axis_make(float from, float to, uint32_t count)
{
    double step = ((double)to - (double)from) / (double)count;

    sil_assert(from < to);
    sil_assert(isfinite(step));
    return (struct axis){step, step / 2 + (double)from - 0.5};
}

/* Assert what holds between two moves. */
static void band_check(const struct band *band)
{
    sil_assert(band->byte_count >= (size_t)band->plane->width + 2);
    sil_assert(band->byte_count % WORD == 0);
    sil_assert(band->cell_count <= band->plane->width + 1);
    /* The border columns are zeros, below any threshold. */
    sil_assert(band->upper_above[0] == 0);
    sil_assert(band->upper_above[band->plane->width + 1] == 0);
}

/* One allocation for all arrays: the widest element first, so that each is
 * aligned. */
static enum sil_err band_init(struct band *band, const struct plane *plane,
                              float threshold)
{
    size_t columns;
    size_t padded;
    size_t byte_count;
    uint8_t *memory;

    if (!sil_add(&columns, plane->width, 2) ||
        !sil_add(&padded, columns, PADDING))
        return SIL_E_NO_MEMORY;
    padded -= padded % WORD;
    if (!sil_mul(&byte_count, padded, 3 + sizeof(uint32_t)))
        return SIL_E_NO_MEMORY;
    memory = mem_zalloc(byte_count, 1);
    if (memory == NULL)
        return SIL_E_NO_MEMORY;
    *band = (struct band){
        .plane = plane,
        .threshold = threshold,
        .row = NO_ROW,
        .byte_count = padded,
        .cells = (uint32_t *)(void *)memory,
        .upper_above = memory + padded * sizeof(uint32_t),
        .lower_above = memory + padded * (sizeof(uint32_t) + 1),
        .is_mixed = memory + padded * (sizeof(uint32_t) + 2),
        .memory = memory,
    };
    return SIL_OK;
}

/* An all-zero band is fine. */
static void band_finish(struct band *band)
{
    mem_free(band->memory);
    *band = (struct band){0};
}

/* A row of the plane; NULL: zeros. */
static const float *plane_row(const struct plane *plane, int64_t row)
{
    if (row < 0 || row >= (int64_t)plane->height)
        return NULL;
    return plane->values + (size_t)row * plane->width;
}

/* above[1 + i] = values[i] > threshold. The border stays 0. */
static void compare_row(uint8_t *restrict above, const float *restrict values,
                        uint32_t width, float threshold)
{
    if (values == NULL) {
        memset(above + 1, 0, width);
        return;
    }
    /* Vectorised by the compiler: 16 values an iteration. */
    for (uint32_t i = 0; i < width; i++)
        above[1 + i] = values[i] > threshold;
}

/* mixed[i]: the four corners of cell i are not all alike. */
static void find_mixed(uint8_t *restrict mixed, const uint8_t *restrict a,
                       const uint8_t *restrict b, size_t cell_count)
{
    for (size_t i = 0; i < cell_count; i++) {
        uint8_t any = a[i] | a[i + 1] | b[i] | b[i + 1];
        uint8_t all = a[i] & a[i + 1] & b[i] & b[i + 1];
        mixed[i] = any ^ all;
    }
}

/* List the indexes of the bytes that are 1. Returns how many. */
static uint32_t list_ones(uint32_t *restrict list,
                          const uint8_t *restrict bytes, size_t byte_count)
{
    uint32_t count = 0;

    for (size_t i = 0; i < byte_count; i += WORD) {
        uint64_t word;
        memcpy(&word, bytes + i, WORD);
        if (word == 0)
            continue; /* As nearly all are. */
        /* Each index is written, and kept if its byte is 1: no branch. */
        for (size_t k = i; k < i + WORD; k++) {
            list[count] = (uint32_t)k;
            count += bytes[k];
        }
    }
    return count;
}

/* Make row and row + 1 the band's rows. */
static void band_move(struct band *band, int64_t row)
{
    uint32_t width = band->plane->width;
    uint8_t *above = band->upper_above;

    sil_assert(row >= -1);
    sil_assert(row < (int64_t)band->plane->height);
    band->upper = plane_row(band->plane, row);
    band->lower = plane_row(band->plane, row + 1);
    if (row == band->row + 1) {
        /* One further down: the lower row was compared already. */
        band->upper_above = band->lower_above;
        band->lower_above = above;
    } else {
        compare_row(above, band->upper, width, band->threshold);
    }
    compare_row(band->lower_above, band->lower, width, band->threshold);
    find_mixed(band->is_mixed, band->upper_above, band->lower_above,
               (size_t)width + 1);
    band->cell_count = list_ones(band->cells, band->is_mixed, band->byte_count);
    band->row = row;
    band_check(band);
}

/* The value of a column (from -1, so 1 is the plane's first) between the
 * band's rows. Held within its two ends, so that rounding can't carry it over
 * a threshold on whose same side both lie; a NaN is below. */
static float between_rows(const struct band *band, uint32_t column,
                          float fraction)
{
    bool is_border = column == 0 || column > band->plane->width;
    bool has_upper = band->upper != NULL && !is_border;
    bool has_lower = band->lower != NULL && !is_border;
    float a = has_upper ? band->upper[column - 1] : 0;
    float b = has_lower ? band->lower[column - 1] : 0;
    float low = a < b ? a : b;
    float high = a < b ? b : a;
    float value = a + fraction * (b - a);

    value = value > low ? value : low;
    return value < high ? value : high;
}

/* Where the picture's row has the threshold between columns column and
 * column + 1, whose values lie on either side of it. */
static double crossing(const struct axis *axis, uint32_t column, float left,
                       float right, float threshold)
{
    double way =
        ((double)threshold - (double)left) / ((double)right - (double)left);

    /* Infinite and missing values make no way at all. */
    way = way > 0 ? way : 0;
    way = way < 1 ? way : 1;
    return ((double)column - 1 + way) * axis->step + axis->start;
}

/* The first pixel whose centre is right of at, 0 .. width. */
static uint32_t pixel_after(double at, uint32_t width)
{
    sil_assert(width > 0);
    /* Before the conversion, which is undefined out of range. */
    if (at < 0)
        return 0;
    if (at >= (double)width - 1)
        return width;
    return (uint32_t)at + 1;
}

/* The first pixel whose centre is at or right of at, 0 .. width. */
static uint32_t pixel_from(double at, uint32_t width)
{
    uint32_t pixel;

    sil_assert(width > 0);
    if (at <= 0)
        return 0;
    if (at > (double)width - 1)
        return width;
    pixel = (uint32_t)at;
    return (double)pixel < at ? pixel + 1 : pixel;
}

/* Write one row of the picture: the crossings of the band's mixed cells. The
 * zeros around the plane make the first one rise and the last one fall. */
static enum sil_err write_row(const struct outline *outline,
                              const struct band *band)
{
    uint32_t width = outline->writer->mask->width;
    float threshold = band->threshold;
    uint32_t first = 0;
    bool is_inside = false;

    for (uint32_t i = 0; i < band->cell_count; i++) {
        uint32_t column = band->cells[i];
        float left = between_rows(band, column, outline->fraction);
        float right = between_rows(band, column + 1, outline->fraction);
        double at;
        /* Its corners differ, yet at this height both sides may agree. */
        if ((left > threshold) == (right > threshold))
            continue;
        /* What lies between two cells is on one side altogether. */
        sil_assert((left > threshold) == is_inside);
        is_inside = !is_inside;
        at = crossing(&outline->x, column, left, right, threshold);
        /* Between two crossings there may be no pixel's centre. */
        if (is_inside) {
            first = pixel_after(at, width);
        } else if (first < pixel_from(at, width)) {
            enum sil_err err =
                mask_add_run(outline->writer, first, pixel_from(at, width));
            if (err)
                return err;
        }
    }
    sil_assert(!is_inside);
    return SIL_OK;
}

/* Write all rows, moving the band down the plane with them. A picture smaller
 * than the plane jumps over rows of it, as point sampling does. */
static enum sil_err write_rows(struct outline *outline, struct band *band,
                               const struct axis *y)
{
    uint32_t height = outline->writer->mask->height;

    for (uint32_t row = 0; row < height; row++) {
        double at = ((double)row - y->start) / y->step;
        double upper = floor(at);
        /* Above and below the band of zeros there is nobody. */
        if (upper >= -1 && upper < (double)band->plane->height) {
            enum sil_err err;
            if ((int64_t)upper != band->row)
                band_move(band, (int64_t)upper);
            outline->fraction = (float)(at - upper);
            err = write_row(outline, band);
            if (err)
                return err;
        }
        mask_end_row(outline->writer);
    }
    return SIL_OK;
}

/* Time: for each row of the plane a pass over its values, and for each row of
 * the picture one over the mixed cells alone. */
enum sil_err mask_from_plane(struct sil_mask **out, const struct plane *plane,
                             const struct upscale_place *place)
{
    struct axis y = axis_make(place->box.y0, place->box.y1, plane->height);
    struct mask_writer writer = {0};
    struct band band = {0};
    struct outline outline = {
        .writer = &writer,
        .x = axis_make(place->box.x0, place->box.x1, plane->width),
    };
    enum sil_err err;

    sil_assert(plane->values != NULL);
    sil_assert(place->threshold > 0);
    sil_assert(place->threshold < 1);
    err = mask_begin(&writer, place->width, place->height);
    if (err)
        goto done;
    err = band_init(&band, plane, place->threshold);
    if (err)
        goto done;
    err = write_rows(&outline, &band, &y);
    if (err)
        goto done;
    *out = mask_take(&writer);
done:
    band_finish(&band);
    mask_abandon(&writer);
    return err;
}

enum sil_err mask_from_nothing(struct sil_mask **out, uint32_t width,
                               uint32_t height)
{
    struct mask_writer writer;
    enum sil_err err = mask_begin(&writer, width, height);

    if (err)
        return err;
    for (uint32_t row = 0; row < height; row++)
        mask_end_row(&writer);
    *out = mask_take(&writer);
    sil_assert((*out)->run_count == 0);
    return SIL_OK;
}
