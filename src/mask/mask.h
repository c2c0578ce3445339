/* Probability planes and masks: shared by the stages.
 * Threads: a mask is read-only once made; a plane belongs to one thread.
 * A mask is rows of runs, never a full-size plane of pixels.
 *
 * Writing one: mask_begin(); for each row from the top mask_add_run() from left
 * to right, then mask_end_row(); at last mask_take(), or mask_abandon() at any
 * time before. Calls out of this order are asserted, not reported. */
#ifndef SIL_MASK_MASK_H
#define SIL_MASK_MASK_H

#include <silhouette.h>

/* float [height, width], probability of person, 0..1. */
struct plane {
    float *values;          /* owned (mem_free); NULL: none */
    uint32_t width, height; /* at least 1 unless values is NULL */
};

/** Allocate a plane, not initialised. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err plane_init(struct plane *plane, uint32_t width,
                                     uint32_t height);

/** Free the values and make it none. */
void plane_finish(struct plane *plane);

/** Swap left and right, in place. */
void plane_mirror(struct plane *plane);

/* Invariant: row_ends[y] is the number of runs in rows 0..y, never falling;
 * within a row, runs are left to right with at least one pixel between. */
struct sil_mask {
    uint32_t width, height; /* pixels, at least 1 */
    uint64_t person_pixels; /* sum of all runs */
    uint32_t run_count;     /* row_ends[height - 1] */
    uint32_t *row_ends;     /* [height], owned */
    struct sil_run *runs;   /* [run_count], owned; NULL if there is none */
};

/** A mask being written, row by row from the top. */
struct mask_writer {
    struct sil_mask *mask;
    uint32_t row;      /* the row that is being written; rows above are done */
    uint32_t capacity; /* runs allocated */
};

/** Begin a width x height mask, at least 1 x 1. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err mask_begin(struct mask_writer *writer, uint32_t width,
                                     uint32_t height);

/** Append the run first .. end - 1 to the current row; a run that touches the
 *  last one is joined to it. Errors: SIL_E_NO_MEMORY; the writer can then
 *  only be abandoned. */
SIL_MUST_USE enum sil_err mask_add_run(struct mask_writer *writer,
                                       uint32_t first, uint32_t end);

/** End the current row. */
void mask_end_row(struct mask_writer *writer);

/** After the last row: take the mask, yours, mask_destroy(). */
struct sil_mask *mask_take(struct mask_writer *writer);

/** Free a mask that won't be finished. Fine after mask_take(). */
void mask_abandon(struct mask_writer *writer);

/** NULL is fine. */
void mask_destroy(struct sil_mask *mask);

/** Assert the invariant of a finished mask. */
void mask_check(const struct sil_mask *mask);

#endif
