/* A mask's runs counted down the columns, inside src/encode only.
 * Threads: belongs to one thread at a time; the mask is shared.
 * Holds 64 columns at a time, as bits: 12 bytes a row, whatever the width. */
#ifndef SIL_ENCODE_COLUMNS_H
#define SIL_ENCODE_COLUMNS_H

#include "mask/mask.h"

/* Invariant: all toggles before bit `left` of word `word` of column `column`
 * were told; the run that was not began at pixel `start`. Pixels are counted
 * down the columns, the leftmost first. */
struct columns {
    const struct sil_mask *mask; /* lent */
    uint32_t *next_runs;         /* [height], owned: first run not yet drawn */
    uint64_t *bits;              /* [64][word_count], owned: bit y is row y */
    uint32_t word_count;         /* of a column */
    uint32_t column;             /* width: all were told */
    uint32_t word;               /* of the column */
    uint64_t toggles;            /* in the word, not yet told */
    uint64_t start;              /* of the run, pixels */
    bool is_person;              /* the last pixel that was looked at */
    bool is_done;                /* the last run was told */
};

/** Begin at the first column. *columns: columns_finish(), on failure too.
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err columns_init(struct columns *columns,
                                       const struct sil_mask *mask);

/** Begin again with another mask of the same size. */
void columns_restart(struct columns *columns, const struct sil_mask *mask);

/** Fine on one that is all zeros. */
void columns_finish(struct columns *columns);

/** Pixels of the next run: of nobody, of people, and so on in turn; the first
 *  may be 0. false: there was none left. */
bool columns_next(uint64_t *length, struct columns *columns);

#endif
