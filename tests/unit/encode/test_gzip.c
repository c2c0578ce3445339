/* gzip.c: unpacked again, it is what was packed.
 * Must not know how it is packed.
 * The unpacking checks the format's own check sum and size. */
#include "encode/encode_samples.h"

#include <isa-l/igzip_lib.h>

/* Unpack a whole gzip file into *to, initialised here. */
static void unpack(struct buf *to, const struct buf *packed)
{
    struct inflate_state *state = malloc(sizeof *state);
    uint8_t piece[10000];

    assert_non_null(state);
    buf_init(to, ENCODED_CAP);
    isal_inflate_init(state);
    state->crc_flag = ISAL_GZIP;
    state->next_in = packed->bytes;
    state->avail_in = (uint32_t)packed->size;
    while (state->block_state != ISAL_BLOCK_FINISH) {
        state->next_out = piece;
        state->avail_out = sizeof piece;
        assert_int_equal(isal_inflate(state), ISAL_DECOMP_OK);
        assert_true(state->avail_out < sizeof piece ||
                    state->block_state == ISAL_BLOCK_FINISH);
        buf_add(to, piece, sizeof piece - state->avail_out);
    }
    assert_int_equal(state->avail_in, 0);
    assert_int_equal(buf_err(to), SIL_OK);
    free(state);
}

static void assert_unpacks(const struct sil_mask *mask, enum sil_format format)
{
    struct buf plain;
    struct buf packed;
    struct buf unpacked;

    encode_mask(&plain, mask, format, ENCODE_IDENTITY);
    encode_mask(&packed, mask, format, ENCODE_GZIP);
    unpack(&unpacked, &packed);
    assert_int_equal(unpacked.size, plain.size);
    assert_memory_equal(unpacked.bytes, plain.bytes, plain.size);
    buf_finish(&plain);
    buf_finish(&packed);
    buf_finish(&unpacked);
}

static void random_masks_unpack(void **state)
{
    struct dice dice = {19};

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, 1 + dice_roll(&dice, 200),
                        1 + dice_roll(&dice, 100), 1 + dice_roll(&dice, 90));
        assert_unpacks(mask, SIL_FORMAT_JSON);
        assert_unpacks(mask, SIL_FORMAT_PNG);
        mask_destroy(mask);
    }
}

static void a_large_mask_shrinks_a_hundredfold(void **state)
{
    struct dice dice = {20};
    struct sil_mask *mask = sample_mask(&dice, 4000, 1000, 2000);
    struct buf packed;

    (void)state;
    assert_unpacks(mask, SIL_FORMAT_JSON);
    encode_mask(&packed, mask, SIL_FORMAT_JSON, ENCODE_GZIP);
    assert_in_range(packed.size, 1, 4000 * 1000 * 2 / 100);
    buf_finish(&packed);
    mask_destroy(mask);
}

static void every_capacity_gives_the_same(void **state)
{
    struct dice dice = {21};

    (void)state;
    for (size_t capacity = 1; capacity <= 64; capacity++) {
        struct asking asking = {capacity, NULL};
        struct sil_mask *mask = sample_mask(&dice, 1 + dice_roll(&dice, 300),
                                            1 + dice_roll(&dice, 30), 9);
        assert_resumable(mask, SIL_FORMAT_JSON, ENCODE_GZIP, &asking);
        mask_destroy(mask);
    }
}

static void random_capacities_give_the_same(void **state)
{
    struct dice dice = {22};
    struct sil_mask *mask = sample_mask(&dice, 900, 700, 5);

    (void)state;
    for (size_t most = 1; most <= 1 << 17; most *= 4) {
        struct asking asking = {most, &dice};
        assert_resumable(mask, SIL_FORMAT_JSON, ENCODE_GZIP, &asking);
    }
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_masks_unpack),
        cmocka_unit_test(a_large_mask_shrinks_a_hundredfold),
        cmocka_unit_test(every_capacity_gives_the_same),
        cmocka_unit_test(random_capacities_give_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
