/* Reading the words of `silhouette segment`, and where results go.
 * Must not open anything but to see whether OUT is a folder.
 * Two pictures whose results would be the same file are refused before
 * either is computed. */
#include "cli/segment_args.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/options.h"

/* Bytes of a path that are compared and written at most. */
enum { PATH_BYTES = 4096 };

/** A form that a result can be written in, by its number. */
struct format_word {
    const char *word;   /* of --format */
    const char *suffix; /* of a file in a folder */
};

static const struct format_word format_words[] = {
    [SIL_FORMAT_JSON] = {"json", "json"},
    [SIL_FORMAT_PNG] = {"png", "png"},
    [SIL_FORMAT_RLE] = {"rle", "rle.json"},
};

enum { FORMAT_COUNT = sizeof format_words / sizeof format_words[0] };

/* One function per flag: it checks the value and notes it. Each message names
 * the flag, the value and what would do; values are cut, as they are shown in
 * a line. */
static enum sil_err set_format(struct segment_args *args, const char *value,
                               struct sil_error *error)
{
    sil_assert(args != NULL);
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(value, format_words[i].word) != 0)
            continue;
        args->format = (enum sil_format)i;
        args->is_format_named = true;
        return SIL_OK;
    }
    return err_set(error, SIL_E_ARGUMENT,
                   "--format is \"%.40s\": json, png or rle", value);
}

/* Of the library's options; what is wrong with the value is the same as in a
 * request, but here the words on the line are wrong. */
static enum sil_err as_usage(enum sil_err err, struct sil_error *error)
{
    sil_assert(err == SIL_OK || err == SIL_E_BAD_OPTION);
    if (err && error != NULL)
        error->code = SIL_E_ARGUMENT;
    return err ? SIL_E_ARGUMENT : SIL_OK;
}

/* The words of the HTTP API, so that a result is the same from both. */
static enum sil_err set_option(struct segment_args *args, const char *name,
                               const char *value, struct sil_error *error)
{
    const struct option_row *row = option_find(name, strlen(name));

    sil_assert(row != NULL);
    return as_usage(option_set(&args->options, row, value, error), error);
}

static enum sil_err set_threshold(struct segment_args *args, const char *value,
                                  struct sil_error *error)
{
    sil_assert(args != NULL);
    return as_usage(option_read_threshold(&args->options, value, error), error);
}

static enum sil_err set_quality(struct segment_args *args, const char *value,
                                struct sil_error *error)
{
    return set_option(args, "quality", value, error);
}

static enum sil_err set_people(struct segment_args *args, const char *value,
                               struct sil_error *error)
{
    return set_option(args, "people", value, error);
}

static enum sil_err set_orientation(struct segment_args *args,
                                    const char *value, struct sil_error *error)
{
    return set_option(args, "orientation", value, error);
}

/* -o and --output name the file, hence another word. */
static enum sil_err set_form(struct segment_args *args, const char *value,
                             struct sil_error *error)
{
    return set_option(args, "output", value, error);
}

/* A folder is what ends in a slash or is one already: the slash says it where
 * there is none yet, and cli_segment.c makes it then. */
static enum sil_err set_out(struct segment_args *args, const char *value,
                            struct sil_error *error)
{
    struct stat found;
    size_t length = strlen(value);

    sil_assert(args != NULL);
    if (length == 0)
        return err_set(error, SIL_E_ARGUMENT, "-o is empty");
    args->out = value;
    args->is_out_folder = value[length - 1] == '/' ||
                          (stat(value, &found) == 0 && S_ISDIR(found.st_mode));
    return SIL_OK;
}

/* Whether there is such a folder is found by who opens it. */
static enum sil_err set_models(struct segment_args *args, const char *value,
                               struct sil_error *error)
{
    sil_assert(args != NULL);
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "--models is empty");
    args->models = value;
    return SIL_OK;
}

/* The same: whether there is such a network the library says. */
static enum sil_err set_model(struct segment_args *args, const char *value,
                              struct sil_error *error)
{
    sil_assert(args != NULL);
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "--model is empty");
    args->model = value;
    return SIL_OK;
}

