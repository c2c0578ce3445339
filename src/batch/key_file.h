/* A file of keys, one a line, however long.
 * Threads: one thread at a time.
 * Must not know what the keys name. */
#ifndef SIL_BATCH_KEY_FILE_H
#define SIL_BATCH_KEY_FILE_H

#include <silhouette.h>

struct key_file;

/** Open the file ("-": standard input). *out: yours, key_file_close().
 *  Errors: SIL_E_ARGUMENT (can't be read), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err key_file_open(struct key_file **out, const char *path,
                                        struct sil_error *error);

/** The next line that isn't empty, without its end ("\n" or "\r\n"); *key is a
 *  loan, valid until the next call, NULL at the end. A line that is too long
 *  for any key is cut, still too long. Errors: SIL_E_INTERNAL (reading
 *  failed). */
SIL_MUST_USE enum sil_err key_file_next(const char **key, struct key_file *file,
                                        struct sil_error *error);

/** NULL is fine. */
void key_file_close(struct key_file *file);

#endif
