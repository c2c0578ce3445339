/* What every local command does first: open a network, read a picture.
 * Threads: as the library's sessions.
 * Must not know what is done with them. */
#ifndef SIL_CLI_CLI_OPEN_H
#define SIL_CLI_CLI_OPEN_H

#include "base/buf.h"

/** Bytes of a path: the system's longest. */
enum { CLI_PATH_MAX = 4096 };

/** A network and what one thread computes with. */
struct cli_session {
    struct sil_model *model;     /* owned; NULL: not open */
    struct sil_session *session; /* owned; NULL: not created */
};

/** Append the path of the folder of networks: models if that isn't NULL, or
 *  SILHOUETTE_MODELS, or the one beside the program. Errors: SIL_E_MODEL,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err cli_models_folder(struct buf *to, const char *models,
                                            struct sil_error *error);

/** Open a network. models: as above. options: NULL for the defaults; one that
 *  is named is tried in a process of its own before. *out: yours,
 *  cli_close(), on failure too. Errors: SIL_E_MODEL, SIL_E_NO_MEMORY,
 *  SIL_E_ARGUMENT. */
SIL_MUST_USE enum sil_err cli_open(struct cli_session *out, const char *models,
                                   const struct sil_model_options *options,
                                   struct sil_error *error);

/** Close what is open. */
void cli_close(struct cli_session *session);

/** Read a picture's file ("-": standard input), no more than *to may hold.
 *  Errors: SIL_E_IMAGE_TOO_LARGE, SIL_E_IMAGE_NOT_FOUND, SIL_E_NO_MEMORY and
 *  what file_read() says. */
SIL_MUST_USE enum sil_err cli_read_picture(struct buf *to, const char *path,
                                           struct sil_error *error);

#endif
