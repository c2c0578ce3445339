/* Bits, first bit first, and made-up AV1 and HEVC headers out of them.
 * Must not know the parser under test.
 * A header here has just the fields up to the last one a test asks about. */
#ifndef SIL_TESTS_WRITE_BITS_H
#define SIL_TESTS_WRITE_BITS_H

#include "decode/pictures.h"

enum { BITS_BYTES_MAX = 64 };

struct bit_writer {
    uint8_t bytes[BITS_BYTES_MAX]; /* zeros behind what is written */
    size_t bit_count;
};

static inline void put_bits(struct bit_writer *writer, uint64_t value,
                            unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        size_t at = writer->bit_count++;
        assert_true(at / 8 < BITS_BYTES_MAX);
        if (value >> (i - 1) & 1)
            writer->bytes[at / 8] |= (uint8_t)(0x80 >> at % 8);
    }
}

/* ue(v) of HEVC. */
static inline void put_number(struct bit_writer *writer, uint32_t value)
{
    unsigned length = 0;

    while ((uint64_t)value + 1 >= 2ULL << length)
        length++;
    put_bits(writer, 0, length);
    put_bits(writer, (uint64_t)value + 1, length + 1);
}

/* A sequence header of a still picture, in its short form. */
static inline struct bit_writer av1_reduced(uint32_t width, uint32_t height)
{
    struct bit_writer writer = {0};

    put_bits(&writer, 0, 3); /* profile */
    put_bits(&writer, 3, 2); /* still, reduced */
    put_bits(&writer, 0, 5); /* level */
    put_bits(&writer, 15, 4);
    put_bits(&writer, 15, 4);
    put_bits(&writer, width - 1, 16);
    put_bits(&writer, height - 1, 16);
    return writer;
}

/* A sequence parameter set without its unit's two bytes of head. The profile
 * is all ones, so that no byte has to be escaped. */
static inline struct bit_writer hevc_sps(uint32_t width, uint32_t height,
                                         uint32_t chroma)
{
    struct bit_writer writer = {0};

    put_bits(&writer, 1, 8); /* no layers */
    for (unsigned i = 0; i < 12; i++)
        put_bits(&writer, 0xFF, 8);
    put_number(&writer, 0);
    put_number(&writer, chroma);
    if (chroma == 3)
        put_bits(&writer, 0, 1);
    put_number(&writer, width);
    put_number(&writer, height);
    put_bits(&writer, 0xFFFF, 16);
    return writer;
}

#endif
