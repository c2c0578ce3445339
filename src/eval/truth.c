/* A decoded PNG as a plane of grey, and masks out of it.
 * Must not know what values mean.
 * The decoder gives RGB: a grey picture has three equal channels, which the
 * weights below turn back to the very same value. */
#include "eval/truth.h"

#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "decode/decode.h"

/* Of red, green and blue, in 16384ths: the usual ones (ITU-R BT.601). */
enum { RED = 4899, GREEN = 9617, BLUE = 1868, ONE = 16384, CHANNELS = 3 };

static_assert(RED + GREEN + BLUE == ONE, "grey has to stay what it is");

/* Grey of all pixels. *out: untouched on failure. Rounded, not cut: three equal
 * channels give their own value either way, but others would become darker. */
static enum sil_err grey_of(struct truth *out, const struct image *image)
{
    struct truth made = {.width = image->width, .height = image->height};
    size_t count;

    image_check(image);
    if (!sil_mul(&count, image->width, image->height))
        return SIL_E_NO_MEMORY;
    made.grey = mem_alloc(count, 1);
    if (made.grey == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *from = image->rgb + y * image->row_bytes;
        uint8_t *to = made.grey + (size_t)y * image->width;
        for (uint32_t x = 0; x < image->width; x++, from += CHANNELS)
            to[x] = (uint8_t)((from[0] * RED + from[1] * GREEN +
                               from[2] * BLUE + ONE / 2) /
                              ONE);
    }
    *out = made;
    return SIL_OK;
}

/* Decoded as any picture, with its limits: the file is somebody's. */
enum sil_err truth_read(struct truth *out, const char *path,
                        struct sil_error *error)
{
    struct decode_source source = {.limits = sil_limits_default()};
    struct image image = {0};
    struct decode_info info;
    struct buf bytes;
    enum sil_err err;

    sil_assert(path != NULL);
    buf_init(&bytes, source.limits.image_bytes_max);
    err = file_read(&bytes, path);
    if (err || bytes.size == 0)
        err = err_set(error, err ? err : SIL_E_UNSUPPORTED_FORMAT, "%.160s: %s",
                      path, err ? sil_err_code(err) : "is empty");
    source.bytes = bytes.bytes;
    source.size = bytes.size;
    if (!err)
        err = decode_info(&info, &source, error);
    /* JPEG's losses would change the outline that is measured. */
    if (!err && strcmp(info.format, "png") != 0)
        err =
            err_set(error, SIL_E_UNSUPPORTED_FORMAT, "%.160s is no PNG", path);
    if (!err)
        err = decode_image(&image, &source, 1, error);
    if (!err)
        err = grey_of(out, &image);
    image_finish(&image);
    buf_finish(&bytes);
    return err;
}

/* Twice is fine. */
void truth_finish(struct truth *truth)
{
    sil_assert(truth != NULL);
    mem_free(truth->grey);
    *truth = (struct truth){0};
}

/* The runs of a row, added to the writer's current one. */
static enum sil_err add_row(struct mask_writer *writer, const uint8_t *row,
                            uint32_t width, const uint8_t *ends)
{
    uint32_t x = 0;
    enum sil_err err = SIL_OK;

    sil_assert(width > 0);
    /* ends: the least and the most that belong to it. */
    while (!err && x < width) {
        uint32_t first = x;
        while (x < width && row[x] >= ends[0] && row[x] <= ends[1])
            x++;
        if (x > first)
            err = mask_add_run(writer, first, x);
        else
            x++;
    }
    return err;
}

/* Rows of runs like any mask, so that all are compared alike. */
enum sil_err truth_mask(struct sil_mask **out, const struct truth *truth,
                        uint8_t least, uint8_t most)
{
    const uint8_t ends[] = {least, most};
    struct mask_writer writer;
    enum sil_err err = mask_begin(&writer, truth->width, truth->height);

    sil_assert(truth->grey != NULL && least <= most);
    if (err)
        return err;
    for (uint32_t y = 0; !err && y < truth->height; y++) {
        err = add_row(&writer, truth->grey + (size_t)y * truth->width,
                      truth->width, ends);
        if (!err)
            mask_end_row(&writer);
    }
    if (err)
        mask_abandon(&writer);
    else
        *out = mask_take(&writer);
    return err;
}

/* One pass over the plane, whatever the number of people. has: one for each
 * value of 8 bits. */
void truth_values(bool *has, const struct truth *truth)
{
    size_t count = (size_t)truth->width * truth->height;

    sil_assert(truth->grey != NULL);
    memset(has, 0, (UINT8_MAX + 1) * sizeof *has);
    for (size_t i = 0; i < count; i++)
        has[truth->grey[i]] = true;
}
