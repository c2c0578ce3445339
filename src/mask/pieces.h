/* Connected pieces of a probability plane.
 * Threads: pure functions.
 * A piece counts if it is not tiny, alone or against the largest one.
 *
 * So specks of noise make no box larger, and a crowd stays a crowd. People who
 * touch are one piece: the count is of silhouettes, not of heads. */
#ifndef SIL_MASK_PIECES_H
#define SIL_MASK_PIECES_H

#include "decode/image.h"
#include "mask/mask.h"

/** What counts as somebody. */
struct pieces_rule {
    float present;       /* above it is a piece: .5 */
    float area_fraction; /* of the largest piece, at least: .05 */
    uint32_t pixels_min; /* plane pixels, at least: 8 */
};

/** What was found. */
struct pieces {
    uint32_t count; /* 8-connected pieces that count; 0: nobody */
    struct box box; /* their joint box, plane pixels; undefined if 0 */
};

/** The rule of the pipelines: above .5, at least 5 % of the largest, 8 px. */
struct pieces_rule pieces_rule_default(void);

/** Find the pieces. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err pieces_find(struct pieces *out,
                                      const struct plane *plane,
                                      const struct pieces_rule *rule);

/** Put out what doesn't count, values to 0, and fill holes, values to 1: what
 *  is surrounded and less than hole_fraction of all that is present. Errors:
 *  SIL_E_NO_MEMORY, the plane as it was, or without specks. */
SIL_MUST_USE enum sil_err pieces_tidy(struct plane *plane,
                                      const struct pieces_rule *rule,
                                      float hole_fraction);

#endif
