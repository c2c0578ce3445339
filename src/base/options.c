/* From words to struct sil_options.
 * Must not know where words come from: JSON, a query, a command line.
 * A float near 0 or 1 may round to the bound itself, which means something
 * else: thresholds are judged after rounding. */
#include "base/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* The rows by number, for the one place that knows which is which. */
enum option {
#define SIL_OPTION(name, words, offered, standard, help) OPTION_##name,
#include "base/options.tbl"
#undef SIL_OPTION
    OPTION_COUNT
};

static const struct option_row rows[OPTION_COUNT] = {
#define SIL_OPTION(name, words, offered, standard, help)                       \
    [OPTION_##name] = {#name, words, offered, standard, help},
#include "base/options.tbl"
#undef SIL_OPTION
};

/* threshold 0 stands for the model's own, deadline_ns 0 for none. */
struct sil_options sil_options_default(void)
{
    return (struct sil_options){
        .quality = SIL_QUALITY_FAST,
        .people = SIL_PEOPLE_ALL,
        .output = SIL_OUTPUT_MASK,
        .orientation = SIL_UPRIGHT,
        .limits = sil_limits_default(),
    };
}

/* In the table's order: of several mistakes that of the first row is told. */
const struct option_row *option_rows(size_t *count)
{
    sil_assert(count != NULL);
    *count = OPTION_COUNT;
    return rows;
}

/* Names come with their size, since those of a query are ended by no NUL. */
const struct option_row *option_find(const char *name, size_t size)
{
    sil_assert(name != NULL);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(rows[i].name) == size &&
            memcmp(rows[i].name, name, size) == 0)
            return &rows[i];
    return NULL;
}

/* Where word stands in words ("a b c"), from 0; -1: nowhere. Case counts: the
 * contract's words are in lower case. */
static int index_of(const char *words, const char *word)
{
    size_t length = strlen(word);
    const char *at = words;

    sil_assert(words != NULL);
    for (int i = 0; length > 0 && *at != '\0'; i++) {
        size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, word, size) == 0)
            return i;
        at += size + (at[size] == ' ');
    }
    return -1;
}

/* The words stand in the order of the enum: a word's place is its value. */
static void note(struct sil_options *options, enum option option, int value)
{
    sil_assert(option < OPTION_COUNT);
    if (option == OPTION_quality)
        options->quality = (enum sil_quality)value;
    else if (option == OPTION_people)
        options->people = (enum sil_people)value;
    else if (option == OPTION_orientation)
        options->orientation = (enum sil_orientation)value;
    else
        options->output = (enum sil_output)value;
}

/* Words of the contract that are not offered yet get their own sentence: the
 * client is right, it is only early. */
enum sil_err option_set(struct sil_options *options,
                        const struct option_row *row, const char *word,
                        struct sil_error *error)
{
    int value = index_of(row->words, word);

    sil_assert(row >= rows && row < rows + OPTION_COUNT);
    if (value < 0)
        return err_set(error, SIL_E_BAD_OPTION,
                       "\"%.40s\" is no value of %s; these are: %s", word,
                       row->name, row->offered);
    if (index_of(row->offered, word) < 0)
        return err_set(error, SIL_E_BAD_OPTION,
                       "\"%s\" of %s is not offered by this release; these "
                       "are: %s",
                       word, row->name, row->offered);
    note(options, (enum option)(row - rows), value);
    return SIL_OK;
}

/* A default that is not offered would be a mistake of the table. */
struct sil_options options_standard(void)
{
    struct sil_options options = sil_options_default();

    for (int i = 0; i < OPTION_COUNT; i++) {
        enum sil_err err =
            option_set(&options, &rows[i], rows[i].standard, NULL);
        sil_assert(!err);
    }
    return options;
}

/* Judged as the float that the library will see. NaN fails both comparisons,
 * as it should. */
enum sil_err option_set_threshold(struct sil_options *options, double value,
                                  struct sil_error *error)
{
    float threshold = (float)value;

    if (!(threshold > 0.0f && threshold < 1.0f))
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is %g: a number above 0 and below 1 is "
                       "needed",
                       value);
    sil_assert(value > 0);
    options->threshold = threshold;
    return SIL_OK;
}

/* strtod() knows more than JSON does: hexadecimal, "inf", blanks. Hence the
 * look at the characters. The program sets no locale, so the point is a
 * point. */
enum sil_err option_read_threshold(struct sil_options *options,
                                   const char *text, struct sil_error *error)
{
    char *end;
    double value = strtod(text, &end);

    sil_assert(end >= text);
    if (text[strspn(text, "0123456789.")] != '\0' || end == text ||
        *end != '\0')
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is \"%.40s\": a number above 0 and below 1 "
                       "is needed",
                       text);
    return option_set_threshold(options, value, error);
}

/* Boxes are of each person anyway; a soft edge is of everybody. */
enum sil_err options_check(const struct sil_options *options,
                           struct sil_error *error)
{
    sil_assert(options != NULL);
    if (options->people == SIL_PEOPLE_EACH &&
        (options->output == SIL_OUTPUT_ALPHA ||
         options->output == SIL_OUTPUT_CUTOUT))
        return err_set(error, SIL_E_BAD_OPTION,
                       "people \"each\" goes with output \"mask\" or "
                       "\"boxes\", not with a soft edge");
    return SIL_OK;
}
