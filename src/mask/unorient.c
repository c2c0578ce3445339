/* An upright plane and its box, turned back to how the picture is stored.
 * Must not know EXIF beyond the meaning of its eight orientations.
 * Each of them is a choice of three: swap the axes, flip x, flip y. */
#include "mask/upscale.h"

#include "base/check.h"

enum { ORIENTATION_COUNT = 9 };

/* Stored (x, y) is found in the upright picture at (x, y), axes swapped
 * first if is_swapped, then counted from the far side if flipped. */
struct turn {
    bool is_swapped;
    bool is_x_flipped, is_y_flipped; /* of the upright picture */
};

/* By EXIF number. Where both are flipped and swapped the order is as written
 * in struct turn; it is the inverse of what image_orient() does. */
static const struct turn turns[ORIENTATION_COUNT] = {
    [1] = {false, false, false}, [2] = {false, true, false},
    [3] = {false, true, true},   [4] = {false, false, true},
    [5] = {true, false, false},  [6] = {true, true, false},
    [7] = {true, true, true},    [8] = {true, false, true},
};

/* Fill to, allocated at its stored size, from the upright plane. */
static void turn_values(struct plane *to, const struct plane *upright,
                        const struct turn *turn)
{
    sil_assert(to->width ==
               (turn->is_swapped ? upright->height : upright->width));
    for (uint32_t y = 0; y < to->height; y++) {
        float *row = to->values + (size_t)y * to->width;
        for (uint32_t x = 0; x < to->width; x++) {
            uint32_t from_x = turn->is_swapped ? y : x;
            uint32_t from_y = turn->is_swapped ? x : y;
            sil_assert(from_x < upright->width);
            sil_assert(from_y < upright->height);
            if (turn->is_x_flipped)
                from_x = upright->width - 1 - from_x;
            if (turn->is_y_flipped)
                from_y = upright->height - 1 - from_y;
            row[x] = upright->values[(size_t)from_y * upright->width + from_x];
        }
    }
}

/* The box and the picture's size, likewise. Edges, not pixels, are turned:
 * the far side is the width itself, not one less. */
static void turn_place(struct upscale_place *place, const struct turn *turn)
{
    struct box box = place->box;
    uint32_t width = place->width;
    float right = (float)place->width;
    float bottom = (float)place->height;

    if (turn->is_x_flipped)
        box = (struct box){right - box.x1, box.y0, right - box.x0, box.y1};
    if (turn->is_y_flipped)
        box = (struct box){box.x0, bottom - box.y1, box.x1, bottom - box.y0};
    if (turn->is_swapped) {
        box = (struct box){box.y0, box.x0, box.y1, box.x1};
        place->width = place->height;
        place->height = width;
    }
    sil_assert(box.x0 < box.x1);
    sil_assert(box.y0 < box.y1);
    place->box = box;
}

/* The plane is turned, not the mask: it is smaller than the picture, and a mask
 * of runs can't swap its axes. */
enum sil_err plane_unorient(struct plane *plane, struct upscale_place *place,
                            uint8_t orientation)
{
    const struct turn *turn = &turns[orientation % ORIENTATION_COUNT];
    struct plane stored;
    enum sil_err err;

    sil_assert(orientation >= 1);
    sil_assert(orientation < ORIENTATION_COUNT);
    sil_assert(plane->values != NULL);
    if (orientation == 1)
        return SIL_OK; /* By far the most: not even a copy. */
    if (turn->is_swapped)
        err = plane_init(&stored, plane->height, plane->width);
    else
        err = plane_init(&stored, plane->width, plane->height);
    if (err)
        return err;
    /* From here on nothing fails. */
    turn_values(&stored, plane, turn);
    turn_place(place, turn);
    plane_finish(plane);
    *plane = stored;
    return SIL_OK;
}
