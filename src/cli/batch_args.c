/* Reading the words of `silhouette batch`.
 * Must not open anything.
 * The words of a segmentation are those of the API, from its table. */
#include "cli/batch_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/options.h"

/* With base 0 strtoull() would take 010 for eight. */
enum { TEN_BASE = 10 };

/* The words of --format, by enum sil_format. */
static const char *const formats[] = {[SIL_FORMAT_JSON] = "json",
                                      [SIL_FORMAT_PNG] = "png",
                                      [SIL_FORMAT_RLE] = "rle"};

/* One function per flag: it checks the value and notes it. */
static enum sil_err set_format(struct batch_args *args, const char *value,
                               struct sil_error *error)
{
    sil_assert(args != NULL);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(value, formats[i]) == 0) {
            args->options.format = (enum sil_format)i;
            return SIL_OK;
        }
    return err_set(error, SIL_E_ARGUMENT,
                   "--format is \"%.40s\": png, json or rle", value);
}

/* Its own sentence names the flag; the table's would name the member. */
static enum sil_err set_threshold(struct batch_args *args, const char *value,
                                  struct sil_error *error)
{
    sil_assert(args != NULL);
    if (option_read_threshold(&args->options.segment, value, error))
        return err_set(error, SIL_E_ARGUMENT,
                       "--threshold is \"%.40s\": a number above 0 and below 1",
                       value);
    return SIL_OK;
}

/* A file that isn't there is told by who opens it. The text stays argv's: it is
 * not copied. */
static enum sil_err set_list(struct batch_args *args, const char *value,
                             struct sil_error *error)
{
    sil_assert(args != NULL);
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "--list is empty");
    args->options.list = value;
    return SIL_OK;
}

/* As above. */
static enum sil_err set_models(struct batch_args *args, const char *value,
                               struct sil_error *error)
{
    sil_assert(args != NULL);
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "--models is empty");
    args->models = value;
    return SIL_OK;
}

/* The word of `serve`, so that nobody has to look which it is here. */
static enum sil_err set_sandbox(struct batch_args *args, const char *value,
                                struct sil_error *error)
{
    bool is_off = strcmp(value, "off") == 0;

    sil_assert(args != NULL);
    if (!is_off && strcmp(value, "on") != 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "--sandbox is \"%.40s\": on or off", value);
    args->options.is_bare = is_off;
    return SIL_OK;
}

/* Whether it can be written shows with the first failure. */
static enum sil_err set_failures(struct batch_args *args, const char *value,
                                 struct sil_error *error)
{
    sil_assert(args != NULL);
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "--failures is empty");
    args->failures_named = value;
    return SIL_OK;
}

/* Digits alone: strtoull() would also take blanks and a sign. 0 is never taken:
 * no count of ours means anything by it. max is taken, too. */
static enum sil_err read_count(uint64_t *out, const char *flag,
                               const char *value, uint64_t max,
                               struct sil_error *error)
{
    char *end;
    unsigned long long number;

    sil_assert(max > 0);
    errno = 0;
    number = strtoull(value, &end, TEN_BASE);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 ||
        number < 1 || number > max)
        return err_set(error, SIL_E_ARGUMENT,
                       "%s is \"%.40s\": a number from 1 to %llu", flag, value,
                       (unsigned long long)max);
    *out = number;
    return SIL_OK;
}

/* More jobs than cores are allowed: a network that waits for memory may gain
 * from it. */
static enum sil_err set_jobs(struct batch_args *args, const char *value,
                             struct sil_error *error)
{
    uint64_t count = 0;
    enum sil_err err =
        read_count(&count, "--jobs", value, LIMIT_THREADS_MAX, error);

    sil_assert(count <= LIMIT_THREADS_MAX);
    if (!err)
        args->options.job_count = (uint32_t)count;
    return err;
}

/* 0 would mean "never", which is the default. */
static enum sil_err set_failures_max(struct batch_args *args, const char *value,
                                     struct sil_error *error)
{
    sil_assert(args != NULL);
    return read_count(&args->options.failures_max, "--max-failures", value,
                      INT64_MAX, error);
}

