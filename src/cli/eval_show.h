/* The figures of `silhouette eval`, as a table or JSON.
 * Threads: main only.
 * Must not know how they came about. */
#ifndef SIL_CLI_EVAL_SHOW_H
#define SIL_CLI_EVAL_SHOW_H

#include "eval/eval.h"

/** What is shown; all of it is lent. */
struct eval_shown {
    const char *label; /* of the network */
    const struct figures *figures;
    const struct evaluation *evaluation;
    const size_t *worst; /* [worst_count], indices of scores */
    size_t worst_count;
};

/** Print a line of headings and one of figures, then the worst pictures. */
void eval_show_table(const struct eval_shown *shown);

/** Print {"label":…,"total":{…},"left_out":…,"worst":[…],"pictures":{…}}. */
void eval_show_json(const struct eval_shown *shown);

#endif
