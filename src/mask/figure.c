/* The geometry of figures.
 * Must not know pixels, masks or networks.
 * Two people side by side are nearly parallel; two views of one person who
 * bends are not. What tells them apart was measured (docs/QUALITY.md). */
#include "mask/figure.h"

#include <math.h>

#include "base/check.h"

/* Faces that overlap more are one face. */
static const float FACE_OVERLAP = 0.3F;

/* Hips nearer than this many radii are one hip, however the bodies lie … */
static const float HIP_SAME = 0.15F;

/* … and up to here they are if the bodies are turned against each other, by
 * more than this many radians. */
static const float HIP_NEAR = 0.35F;
static const float TURNED = 0.6F;

/* The face's middle stands for the head: its box reaches from the forehead to
 * the shoulders, so that it lies about at the mouth. */
void figure_joints(struct point joints[FIGURE_JOINTS],
                   const struct figure *figure)
{
    sil_assert(figure->radius > 0);
    joints[0] = (struct point){(figure->face.x0 + figure->face.x1) / 2,
                               (figure->face.y0 + figure->face.y1) / 2};
    joints[1] = figure->shoulders;
    joints[2] = figure->hip;
    joints[3] = figure->foot;
}

/* Intersection over union; 0 for boxes that are apart. */
static float overlap(const struct box *a, const struct box *b)
{
    float width = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0);
    float height = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    float both = fmaxf(width, 0) * fmaxf(height, 0);
    float all =
        (a->x1 - a->x0) * (a->y1 - a->y0) + (b->x1 - b->x0) * (b->y1 - b->y0);

    return all > both ? both / (all - both) : 0;
}

/* Where hip to shoulders points, radians. */
static float direction(const struct figure *figure)
{
    return atan2f(figure->shoulders.y - figure->hip.y,
                  figure->shoulders.x - figure->hip.x);
}

/* What costs least is asked first. Two faces may be one though their hips are
 * apart: the lower one is then a guess. */
bool figure_is_same(const struct figure *a, const struct figure *b)
{
    float radius = fmaxf(a->radius, b->radius);
    float hips = hypotf(a->hip.x - b->hip.x, a->hip.y - b->hip.y);
    float turned = fabsf(direction(a) - direction(b));

    sil_assert(radius > 0);
    turned = fminf(turned, 2 * (float)M_PI - turned);
    if (overlap(&a->face, &b->face) >= FACE_OVERLAP)
        return true;
    if (hips < HIP_SAME * radius)
        return true;
    return hips < HIP_NEAR * radius && turned > TURNED;
}

/* Square of the distance from a point to the stretch between two others. */
static float square_to_stretch(struct point at, struct point from,
                               struct point to)
{
    float x = to.x - from.x;
    float y = to.y - from.y;
    float length = x * x + y * y;
    float way = (at.x - from.x) * x + (at.y - from.y) * y;

    /* Both ends in one place: then it is a point. */
    way = length > 0 ? fminf(fmaxf(way / length, 0), 1) : 0;
    x = at.x - from.x - way * x;
    y = at.y - from.y - way * y;
    return x * x + y * y;
}

/* Three stretches; who is seen from above has them nearly in one place. */
float figure_distance(const struct figure *figure, struct point at)
{
    struct point joints[FIGURE_JOINTS];
    float least = INFINITY;

    figure_joints(joints, figure);
    for (int i = 0; i + 1 < FIGURE_JOINTS; i++)
        least = fminf(least, square_to_stretch(at, joints[i], joints[i + 1]));
    sil_assert(!(least < 0));
    return sqrtf(least);
}

/* One point; scale is above 0. */
static struct point map(struct point at, struct point origin, float scale)
{
    return (struct point){(at.x - origin.x) * scale, (at.y - origin.y) * scale};
}

/* A circle stays a circle: the scale is the same along both axes. */
void figure_map(struct figure *figure, struct point origin, float scale)
{
    struct box *face = &figure->face;
    struct point from = {face->x0, face->y0};
    struct point to = {face->x1, face->y1};

    sil_assert(scale > 0);
    from = map(from, origin, scale);
    to = map(to, origin, scale);
    *face = (struct box){from.x, from.y, to.x, to.y};
    figure->shoulders = map(figure->shoulders, origin, scale);
    figure->hip = map(figure->hip, origin, scale);
    figure->foot = map(figure->foot, origin, scale);
    figure->radius *= scale;
}
