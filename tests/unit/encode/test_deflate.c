/* deflate.c: any bytes at all, not just those of answers.
 * Must not know gzip.c or encode_png.c.
 * Its codes favour repetition, so noise is what it must not break on. */
#include "encode/encode_samples.h"

#include <isa-l/igzip_lib.h>

#include "base/mem.h"
#include "encode/deflate.h"

/* Compress size bytes, given in parts, taken in parts. */
static void pack(struct buf *to, enum deflate_wrapper wrapper,
                 enum deflate_kind kind, const struct buf *from, size_t part)
{
    struct deflate *deflate = NULL;
    uint8_t piece[300];
    size_t given = 0;

    assert_int_equal(deflate_create(&deflate, wrapper, kind), SIL_OK);
    while (!deflate_is_done(deflate)) {
        if (deflate_is_hungry(deflate)) {
            size_t left = from->size - given;
            size_t size = left < part ? left : part;
            deflate_give(deflate, from->bytes + given, size);
            given += size;
        }
        buf_add(to, piece, deflate_take(deflate, piece, 1 + part % 300));
    }
    assert_int_equal(deflate_take(deflate, piece, 1), 0);
    assert_int_equal(given, from->size);
    assert_int_equal(buf_err(to), SIL_OK);
    deflate_destroy(deflate);
}

static void assert_unpacks(const struct buf *packed, const struct buf *plain,
                           uint32_t flag)
{
    struct inflate_state *state = malloc(sizeof *state);
    uint8_t *bytes = malloc(plain->size + 1);

    assert_non_null(state);
    assert_non_null(bytes);
    isal_inflate_init(state);
    state->crc_flag = flag;
    state->next_in = packed->bytes;
    state->avail_in = (uint32_t)packed->size;
    state->next_out = bytes;
    state->avail_out = (uint32_t)plain->size + 1;
    assert_int_equal(isal_inflate(state), ISAL_DECOMP_OK);
    assert_int_equal(state->block_state, ISAL_BLOCK_FINISH);
    assert_int_equal(state->total_out, plain->size);
    if (plain->size > 0)
        assert_memory_equal(bytes, plain->bytes, plain->size);
    free(bytes);
    free(state);
}

/* Bytes of which value_count differ; 256: noise. */
static void make_bytes(struct buf *bytes, struct dice *dice, size_t size,
                       uint32_t value_count)
{
    buf_init(bytes, ENCODED_CAP);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)dice_roll(dice, value_count);
        buf_add(bytes, &byte, 1);
    }
    assert_int_equal(buf_err(bytes), SIL_OK);
}

static void any_bytes_come_back(void **state)
{
    static const uint32_t value_counts[] = {1, 2, 5, 256};
    static const size_t parts[] = {1, 17, 1000, 100000};
    struct dice dice = {23};

    (void)state;
    for (int i = 0; i < 32; i++) {
        enum deflate_kind kind = i % 2 ? DEFLATE_PHOTO : DEFLATE_RUNS;
        for (size_t size = 0; size < 200000; size = 5 * size + 1) {
            struct buf plain;
            struct buf gzip;
            struct buf zlib;
            make_bytes(&plain, &dice, size, value_counts[i / 2 % 4]);
            buf_init(&gzip, ENCODED_CAP);
            buf_init(&zlib, ENCODED_CAP);
            pack(&gzip, DEFLATE_GZIP, kind, &plain, parts[i / 8]);
            pack(&zlib, DEFLATE_ZLIB, kind, &plain, parts[i / 8]);
            assert_unpacks(&gzip, &plain, ISAL_GZIP);
            assert_unpacks(&zlib, &plain, ISAL_ZLIB);
            buf_finish(&plain);
            buf_finish(&gzip);
            buf_finish(&zlib);
        }
    }
}

/* The standard's own check value, whole and in two parts. */
static void crc_is_the_known_one(void **state)
{
    const uint8_t *digits = (const uint8_t *)"123456789";

    (void)state;
    assert_int_equal(deflate_crc(0, digits, 9), 0xCBF43926);
    assert_int_equal(deflate_crc(deflate_crc(0, digits, 4), digits + 4, 5),
                     0xCBF43926);
    assert_int_equal(deflate_crc(0, digits, 0), 0);
}

static void without_memory_there_is_none(void **state)
{
    struct deflate *deflate = NULL;

    (void)state;
    /* The second one is what a photograph's codes are made in. */
    for (size_t i = 1; i <= 2; i++) {
        mem_fail_at(i);
        assert_int_equal(deflate_create(&deflate, DEFLATE_GZIP, DEFLATE_PHOTO),
                         SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(deflate);
    }
    deflate_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(crc_is_the_known_one),
        cmocka_unit_test(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
