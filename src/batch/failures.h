/* The manifest of what failed: one JSON object a line.
 * Threads: one thread at a time.
 * Must not know why anything failed. */
#ifndef SIL_BATCH_FAILURES_H
#define SIL_BATCH_FAILURES_H

#include <silhouette.h>
#include <stdio.h>

/** The file, made with the first failure. All zeros is not open. */
struct failures {
    const char *path; /* lent */
    FILE *stream;     /* NULL: none yet */
};

/** A run begins: the manifest of an earlier one is removed, since what is
 *  still wrong will be told anew. path is lent until failures_close().
 *  Errors: SIL_E_ARGUMENT (it can't be removed). */
SIL_MUST_USE enum sil_err failures_open(struct failures *failures,
                                        const char *path,
                                        struct sil_error *error);

/** Add {"key":…,"code":…,"stage":…,"reason":…}, on the disk when this returns
 *  as far as the system is concerned. Errors: SIL_E_INTERNAL. */
SIL_MUST_USE enum sil_err failures_add(struct failures *failures,
                                       const char *key,
                                       const struct sil_error *why,
                                       struct sil_error *error);

/** Close it. Twice is fine. */
void failures_close(struct failures *failures);

#endif
