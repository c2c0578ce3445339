/* {"state":1,"data":[[0,0,1,...],...]}, made of a few texts and two patterns;
 * of people one by one data is a list of such masks.
 * Must not know HTTP, nor hold more of the answer than it is asked for.
 * A row is gaps and runs in turn, each a copy out of a pattern that stays in
 * the first cache; the last one of a row ends before its comma. */
#include "encode/form.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

#define TIMES4(text) text text text text
#define TIMES1024(text) TIMES4(TIMES4(TIMES4(TIMES4(TIMES4(text)))))
#define TIMES8192(text) TIMES4(TIMES1024(text text))

/* Bytes, two a pixel: the rows of most pictures are one copy. With 4096 it
 * took twice as long. */
enum { PATTERN_SIZE = 1 << 14 };

static const char zeros[PATTERN_SIZE + 1] = TIMES8192("0,");
static const char ones[PATTERN_SIZE + 1] = TIMES8192("1,");
static const char head_text[] = "{\"state\":1,\"data\":[[";
static const char between_rows_text[] = "],[";
static const char tail_text[] = "]]}";
static const char list_head_text[] = "{\"state\":1,\"data\":[[[";
static const char between_masks_text[] = "]],[[";
static const char list_tail_text[] = "]]]}";
static const char no_list_text[] = "{\"state\":1,\"data\":[]}";

#undef TIMES8192
#undef TIMES1024
#undef TIMES4

/* Invariant: what is left of the stream is the piece, then the pixels from
 * column of row on, whose next run is next_run, then the masks from
 * mask_index + 1 on, then the tail. */
struct json_encoder {
    struct encoder base;
    const struct sil_result *result; /* lent */
    const struct sil_mask *mask;     /* lent; the one that is being written */
    bool is_list;                    /* each person's masks, not everybody's */
    uint32_t mask_index;             /* of the list */
    const char *source;              /* the piece: a text, or a pattern */
    uint64_t left;     /* bytes of the piece not yet written; 0: the end */
    bool is_pattern;   /* source repeats, else it is left bytes long */
    bool is_odd;       /* pattern: continues at a comma */
    uint32_t row;      /* the next pixel's row */
    uint32_t column;   /* width: the row is complete */
    uint32_t next_run; /* index in mask->runs of the row's next run */
};

/* At both ends of each call: between two of them nobody else may have moved
 * anything. */
static void json_check(const struct json_encoder *json)
{
    const struct sil_mask *mask = json->mask;

    sil_assert(json->row <= mask->height);
    sil_assert(json->column <= mask->width);
    sil_assert(json->next_run <= mask->run_count);
    /* Only the tail is written when there are no rows left. */
    sil_assert(json->row < mask->height || !json->is_pattern);
}

/* A text becomes the piece. */
static void set_text(struct json_encoder *json, const char *text, size_t size)
{
    sil_assert(size > 0);
    json->source = text;
    json->left = size;
    json->is_pattern = false;
}

/* The next pixels that are alike become the piece: up to the next run, or
 * that run, or the rest of the row. */
static void set_pixels(struct json_encoder *json)
{
    const struct sil_mask *mask = json->mask;
    bool has_run = json->next_run < mask->row_ends[json->row];
    uint32_t end = mask->width;
    bool is_person = false;

    if (has_run) {
        const struct sil_run *run = &mask->runs[json->next_run];
        is_person = run->first == json->column;
        end = is_person ? run->end : run->first;
        json->next_run += is_person;
    }
    sil_assert(end > json->column);
    /* The row's last pixel has no comma. */
    json->source = is_person ? ones : zeros;
    json->left = 2 * (uint64_t)(end - json->column) - (end == mask->width);
    json->is_pattern = true;
    json->is_odd = false;
    json->column = end;
}

/* Behind a mask there is the next one, if it is a list, or the tail. */
static void end_mask(struct json_encoder *json)
{
    sil_assert(json->row == json->mask->height);
    if (!json->is_list) {
        set_text(json, tail_text, sizeof tail_text - 1);
        return;
    }
    if (json->mask_index + 1 == json->result->person_count) {
        set_text(json, list_tail_text, sizeof list_tail_text - 1);
        return;
    }
    json->mask_index++;
    json->mask = json->result->persons[json->mask_index].mask;
    json->row = 0;
    json->next_run = 0;
    set_text(json, between_masks_text, sizeof between_masks_text - 1);
}

