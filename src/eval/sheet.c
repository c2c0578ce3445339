/* Rows of three tiles, drawn by taking the nearest or the mean of pixels.
 * Must not know files or PNG.
 * Pictures are decoded as small as a tile allows; masks are looked up, pixel
 * by pixel, at the tile's own size. */
#include "eval/sheet.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "decode/decode.h"
#include "encode/png_picture.h"
#include "eval/picture.h"

enum {
    CHANNELS = 3,
    TILES = 3, /* in a row */
    TILE_WIDTH = 320,
    TILE_HEIGHT = 240,
    GAP = 4, /* between tiles */
    GREY = 40
};

static const double FALSE_AREA_WEIGHT = 50;

/* Where on the sheet something is drawn, pixels. */
struct tile {
    uint32_t x, y, width, height;
};

/* Where nobody is a tiny area is no disaster: two per cent are. */
double sheet_badness(const struct score *score)
{
    double bad = score->is_empty ? FALSE_AREA_WEIGHT * score->false_area
                                 : 1 - score->iou;

    sil_assert(bad >= 0);
    return fmin(bad, 1);
}

/* By insertion: the list is short. Perfect ones are left out even where there
 * is room. Of equals the first stays the first. */
size_t sheet_worst(size_t *rows, const struct evaluation *evaluation)
{
    size_t count = 0;

    for (size_t i = 0; i < evaluation->count; i++) {
        double bad = sheet_badness(&evaluation->scores[i]);
        size_t at = count;

        if (!(bad > 0))
            continue;
        while (at > 0 && sheet_badness(&evaluation->scores[rows[at - 1]]) < bad)
            at--;
        if (at == SHEET_ROWS)
            continue;
        count = count < SHEET_ROWS ? count + 1 : SHEET_ROWS;
        memmove(rows + at + 1, rows + at, (count - 1 - at) * sizeof *rows);
        rows[at] = i;
    }
    sil_assert(count <= SHEET_ROWS);
    return count;
}

/* The sides of a picture within a tile; *tile is where the tile itself is, and
 * becomes where the picture is. */
static void fit(struct tile *tile, uint32_t width, uint32_t height)
{
    double scale =
        fmin((double)TILE_WIDTH / width, (double)TILE_HEIGHT / height);

    sil_assert(width > 0 && height > 0);
    tile->width = (uint32_t)fmax(1, floor(width * scale));
    tile->height = (uint32_t)fmax(1, floor(height * scale));
    /* Rounded down above: so it surely fits, and is put in the middle. */
    tile->x += (TILE_WIDTH - tile->width) / 2;
    tile->y += (TILE_HEIGHT - tile->height) / 2;
    sil_assert(tile->width <= TILE_WIDTH && tile->height <= TILE_HEIGHT);
}

/* The mean colour of the image's pixels from x0, y0 up to x1, y1. 64 bits: a
 * part may be a whole picture. */
static void mean_of(uint8_t *rgb, const struct image *image,
                    const struct tile *part)
{
    uint64_t sums[CHANNELS] = {0};
    uint64_t count = (uint64_t)part->width * part->height;

    sil_assert(part->x + part->width <= image->width);
    sil_assert(part->y + part->height <= image->height);
    for (uint32_t y = part->y; y < part->y + part->height; y++) {
        const uint8_t *at =
            image->rgb + y * image->row_bytes + (size_t)part->x * CHANNELS;
        for (size_t i = 0; i < (size_t)part->width * CHANNELS; i++)
            sums[i % CHANNELS] += at[i];
    }
    sil_assert(count > 0);
    for (size_t c = 0; c < CHANNELS; c++)
        rgb[c] = (uint8_t)((sums[c] + count / 2) / count);
}

/* First pixel of the `index`-th of `count` equal parts of a side. */
static uint32_t part_of(uint32_t side, uint32_t index, uint32_t count)
{
    sil_assert(index <= count && count > 0);
    return (uint32_t)((uint64_t)side * index / count);
}

/* Each pixel is the mean of what it stands for. */
static void draw_picture(struct image *sheet, const struct tile *tile,
                         const struct image *image)
{
    for (uint32_t y = 0; y < tile->height; y++)
        for (uint32_t x = 0; x < tile->width; x++) {
            struct tile part = {part_of(image->width, x, tile->width),
                                part_of(image->height, y, tile->height), 0, 0};
            uint32_t end_x = part_of(image->width, x + 1, tile->width);
            uint32_t end_y = part_of(image->height, y + 1, tile->height);

            /* Where the picture is smaller than the tile a part may be none. */
            part.width = end_x > part.x ? end_x - part.x : 1;
            part.height = end_y > part.y ? end_y - part.y : 1;
            mean_of(sheet->rgb + (tile->y + y) * sheet->row_bytes +
                        (size_t)(tile->x + x) * CHANNELS,
                    image, &part);
        }
    sil_assert(tile->x + tile->width <= sheet->width);
}

/* A row has few runs, and a sheet few pixels. */
static bool is_person(const struct sil_mask *mask, uint32_t x, uint32_t y)
{
    const struct sil_run *runs;
    uint32_t count = sil_mask_row(&runs, mask, y);
    bool is_in = false;

    sil_assert(x < sil_mask_width(mask));
    for (uint32_t i = 0; i < count && !is_in; i++)
        is_in = x >= runs[i].first && x < runs[i].end;
    return is_in;
}

