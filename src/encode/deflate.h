/* Compressing a stream of bytes, inside src/encode only.
 * Threads: a deflate belongs to one thread at a time.
 * Give input when it is hungry, take output until it is done. */
#ifndef SIL_ENCODE_DEFLATE_H
#define SIL_ENCODE_DEFLATE_H

#include <silhouette.h>

struct deflate; /* about 85 KB; of a photo, 280 KB more */

enum deflate_wrapper { DEFLATE_GZIP, DEFLATE_ZLIB };

/** What is compressed. */
enum deflate_kind {
    DEFLATE_RUNS, /* repetition and little else */
    DEFLATE_PHOTO /* any bytes, whose codes are made for them */
};

/** *out: yours, deflate_destroy(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err deflate_create(struct deflate **out,
                                         enum deflate_wrapper wrapper,
                                         enum deflate_kind kind);

/** NULL is fine. */
void deflate_destroy(struct deflate *deflate);

/** True if it has used up its input and hasn't been told the end. */
bool deflate_is_hungry(const struct deflate *deflate);

/** Give it the next bytes when it is hungry; size 0: the input's end. bytes:
 *  lent until it is hungry again. */
void deflate_give(struct deflate *deflate, const uint8_t *bytes, size_t size);

/** Take at most capacity (at least 1) bytes of output: returns how many. 0
 *  only if it is hungry or done. */
size_t deflate_take(struct deflate *deflate, uint8_t *bytes, size_t capacity);

/** True if the last byte of output was taken. */
bool deflate_is_done(const struct deflate *deflate);

/** The CRC-32 of gzip and PNG over size bytes, continuing crc (0 at first). */
uint32_t deflate_crc(uint32_t crc, const uint8_t *bytes, size_t size);

#endif