/** A flag that takes a value. */
struct flag {
    const char *name; /* with its dashes */
    /** Check and note; errors: SIL_E_ARGUMENT. */
    enum sil_err (*set)(struct segment_args *args, const char *value,
                        struct sil_error *error);
};

/* The short spelling is a row of its own: nothing else has one. */
static const struct flag flags[] = {
    {"-o", set_out},
    {"--output", set_out},
    {"--format", set_format},
    {"--form", set_form},
    {"--people", set_people},
    {"--quality", set_quality},
    {"--model", set_model},
    {"--models", set_models},
    {"--threshold", set_threshold},
    {"--orientation", set_orientation},
};

enum { FLAG_COUNT = sizeof flags / sizeof flags[0] };

/* Whole names only: a shortened one might become ambiguous with a later
 * release. The flag of "--format" or "--format=…"; NULL: none such. */
static const struct flag *find_flag(const char *word)
{
    size_t length = strcspn(word, "=");

    sil_assert(word[0] == '-');
    for (int i = 0; i < FLAG_COUNT; i++)
        if (strlen(flags[i].name) == length &&
            memcmp(flags[i].name, word, length) == 0)
            return &flags[i];
    return NULL;
}

/* Read the flag at argv[*i] and its value, moving *i past both. */
static enum sil_err take_flag(struct segment_args *args, int *i, int argc,
                              char **argv, struct sil_error *error)
{
    const char *word = argv[*i];
    const struct flag *flag = find_flag(word);
    const char *value = strchr(word, '=');

    sil_assert(*i < argc);
    if (flag == NULL)
        return err_set(error, SIL_E_ARGUMENT, "\"%.60s\" is no flag", word);
    if (value == NULL && *i + 1 == argc)
        return err_set(error, SIL_E_ARGUMENT, "%s needs a value", word);
    /* "--format=" has a value too, an empty one, which its setter refuses. */
    value = value != NULL ? value + 1 : argv[++*i];
    return flag->set(args, value, error);
}

/* The part of a path that names the result: "a/b.jpg" to "b", 1 long. */
static const char *stem_of(size_t *length, const char *picture)
{
    const char *slash = strrchr(picture, '/');
    const char *name = slash == NULL ? picture : slash + 1;
    const char *dot = strrchr(name, '.');

    sil_assert(length != NULL);
    /* Standard input has no name of its own. */
    if (strcmp(picture, "-") == 0)
        name = "stdin";
    *length = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return name;
}

/* No two pictures may write the same file: a/1.jpg and b/1.png would, and the
 * second would replace the first without a word. */
static enum sil_err check_stems(const struct segment_args *args,
                                struct sil_error *error)
{
    sil_assert(args->picture_count >= 1);
    for (int i = 0; i < args->picture_count; i++) {
        size_t length;
        const char *stem = stem_of(&length, args->pictures[i]);
        /* Each with each: a command line has thousands of words at most. */
        for (int j = 0; j < i; j++) {
            size_t other_length;
            const char *other = stem_of(&other_length, args->pictures[j]);
            if (length == other_length && memcmp(stem, other, length) == 0)
                return err_set(error, SIL_E_ARGUMENT,
                               "%.80s and %.80s would write the same file",
                               args->pictures[j], args->pictures[i]);
        }
    }
    return SIL_OK;
}

/* The formats that a form can be written in, by sil_output. */
static bool is_offered(enum sil_output output, enum sil_format format)
{
    static const bool offered[][FORMAT_COUNT] = {
        [SIL_OUTPUT_MASK] = {true, true, true},
        [SIL_OUTPUT_ALPHA] = {true, true, false},
        [SIL_OUTPUT_CUTOUT] = {false, true, false},
        [SIL_OUTPUT_BOXES] = {true, false, false},
    };

    sil_assert(output < sizeof offered / sizeof offered[0]);
    sil_assert((int)format < FORMAT_COUNT);
    return offered[output][format];
}

/* What no single word can tell: how many pictures there are, and whether the
 * place for their results fits them. */
