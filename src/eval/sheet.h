/* A contact sheet of the worst pictures.
 * Threads: pure functions.
 * Must not know how figures are computed.
 *
 * A row each, the worst one first: the picture, its true mask, and ours, in
 * which white is right, red is wrong and blue is missing. */
#ifndef SIL_EVAL_SHEET_H
#define SIL_EVAL_SHEET_H

#include "decode/image.h"
#include "eval/eval.h"

enum { SHEET_ROWS = 12 };

/** How bad a picture is, 0..1: 1 - IoU, or where nobody is fifty times the
 *  false area, at most 1. */
double sheet_badness(const struct score *score);

/** rows: [SHEET_ROWS], the worst pictures' indices, without those that have
 *  no fault. Returns how many. */
size_t sheet_worst(size_t *rows, const struct evaluation *evaluation);

/** Draw those rows; the pictures are read and segmented again. No row is one
 *  grey pixel. *out: yours, image_finish(); untouched on failure. Errors:
 *  those of eval_picture_read(). */
SIL_MUST_USE enum sil_err sheet_make(struct image *out,
                                     const struct evaluation *evaluation,
                                     const struct eval_source *source,
                                     struct sil_error *error);

/** The same as a PNG, through write(payload, ...). Errors: also SIL_E_INTERNAL
 *  when write() gave up. */
SIL_MUST_USE enum sil_err sheet_write(const struct evaluation *evaluation,
                                      const struct eval_source *source,
                                      sil_write_fn write, void *payload,
                                      struct sil_error *error);

#endif
