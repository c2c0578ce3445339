/* Parts of a corpus, and the engines that hand them out.
 * Must not know what a key names.
 * Engines count from different numbers and in different steps; a part's index
 * counts from 0 without gaps. */
#include "batch/shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sha256.h"

enum { HASH_DIGITS = 16, HEX_BASE = 16, TEN_BASE = 10 };

/** The variables by which an engine tells a task who it is. */
struct engine {
    const char *name;  /* for messages */
    const char *index; /* its number */
    const char *count; /* how many there are; NULL: it doesn't say */
    const char *first; /* the lowest number; NULL: 0 */
    const char *step;  /* between two numbers; NULL: 1 */
};

/* The first whose number is set. */
static const struct engine engines[] = {
    {"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT",
     "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"},
    {"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", NULL,
     NULL},
    {"Google Batch", "BATCH_TASK_INDEX", "BATCH_TASK_COUNT", NULL, NULL},
    {"Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", NULL, NULL},
    {"Kubernetes", "JOB_COMPLETION_INDEX", NULL, NULL, NULL},
};

/* Digits and nothing else, up to the limit. *end: behind them. */
static bool read_number(uint64_t *out, const char *text, const char **end)
{
    char *after;
    unsigned long long number;

    sil_assert(text != NULL);
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &after, TEN_BASE);
    *end = after;
    *out = number;
    return errno == 0 && number <= LIMIT_SHARDS_MAX;
}

/* A hash of letters is enough; SHA-256 is at hand in every language, so that
 * anybody can tell which task has a key. The number is that of the first 64
 * bits, modulo the count: a key keeps its task while others come and go. */
bool shard_has(const struct shard *shard, const char *key)
{
    char text[SHA256_TEXT_SIZE];
    enum sil_err err;

    sil_assert(shard->index < shard->count);
    if (shard->count == 1)
        return true;
    err = sha256_text(text, key, strlen(key));
    sil_assert(!err);
    text[HASH_DIGITS] = '\0';
    return strtoull(text, NULL, HEX_BASE) % shard->count == shard->index;
}

/* A variable's number; absent: where there is no such variable. What is set and
 * no number is false: better no run than one over a wrong part. */
static bool read_variable(uint64_t *out, const char *name, uint64_t absent,
                          shard_variable_fn variable)
{
    const char *text = name != NULL ? variable(name) : NULL;
    const char *end = "";

    sil_assert(variable != NULL);
    *out = absent;
    return text == NULL || (read_number(out, text, &end) && *end == '\0');
}

/* What the engine says. given_count: what was written behind "auto/"; 0:
 * nothing. Slurm counts from any number in any steps; for the others first and
 * step are 0 and 1, and all of this changes nothing. */
static enum sil_err ask(struct shard *out, const struct engine *engine,
                        uint64_t given_count, shard_variable_fn variable,
                        struct sil_error *error)
{
    uint64_t number, count, first, step;

    sil_assert(engine->index != NULL);
    if (!read_variable(&number, engine->index, 0, variable) ||
        !read_variable(&count, engine->count, 0, variable) ||
        !read_variable(&first, engine->first, 0, variable) ||
        !read_variable(&step, engine->step, 1, variable) || step == 0 ||
        number < first)
        return err_set(error, SIL_E_ARGUMENT,
                       "--shard auto: %s says numbers that make no sense",
                       engine->name);
    if (count == 0)
        count = given_count;
    if (count == 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "--shard auto: %s doesn't say of how many parts this "
                       "is one: write --shard auto/N",
                       engine->name);
    *out = (struct shard){(number - first) / step, count};
    if ((number - first) % step != 0 || out->index >= count)
        return err_set(error, SIL_E_ARGUMENT,
                       "--shard auto: the numbers of this %s array have gaps: "
                       "write --shard I/N",
                       engine->name);
    return SIL_OK;
}

/* "" or "/N" behind "auto". */
static enum sil_err read_auto(struct shard *out, const char *rest,
                              shard_variable_fn variable,
                              struct sil_error *error)
{
    const char *end = rest;
    uint64_t count = 0;

    sil_assert(rest != NULL);
    if (*rest != '\0' &&
        (*rest != '/' || !read_number(&count, rest + 1, &end) || *end != '\0' ||
         count == 0))
        return err_set(error, SIL_E_ARGUMENT,
                       "--shard is auto or auto/N, N from 1 to %d",
                       LIMIT_SHARDS_MAX);
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (variable(engines[i].index) != NULL)
            return ask(out, &engines[i], count, variable, error);
    return err_set(error, SIL_E_ARGUMENT,
                   "--shard auto: this is no task of a Slurm array, an AWS or "
                   "Google Batch array, a Cloud Run or an indexed Kubernetes "
                   "job: write --shard I/N");
}

/* From 0, as programs count; most engines do as well. */
enum sil_err shard_read(struct shard *out, const char *text,
                        shard_variable_fn variable, struct sil_error *error)
{
    const char *end = text;
    struct shard shard = {0, 0};

    sil_assert(text != NULL);
    if (strncmp(text, "auto", 4) == 0)
        return read_auto(out, text + 4, variable, error);
    if (!read_number(&shard.index, text, &end) || *end != '/' ||
        !read_number(&shard.count, end + 1, &end) || *end != '\0' ||
        shard.index >= shard.count)
        return err_set(error, SIL_E_ARGUMENT,
                       "--shard is \"%.40s\": I/N with 0 <= I < N <= %d, or "
                       "auto",
                       text, LIMIT_SHARDS_MAX);
    *out = shard;
    return SIL_OK;
}