/** A flag that takes a value. */
struct batch_flag {
    const char *name; /* with its dashes */
    /** Check and note; errors: SIL_E_ARGUMENT. */
    enum sil_err (*set)(struct batch_args *args, const char *value,
                        struct sil_error *error);
};

/* Whole names, in no order that matters. */
static const struct batch_flag batch_flags[] = {
    {"--format", set_format},     {"--threshold", set_threshold},
    {"--list", set_list},         {"--models", set_models},
    {"--failures", set_failures}, {"--sandbox", set_sandbox},
    {"--jobs", set_jobs},         {"--max-failures", set_failures_max},
};

/* A switch: a flag without a value. NULL: none such. Returns where to note it,
 * so that a switch is one line here and no function. */
static bool *find_switch(struct batch_args *args, const char *word)
{
    sil_assert(word[0] == '-');
    if (strcmp(word, "--all") == 0)
        return &args->options.takes_all;
    if (strcmp(word, "--overwrite") == 0)
        return &args->options.overwrites;
    if (strcmp(word, "--json") == 0)
        return &args->is_json;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return &args->is_help;
    return NULL;
}

/* --shard needs the environment, and the words of a segmentation their table;
 * all others are in ours. size: of the name. */
static enum sil_err set_flag(struct batch_args *args, const char *word,
                             size_t size, const char *value,
                             struct sil_error *error)
{
    bool is_form =
        size == sizeof "--form" - 1 && memcmp(word, "--form", size) == 0;
    /* As in `segment`, where --output is a file. */
    const struct option_row *row =
        is_form ? option_find("output", 6) : option_find(word + 2, size - 2);

    sil_assert(size >= 2);
    if (size == sizeof "--shard" - 1 && memcmp(word, "--shard", size) == 0)
        return shard_read(&args->options.shard, value, args->variable, error);
    for (size_t i = 0; i < sizeof batch_flags / sizeof batch_flags[0]; i++)
        if (strlen(batch_flags[i].name) == size &&
            memcmp(batch_flags[i].name, word, size) == 0)
            return batch_flags[i].set(args, value, error);
    if (row == NULL)
        return err_set(error, SIL_E_ARGUMENT, "\"%.60s\" is no flag", word);
    if (option_set(&args->options.segment, row, value, error))
        return err_set(error, SIL_E_ARGUMENT, "--%s is \"%.40s\": one of %s",
                       row->name, value, row->offered);
    return SIL_OK;
}

/* Whole names only. "--" alone, or one dash, is no flag of ours. *i moves on by
 * one where the value is a word of its own. "--jobs=" has a value, the empty
 * one, which its setter refuses. */
static enum sil_err take_flag(struct batch_args *args, int *i, char **argv,
                              struct sil_error *error)
{
    const char *word = argv[*i];
    size_t size = strcspn(word, "=");
    const char *value = word[size] == '=' ? word + size + 1 : argv[*i + 1];
    bool *is_switch = find_switch(args, word);

    sil_assert(word[0] == '-');
    if (is_switch != NULL) {
        *is_switch = true;
        return SIL_OK;
    }
    if (size < 3 || word[1] != '-')
        return err_set(error, SIL_E_ARGUMENT, "\"%.60s\" is no flag", word);
    /* argv ends with a NULL. */
    if (value == NULL)
        return err_set(error, SIL_E_ARGUMENT, "%.60s needs a value", word);
    if (word[size] != '=')
        ++*i;
    return set_flag(args, word, size, value, error);
}

/* A folder's path or "s3://…" as a store's text. "dir:" is taken as well, as
 * `serve` has it. */
static enum sil_err set_place(struct buf *to, const char *word,
                              struct sil_error *error)
{
    bool is_store =
        strncmp(word, "s3://", 5) == 0 || strncmp(word, "dir:", 4) == 0;

