/* `silhouette models`: what the folder of networks holds, and whether it runs.
 * Must not know what is in a manifest: the library says.
 * Each network is opened in a process of its own, one after the other, so
 * that what is wrong with one of them is a line of the list. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/cli_open.h"

static const char help[] =
    "usage: silhouette models [--json] [--models DIR]\n\n"
    "List the networks of the folder, each of which is opened and run once: "
    "its\nname for --model, its licence, how often it looks at a picture, its "
    "threshold,\nand \"ok\" or what is wrong. docs/MODELS.md says how to add "
    "one.\n\n"
    "  --json        one line of JSON per network\n"
    "  --models DIR  the folder (default: SILHOUETTE_MODELS, or the one "
    "beside the\n                program)\n\n"
    "Exit code: 0 all are fine; 1 something is wrong with one; 2 wrong usage; "
    "3 the\nfolder can't be read.\n";

static const char SUFFIX[] = ".json"; /* of a manifest's file */

/** What was asked for. */
struct models_args {
    const char *models; /* NULL: the usual place */
    bool is_json, is_help;
};

/** The manifests of a folder, sorted. */
struct names {
    char *texts[LIMIT_MODELS_MAX]; /* owned, without the suffix */
    size_t count;
};

/* A word is a flag, or the value of the one before it. */
static enum sil_err parse(struct models_args *args, int argc, char **argv,
                          struct sil_error *error)
{
    sil_assert(argc >= 0);
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            args->is_help = true;
        else if (strcmp(word, "--json") == 0)
            args->is_json = true;
        else if (strcmp(word, "--models") == 0 && i + 1 < argc)
            args->models = argv[++i];
        else
            return err_set(error, SIL_E_ARGUMENT, "\"%.60s\" is no flag%s",
                           word, word[0] == '-' ? " or needs a value" : "");
    }
    return SIL_OK;
}

/* From the end, so that the count is right at any time. */
static void names_finish(struct names *names)
{
    sil_assert(names->count <= LIMIT_MODELS_MAX);
    while (names->count > 0)
        mem_free(names->texts[--names->count]);
}

/* Keep the name of a file if it is a manifest's. Cards and other files may lie
 * beside them; hidden ones are an editor's or a system's. That a name is no
 * good for --model shows when it is tried. */
static enum sil_err add_name(struct names *names, const char *file,
                             struct sil_error *error)
{
    size_t length = strlen(file);
    size_t suffix = strlen(SUFFIX);
    char *text;

    if (file[0] == '.' || length <= suffix ||
        strcmp(file + length - suffix, SUFFIX) != 0)
        return SIL_OK;
    if (names->count == LIMIT_MODELS_MAX)
        return err_set(error, SIL_E_MODEL,
                       "the folder has more than %d manifests",
                       LIMIT_MODELS_MAX);
    text = mem_strdup(file);
    if (text == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "out of memory");
    sil_assert(strlen(text) == length);
    /* What is left is what --model takes. */
    text[length - suffix] = '\0';
    names->texts[names->count++] = text;
    return SIL_OK;
}

/* For qsort(). */
static int compare(const void *a, const void *b)
{
    const char *const *one = a;
    const char *const *other = b;

    sil_assert(*one != NULL && *other != NULL);
    return strcmp(*one, *other);
}

/* All names of the folder, sorted: a folder's own order is nobody's. What was
 * kept before a failure is freed like the rest: names_finish() in either
 * case. */
static enum sil_err read_names(struct names *names, const char *folder,
                               struct sil_error *error)
{
    DIR *opened = opendir(folder);
    const struct dirent *entry;
    enum sil_err err = SIL_OK;

    sil_assert(names->count == 0);
    if (opened == NULL)
        return err_set(error, SIL_E_MODEL, "%.160s: %s", folder,
                       strerror(errno));
    for (entry = readdir(opened); !err && entry != NULL;
         entry = readdir(opened))
        err = add_name(names, entry->d_name, error);
    (void)closedir(opened);
    qsort(names->texts, names->count, sizeof names->texts[0], compare);
    return err;
}

/* ok or what is wrong, as a member of the JSON and in the table. Valid as long
 * as *error. */
