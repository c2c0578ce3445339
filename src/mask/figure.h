/* A person as a detector sees them: shared by the stages.
 * Threads: plain values; pure functions.
 * Coordinates are pixels of whatever plane the figure was put in; a figure
 * may reach out of it. */
#ifndef SIL_MASK_FIGURE_H
#define SIL_MASK_FIGURE_H

#include "base/limits.h"
#include "decode/image.h"

struct point {
    float x, y;
};

/** Points on a body from the face to the feet. */
struct figure {
    float score;     /* 0..1, how sure the detector is */
    struct box face; /* with the neck; its middle is where the body begins */
    struct point shoulders, hip, foot; /* the middle of both */
    float radius; /* of the circle around the hip that holds the body */
};

/** Some figures, the surest first unless said otherwise. */
struct figures {
    struct figure items[LIMIT_FIGURES_MAX];
    uint32_t count;
};

enum { FIGURE_JOINTS = 4 };

/** Face, shoulders, hip and foot, in this order. */
void figure_joints(struct point joints[FIGURE_JOINTS],
                   const struct figure *figure);

/** True if both are views of one person: they share a face or a hip, or they
 *  cross near the hip, as no two people do. */
bool figure_is_same(const struct figure *a, const struct figure *b);

/** How far a point is from the line face, shoulders, hip, foot. */
float figure_distance(const struct figure *figure, struct point at);

/** Move and scale all coordinates: x becomes (x - origin.x) * scale. */
void figure_map(struct figure *figure, struct point origin, float scale);

#endif
