/* Pictures for the tests of decode: drawn, encoded, damaged, compared.
 * Must not know the decoders: what is written here is written with the
 * format's own library or by hand.
 * All helpers end the test when they themselves fail. */
#ifndef SIL_TESTS_PICTURES_H
#define SIL_TESTS_PICTURES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "decode/decode.h"
#include "decode/decoder.h"

enum { PICTURE_BYTES_MAX = 1 << 26 };

/* Number of rows of a table of the test. */
#define ROW_COUNT(table) (sizeof(table) / sizeof(table)[0])

/** A copy of bytes that ends at a page which can't be touched. */
struct guarded {
    uint8_t *bytes; /* size bytes, then the guard page */
    size_t size;
    void *pages;
    size_t pages_size;
};

struct guarded guarded_copy(const void *bytes, size_t size);
void guarded_free(struct guarded *guarded);

/** Draw smooth colours with a few edges. */
struct image picture_draw(uint32_t width, uint32_t height);

/** Smooth colours and the alpha in between: uint8 [height, width, 4]; free
 *  with mem_free(). */
uint8_t *picture_draw_alpha(uint32_t width, uint32_t height);

/** Decode guarded bytes with the default limits. */
enum sil_err picture_decode(struct image *out, const void *bytes, size_t size,
                            uint32_t shrink);

/** The header of guarded bytes with the default limits. */
enum sil_err picture_info(struct decode_info *out, const void *bytes,
                          size_t size);

/** Means of shrink * shrink boxes, computed the slow way. */
struct image picture_box_mean(const struct image *image, uint32_t shrink);

/** The mean of the absolute differences of two pictures of one size. */
double picture_mean_difference(const struct image *a, const struct image *b);

/** The largest absolute difference. */
int picture_largest_difference(const struct image *a, const struct image *b);

/** Cut at each percent: refused as corrupt, with fewer than least bytes as an
 *  unsupported format. Cuts within the last tail bytes are left out. */
void picture_assert_cuts_refused(const struct buf *bytes, size_t least,
                                 size_t tail);

/** Flip bits in count copies; each is an error or a whole picture. */
void picture_assert_flips_survived(const struct buf *bytes, unsigned count);

/** Fail our allocations in turn: SIL_E_NO_MEMORY until none fails, or also
 *  another error, where a library hides the reason (SIL_OK: nowhere). */
void picture_assert_memory_failures(const struct buf *bytes, uint32_t shrink,
                                    enum sil_err other);

/** Past its deadline the picture is refused: at once by decode_image(), and
 *  while it decodes by the decoder itself. */
void picture_assert_deadline(const struct decoder *decoder,
                             const struct buf *bytes);

#endif
