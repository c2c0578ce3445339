/* The words of `silhouette segment` as a struct.
 * Threads: main only.
 * Must not know how a picture is segmented or written. */
#ifndef SIL_CLI_SEGMENT_ARGS_H
#define SIL_CLI_SEGMENT_ARGS_H

#include <silhouette.h>

/** What was asked for; texts are loans of argv. */
struct segment_args {
    const char **pictures;      /* paths or "-", owned (segment_args_finish) */
    int picture_count;          /* at least 1 */
    const char *out;            /* NULL: standard output */
    bool is_out_folder;         /* out names a folder */
    const char *models;         /* NULL: the usual place */
    const char *model;          /* a network's name; NULL: the own one */
    enum sil_format format;     /* as named, or as OUT's name ends */
    bool is_format_named;       /* by --format, not by OUT */
    struct sil_options options; /* as the library takes them */
    bool is_help;               /* nothing else is valid */
};

/** Read argv (argc words after "segment"). Errors: SIL_E_ARGUMENT, with a
 *  message for whoever typed it; SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err segment_args_parse(struct segment_args *out, int argc,
                                             char **argv,
                                             struct sil_error *error);

/** Free what it holds. */
void segment_args_finish(struct segment_args *args);

/** What a result is written to. */
struct segment_target {
    const char *picture; /* as named */
    uint32_t person;     /* counted from 1; 0: everybody */
};

/** True if each person's mask goes to a file of its own. */
bool segment_is_per_person(const struct segment_args *args);

/** Write into path (size bytes) where a result goes: OUT, or OUT/STEM.json, or
 *  a person's to OUT/STEM.1.json. false: too long. */
bool segment_out_path(char *path, size_t size, const struct segment_args *args,
                      const struct segment_target *target);

#endif
