/* Networks and pictures for the local commands.
 * Must not know anything but the public header and where files are.
 * The limit of a picture's file is that of the buffer it is read into. */
#include "cli/cli_open.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/locate.h"

/* Bytes: the system's longest path. */
enum { MODELS_PATH_MAX = 4096 };

/* Flag, variable, beside the program: in this order. */
enum sil_err cli_open(struct cli_session *out, const char *models,
                      const struct sil_model_options *options,
                      struct sil_error *error)
{
    const char *folder = models;
    struct buf beside;
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    *out = (struct cli_session){0};
    buf_init(&beside, MODELS_PATH_MAX);
    if (folder == NULL)
        folder = getenv("SILHOUETTE_MODELS");
    if (folder == NULL || *folder == '\0') {
        err = locate_folder(&beside, "models");
        folder = buf_text(&beside);
    }
    if (err)
        err = err_set(error, SIL_E_MODEL,
                      "no folder of networks beside the program; name one "
                      "with --models DIR");
    else
        err = sil_model_open(&out->model, folder, options, error);
    if (!err)
        err = sil_session_create(&out->session, out->model, error);
    buf_finish(&beside);
    return err;
}

/* A session before its model; both accept NULL. */
void cli_close(struct cli_session *session)
{
    sil_assert(session != NULL);
    sil_session_destroy(session->session);
    sil_model_close(session->model);
    *session = (struct cli_session){0};
}

enum sil_err cli_read_picture(struct buf *to, const char *path,
                              struct sil_error *error)
{
    enum sil_err err = file_read(to, path);

    sil_assert(to != NULL);
    /* The buffer's cap is the limit, so no more than that was ever read. */
    if (err == SIL_E_STATE)
        return err_set(error, SIL_E_IMAGE_TOO_LARGE,
                       "the file is larger than %zu bytes", to->cap);
    if (err == SIL_E_IMAGE_NOT_FOUND)
        return err_set(error, err, "no such file");
    return err ? err_set(error, err, "the file can't be read") : err;
}