static const char *status_of(enum sil_err err, const struct sil_error *error)
{
    sil_assert(error != NULL);
    if (!err)
        return "ok";
    return error->detail[0] != '\0' ? error->detail : sil_err_message(err);
}

/* What can't be read of the manifest is empty, or 0. */
static void print_json(const char *name, const struct sil_model_info *info,
                       const char *status)
{
    const char *const texts[][2] = {{"{\"name\":", name},
                                    {",\"label\":", info->label},
                                    {",\"licence\":", info->licence},
                                    {",\"file\":", info->file},
                                    {",\"status\":", status}};
    struct buf line;

    buf_init(&line, LIMIT_LOG_LINE_BYTES);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buf_add_text(&line, texts[i][0]);
        json_add_text(&line, texts[i][1], strlen(texts[i][1]));
    }
    buf_addf(&line, ",\"looks\":%u,\"threshold\":%.6g}", info->look_count,
             (double)info->threshold);
    sil_assert(buf_err(&line) != SIL_E_STATE);
    puts(buf_text(&line));
    buf_finish(&line);
}

/* Columns as wide as most names; a longer one shifts its own row only. */
static void print_row(const char *name, const struct sil_model_info *info,
                      const char *status)
{
    sil_assert(status[0] != '\0');
    /* Of what can't be read there is nothing but the status to tell. */
    if (info->look_count == 0) {
        printf("%-20s %-24s %-14s %5s %9s  %s\n", name, "-", "-", "-", "-",
               status);
        return;
    }
    printf("%-20s %-24s %-14s %5u %9.3g  %s\n", name, info->label,
           info->licence, info->look_count, (double)info->threshold, status);
}

/* Try one and tell of it. true: it is fine. A manifest that can't be read
 * spares the trial: there is no network to try. */
static bool show(const char *folder, const char *name, bool is_json)
{
    struct sil_model_options options = sil_model_options_default();
    struct sil_model_info info = {0};
    struct sil_error error = {0};
    enum sil_err err;

    options.name = name;
    err = sil_model_describe(&info, folder, name, &error);
    if (!err) {
        /* What was printed so far must not be printed by the child again. */
        (void)fflush(stdout);
        err = sil_model_try(folder, &options, &error);
    }
    sil_assert(err == error.code);
    if (is_json)
        print_json(name, &info, status_of(err, &error));
    else
        print_row(name, &info, status_of(err, &error));
    return err == SIL_OK;
}

/* In the order of their names, each as soon as it is known. One that is broken
 * doesn't end the list: the next may be the one that is wanted. */
static int show_all(const char *folder, const struct names *names,
                    const struct models_args *args)
{
    int code = CLI_DONE;

    sil_assert(folder[0] != '\0');
    if (!args->is_json)
        printf("%-20s %-24s %-14s %5s %9s  %s\n", "NAME", "LABEL", "LICENCE",
               "LOOKS", "THRESHOLD", "STATUS");
    for (size_t i = 0; i < names->count; i++)
        if (!show(folder, names->texts[i], args->is_json))
            code = CLI_PART;
    return code;
}

/* The folder is read whole before the first network is tried: trials take a
 * while, and the list shouldn't change under them. */
int cli_models(int argc, char **argv)
{
    struct models_args args = {0};
    struct names names = {.count = 0};
    struct sil_error error = {0};
    struct buf folder;
    enum sil_err err;
    int code = CLI_BROKEN;

    sil_assert(argc >= 0);
    if (parse(&args, argc, argv, &error)) {
        fprintf(stderr, "silhouette models: %s\n%s", error.detail,
                "`silhouette models --help` says how.\n");
        return CLI_USAGE;
    }
    if (args.is_help) {
        fputs(help, stdout);
        return CLI_DONE;
    }
    buf_init(&folder, CLI_PATH_MAX);
    err = cli_models_folder(&folder, args.models, &error);
    if (!err)
        err = read_names(&names, buf_text(&folder), &error);
    if (err)
        fprintf(stderr, "silhouette models: %s\n", error.detail);
    else
        code = show_all(buf_text(&folder), &names, &args);
    names_finish(&names);
    buf_finish(&folder);
    return code;
}
