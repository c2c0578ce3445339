/* ISA-L behind deflate.h.
 * Must not know what it compresses, but for what follows.
 * Level 0 needs no memory beside its state, but has fixed codes: they are
 * made here for answers that are repetition and little else. Photographs take
 * level 1, whose codes are made of what is seen. */
#include "encode/deflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* Invariant: stream.hufftables points to codes, so it must not be moved. */
struct deflate {
    struct isal_zstream stream;
    struct isal_hufftables codes;
    uint8_t *level_memory; /* owned; NULL at level 0 */
};

enum {
    /* Index of the longest match among the literal and length symbols. */
    LONGEST_MATCH = ISAL_DEF_LIT_LEN_SYMBOLS - 1,
    COMMON = 1 << 16, /* weights: what there is most of, */
    SOME = 1 << 8,    /* what a row's outline is made of, */
    RARE = 1,         /* and what may come all the same */
    PHOTO_LEVEL = 1,
    PHOTO_MEMORY = ISAL_DEF_LVL1_DEFAULT /* bytes */
};

/* Codes for long repetitions of the last byte or of the last two. Nothing may
 * be left without a code: the bytes can be any. */
static void make_codes(struct isal_hufftables *codes)
{
    struct isal_huff_histogram weights;
    int status;

    memset(&weights, 0, sizeof weights);
    for (size_t i = 0; i < ISAL_DEF_LIT_LEN_SYMBOLS; i++)
        weights.lit_len_histogram[i] =
            i < ISAL_DEF_LIT_SYMBOLS ? RARE : (uint64_t)SOME;
    weights.lit_len_histogram[LONGEST_MATCH] = COMMON;
    for (size_t i = 0; i < ISAL_DEF_DIST_SYMBOLS; i++)
        weights.dist_histogram[i] = SOME;
    weights.dist_histogram[0] = COMMON;
    weights.dist_histogram[1] = COMMON;
    status = isal_create_hufftables(codes, &weights);
    sil_assert(status == 0);
}

/* The codes are made each time: kept for all, they would be state that
 * threads share. */
enum sil_err deflate_create(struct deflate **out, enum deflate_wrapper wrapper,
                            enum deflate_kind kind)
{
    struct deflate *deflate = mem_zalloc(1, sizeof *deflate);

    sil_assert(wrapper == DEFLATE_GZIP || wrapper == DEFLATE_ZLIB);
    if (deflate == NULL)
        return SIL_E_NO_MEMORY;
    make_codes(&deflate->codes);
    isal_deflate_init(&deflate->stream);
    if (kind == DEFLATE_PHOTO) {
        deflate->level_memory = mem_alloc(PHOTO_MEMORY, 1);
        if (deflate->level_memory == NULL) {
            deflate_destroy(deflate);
            return SIL_E_NO_MEMORY;
        }
        deflate->stream.level = PHOTO_LEVEL;
        deflate->stream.level_buf = deflate->level_memory;
        deflate->stream.level_buf_size = PHOTO_MEMORY;
    }
    deflate->stream.hufftables = &deflate->codes;
    deflate->stream.gzip_flag =
        wrapper == DEFLATE_GZIP ? IGZIP_GZIP : IGZIP_ZLIB;
    *out = deflate;
    return SIL_OK;
}

/* ISA-L allocates nothing of its own. */
void deflate_destroy(struct deflate *deflate)
{
    if (deflate != NULL)
        mem_free(deflate->level_memory);
    mem_free(deflate);
}

/* What it has taken in it may still hold: the output comes when it will. */
bool deflate_is_hungry(const struct deflate *deflate)
{
    const struct isal_zstream *stream = &deflate->stream;

    sil_assert(stream->hufftables == &deflate->codes);
    return stream->avail_in == 0 && !stream->end_of_stream;
}

/* Lent, not copied: when it is hungry again the giver may overwrite it. */
void deflate_give(struct deflate *deflate, const uint8_t *bytes, size_t size)
{
    sil_assert(deflate_is_hungry(deflate));
    sil_assert(size <= UINT32_MAX);
    /* ISA-L only reads its input, though its type doesn't say so. */
    deflate->stream.next_in = (uint8_t *)(uintptr_t)bytes;
    deflate->stream.avail_in = (uint32_t)size;
    deflate->stream.end_of_stream = size == 0;
}

/* Gives what there is: less than capacity is not the end. */
size_t deflate_take(struct deflate *deflate, uint8_t *bytes, size_t capacity)
{
    struct isal_zstream *stream = &deflate->stream;
    uint32_t most = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;

    sil_assert(capacity > 0);
    stream->next_out = bytes;
    stream->avail_out = most;
    /* It may take input and give nothing yet: go on until it gives, or has
     * nothing left to take. */
    while (stream->avail_out == most && !deflate_is_hungry(deflate) &&
           !deflate_is_done(deflate)) {
        int status = isal_deflate(stream);
        sil_assert(status == COMP_OK);
    }
    sil_assert(stream->avail_out <= most);
    return most - stream->avail_out;
}

/* The trailer with its check sum was taken too. */
bool deflate_is_done(const struct deflate *deflate)
{
    sil_assert(deflate->stream.hufftables == &deflate->codes);
    return deflate->stream.internal_state.state == ZSTATE_END;
}

/* Here because ISA-L has it, fast; PNG's chunks need it. */
uint32_t deflate_crc(uint32_t crc, const uint8_t *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    return crc32_gzip_refl(crc, bytes, size);
}