/* Two masks of one size: what is in neither, the first, the second, both. */
static void draw_masks(struct image *sheet, const struct tile *tile,
                       const struct sil_mask *first,
                       const struct sil_mask *second)
{
    static const uint8_t colours[][CHANNELS] = {
        {0, 0, 0}, {255, 64, 64}, {64, 112, 255}, {255, 255, 255}};

    sil_assert(sil_mask_width(first) == sil_mask_width(second));
    for (uint32_t y = 0; y < tile->height; y++)
        for (uint32_t x = 0; x < tile->width; x++) {
            /* The pixel under the middle of the sheet's. */
            uint32_t from_x =
                part_of(sil_mask_width(first), 2 * x + 1, 2 * tile->width);
            uint32_t from_y =
                part_of(sil_mask_height(first), 2 * y + 1, 2 * tile->height);
            int kind = (is_person(first, from_x, from_y) ? 1 : 0) +
                       (is_person(second, from_x, from_y) ? 2 : 0);
            memcpy(sheet->rgb + (tile->y + y) * sheet->row_bytes +
                       (size_t)(tile->x + x) * CHANNELS,
                   colours[kind], CHANNELS);
        }
}

/* The picture upright, as small as a tile allows. */
static enum sil_err decode_small(struct image *out,
                                 const struct eval_picture *picture,
                                 const struct eval_source *source,
                                 struct sil_error *error)
{
    struct decode_source from = {.bytes = picture->bytes.bytes,
                                 .size = picture->bytes.size,
                                 .limits = source->options.limits};
    struct decode_info info;
    uint32_t shrink = DECODE_SHRINK_MAX;
    enum sil_err err = decode_info(&info, &from, error);

    if (err)
        return err;
    /* Stored sides: of a turned picture the tile's are swapped, which costs at
     * most a finer decoding than needed. */
    while (shrink > 1 && (info.width < shrink * TILE_WIDTH ||
                          info.height < shrink * TILE_HEIGHT))
        shrink /= 2;
    sil_assert(shrink >= 1);
    err = decode_image(out, &from, shrink, error);
    return err ? err : image_orient(out, info.orientation);
}

/* Row `index` of the sheet. The tiles: picture, truth, and ours against the
 * truth. */
static enum sil_err draw_row(struct image *sheet, size_t index,
                             const struct eval_picture *picture,
                             const struct eval_source *source,
                             struct sil_error *error)
{
    const struct sil_mask *mask = sil_result_mask(picture->result);
    struct image image = {0};
    enum sil_err err = decode_small(&image, picture, source, error);

    sil_assert(index < SHEET_ROWS);
    /* The true mask against itself is white alone. */
    for (uint32_t i = 0; !err && i < TILES; i++) {
        struct tile tile = {i * (TILE_WIDTH + GAP),
                            (uint32_t)index * (TILE_HEIGHT + GAP), 0, 0};

        fit(&tile, sil_mask_width(mask), sil_mask_height(mask));
        if (i == 0)
            draw_picture(sheet, &tile, &image);
        else
            draw_masks(sheet, &tile, i == 1 ? picture->mask : mask,
                       picture->mask);
    }
    image_finish(&image);
    return err;
}

/* Pictures are read once more: kept from the first time they would take a
 * folder's worth of memory. */
enum sil_err sheet_make(struct image *out, const struct evaluation *evaluation,
                        const struct eval_source *source,
                        struct sil_error *error)
{
    size_t rows[SHEET_ROWS];
    size_t count = sheet_worst(rows, evaluation);
    uint32_t height = (uint32_t)count * (TILE_HEIGHT + GAP);
    struct image sheet = {0};
    enum sil_err err =
        count == 0 ? image_init(&sheet, 1, 1)
                   : image_init(&sheet, TILES * (TILE_WIDTH + GAP) - GAP,
                                height - GAP);

    if (err)
        return err_set(error, err, "no memory for the sheet");
    for (uint32_t y = 0; y < sheet.height; y++)
        memset(sheet.rgb + y * sheet.row_bytes, GREY,
               (size_t)sheet.width * CHANNELS);
    for (size_t i = 0; !err && i < count; i++) {
        struct eval_picture picture;

        sil_assert(rows[i] < evaluation->count);
        err = eval_picture_read(&picture, source,
                                evaluation->scores[rows[i]].stem,
                                evaluation->pictures[rows[i]], error);
        if (!err)
            err = draw_row(&sheet, i, &picture, source, error);
        eval_picture_finish(&picture);
    }
    if (err)
        image_finish(&sheet);
    else
        *out = sheet;
    return err;
}

/* The whole sheet is made first: a file of half of it is never begun. */
enum sil_err sheet_write(const struct evaluation *evaluation,
                         const struct eval_source *source, sil_write_fn write,
                         void *payload, struct sil_error *error)
{
    struct image sheet = {0};
    enum sil_err err = sheet_make(&sheet, evaluation, source, error);

    if (err)
        return err;
    err = png_picture_write(&sheet, write, payload);
    image_finish(&sheet);
    sil_assert(sheet.rgb == NULL);
    return err ? err_set(error, err, "the sheet can't be written") : SIL_OK;
}
