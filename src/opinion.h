/* A second opinion: what networks of another make say of the people.
 * Threads: as the job's session.
 * Must not know how opinions are weighed; composes the detector and the pose
 * network.
 *
 * They were trained on other pictures, so they fail elsewhere: where both they
 * and the first network see somebody, somebody is. */
#ifndef SIL_OPINION_H
#define SIL_OPINION_H

#include "base/limits.h"
#include "look.h"

/** One body, of somebody whom the pose network saw. */
struct opinion_body {
    struct plane plane; /* 0..1, over the square, owned */
    struct turned part; /* the square, picture pixels */
};

/** All that they say. */
struct opinion {
    struct opinion_body bodies[LIMIT_BODIES_MAX];
    uint32_t count; /* of bodies; 0: they know of nobody */
    float score;    /* 0..1: the detector's highest, whether a body or not */
    struct box box; /* around the surest bodies with a margin, within the
                        picture, picture pixels */
    bool has_box;   /* false: there is none */
};

/** Ask for all people in the picture. *out: yours, opinion_finish(); untouched
 *  on failure. Errors: those of detector_look() and pose_look(),
 *  SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err opinion_ask(struct opinion *out, struct job *job);

/** The bodies as one plane over a box, the highest of each place. *out: float
 *  [height, width], yours, plane_finish(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err opinion_plane(struct plane *out,
                                        const struct opinion *opinion,
                                        const struct view *view);

/** Free the bodies and make them none. */
void opinion_finish(struct opinion *opinion);

#endif
