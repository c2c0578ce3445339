/* Files to masks: a picture, its truth, what is ignored of it.
 * Must not know how masks are compared.
 * Masks have to be of the picture's size as every viewer shows it. */
#include "eval/picture.h"

#include "base/check.h"
#include "base/file.h"
#include "base/limits.h"

/* Read FOLDER/STEM.png, of the result's size. Of another size it would be
 * compared with pixels that it doesn't mean: a truth that was drawn before the
 * picture was turned is found here. */
static enum sil_err read_mask(struct truth *out, const char *folder,
                              const char *stem, const struct sil_mask *like,
                              struct sil_error *error)
{
    struct buf path;
    enum sil_err err;

    sil_assert(folder != NULL && stem != NULL);
    buf_init(&path, LIMIT_MODEL_PATH_MAX);
    buf_addf(&path, "%s/%s.png", folder, stem);
    err = truth_read(out, buf_text(&path), error);
    buf_finish(&path);
    if (err)
        return err;
    if (out->width == sil_mask_width(like) &&
        out->height == sil_mask_height(like))
        return SIL_OK;
    return err_set(error, SIL_E_BAD_OPTION,
                   "the mask is %u x %u, the picture %u x %u pixels",
                   out->width, out->height, sil_mask_width(like),
                   sil_mask_height(like));
}

/* Read the picture's file and segment it. The file's bytes are kept: the sheet
 * draws the picture from them. */
static enum sil_err segment(struct eval_picture *out,
                            const struct eval_source *source, const char *name,
                            struct sil_error *error)
{
    struct sil_picture encoded;
    struct buf path;
    enum sil_err err;

    sil_assert(out->result == NULL);
    buf_init(&path, LIMIT_MODEL_PATH_MAX);
    buf_addf(&path, "%s/%s", source->images, name);
    err = file_read(&out->bytes, buf_text(&path));
    buf_finish(&path);
    if (err)
        return err_set(error, err, "the picture can't be read");
    encoded = (struct sil_picture){out->bytes.bytes, out->bytes.size};
    return sil_segment(&out->result, source->session, &encoded,
                       &source->options, error);
}

/* The picture first: its mask's size is what the others have to have. Of a
 * truth of people any number is somebody; of one that is grey, what is lighter
 * than the middle. What is to be ignored is always grey. */
enum sil_err eval_picture_read(struct eval_picture *out,
                               const struct eval_source *source,
                               const char *stem, const char *name,
                               struct sil_error *error)
{
    const uint8_t least = source->has_instances ? 1 : UINT8_MAX / 2 + 1;
    const struct sil_mask *mask;
    struct truth ignore = {0};
    enum sil_err err;

    *out = (struct eval_picture){0};
    buf_init(&out->bytes, source->options.limits.image_bytes_max);
    if (name == NULL)
        return err_set(error, SIL_E_IMAGE_NOT_FOUND, "no picture of that name");
    err = segment(out, source, name, error);
    if (err)
        return err;
    mask = sil_result_mask(out->result);
    err = read_mask(&out->truth, source->truth, stem, mask, error);
    if (!err)
        err = truth_mask(&out->mask, &out->truth, least, UINT8_MAX);
    if (!err && source->ignore != NULL)
        err = read_mask(&ignore, source->ignore, stem, mask, error);
    if (!err && source->ignore != NULL)
        err = truth_mask(&out->ignore, &ignore, UINT8_MAX / 2 + 1, UINT8_MAX);
    truth_finish(&ignore);
    sil_assert(err || out->mask != NULL);
    return err;
}

/* In any state: what isn't there is NULL. */
void eval_picture_finish(struct eval_picture *picture)
{
    sil_assert(picture != NULL);
    buf_finish(&picture->bytes);
    sil_result_destroy(picture->result);
    truth_finish(&picture->truth);
    mask_destroy(picture->mask);
    mask_destroy(picture->ignore);
    *picture = (struct eval_picture){0};
}
