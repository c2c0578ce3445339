/* True masks out of PNG files.
 * Threads: a truth belongs to one thread at a time.
 * Must not know how masks are compared.
 *
 * A file is 8-bit grey, or of colours that are turned to grey: above 127 is
 * person, or each value from 1 on is a person of its own. */
#ifndef SIL_EVAL_TRUTH_H
#define SIL_EVAL_TRUTH_H

#include "mask/mask.h"

/* uint8 [height, width]. */
struct truth {
    uint8_t *grey; /* owned; NULL: none */
    uint32_t width, height;
};

/** Read a PNG file. *out: truth_finish(); untouched on failure. Errors: those
 *  of file_read() and decode_image(). */
SIL_MUST_USE enum sil_err truth_read(struct truth *out, const char *path,
                                     struct sil_error *error);

/** Free it and make it none. */
void truth_finish(struct truth *truth);

/** The mask of the pixels from least to most. *out: yours,
 *  mask_destroy(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err truth_mask(struct sil_mask **out,
                                     const struct truth *truth, uint8_t least,
                                     uint8_t most);

/** has: [256], which values there are. */
void truth_values(bool *has, const struct truth *truth);

#endif
