/* Reading the words of `silhouette eval`.
 * Must not open anything.
 * Flags are told from folders by their dash; a folder that begins with one is
 * written ./-so. */
#include "cli/eval_args.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/options.h"

/** A flag whose value is kept as it is. */
struct text_flag {
    const char *name;
    size_t offset; /* of the const char * in struct eval_args */
};

/* By their places in the struct, so that a flag more is a line more. */
static const struct text_flag TEXTS[] = {
    {"--ignore", offsetof(struct eval_args, ignore)},
    {"--sheet", offsetof(struct eval_args, sheet)},
    {"--models", offsetof(struct eval_args, models)},
    {"--model", offsetof(struct eval_args, model)},
};

enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

/* The options of the API, by their own names behind the dashes. */
static const char *const OPTIONS[] = {"quality", "people"};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

/* What is wrong with a value is the same as in a request, but here the words
 * on the line are wrong. */
static enum sil_err as_usage(enum sil_err err, struct sil_error *error)
{
    sil_assert(err == SIL_OK || err == SIL_E_BAD_OPTION);
    if (err && error != NULL)
        error->code = SIL_E_ARGUMENT;
    return err ? SIL_E_ARGUMENT : SIL_OK;
}

/* A flag with its value. Which texts are folders and which are files shows when
 * they are opened. */
static enum sil_err set(struct eval_args *args, const char *name,
                        const char *value, struct sil_error *error)
{
    sil_assert(name[0] == '-');
    if (value == NULL || *value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "%.40s needs a value", name);
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (strcmp(TEXTS[i].name, name) == 0) {
            memcpy((char *)args + TEXTS[i].offset, &value, sizeof value);
            return SIL_OK;
        }
    if (strcmp(name, "--threshold") == 0)
        return as_usage(option_read_threshold(&args->options, value, error),
                        error);
    /* Behind the two dashes, which the caller has seen. */
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(OPTIONS[i], name + 2) == 0)
            return as_usage(
                option_set(&args->options,
                           option_find(OPTIONS[i], strlen(OPTIONS[i])), value,
                           error),
                error);
    return err_set(error, SIL_E_ARGUMENT, "\"%.40s\" is no flag", name);
}

/* A word without a dash: the first is IMAGES, the second TRUTH. */
static enum sil_err take_folder(struct eval_args *args, const char *word,
                                struct sil_error *error)
{
    sil_assert(args->images != NULL || args->truth == NULL);
    if (args->truth != NULL)
        return err_set(error, SIL_E_ARGUMENT, "%.80s is one folder too many",
                       word);
    if (args->images == NULL)
        args->images = word;
    else
        args->truth = word;
    return SIL_OK;
}

/* True for a flag that has no value, which is then set. */
static bool take_switch(struct eval_args *args, const char *word)
{
    bool *found = NULL;

    sil_assert(word != NULL);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        found = &args->is_help;
    else if (strcmp(word, "--json") == 0)
        found = &args->is_json;
    else if (strcmp(word, "--instances") == 0)
        found = &args->has_instances;
    if (found != NULL)
        *found = true;
    return found != NULL;
}

/* "--json" and others have no value; all others have one, as the next word.
 * *out is written at the end only: untouched on failure. */
enum sil_err eval_args_parse(struct eval_args *out, int argc, char **argv,
                             struct sil_error *error)
{
    struct eval_args args = {.options = options_standard()};
    enum sil_err err = SIL_OK;

    sil_assert(argc >= 0);
    for (int i = 0; !err && i < argc; i++) {
        const char *word = argv[i];

        if (take_switch(&args, word))
            continue;
        if (word[0] != '-')
            err = take_folder(&args, word, error);
        else if (strncmp(word, "--", 2) != 0)
            err = err_set(error, SIL_E_ARGUMENT, "\"%.40s\" is no flag", word);
        else
            err = set(&args, word, i + 1 < argc ? argv[++i] : NULL, error);
    }
    if (!err && !args.is_help && args.truth == NULL)
        err = err_set(error, SIL_E_ARGUMENT,
                      "two folders are wanted: IMAGES and TRUTH");
    if (!err && !args.has_instances && args.options.people == SIL_PEOPLE_EACH)
        err = err_set(error, SIL_E_ARGUMENT,
                      "--people each needs --instances: people's numbers");
    if (!err)
        *out = args;
    return err;
}
