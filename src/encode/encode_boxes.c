/* {"state":1,"data":[{"box":[x,y,width,height],"area":pixels,"score":0..1},…]},
 * the largest person first.
 * Must not know masks beyond how many pixels they have.
 * A person's object is made when its turn comes: a crowd costs no more than
 * one of them. */
#include "encode/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

enum { TEXT_SIZE = 160 }; /* bytes: the longest object, and what surrounds it */

static const char head_text[] = "{\"state\":1,\"data\":[";
static const char tail_text[] = "]}";

/* Invariant: text holds bytes begin .. end - 1 to be sent before anything that
 * is made later: the persons from next on, then the tail unless is_done. */
struct boxes_encoder {
    struct encoder base;
    const struct sil_result *result; /* lent */
    uint32_t next;                   /* the next person */
    bool is_done;                    /* the tail was made */
    size_t begin, end;
    char text[TEXT_SIZE];
};

/* At both ends of each call, as in the other forms. */
static void boxes_check(const struct boxes_encoder *boxes)
{
    sil_assert(boxes->begin <= boxes->end);
    sil_assert(boxes->end <= sizeof boxes->text);
    sil_assert(boxes->next <= boxes->result->person_count);
}

/* A score has three digits: more would say more than the detector knows. They
 * are whole numbers, for the point of a locale may be a comma. */
static size_t write_person(char *text, size_t size,
                           const struct sil_result *result, uint32_t index)
{
    const struct person *person = &result->persons[index];
    const struct sil_box *box = &person->box;
    unsigned thousandths = (unsigned)(person->score * 1000 + 0.5F);
    int length = snprintf(
        text, size,
        "%s{\"box\":[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32
        "],\"area\":%" PRIu64 ",\"score\":%u.%03u}",
        index > 0 ? "," : "", box->x, box->y, box->width, box->height,
        person->mask->person_pixels, thousandths / 1000, thousandths % 1000);

    sil_assert(length > 0);
    sil_assert((size_t)length < size);
    return (size_t)length;
}

/* What comes next becomes the text. */
static void make_text(struct boxes_encoder *boxes)
{
    sil_assert(boxes->begin == boxes->end);
    boxes->begin = 0;
    if (boxes->next < boxes->result->person_count) {
        boxes->end = write_person(boxes->text, sizeof boxes->text,
                                  boxes->result, boxes->next);
        boxes->next++;
        return;
    }
    boxes->end = sizeof tail_text - 1;
    memcpy(boxes->text, tail_text, boxes->end);
    boxes->is_done = true;
}

/* Texts are made one at a time, when the last one has been handed out: so it
 * may stop at any byte, and goes on there. */
static size_t boxes_next(struct encoder *encoder, uint8_t *bytes,
                         size_t capacity)
{
    struct boxes_encoder *boxes = (struct boxes_encoder *)encoder;
    size_t size = 0;

    boxes_check(boxes);
    while (size < capacity && !(boxes->begin == boxes->end && boxes->is_done)) {
        size_t left;
        if (boxes->begin == boxes->end)
            make_text(boxes);
        left = boxes->end - boxes->begin;
        left = left < capacity - size ? left : capacity - size;
        memcpy(bytes + size, boxes->text + boxes->begin, left);
        boxes->begin += left;
        size += left;
    }
    boxes_check(boxes);
    return size;
}

/* The result is lent: nothing else to free. */
static void boxes_encoder_destroy(struct encoder *encoder)
{
    mem_free(encoder);
}

/* Each object is written once to know the size: that of an answer in JSON is
 * always known beforehand. */
enum sil_err boxes_encoder_create(struct encoder **out,
                                  const struct sil_result *result)
{
    static const struct form form = {boxes_next, boxes_encoder_destroy};
    struct boxes_encoder *boxes = mem_zalloc(1, sizeof *boxes);
    uint64_t size = sizeof head_text - 1 + sizeof tail_text - 1;

    sil_assert(result->persons != NULL || result->person_count == 0);
    if (boxes == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t i = 0; i < result->person_count; i++)
        size += write_person(boxes->text, sizeof boxes->text, result, i);
    boxes->base = (struct encoder){.form = &form, .size = size};
    boxes->result = result;
    boxes->end = sizeof head_text - 1;
    memcpy(boxes->text, head_text, boxes->end);
    *out = &boxes->base;
    return SIL_OK;
}
