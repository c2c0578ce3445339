/* The options of a segmentation by their words: for requests and flags.
 * Threads: pure functions.
 * One table (options.tbl) for the API, the command and their documentation. */
#ifndef SIL_BASE_OPTIONS_H
#define SIL_BASE_OPTIONS_H

#include "base/err.h"

/** One row of options.tbl; all texts are static. */
struct option_row {
    const char *name;     /* "orientation" */
    const char *words;    /* all of the contract's, separated by blanks */
    const char *offered;  /* those that this release takes */
    const char *standard; /* the word used when none is given */
    const char *help;     /* a phrase */
};

/** The rows of options.tbl. *count: how many. A loan of static memory. */
const struct option_row *option_rows(size_t *count);

/** The row of that name (size bytes), or NULL. */
const struct option_row *option_find(const char *name, size_t size);

/** What the API and the command do where nothing is said: the words of the
 *  table's defaults, and otherwise sil_options_default(). */
struct sil_options options_standard(void);

/** Set what a row of the table stands for to a word. Errors:
 *  SIL_E_BAD_OPTION, naming the words that would do. */
SIL_MUST_USE enum sil_err option_set(struct sil_options *options,
                                     const struct option_row *row,
                                     const char *word, struct sil_error *error);

/** Set the threshold. Errors: SIL_E_BAD_OPTION unless it is above 0 and below
 *  1, as a float too. */
SIL_MUST_USE enum sil_err option_set_threshold(struct sil_options *options,
                                               double value,
                                               struct sil_error *error);

/** Set the threshold from a text: digits and at most one point, nothing else.
 *  Errors: as option_set_threshold(). */
SIL_MUST_USE enum sil_err option_read_threshold(struct sil_options *options,
                                                const char *text,
                                                struct sil_error *error);

/** What only all options together can tell: whether they go with each other.
 *  Errors: SIL_E_BAD_OPTION. */
SIL_MUST_USE enum sil_err options_check(const struct sil_options *options,
                                        struct sil_error *error);

#endif
