/* Networks and pictures for the local commands.
 * Must not know anything but the public header and where files are.
 * The limit of a picture's file is that of the buffer it is read into. */
#include "cli/cli_open.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/locate.h"

/* Flag, variable, beside the program: in this order. Whether networks are in it
 * is not asked: that is told by who opens one, with the name of the file that
 * is missing. */
enum sil_err cli_models_folder(struct buf *to, const char *models,
                               struct sil_error *error)
{
    const char *folder = models != NULL ? models : getenv("SILHOUETTE_MODELS");
    enum sil_err err;

    sil_assert(to != NULL);
    if (folder == NULL || *folder == '\0') {
        err = locate_folder(to, "models");
        if (err)
            return err_set(error, SIL_E_MODEL,
                           "no folder of networks beside the program; name "
                           "one with --models DIR");
        return SIL_OK;
    }
    buf_add_text(to, folder);
    if (buf_err(to))
        return err_set(error, SIL_E_MODEL, "the folder's path is too long");
    return SIL_OK;
}

/* The program's own network is known to be one; any other may be what an engine
 * dies of. A trial costs a process and a second opening, so the own network is
 * spared it. What failed half-way is left to cli_close(), which every caller
 * has to call anyway. */
enum sil_err cli_open(struct cli_session *out, const char *models,
                      const struct sil_model_options *options,
                      struct sil_error *error)
{
    const char *own = sil_model_options_default().name;
    bool is_foreign = options != NULL && options->name != NULL &&
                      strcmp(options->name, own) != 0;
    struct buf folder;
    enum sil_err err;

    sil_assert(out != NULL);
    *out = (struct cli_session){0};
    buf_init(&folder, CLI_PATH_MAX);
    err = cli_models_folder(&folder, models, error);
    if (!err && is_foreign)
        err = sil_model_try(buf_text(&folder), options, error);
    if (!err)
        err = sil_model_open(&out->model, buf_text(&folder), options, error);
    if (!err)
        err = sil_session_create(&out->session, out->model, error);
    buf_finish(&folder);
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

/* The messages name no path: the caller puts it in front, as of all that is
 * said about a picture. */
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
