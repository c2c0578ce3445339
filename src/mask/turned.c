/* Each value of the upright plane looks up its place in the turned one.
 * Must not know what the planes mean.
 * Only the rows and columns that the square reaches are looked at. */
#include "mask/turned.h"

#include <math.h>

#include "base/check.h"

/* Columns or rows first .. end - 1. */
struct reach {
    uint32_t first, end;
};

/* Which values of an axis, count over from .. to, a span may touch, with one
 * more on each side: there the square's edge fades out. None if it is
 * elsewhere. */
static struct reach reach_of(float from, float to, uint32_t count, float middle,
                             float half)
{
    float step = (to - from) / (float)count;
    float first = floorf((middle - half - from) / step - 1);
    float end = ceilf((middle + half - from) / step + 1);
    struct reach reach;

    sil_assert(from < to);
    sil_assert(half > 0);
    reach.first = (uint32_t)fminf(fmaxf(first, 0), (float)count);
    reach.end = (uint32_t)fminf(fmaxf(end, 0), (float)count);
    return reach;
}

/* A value of the plane, 0 outside. */
static float value_at(const struct plane *plane, int64_t x, int64_t y)
{
    if (x < 0 || y < 0 || x >= plane->width || y >= plane->height)
        return 0;
    return plane->values[(size_t)y * plane->width + (size_t)x];
}

/* Between four values; 0, 0 is the centre of the first one.
 * Zeros surround the plane, and so its edge fades out over one value: a square
 * leaves no step in what it is put into. */
static float sample(const struct plane *plane, float x, float y)
{
    float left = floorf(x);
    float top = floorf(y);
    int64_t i = (int64_t)left;
    int64_t j = (int64_t)top;
    float a = value_at(plane, i, j);
    float b = value_at(plane, i, j + 1);

    a += (x - left) * (value_at(plane, i + 1, j) - a);
    b += (x - left) * (value_at(plane, i + 1, j + 1) - b);
    return a + (y - top) * (b - a);
}

/* From the middle of a value of the upright plane to the middle of the square,
 * then turned back by the square's angle: so u and v are along its sides. */
void plane_raise(struct plane *to, const struct box *box,
                 const struct plane *from, const struct turned *part)
{
    float half = part->side * (fabsf(part->cosine) + fabsf(part->sine)) / 2;
    struct reach across = reach_of(box->x0, box->x1, to->width, part->x, half);
    struct reach down = reach_of(box->y0, box->y1, to->height, part->y, half);
    float step_x = (box->x1 - box->x0) / (float)to->width;
    float step_y = (box->y1 - box->y0) / (float)to->height;
    float scale_x = (float)from->width / part->side;
    float scale_y = (float)from->height / part->side;

    sil_assert(to->values != NULL && from->values != NULL);
    for (uint32_t y = down.first; y < down.end; y++) {
        float dy = box->y0 + ((float)y + 0.5F) * step_y - part->y;
        float *row = to->values + (size_t)y * to->width;
        for (uint32_t x = across.first; x < across.end; x++) {
            float dx = box->x0 + ((float)x + 0.5F) * step_x - part->x;
            float u = dx * part->cosine + dy * part->sine;
            float v = dy * part->cosine - dx * part->sine;
            float value =
                sample(from, u * scale_x + ((float)from->width - 1) / 2,
                       v * scale_y + ((float)from->height - 1) / 2);
            row[x] = value > row[x] ? value : row[x];
        }
    }
}