static enum sil_err check(const struct segment_args *args,
                          struct sil_error *error)
{
    sil_assert(args->pictures != NULL);
    if (args->picture_count == 0)
        return err_set(error, SIL_E_ARGUMENT, "no picture is named");
    if (args->picture_count > 1 && !args->is_out_folder)
        return err_set(error, SIL_E_ARGUMENT,
                       "several pictures need a folder: -o DIR/");
    if (options_check(&args->options, error))
        return as_usage(SIL_E_BAD_OPTION, error);
    if (!is_offered(args->options.output, args->format))
        return err_set(error, SIL_E_ARGUMENT,
                       "what --form asks for can't be written as %s",
                       format_words[args->format].word);
    return args->is_out_folder ? check_stems(args, error) : SIL_OK;
}

/* Without --format, mask.png is a PNG. A folder has no such name, and what is
 * written to standard output has none either: both are JSON, but for what is a
 * picture and nothing else. */
static void choose_format(struct segment_args *args)
{
    const char *dot = args->out == NULL ? NULL : strrchr(args->out, '.');

    sil_assert(args->is_format_named || args->format == SIL_FORMAT_JSON);
    if (args->is_format_named)
        return;
    if (args->options.output == SIL_OUTPUT_CUTOUT)
        args->format = SIL_FORMAT_PNG;
    if (args->is_out_folder || dot == NULL)
        return;
    if (strcasecmp(dot, ".png") == 0)
        args->format = SIL_FORMAT_PNG;
}

/* --help ends the reading: whatever else was wrong doesn't matter then. */
enum sil_err segment_args_parse(struct segment_args *out, int argc, char **argv,
                                struct sil_error *error)
{
    struct segment_args args = {.options = options_standard()};
    bool are_flags = true; /* until "--" */
    enum sil_err err = SIL_OK;

    sil_assert(argc >= 0);
    /* As many as there are words, at most; plus one, since none is no size. */
    args.pictures = mem_zalloc((size_t)argc + 1, sizeof *args.pictures);
    if (args.pictures == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "out of memory");
    for (int i = 0; i < argc && !err && !args.is_help; i++) {
        const char *word = argv[i];
        /* A lone "-" is a picture: standard input. */
        if (are_flags && strcmp(word, "--") == 0)
            are_flags = false;
        else if (are_flags &&
                 (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0))
            args.is_help = true;
        else if (are_flags && word[0] == '-' && word[1] != '\0')
            err = take_flag(&args, &i, argc, argv, error);
        else
            args.pictures[args.picture_count++] = word;
    }
    choose_format(&args);
    if (!err && !args.is_help)
        err = check(&args, error);
    /* *out is written once all is good: on failure nothing is to be freed. */
    if (err)
        segment_args_finish(&args);
    else
        *out = args;
    return err;
}

/* Only the list is ours; the texts are the command line's. */
void segment_args_finish(struct segment_args *args)
{
    sil_assert(args != NULL);
    mem_free(args->pictures);
    args->pictures = NULL;
}

/* A file named by -o can hold but one: there people share it. */
bool segment_is_per_person(const struct segment_args *args)
{
    sil_assert(!args->is_help);
    return args->is_out_folder && args->options.people == SIL_PEOPLE_EACH &&
           args->options.output == SIL_OUTPUT_MASK;
}

/* In a folder a result is named after its picture; check_stems() has seen to
 * it that no two are named alike. */
bool segment_out_path(char *path, size_t size, const struct segment_args *args,
                      const struct segment_target *target)
{
    size_t length;
    const char *stem = stem_of(&length, target->picture);
    const char *suffix = format_words[args->format].suffix;
    char number[16] = "";
    size_t out_length;
    int written;

    sil_assert(args->out != NULL);
    sil_assert(target->person == 0 || args->is_out_folder);
    if (target->person > 0)
        (void)snprintf(number, sizeof number, ".%" PRIu32, target->person);
    out_length = strlen(args->out);
    /* A precision is an int, so what would not be one ends here. */
    if (length > PATH_BYTES)
        return false;
    if (!args->is_out_folder)
        written = snprintf(path, size, "%s", args->out);
    else
        written = snprintf(path, size, "%s%s%.*s%s.%s", args->out,
                           args->out[out_length - 1] == '/' ? "" : "/",
                           (int)length, stem, number, suffix);
    return written >= 0 && (size_t)written < size;
}
