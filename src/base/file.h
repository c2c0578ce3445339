/* Whole local files into memory, up to a limit.
 * Threads: callable from anywhere.
 * For paths that the operator gave (models, pictures of the command), never
 * for keys of a request: those go through fetch. */
#ifndef SIL_BASE_FILE_H
#define SIL_BASE_FILE_H

#include "base/buf.h"

/** Append the file at path ("-": standard input) to *to, whose cap is the
 *  limit. Errors: SIL_E_IMAGE_NOT_FOUND (no such file), SIL_E_IMAGE_FORBIDDEN
 *  (may not be read), SIL_E_STATE (above the cap), SIL_E_NO_MEMORY,
 *  SIL_E_INTERNAL. */
SIL_MUST_USE enum sil_err file_read(struct buf *to, const char *path);

#endif
