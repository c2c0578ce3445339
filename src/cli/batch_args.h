/* The words of `silhouette batch` as a struct.
 * Threads: main only.
 * Must not know how a run is run or shown. */
#ifndef SIL_CLI_BATCH_ARGS_H
#define SIL_CLI_BATCH_ARGS_H

#include "base/buf.h"
#include "batch/batch.h"

/** What was asked for. */
struct batch_args {
    struct batch_options options; /* its texts are loans of argv, or of below */
    struct buf source;            /* "dir:PATH" or "s3://…" */
    struct buf dest;              /* the same */
    struct buf failures;          /* the manifest's path */
    const char *models;           /* NULL: the usual place */
    const char *failures_named;   /* NULL: the usual name */
    shard_variable_fn variable;   /* looks up the environment */
    bool is_json;                 /* events as JSON lines on standard output */
    bool is_help;                 /* nothing else is valid */
};

/** Read argv (argc words after "batch"); variable: getenv(), for --shard
 *  auto. Errors: SIL_E_ARGUMENT, with a message for whoever typed it;
 *  SIL_E_NO_MEMORY. Finish it in any case. */
SIL_MUST_USE enum sil_err batch_args_parse(struct batch_args *out, int argc,
                                           char **argv,
                                           shard_variable_fn variable,
                                           struct sil_error *error);

/** Free what it holds. */
void batch_args_finish(struct batch_args *args);

#endif
