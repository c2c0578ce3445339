/* How well a mask fits the true one.
 * Threads: pure functions; a score belongs to one thread at a time.
 * Must not know files or networks: masks in, numbers out.
 *
 * The figures are those that docs/QUALITY.md and bench/quality report, so
 * that anybody's pictures can be compared with ours. */
#ifndef SIL_EVAL_SCORE_H
#define SIL_EVAL_SCORE_H

#include "mask/mask.h"

/** Of one picture. All fractions are 0..1. */
struct score {
    char *stem;    /* of the picture's name; owned */
    bool is_empty; /* nobody is there in truth: false_area counts, alone */
    bool has_ignore, has_people, has_persons; /* what was compared */
    double iou;                               /* intersection over union */
    double bf;                    /* boundary F-measure at 3 pixels */
    double iou_ignore, bf_ignore; /* without the pixels to be ignored */
    double false_area;            /* of the picture, called person */
    uint32_t people_count;        /* in truth */
    uint32_t covered_count;       /* of them: half or more is in the mask */
    uint32_t predicted_count;     /* single people that were found */
    double *person_ious;          /* [people_count], owned; each true one's
                                      with the best match, 0: none */
};

/** Free what it holds; all zeros afterwards. */
void score_finish(struct score *score);

/** iou, bf and false_area, and the figures with ignore unless that is NULL.
 *  All masks are of one size. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err score_masks(struct score *score,
                                      const struct sil_mask *predicted,
                                      const struct sil_mask *truth,
                                      const struct sil_mask *ignore);

/** Single people, one mask each. */
struct score_people {
    const struct sil_mask **masks; /* lent */
    uint32_t count;
};

/** people_count and covered_count: of true people in the mask of everybody. */
void score_covered(struct score *score, const struct sil_mask *predicted,
                   const struct score_people *truth);

/** predicted_count and person_ious: matched one to one, best first. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err score_matched(struct score *score,
                                        const struct score_people *predicted,
                                        const struct score_people *truth);

#endif
