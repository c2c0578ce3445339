/* The configuration file: lines of "name = value".
 * Threads: pure functions, but for reading the file.
 * Must not know which settings there are. */
#ifndef SIL_SERVER_CONFIG_FILE_H
#define SIL_SERVER_CONFIG_FILE_H

#include "base/err.h"

/** Takes a setting; place: "silhouette.conf:12", for messages. The texts are
 *  lent for the call. An error ends the reading. */
typedef enum sil_err (*config_line_fn)(void *payload, const char *name,
                                       const char *value, const char *place,
                                       struct sil_error *error);

/** Read a file in the INI form, without sections; a line that begins with # or
 *  ; is a comment, and so is what follows " ;". Errors: SIL_E_ARGUMENT with
 *  the file and the line, SIL_E_NO_MEMORY, and what take() said. */
SIL_MUST_USE enum sil_err config_file_read(const char *path,
                                           config_line_fn take, void *payload,
                                           struct sil_error *error);

#endif
