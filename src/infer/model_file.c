/* Reading, comparing, and saying what is wrong.
 * Must not know what is in a file.
 * The message of a wrong checksum shows twelve digits of each: enough to see
 * which file it is. */
#include "infer/model_file.h"

#include <string.h>

#include "base/check.h"
#include "base/file.h"

/* A path too long is that of no file. */
enum sil_err model_file_read(struct buf *to, const char *folder,
                             const char *name, const char *suffix,
                             struct sil_error *error)
{
    struct buf path;
    const char *text;
    enum sil_err err;

    sil_assert(manifest_is_name(name));
    buf_init(&path, LIMIT_MODEL_PATH_MAX);
    buf_addf(&path, "%s/%s%s", folder, name, suffix);
    text = buf_text(&path);
    err = buf_err(&path);
    if (err == SIL_E_STATE)
        err = SIL_E_IMAGE_NOT_FOUND;
    if (!err)
        err = file_read(to, text);
    buf_finish(&path);
    if (err == SIL_E_NO_MEMORY)
        return err_set(error, err, "no memory to read a network");
    if (err == SIL_E_STATE)
        return err_set(error, SIL_E_MODEL, "%s%s is larger than %zu bytes",
                       name, suffix, to->cap);
    if (err)
        return err_set(error, SIL_E_MODEL,
                       "the models folder has no readable %s%s", name, suffix);
    return SIL_OK;
}

/* The whole file is in memory before anything of it is believed. Damaged
 * networks can load and run, so nothing less than a checksum will do. */
enum sil_err model_file_read_checked(struct buf *to, const char *folder,
                                     const struct manifest_file *file,
                                     struct sil_error *error)
{
    char sha256[SHA256_TEXT_SIZE];
    enum sil_err err = model_file_read(to, folder, file->name, "", error);

    sil_assert(strlen(file->sha256) == SHA256_TEXT_SIZE - 1);
    if (err)
        return err;
    err = sha256_text(sha256, to->bytes, to->size);
    if (err)
        return err_set(error, SIL_E_MODEL, "SHA-256 can't be computed");
    if (memcmp(sha256, file->sha256, sizeof sha256) != 0)
        return err_set(error, SIL_E_MODEL,
                       "%s has SHA-256 %.12s…, its manifest says %.12s…",
                       file->name, sha256, file->sha256);
    if (to->size == 0)
        return err_set(error, SIL_E_MODEL, "%s is empty", file->name);
    return SIL_OK;
}
