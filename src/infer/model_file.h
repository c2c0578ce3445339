/* Files of a models folder.
 * Threads: pure functions.
 * Nothing is given out whose SHA-256 is not the manifest's; messages name a
 * file but not its folder: they may get to a client. */
#ifndef SIL_INFER_MODEL_FILE_H
#define SIL_INFER_MODEL_FILE_H

#include "base/buf.h"
#include "infer/manifest.h"

/** Read the file `name``suffix` of a folder. to: initialised, its cap is the
 *  limit. name: manifest_is_name(). Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err model_file_read(struct buf *to, const char *folder,
                                          const char *name, const char *suffix,
                                          struct sil_error *error);

/** Read what a manifest names, and compare its checksum; it is not empty.
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err
model_file_read_checked(struct buf *to, const char *folder,
                        const struct manifest_file *file,
                        struct sil_error *error);

#endif
