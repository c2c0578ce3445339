/* A file that appears whole or not at all.
 * Threads: one at a time.
 * Must not know what is written. */
#ifndef SIL_CLI_OUT_FILE_H
#define SIL_CLI_OUT_FILE_H

#include <silhouette.h>
#include <stdio.h>

/* Bytes of a path with its NUL: the system's 4096 and room for a suffix. */
enum { OUT_PATH_SIZE = 4200 };

/** A file being written. */
struct out_file {
    FILE *stream;                  /* NULL: not open */
    bool is_stdout;                /* nothing is renamed then */
    char path[OUT_PATH_SIZE];      /* where it will be */
    char temporary[OUT_PATH_SIZE]; /* where it is; "" for standard output */
};

/** Begin. path: NULL for standard output. Errors: SIL_E_INTERNAL, errno in
 *  words in the detail; then nothing is to be closed. */
SIL_MUST_USE enum sil_err out_file_open(struct out_file *out, const char *path,
                                        struct sil_error *error);

/** A sil_write_fn; payload: the struct out_file. */
bool out_file_write(void *payload, const void *bytes, size_t size);

/** End. is_good: put it in its place; else drop it. Errors: SIL_E_INTERNAL,
 *  nothing is left behind. */
SIL_MUST_USE enum sil_err out_file_close(struct out_file *out, bool is_good,
                                         struct sil_error *error);

#endif
