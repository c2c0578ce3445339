/* Where the program's own folders lie: models, samples.
 * Threads: callable from anywhere.
 * Found from where the program itself is, so that neither a build tree nor
 * an installation needs a setting. */
#ifndef SIL_BASE_LOCATE_H
#define SIL_BASE_LOCATE_H

#include "base/buf.h"

/** Append the path of the folder `name`: ../NAME beside the program's own
 *  folder (build tree) or ../share/silhouette/NAME (installed), the first
 *  that exists. Errors: SIL_E_ARGUMENT (there is none), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err locate_folder(struct buf *to, const char *name);

#endif
