/* The words of `silhouette eval` as a struct.
 * Threads: main only.
 * Must not know how masks are compared. */
#ifndef SIL_CLI_EVAL_ARGS_H
#define SIL_CLI_EVAL_ARGS_H

#include <silhouette.h>

/** What was asked for; texts are loans of argv. */
struct eval_args {
    const char *images, *truth; /* folders */
    const char *ignore;         /* a folder; NULL: none */
    const char *sheet;          /* a file; NULL: none */
    const char *models;         /* NULL: the usual place */
    const char *model;          /* a network's name; NULL: the own one */
    bool has_instances, is_json, is_help;
    struct sil_options options;
};

/** Read argv (argc words after "eval"). Errors: SIL_E_ARGUMENT, with a message
 *  for whoever typed it. */
SIL_MUST_USE enum sil_err eval_args_parse(struct eval_args *out, int argc,
                                          char **argv, struct sil_error *error);

#endif
