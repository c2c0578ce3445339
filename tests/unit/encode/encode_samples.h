/* Emptying encoders in tests, in pieces of any size.
 * Must not know what the bytes say.
 * Marked bytes behind each piece tell if one too many was written: ISA-L is
 * partly assembler, which a sanitizer doesn't see. */
#ifndef SIL_TESTS_ENCODE_SAMPLES_H
#define SIL_TESTS_ENCODE_SAMPLES_H

#include "mask/mask_samples.h"

#include <stdlib.h>

#include "base/buf.h"
#include "encode/encode.h"

enum { ENCODED_CAP = 1 << 28, MARK_SIZE = 64, MARK = 0xA5 };

/* How an encoder is asked for its bytes. */
struct asking {
    size_t capacity;   /* of each piece */
    struct dice *dice; /* not NULL: capacity is the most of a random one */
};

/* All bytes of an encoder, appended. Checks what encode.h promises. */
static inline void empty_encoder(struct buf *to, struct encoder *encoder,
                                 const struct asking *asking)
{
    uint64_t size = encoder_size(encoder);
    uint8_t *piece = NULL;
    size_t got = 1;

    while (got > 0) {
        size_t capacity = asking->capacity;
        if (asking->dice != NULL)
            capacity = 1 + dice_roll(asking->dice, (uint32_t)capacity);
        piece = malloc(capacity + MARK_SIZE);
        assert_non_null(piece);
        memset(piece + capacity, MARK, MARK_SIZE);
        got = encoder_next(encoder, piece, capacity);
        assert_in_range(got, 0, capacity);
        for (size_t i = capacity; i < capacity + MARK_SIZE; i++)
            assert_int_equal(piece[i], MARK);
        buf_add(to, piece, got);
        free(piece);
    }
    assert_int_equal(buf_err(to), SIL_OK);
    if (size != ENCODE_SIZE_UNKNOWN)
        assert_int_equal(to->size, size);
}

/* A result of nothing but a mask. Not to be destroyed: the mask is lent. */
static inline struct sil_result result_of(const struct sil_mask *mask)
{
    return (struct sil_result){.mask = (struct sil_mask *)(uintptr_t)mask};
}

/* All bytes of a mask. *to is initialised here. */
static inline void encode_mask(struct buf *to, const struct sil_mask *mask,
                               enum sil_format format,
                               enum encode_coding coding)
{
    struct asking asking = {1 << 16, NULL};
    struct sil_result result = result_of(mask);
    struct encoder *encoder = NULL;

    buf_init(to, ENCODED_CAP);
    assert_int_equal(encoder_create(&encoder, &result, format, coding), SIL_OK);
    empty_encoder(to, encoder, &asking);
    encoder_destroy(encoder);
}

/* The same bytes must come whatever the capacities are. */
static inline void assert_resumable(const struct sil_mask *mask,
                                    enum sil_format format,
                                    enum encode_coding coding,
                                    const struct asking *asking)
{
    struct sil_result result = result_of(mask);
    struct encoder *encoder = NULL;
    struct buf whole;
    struct buf pieces;

    encode_mask(&whole, mask, format, coding);
    buf_init(&pieces, ENCODED_CAP);
    assert_int_equal(encoder_create(&encoder, &result, format, coding), SIL_OK);
    empty_encoder(&pieces, encoder, asking);
    encoder_destroy(encoder);
    assert_int_equal(pieces.size, whole.size);
    assert_memory_equal(pieces.bytes, whole.bytes, whole.size);
    buf_finish(&whole);
    buf_finish(&pieces);
}

#endif
