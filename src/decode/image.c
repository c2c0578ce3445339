/* Pixels: allocated with checked sizes, freed, turned upright.
 * Must not know how they were encoded or what is looked for in them.
 * Turning by a quarter writes columns: it goes tile by tile, so that both the
 * lines read and the lines written stay in the cache. */
#include "decode/image.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

enum {
    RGB = 3,  /* bytes of a pixel */
    TILE = 32 /* pixels; 32 * 32 * 3 bytes twice fit the first-level cache */
};

/* EXIF orientations 1..8 as the three moves that undo them: first swap x and
 * y, then mirror left-right, then top-bottom. */
struct turn {
    bool swap;   /* x and y: width and height change places */
    bool mirror; /* left and right, of the turned picture */
    bool flip;   /* top and bottom, likewise */
};

static const struct turn TURNS[] = {
    {false, false, false}, /* 0: not used */
    {false, false, false}, /* 1: upright */
    {false, true, false},  /* 2: mirrored */
    {false, true, true},   /* 3: upside down */
    {false, false, true},  /* 4: mirrored, upside down */
    {true, false, false},  /* 5: mirrored, lying */
    {true, true, false},   /* 6: turn right to stand */
    {true, true, true},    /* 7: mirrored, lying the other way */
    {true, false, true},   /* 8: turn left to stand */
};

enum { TURN_COUNT = sizeof TURNS / sizeof TURNS[0] };

/* An image without pixels has no size that could be wrong. */
void image_check(const struct image *image)
{
    sil_assert(image != NULL);
    if (image->rgb == NULL)
        return;
    sil_assert(image->width >= 1);
    sil_assert(image->height >= 1);
    sil_assert(image->row_bytes / RGB >= image->width);
}

/* Rows follow each other without a gap. */
enum sil_err image_init(struct image *image, uint32_t width, uint32_t height)
{
    size_t row_bytes;
    uint8_t *rgb;

    sil_assert(width >= 1);
    sil_assert(height >= 1);
    if (!sil_mul(&row_bytes, width, RGB))
        return SIL_E_NO_MEMORY;
    rgb = mem_alloc(height, row_bytes);
    if (rgb == NULL)
        return SIL_E_NO_MEMORY;
    *image = (struct image){.rgb = rgb,
                            .width = width,
                            .height = height,
                            .row_bytes = row_bytes,
                            .is_owned = true};
    image_check(image);
    return SIL_OK;
}

/* The same rows, wherever they are. */
enum sil_err image_init_in(struct image *image, uint32_t width, uint32_t height,
                           uint8_t *room, size_t room_bytes)
{
    size_t row_bytes;
    size_t size;

    sil_assert(room != NULL || room_bytes == 0);
    if (!sil_mul(&row_bytes, width, RGB) ||
        !sil_mul(&size, row_bytes, height) || size > room_bytes)
        return image_init(image, width, height);
    *image = (struct image){
        .width = width, .height = height, .row_bytes = row_bytes};
    image->rgb = room;
    image_check(image);
    return SIL_OK;
}

/* Lent pixels are let go, not freed. */
void image_finish(struct image *image)
{
    image_check(image);
    if (image->is_owned)
        mem_free(image->rgb);
    *image = (struct image){0};
}

/* Three bytes: too few for a call of memcpy() to pay. */
static void copy_pixel(uint8_t *to, const uint8_t *from)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
}

/* Exchange two pixels, which may be the same one. */
static void swap_pixels(uint8_t *a, uint8_t *b)
{
    for (size_t i = 0; i < RGB; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Reverse a row in place, from both ends to the middle.
 * row: uint8 [width, 3] */
static void mirror_row(uint8_t *row, uint32_t width)
{
    uint8_t *left = row;
    uint8_t *right = row + (size_t)(width - 1) * RGB;

    sil_assert(width >= 1);
    while (left < right) {
        swap_pixels(left, right);
        left += RGB;
        right -= RGB;
    }
}

/* Exchange two rows. a, b: uint8 [width, 3] */
static void swap_rows(uint8_t *a, uint8_t *b, uint32_t width)
{
    sil_assert(a != b);
    for (size_t i = 0; i < (size_t)width * RGB; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* The turns that keep width and height, without another buffer: a picture of
 * the largest size need not be held twice. */
static void turn_in_place(struct image *image, struct turn turn)
{
    uint8_t *top = image->rgb;
    uint8_t *bottom = top + (size_t)(image->height - 1) * image->row_bytes;

    sil_assert(!turn.swap);
    for (uint32_t y = 0; turn.mirror && y < image->height; y++)
        mirror_row(image->rgb + y * image->row_bytes, image->width);
    while (turn.flip && top < bottom) {
        swap_rows(top, bottom, image->width);
        top += image->row_bytes;
        bottom -= image->row_bytes;
    }
}

/* The tile of from whose corner is (x0, y0), to its place in to. Tiles at the
 * right and lower edge are cut off. */
static void turn_tile(struct image *to, const struct image *from,
                      struct turn turn, uint32_t x0, uint32_t y0)
{
    uint32_t x_end = from->width - x0 < TILE ? from->width : x0 + TILE;
    uint32_t y_end = from->height - y0 < TILE ? from->height : y0 + TILE;

    sil_assert(x0 < from->width);
    sil_assert(y0 < from->height);
    for (uint32_t y = y0; y < y_end; y++) {
        const uint8_t *row = from->rgb + y * from->row_bytes;
        for (uint32_t x = x0; x < x_end; x++) {
            uint32_t to_x = turn.swap ? y : x;
            uint32_t to_y = turn.swap ? x : y;
            if (turn.mirror)
                to_x = to->width - 1 - to_x;
            if (turn.flip)
                to_y = to->height - 1 - to_y;
            copy_pixel(to->rgb + to_y * to->row_bytes + (size_t)to_x * RGB,
                       row + (size_t)x * RGB);
        }
    }
}

/* Any turn, into pixels of its own, which then replace the image's. Rows are
 * dense afterwards, whatever they were. */
static enum sil_err turn_to_copy(struct image *image, struct turn turn)
{
    struct image to = {0};
    enum sil_err err;

    image_check(image);
    if (turn.swap)
        err = image_init(&to, image->height, image->width);
    else
        err = image_init(&to, image->width, image->height);
    if (err)
        return err;
    for (uint32_t y = 0; y < image->height; y += TILE) {
        for (uint32_t x = 0; x < image->width; x += TILE)
            turn_tile(&to, image, turn, x, y);
    }
    image_finish(image);
    *image = to;
    return SIL_OK;
}

/* Half of the orientations need no memory; those are done in place. */
enum sil_err image_orient(struct image *image, uint8_t orientation)
{
    struct turn turn;

    sil_assert(image->rgb != NULL);
    sil_assert(orientation >= 1);
    sil_assert(orientation < TURN_COUNT);
    image_check(image);
    if (orientation == 1)
        return SIL_OK;
    turn = TURNS[orientation];
    /* Lent pixels are another's: never turned in place. */
    if (turn.swap || !image->is_owned)
        return turn_to_copy(image, turn);
    turn_in_place(image, turn);
    return SIL_OK;
}