    sil_assert(to->size == 0);
    if (*word == '\0')
        return err_set(error, SIL_E_ARGUMENT, "SOURCE or DEST is empty");
    if (!is_store)
        buf_add_text(to, "dir:");
    buf_add_text(to, word);
    return buf_err(to) ? err_set(error, SIL_E_ARGUMENT, "a path is too long")
                       : SIL_OK;
}

/* SOURCE DEST, or with a list DEST alone: its keys are files' paths then. The
 * places are told apart by their number alone, so SOURCE can't be left out
 * without a list. */
static enum sil_err set_places(struct batch_args *args,
                               const char *const *words, int count,
                               struct sil_error *error)
{
    bool is_alone = count == 1 && args->options.list != NULL;
    enum sil_err err;

    sil_assert(count >= 0);
    if (count != 2 && !is_alone)
        return err_set(error, SIL_E_ARGUMENT,
                       "two places are needed: SOURCE DEST");
    err = set_place(&args->source, is_alone ? "." : words[0], error);
    return err ? err : set_place(&args->dest, words[count - 1], error);
}

/* In the current folder: of tasks that share it, each has its own. The number
 * of tasks is in the name as well: a run that is cut otherwise doesn't remove
 * what another one told. */
static enum sil_err name_failures(struct batch_args *args,
                                  struct sil_error *error)
{
    const struct shard *shard = &args->options.shard;

    sil_assert(shard->index < shard->count);
    if (args->failures_named != NULL)
        buf_add_text(&args->failures, args->failures_named);
    else if (shard->count == 1)
        buf_add_text(&args->failures, "silhouette-failures.jsonl");
    else
        buf_addf(&args->failures, "silhouette-failures-%llu-of-%llu.jsonl",
                 (unsigned long long)shard->index,
                 (unsigned long long)shard->count);
    return buf_err(&args->failures)
               ? err_set(error, SIL_E_ARGUMENT, "a path is too long")
               : SIL_OK;
}

/* What no single word can tell. The texts are lent by buffers that don't move
 * any more. Those of a buffer that failed may be cut, but err tells of that
 * then. */
static enum sil_err finish_reading(struct batch_args *args,
                                   const char *const *words, int count,
                                   struct sil_error *error)
{
    enum sil_err err = set_places(args, words, count, error);

    if (!err)
        err = name_failures(args, error);
    if (!err && options_check(&args->options.segment, error))
        err = SIL_E_ARGUMENT;
    args->options.source = buf_text(&args->source);
    args->options.dest = buf_text(&args->dest);
    args->options.failures_path = buf_text(&args->failures);
    sil_assert(args->options.shard.count >= 1);
    return err;
}

/* --help ends the reading: whatever else was wrong doesn't matter then. */
enum sil_err batch_args_parse(struct batch_args *out, int argc, char **argv,
                              shard_variable_fn variable,
                              struct sil_error *error)
{
    const char *places[2] = {NULL, NULL};
    int place_count = 0;
    enum sil_err err = SIL_OK;

    sil_assert(argc >= 0);
    *out = (struct batch_args){.options = {.segment = options_standard(),
                                           .format = SIL_FORMAT_PNG,
                                           .shard = {0, 1}},
                               .variable = variable};
    buf_init(&out->source, LIMIT_MODEL_PATH_MAX);
    buf_init(&out->dest, LIMIT_MODEL_PATH_MAX);
    buf_init(&out->failures, LIMIT_MODEL_PATH_MAX);
    for (int i = 0; i < argc && !err && !out->is_help; i++) {
        const char *word = argv[i];

        if (word[0] == '-' && word[1] != '\0')
            err = take_flag(out, &i, argv, error);
        else if (place_count < 2)
            places[place_count++] = word;
        else
            err = err_set(error, SIL_E_ARGUMENT,
                          "\"%.60s\" is one place too many: SOURCE DEST", word);
    }
    if (!err && !out->is_help)
        err = finish_reading(out, places, place_count, error);
    return err;
}

/* Also after a parsing that failed. */
void batch_args_finish(struct batch_args *args)
{
    sil_assert(args->source.cap > 0);
    buf_finish(&args->source);
    buf_finish(&args->dest);
    buf_finish(&args->failures);
}
