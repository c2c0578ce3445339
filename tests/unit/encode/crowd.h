/* A few people's result, drawn as rows of digits.
 * Must not know how it is encoded.
 * '1' is the largest person's, '.' nobody's; each drawing is at most 9 rows of
 * equal length. */
#ifndef SIL_TESTS_CROWD_H
#define SIL_TESTS_CROWD_H

#include "encode/encode_samples.h"

enum { CROWD_MAX = 4, CROWD_ROWS = 9 };

/** A result and what it owns. */
struct crowd {
    struct sil_result result;
    struct person persons[CROWD_MAX];
};

/* A mask of the pixels that are `digit`, or that are no '.' if it is 0. */
static inline struct sil_mask *crowd_mask(const char *const *rows,
                                          uint32_t height, char digit)
{
    struct mask_writer writer = {0};

    assert_int_equal(mask_begin(&writer, (uint32_t)strlen(rows[0]), height),
                     SIL_OK);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; rows[y][x] != '\0'; x++)
            if (digit != '\0' ? rows[y][x] == digit : rows[y][x] != '.')
                assert_int_equal(mask_add_run(&writer, x, x + 1), SIL_OK);
        mask_end_row(&writer);
    }
    return mask_take(&writer);
}

/* Fill *crowd; crowd_finish(). */
static inline void crowd_draw(struct crowd *crowd, const char *const *rows,
                              uint32_t height, uint32_t person_count)
{
    *crowd = (struct crowd){.result = {.people = SIL_PEOPLE_EACH,
                                       .mask = crowd_mask(rows, height, '\0'),
                                       .person_count = person_count}};
    for (uint32_t i = 0; i < person_count; i++)
        crowd->persons[i].mask = crowd_mask(rows, height, (char)('1' + i));
    if (person_count > 0)
        crowd->result.persons = crowd->persons;
    result_check(&crowd->result);
}

static inline void crowd_finish(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->result.person_count; i++)
        mask_destroy(crowd->persons[i].mask);
    mask_destroy(crowd->result.mask);
}

/* All bytes, in pieces of at most `capacity`. *to is initialised here. */
static inline void crowd_encode(struct buf *to, const struct crowd *crowd,
                                enum sil_format format, size_t capacity)
{
    struct asking asking = {capacity, NULL};
    struct encoder *encoder = NULL;

    buf_init(to, ENCODED_CAP);
    assert_int_equal(
        encoder_create(&encoder, &crowd->result, format, ENCODE_IDENTITY),
        SIL_OK);
    empty_encoder(to, encoder, &asking);
    encoder_destroy(encoder);
}

#endif
