/* Another form's bytes, compressed while they are made.
 * Must not know what the bytes say.
 * The size is not known before the end. */
#include "base/check.h"
#include "base/mem.h"
#include "encode/deflate.h"
#include "encode/form.h"

/* Bytes made at a time, to be compressed while they are in the cache. */
enum { INPUT_SIZE = 1 << 15 };

/* Too large for a stack: about 120 KB with what it owns. */
struct gzip_encoder {
    struct encoder base;
    struct encoder *inner;   /* owned */
    struct deflate *deflate; /* owned; reads input */
    uint8_t input[INPUT_SIZE];
};

/* Pulls from the inner encoder just as much as the output asks for. */
static size_t gzip_next(struct encoder *encoder, uint8_t *bytes,
                        size_t capacity)
{
    struct gzip_encoder *gzip = (struct gzip_encoder *)encoder;
    struct deflate *deflate = gzip->deflate;
    size_t size = 0;

    while (size < capacity && !deflate_is_done(deflate)) {
        /* At the end the inner encoder gives 0 bytes, which says so. */
        if (deflate_is_hungry(deflate))
            deflate_give(
                deflate, gzip->input,
                encoder_next(gzip->inner, gzip->input, sizeof gzip->input));
        size += deflate_take(deflate, bytes + size, capacity - size);
    }
    sil_assert(size > 0 || deflate_is_done(deflate));
    return size;
}

/* From the outside in. */
static void gzip_encoder_destroy(struct encoder *encoder)
{
    struct gzip_encoder *gzip = (struct gzip_encoder *)encoder;

    sil_assert(gzip->inner != NULL);
    encoder_destroy(gzip->inner);
    deflate_destroy(gzip->deflate);
    mem_free(gzip);
}

/* Takes inner in any case: the caller has one thing to free, or none. */
enum sil_err gzip_encoder_create(struct encoder **out, struct encoder *inner)
{
    static const struct form form = {gzip_next, gzip_encoder_destroy};
    struct deflate *deflate = NULL;
    struct gzip_encoder *gzip = NULL;
    enum sil_err err = deflate_create(&deflate, DEFLATE_GZIP, DEFLATE_RUNS);

    sil_assert(inner != NULL);
    /* input is written before it is read: no need of zeros. */
    if (!err)
        gzip = mem_alloc(1, sizeof *gzip);
    if (gzip == NULL) {
        deflate_destroy(deflate);
        encoder_destroy(inner);
        return SIL_E_NO_MEMORY;
    }
    gzip->base = (struct encoder){.form = &form, .size = ENCODE_SIZE_UNKNOWN};
    gzip->inner = inner;
    gzip->deflate = deflate;
    *out = &gzip->base;
    return SIL_OK;
}
