/* Does the place for results lie inside of the place of the pictures?
 * Threads: callable from anywhere.
 * Results that are pictures themselves must not be taken for work. */
#ifndef SIL_BATCH_APART_H
#define SIL_BATCH_APART_H

#include "base/buf.h"

/** Append to inside what all keys below dest begin with, as keys of source
 *  ("masks/"); nothing if dest is elsewhere. Both are a store's text
 *  ("dir:PATH", "s3://bucket/prefix"), and the folders are there. Errors:
 *  SIL_E_ARGUMENT if they are the same place. */
SIL_MUST_USE enum sil_err apart_find(struct buf *inside, const char *source,
                                     const char *dest, struct sil_error *error);

#endif
