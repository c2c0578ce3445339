/* A result as bytes, generated while they are sent.
 * Threads: an encoder belongs to one thread at a time; the result is shared.
 * Holds no more than a row's worth of state, whatever the picture's size. */
#ifndef SIL_ENCODE_ENCODE_H
#define SIL_ENCODE_ENCODE_H

#include "mask/result.h"

struct encoder;

enum encode_coding { ENCODE_IDENTITY, ENCODE_GZIP };

#define ENCODE_SIZE_UNKNOWN UINT64_MAX

/** True if a result of these options can be written in that format. */
bool encode_offers(const struct sil_options *options, enum sil_format format);

/** Begin. result: lent, must outlive the encoder. *out: yours. Errors:
 *  SIL_E_NOT_ACCEPTABLE if the format doesn't offer it, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err encoder_create(struct encoder **out,
                                         const struct sil_result *result,
                                         enum sil_format format,
                                         enum encode_coding coding);

/** NULL is fine. */
void encoder_destroy(struct encoder *encoder);

/** Exact number of bytes that will come, or ENCODE_SIZE_UNKNOWN. JSON with
 *  identity coding is always known. */
uint64_t encoder_size(const struct encoder *encoder);

/** Write the next bytes, at most capacity (at least 1): returns how many; 0
 *  only after the last. */
size_t encoder_next(struct encoder *encoder, uint8_t *bytes, size_t capacity);

/** "application/json", for example. Static. */
const char *encode_content_type(enum sil_format format);

#endif
