/* COCO's run lengths: {"size":[height,width],"counts":"..."}, or a list.
 * Must not know HTTP, nor hold more than a number's text.
 * Counts go down the columns. From the fourth on each is told as the difference
 * to the one two before, five bits a character from '0' on; one of those
 * characters is a backslash, which JSON doubles. */
#include "encode/form.h"

#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"
#include "encode/columns.h"

enum {
    TEXT_SIZE = 64,  /* bytes: what stands before a mask, with its size */
    BITS = 5,        /* of a count in a character */
    LOW_BITS = 0x1F, /* those */
    SIGN_BIT = 0x10, /* the highest of them */
    MORE_BIT = 0x20, /* another character follows */
    FIRST_CHARACTER = 48,
    PLAIN_COUNTS = 3 /* before any is a difference */
};

/* Invariant: text holds bytes begin .. end - 1 to be sent before anything that
 * is made later. */
struct rle_encoder {
    struct encoder base;
    const struct sil_result *result; /* lent */
    struct columns columns;          /* owned: of the mask that is told */
    uint32_t mask_count, mask_index; /* equal: only the end is left */
    uint64_t count_index;            /* of the mask */
    int64_t last_counts[2];          /* by index modulo 2 */
    bool is_list;                    /* one object per person */
    bool is_begun;                   /* the mask's head was made */
    size_t begin, end;
    char text[TEXT_SIZE];
};

/* At both ends of each call. */
static void rle_check(const struct rle_encoder *rle)
{
    sil_assert(rle->begin <= rle->end);
    sil_assert(rle->end <= sizeof rle->text);
    sil_assert(rle->mask_index <= rle->mask_count);
}

/* The mask that is being told. */
static const struct sil_mask *mask_of(const struct rle_encoder *rle)
{
    sil_assert(rle->mask_index < rle->mask_count);
    return rle->is_list ? rle->result->persons[rle->mask_index].mask
                        : rle->result->mask;
}

/* One more byte of text. */
static void put(struct rle_encoder *rle, char c)
{
    sil_assert(rle->end < sizeof rle->text);
    rle->text[rle->end++] = c;
}

/* What stands before a mask's counts. */
static void make_head(struct rle_encoder *rle)
{
    const struct sil_mask *mask = mask_of(rle);
    const char *before = !rle->is_list ? "" : rle->mask_index == 0 ? "[" : ",";
    int size = snprintf(rle->text, sizeof rle->text,
                        "%s{\"size\":[%u,%u],\"counts\":\"", before,
                        mask->height, mask->width);

    sil_assert(size > 0 && (size_t)size < sizeof rle->text);
    rle->end = (size_t)size;
    rle->is_begun = true;
    rle->count_index = 0;
}

/* A count's characters, the lowest bits first: sign extended, so that there are
 * no more of them than it takes. */
static void make_count(struct rle_encoder *rle, int64_t count)
{
    int64_t *last = &rle->last_counts[rle->count_index % 2];
    int64_t left = rle->count_index < PLAIN_COUNTS ? count : count - *last;
    bool is_more = true;

    while (is_more) {
        int bits = (int)((uint64_t)left & LOW_BITS);
        char c;
        left = left >= 0 ? left >> BITS : ~(~left >> BITS);
        is_more = (bits & SIGN_BIT) != 0 ? left != -1 : left != 0;
        c = (char)(FIRST_CHARACTER + bits + (is_more ? MORE_BIT : 0));
        if (c == '\\')
            put(rle, c);
        put(rle, c);
    }
    *last = count;
    rle->count_index++;
}

/* A mask is told: go to the next one, or to the end. The columns' memory stays,
 * as all masks have one size, and nothing may fail here. */
static void end_mask(struct rle_encoder *rle)
{
    put(rle, '"');
    put(rle, '}');
    rle->mask_index++;
    rle->is_begun = false;
    if (rle->mask_index < rle->mask_count)
        columns_restart(&rle->columns, mask_of(rle));
    else if (rle->is_list)
        put(rle, ']');
}

/* Make the next text: a head, a count, or an end. */
static void make_text(struct rle_encoder *rle)
{
    uint64_t length;

    sil_assert(rle->begin == rle->end);
    rle->begin = 0;
    rle->end = 0;
    if (rle->mask_index == rle->mask_count)
        return;
    if (!rle->is_begun)
        make_head(rle);
    else if (columns_next(&length, &rle->columns))
        make_count(rle, (int64_t)length);
    else
        end_mask(rle);
}

/* Texts are made one at a time, when the last one has been handed out. */
static size_t rle_next(struct encoder *encoder, uint8_t *bytes, size_t capacity)
{
    struct rle_encoder *rle = (struct rle_encoder *)encoder;
    size_t size = 0;

    rle_check(rle);
    while (size < capacity) {
        if (rle->begin == rle->end)
            make_text(rle);
        if (rle->begin == rle->end)
            break; /* That was the end. */
        while (rle->begin < rle->end && size < capacity)
            bytes[size++] = (uint8_t)rle->text[rle->begin++];
    }
    rle_check(rle);
    return size;
}

/* Also ends a creation that failed half-way. */
static void rle_encoder_destroy(struct encoder *encoder)
{
    struct rle_encoder *rle = (struct rle_encoder *)encoder;

    columns_finish(&rle->columns);
    mem_free(rle);
}

/* Memory: 12 bytes a row. A list of nobody is empty, and has no columns. */
enum sil_err rle_encoder_create(struct encoder **out,
                                const struct sil_result *result)
{
    static const struct form form = {rle_next, rle_encoder_destroy};
    struct rle_encoder *rle = mem_zalloc(1, sizeof *rle);
    enum sil_err err;

    if (rle == NULL)
        return SIL_E_NO_MEMORY;
    rle->base = (struct encoder){.form = &form, .size = ENCODE_SIZE_UNKNOWN};
    rle->result = result;
    rle->is_list = result->people == SIL_PEOPLE_EACH;
    rle->mask_count = rle->is_list ? result->person_count : 1;
    if (rle->mask_count == 0) {
        put(rle, '[');
        put(rle, ']');
        err = SIL_OK;
    } else {
        err = columns_init(&rle->columns, mask_of(rle));
    }
    if (err)
        rle_encoder_destroy(&rle->base);
    else
        *out = &rle->base;
    return err;
}