/* What comes after the piece, now that it is written, becomes the piece. */
static void advance(struct json_encoder *json)
{
    const struct sil_mask *mask = json->mask;

    sil_assert(json->left == 0);
    if (json->row == mask->height)
        return; /* That was the tail: left stays 0. */
    if (json->column < mask->width) {
        set_pixels(json);
        return;
    }
    sil_assert(json->next_run == mask->row_ends[json->row]);
    json->row++;
    json->column = 0;
    if (json->row < mask->height)
        set_text(json, between_rows_text, sizeof between_rows_text - 1);
    else
        end_mask(json);
}

/* Write up to capacity bytes of the piece. Returns how many. */
static size_t write_piece(struct json_encoder *json, uint8_t *bytes,
                          size_t capacity)
{
    size_t size = json->left < capacity ? (size_t)json->left : capacity;
    size_t offset = 0;

    json->left -= size;
    if (!json->is_pattern) {
        memcpy(bytes, json->source, size);
        json->source += size;
        return size;
    }
    while (offset < size) {
        /* From its second byte on the pattern is one byte shorter. */
        size_t most = (size_t)PATTERN_SIZE - json->is_odd;
        size_t part = size - offset < most ? size - offset : most;
        memcpy(bytes + offset, json->source + json->is_odd, part);
        json->is_odd = (json->is_odd + part) % 2;
        offset += part;
    }
    return size;
}

/* A piece after another, each as far as there is room for it. */
static size_t json_next(struct encoder *encoder, uint8_t *bytes,
                        size_t capacity)
{
    struct json_encoder *json = (struct json_encoder *)encoder;
    size_t size = 0;

    json_check(json);
    while (size < capacity && json->left > 0) {
        size += write_piece(json, bytes + size, capacity - size);
        if (json->left == 0)
            advance(json);
    }
    json_check(json);
    return size;
}

/* The mask is lent: nothing else to free. */
static void json_encoder_destroy(struct encoder *encoder)
{
    mem_free(encoder);
}

/* Bytes of a mask between its brackets: two a pixel but one for a row's last;
 * and what stands between the rows. */
static uint64_t rows_size(const struct sil_mask *mask)
{
    uint64_t row_size = 2 * (uint64_t)mask->width - 1;
    uint64_t between =
        (mask->height - 1) * (uint64_t)(sizeof between_rows_text - 1);

    return mask->height * row_size + between;
}

/* Bytes of the whole; all masks of a list are of the same size. */
static uint64_t json_size(const struct json_encoder *json)
{
    uint64_t rows = rows_size(json->mask);
    uint64_t count = json->result->person_count;

    if (!json->is_list)
        return sizeof head_text - 1 + rows + sizeof tail_text - 1;
    if (count == 0)
        return sizeof no_list_text - 1;
    return sizeof list_head_text - 1 + count * rows +
           (count - 1) * (uint64_t)(sizeof between_masks_text - 1) +
           sizeof list_tail_text - 1;
}

/* The head is the first piece, and opens the first row; of nobody one by one it
 * is all there is, as if the last row had been written. */
static void begin(struct json_encoder *json)
{
    sil_assert(json->mask->width > 0);
    if (!json->is_list) {
        set_text(json, head_text, sizeof head_text - 1);
    } else if (json->result->person_count > 0) {
        json->mask = json->result->persons[0].mask;
        set_text(json, list_head_text, sizeof list_head_text - 1);
    } else {
        json->row = json->mask->height;
        set_text(json, no_list_text, sizeof no_list_text - 1);
    }
}

/* Some hundred bytes, whatever the picture's size. */
enum sil_err json_encoder_create(struct encoder **out,
                                 const struct sil_result *result)
{
    static const struct form form = {json_next, json_encoder_destroy};
    struct json_encoder *json = mem_alloc(1, sizeof *json);

    if (json == NULL)
        return SIL_E_NO_MEMORY;
    *json = (struct json_encoder){
        .base = {.form = &form},
        .result = result,
        .mask = result->mask,
        .is_list = result->people == SIL_PEOPLE_EACH,
    };
    sil_assert(json->mask->height > 0);
    json->base.size = json_size(json);
    begin(json);
    *out = &json->base;
    return SIL_OK;
}
