/* {"state":1,"data":[[0,12,255,...],...]}: a matte's rows as numbers.
 * Must not know HTTP, nor hold more than a row's text.
 * The size is counted beforehand, in a pass over all values: it becomes
 * Content-Length. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* Bytes of a number and its comma, at most; of the longest text between. */
enum { NUMBER_SIZE = 4, TEXT_SIZE = 32 };

static const char head_text[] = "{\"state\":1,\"data\":[[";
static const char between_rows_text[] = "],[";
static const char tail_text[] = "]]}";

/* Invariant: text holds bytes begin .. end - 1 to be sent before anything that
 * is made later; rows above `row` were made. */
struct alpha_encoder {
    struct encoder base;
    const struct sil_result *result; /* lent */
    uint8_t *alpha;                  /* [width], owned: the row's */
    char *text;                      /* owned: of a row and what is before it */
    size_t begin, end;
    uint32_t row; /* height: all were made */
};

/* At both ends of each call. */
static void alpha_check(const struct alpha_encoder *encoder)
{
    sil_assert(encoder->begin <= encoder->end);
    sil_assert(encoder->row <= encoder->result->mask->height);
}

/* Characters of a value. */
static uint32_t digits_of(uint8_t value)
{
    return 1u + (value >= 10) + (value >= 100);
}

/* One after another, with a comma behind each but the last. */
static void put_row(struct alpha_encoder *encoder)
{
    const struct sil_mask *mask = encoder->result->mask;
    char *at = encoder->text + encoder->end;

    matte_row(encoder->alpha, &encoder->result->matte, mask, encoder->row);
    for (uint32_t x = 0; x < mask->width; x++) {
        uint8_t value = encoder->alpha[x];
        if (value >= 100)
            *at++ = (char)('0' + value / 100);
        if (value >= 10)
            *at++ = (char)('0' + value / 10 % 10);
        *at++ = (char)('0' + value % 10);
        *at++ = ',';
    }
    encoder->end = (size_t)(at - encoder->text) - 1;
}

/* What isn't a number. */
static void put_text(struct alpha_encoder *encoder, const char *text)
{
    size_t size = strlen(text);

    sil_assert(size < TEXT_SIZE);
    memcpy(encoder->text + encoder->end, text, size);
    encoder->end += size;
}

/* Make the next row's text, with what stands before it, or behind the last. */
static void make_text(struct alpha_encoder *encoder)
{
    sil_assert(encoder->begin == encoder->end);
    encoder->begin = 0;
    encoder->end = 0;
    put_text(encoder, encoder->row == 0 ? head_text : between_rows_text);
    put_row(encoder);
    encoder->row++;
    if (encoder->row == encoder->result->mask->height)
        put_text(encoder, tail_text);
}

/* Rows are made one at a time, when the last one has been handed out. */
static size_t alpha_next(struct encoder *base, uint8_t *bytes, size_t capacity)
{
    struct alpha_encoder *encoder = (struct alpha_encoder *)base;
    uint32_t height = encoder->result->mask->height;
    size_t size = 0;

    alpha_check(encoder);
    while (size < capacity &&
           (encoder->begin < encoder->end || encoder->row < height)) {
        size_t left;
        if (encoder->begin == encoder->end)
            make_text(encoder);
        left = encoder->end - encoder->begin;
        left = left < capacity - size ? left : capacity - size;
        memcpy(bytes + size, encoder->text + encoder->begin, left);
        encoder->begin += left;
        size += left;
    }
    alpha_check(encoder);
    return size;
}

/* Also ends a creation that failed half-way. */
static void alpha_encoder_destroy(struct encoder *base)
{
    struct alpha_encoder *encoder = (struct alpha_encoder *)base;

    mem_free(encoder->alpha);
    mem_free(encoder->text);
    mem_free(encoder);
}

/* A digit and a comma a pixel but for a row's last comma; and what values above
 * 9 have more than that. */
static uint64_t alpha_size(const struct alpha_encoder *encoder)
{
    const struct sil_mask *mask = encoder->result->mask;
    uint64_t size =
        sizeof head_text - 1 + sizeof tail_text - 1 +
        (mask->height - 1) * (uint64_t)(sizeof between_rows_text - 1);

    sil_assert(encoder->alpha != NULL);
    size += mask->height * (2 * (uint64_t)mask->width - 1);
    for (uint32_t y = 0; y < mask->height; y++) {
        matte_row(encoder->alpha, &encoder->result->matte, mask, y);
        for (uint32_t x = 0; x < mask->width; x++)
            size += digits_of(encoder->alpha[x]) - 1;
    }
    return size;
}

/* Memory: five bytes a column, whatever the height. */
enum sil_err alpha_encoder_create(struct encoder **out,
                                  const struct sil_result *result)
{
    static const struct form form = {alpha_next, alpha_encoder_destroy};
    struct alpha_encoder *encoder = mem_zalloc(1, sizeof *encoder);
    size_t text_size;

    if (encoder == NULL)
        return SIL_E_NO_MEMORY;
    sil_assert(result->matte.width == result->mask->width);
    encoder->result = result;
    encoder->alpha = mem_alloc(result->mask->width, sizeof *encoder->alpha);
    /* A text before the row, and one behind it. */
    if (sil_mul(&text_size, result->mask->width, NUMBER_SIZE) &&
        sil_add(&text_size, text_size, (size_t)2 * TEXT_SIZE))
        encoder->text = mem_alloc(text_size, 1);
    if (encoder->alpha == NULL || encoder->text == NULL) {
        alpha_encoder_destroy(&encoder->base);
        return SIL_E_NO_MEMORY;
    }
    encoder->base =
        (struct encoder){.form = &form, .size = alpha_size(encoder)};
    *out = &encoder->base;
    return SIL_OK;
}
