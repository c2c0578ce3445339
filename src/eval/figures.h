/* The figures of many pictures.
 * Threads: pure functions.
 * Must not know how they are shown.
 *
 * A figure exists only if some picture has what it is about: without truth
 * that shows nobody there is no false area. */
#ifndef SIL_EVAL_FIGURES_H
#define SIL_EVAL_FIGURES_H

#include "eval/score.h"

enum figure {
    FIGURE_PICTURES, /* that show somebody */
    FIGURE_IOU_MEAN,
    FIGURE_IOU_MEDIAN,
    FIGURE_BF_MEAN,
    FIGURE_LOW_IOU, /* pictures below .7 */
    FIGURE_IOU_IGNORE_MEAN,
    FIGURE_BF_IGNORE_MEAN,
    FIGURE_LOW_IOU_IGNORE,
    FIGURE_EMPTY_PICTURES,
    FIGURE_FALSE_AREA_MEAN,
    FIGURE_FALSE_AREA_ABOVE, /* pictures above 1 % */
    FIGURE_PEOPLE,
    FIGURE_COVERED, /* share of them */
    FIGURE_PREDICTED_PEOPLE,
    FIGURE_PERSON_IOU_MEAN,
    FIGURE_RECALL,    /* share of true people matched at .5 or more */
    FIGURE_PRECISION, /* the same of those found */
    FIGURE_COUNT
};

/** How a figure is named; static. */
struct figure_name {
    const char *key;     /* in JSON */
    const char *heading; /* in a table */
    bool is_count;       /* a whole number; else a fraction */
};

struct figures {
    double values[FIGURE_COUNT];
    bool has[FIGURE_COUNT];
};

/** The names, in order. [FIGURE_COUNT] */
const struct figure_name *figure_names(void);

/** scores: [count], lent. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
figures_make(struct figures *out, const struct score *scores, size_t count);

#endif
