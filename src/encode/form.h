/* What the forms of an answer have in common, inside src/encode only.
 * Threads: as encode.h says.
 * Each form embeds struct encoder as its first member. */
#ifndef SIL_ENCODE_FORM_H
#define SIL_ENCODE_FORM_H

#include "encode/encode.h"

/** How a form does what encode.h asks. */
struct form {
    /** As encoder_next(). */
    size_t (*next)(struct encoder *encoder, uint8_t *bytes, size_t capacity);
    /** Free the encoder and what it owns. */
    void (*destroy)(struct encoder *encoder);
};

struct encoder {
    const struct form *form; /* static */
    uint64_t size;           /* of all bytes, or ENCODE_SIZE_UNKNOWN */
};

/** The JSON of everybody's mask, or of a list of each person's. result: lent.
 *  *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err json_encoder_create(struct encoder **out,
                                              const struct sil_result *result);

/** The PNG of everybody's mask. result: lent. *out: yours. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err png_encoder_create(struct encoder **out,
                                             const struct sil_result *result);

/** The PNG whose grey values are people's numbers. result: lent, with persons.
 *  *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
labels_encoder_create(struct encoder **out, const struct sil_result *result);

/** The JSON of people's boxes, areas and scores. result: lent, with persons.
 *  *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err boxes_encoder_create(struct encoder **out,
                                               const struct sil_result *result);

/** The JSON of a matte: rows of 0..255. result: lent. *out: yours. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err alpha_encoder_create(struct encoder **out,
                                               const struct sil_result *result);

/** The PNG of a matte, grey. result: lent. *out: yours. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
png_alpha_encoder_create(struct encoder **out, const struct sil_result *result);

/** The PNG of the people alone, with alpha. result: lent. *out: yours. Errors:
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
png_cutout_encoder_create(struct encoder **out,
                          const struct sil_result *result);

/** COCO's run lengths of everybody's mask, or a list of each person's. result:
 *  lent. *out: yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err rle_encoder_create(struct encoder **out,
                                             const struct sil_result *result);

/** The bytes of inner, compressed. inner is taken, on failure too. *out:
 *  yours. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err gzip_encoder_create(struct encoder **out,
                                              struct encoder *inner);

#endif
