/* Chooses the form of an answer and hands its bytes on.
 * Must not know what the forms write.
 * sil_result_write() is the same encoder, emptied in one go. */
#include "encode/encode.h"

#include "base/check.h"
#include "encode/form.h"

/* Bytes on the stack of sil_result_write(). 16 KB: fewer calls would save
 * nothing, and a thread's stack may be small. */
enum { PIECE_SIZE = 1 << 14 };

/** What can be written. */
struct offer {
    enum sil_output output;
    enum sil_people people;
    enum sil_format format;
    enum sil_err (*create)(struct encoder **out,
                           const struct sil_result *result);
};

/* What has no row is not_acceptable: a cutout has no JSON, boxes have no
 * picture. */
static const struct offer offers[] = {
    {SIL_OUTPUT_MASK, SIL_PEOPLE_ALL, SIL_FORMAT_JSON, json_encoder_create},
    {SIL_OUTPUT_MASK, SIL_PEOPLE_ALL, SIL_FORMAT_PNG, png_encoder_create},
    {SIL_OUTPUT_MASK, SIL_PEOPLE_ALL, SIL_FORMAT_RLE, rle_encoder_create},
    {SIL_OUTPUT_MASK, SIL_PEOPLE_EACH, SIL_FORMAT_RLE, rle_encoder_create},
    {SIL_OUTPUT_MASK, SIL_PEOPLE_EACH, SIL_FORMAT_JSON, json_encoder_create},
    {SIL_OUTPUT_MASK, SIL_PEOPLE_EACH, SIL_FORMAT_PNG, labels_encoder_create},
    {SIL_OUTPUT_BOXES, SIL_PEOPLE_ALL, SIL_FORMAT_JSON, boxes_encoder_create},
    {SIL_OUTPUT_BOXES, SIL_PEOPLE_EACH, SIL_FORMAT_JSON, boxes_encoder_create},
    {SIL_OUTPUT_ALPHA, SIL_PEOPLE_ALL, SIL_FORMAT_JSON, alpha_encoder_create},
    {SIL_OUTPUT_ALPHA, SIL_PEOPLE_ALL, SIL_FORMAT_PNG,
     png_alpha_encoder_create},
    {SIL_OUTPUT_CUTOUT, SIL_PEOPLE_ALL, SIL_FORMAT_PNG,
     png_cutout_encoder_create},
};

enum { OFFER_COUNT = sizeof offers / sizeof offers[0] };

/* NULL: there is no such form. */
static const struct offer *find_offer(enum sil_output output,
                                      enum sil_people people,
                                      enum sil_format format)
{
    sil_assert(OFFER_COUNT > 0);
    for (int i = 0; i < OFFER_COUNT; i++)
        if (offers[i].output == output && offers[i].people == people &&
            offers[i].format == format)
            return &offers[i];
    return NULL;
}

/* Asked before a picture is fetched: what can't be written isn't computed. */
bool encode_offers(const struct sil_options *options, enum sil_format format)
{
    sil_assert(options != NULL);
    return find_offer(options->output, options->people, format) != NULL;
}

/* Compression is a form around a form: each pair of format and coding works
 * without a line of its own. */
enum sil_err encoder_create(struct encoder **out,
                            const struct sil_result *result,
                            enum sil_format format, enum encode_coding coding)
{
    const struct offer *offer =
        find_offer(result->output, result->people, format);
    struct encoder *encoder = NULL;
    enum sil_err err;

    sil_assert(coding == ENCODE_IDENTITY || coding == ENCODE_GZIP);
    if (offer == NULL)
        return SIL_E_NOT_ACCEPTABLE;
    err = offer->create(&encoder, result);
    if (err)
        return err;
    if (coding == ENCODE_GZIP) {
        /* On failure the inner one is gone too: there is nothing to free. */
        err = gzip_encoder_create(&encoder, encoder);
        if (err)
            return err;
    }
    sil_assert(encoder->form != NULL);
    *out = encoder;
    return SIL_OK;
}

/* Each form knows what it owns. */
void encoder_destroy(struct encoder *encoder)
{
    if (encoder != NULL)
        encoder->form->destroy(encoder);
}

/* Known before the first byte is made: it becomes Content-Length. */
uint64_t encoder_size(const struct encoder *encoder)
{
    sil_assert(encoder->form != NULL);
    return encoder->size;
}

/* The forms promise; here it is checked, once for all. */
size_t encoder_next(struct encoder *encoder, uint8_t *bytes, size_t capacity)
{
    size_t size;

    sil_assert(capacity > 0);
    size = encoder->form->next(encoder, bytes, capacity);
    /* A form that wrote too much has written over something. */
    sil_assert(size <= capacity);
    return size;
}

/* Without a charset: JSON is UTF-8, and has no such parameter. */
const char *encode_content_type(enum sil_format format)
{
    static const char *const types[] = {
        [SIL_FORMAT_JSON] = "application/json",
        [SIL_FORMAT_PNG] = "image/png",
        [SIL_FORMAT_RLE] = "application/vnd.coco.rle+json",
    };

    sil_assert((size_t)format < sizeof types / sizeof types[0]);
    return types[format];
}

/* The caller's function may refuse: the rest isn't made then. What it was given
 * by then is its own to undo. */
enum sil_err sil_result_write(const struct sil_result *result,
                              enum sil_format format, sil_write_fn write,
                              void *payload)
{
    uint8_t piece[PIECE_SIZE];
    struct encoder *encoder = NULL;
    enum sil_err err;
    size_t size;

    sil_assert(write != NULL);
    err = encoder_create(&encoder, result, format, ENCODE_IDENTITY);
    if (err)
        goto done;
    size = encoder_next(encoder, piece, sizeof piece);
    while (size > 0 && !err) {
        if (write(payload, piece, size))
            size = encoder_next(encoder, piece, sizeof piece);
        else
            err = SIL_E_INTERNAL;
    }
done:
    encoder_destroy(encoder);
    return err;
}

/* A person's mask is written as that of a result that has no other. */
enum sil_err sil_result_write_person(const struct sil_result *result,
                                     uint32_t index, enum sil_format format,
                                     sil_write_fn write, void *payload)
{
    struct sil_result alone = {
        .people = SIL_PEOPLE_ALL, .output = SIL_OUTPUT_MASK, .person_count = 1};

    sil_assert(result->persons != NULL);
    sil_assert(index < result->person_count);
    alone.mask = result->persons[index].mask;
    return sil_result_write(&alone, format, write, payload);
}
