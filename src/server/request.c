/* From JSON, or a query, to struct request; strict about values.
 * Must not know HTTP, nor which keys a store has.
 * A float near 0 or 1 may round to the bound itself, which means something
 * else: thresholds are judged after rounding. */
#include "server/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"

/* Bytes with a NUL: no word of an option, nor a sensible number, is longer. */
enum { QUERY_VALUE_SIZE = 32 };

/* The options of the table by number, for the few places that need to know
 * which one it is. */
enum option {
#define SIL_OPTION(name, offered, later, standard, help) OPTION_##name,
#include "server/options.tbl"
#undef SIL_OPTION
    OPTION_COUNT
};

static const struct option_row rows[OPTION_COUNT] = {
#define SIL_OPTION(name, offered, later, standard, help)                       \
    [OPTION_##name] = {#name, offered, later, standard, help},
#include "server/options.tbl"
#undef SIL_OPTION
};

/* For the documentation, which is made of the same rows. */
const struct option_row *option_rows(size_t *count)
{
    sil_assert(count != NULL);
    *count = OPTION_COUNT;
    return rows;
}

/* Is word (length bytes) one of words ("a b c")? Case counts: the contract's
 * words are in lower case. */
static bool is_among(const char *words, const char *word, size_t length)
{
    const char *at = words;

    sil_assert(words != NULL);
    while (length > 0 && *at != '\0') {
        size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, word, size) == 0)
            return true;
        at += size + (at[size] == ' ');
    }
    return false;
}

/* Words of the contract that are not offered yet get their own sentence: the
 * client is right, it is only early. */
static enum sil_err set_word(struct request *request, enum option option,
                             const char *word, struct sil_error *error)
{
    const struct option_row *row = &rows[option];
    size_t length = strlen(word);

    sil_assert(option < OPTION_COUNT);
    if (is_among(row->later, word, length))
        return err_set(error, SIL_E_BAD_OPTION,
                       "\"%s\" of %s is not offered by this release; these "
                       "are: %s",
                       word, row->name, row->offered);
    if (!is_among(row->offered, word, length))
        return err_set(error, SIL_E_BAD_OPTION,
                       "\"%.40s\" is no value of %s; these are: %s", word,
                       row->name, row->offered);
    /* The other options have one word each so far: nothing to note. */
    if (option == OPTION_orientation)
        request->orientation = *word == 's' ? SIL_STORED : SIL_UPRIGHT;
    return SIL_OK;
}

/* Judged as the float that the library will see. NaN fails both comparisons,
 * as it should. */
static enum sil_err set_threshold(struct request *request, double value,
                                  struct sil_error *error)
{
    float threshold = (float)value;

    if (!(threshold > 0.0f && threshold < 1.0f))
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is %g: a number above 0 and below 1 is "
                       "needed",
                       value);
    sil_assert(value > 0);
    request->threshold = threshold;
    return SIL_OK;
}

/* null is not absent: a client that sends it is told so. */
static enum sil_err parse_options(struct request *request,
                                  const struct json *root,
                                  struct sil_error *error)
{
    const struct json *value;
    enum sil_err err = SIL_OK;

    sil_assert(json_kind(root) == JSON_MAP);
    for (int i = 0; i < OPTION_COUNT && !err; i++) {
        value = json_member(root, rows[i].name);
        if (json_kind(value) == JSON_ABSENT)
            continue;
        if (json_kind(value) != JSON_TEXT)
            return err_set(error, SIL_E_BAD_OPTION,
                           "%s is not a string; its values are: %s",
                           rows[i].name, rows[i].offered);
        err = set_word(request, (enum option)i, json_text(value), error);
    }
    value = json_member(root, "threshold");
    /* Without one the network's own is used: 0 stands for it. */
    if (err || json_kind(value) == JSON_ABSENT)
        return err;
    if (json_kind(value) != JSON_NUMBER)
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is not a number above 0 and below 1");
    return set_threshold(request, json_number(value, 0), error);
}

/* Only that there is a text: what is a key, fetch knows. */
static enum sil_err parse_img_src(struct request *request,
                                  const struct json *root,
                                  struct sil_error *error)
{
    const struct json *value = json_member(root, "imgSrc");

    sil_assert(request->img_src == NULL);
    if (json_kind(value) == JSON_ABSENT)
        return err_set(error, SIL_E_MISSING_IMG_SRC,
                       "the member imgSrc is missing: the image's path in "
                       "the bucket");
    /* One code for all three: the client has to change the same member. */
    if (json_kind(value) != JSON_TEXT)
        return err_set(error, SIL_E_MISSING_IMG_SRC, "imgSrc is not a string");
    if (*json_text(value) == '\0')
        return err_set(error, SIL_E_MISSING_IMG_SRC, "imgSrc is empty");
    request->img_src = mem_strdup(json_text(value));
    if (request->img_src == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for imgSrc");
    return SIL_OK;
}

/* imgSrc first: of several mistakes the most important one is told. */
enum sil_err request_parse(struct request *out, const void *bytes, size_t size,
                           struct sil_error *error)
{
    struct request request = {0};
    struct json *root = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    err = json_parse(&root, bytes, size, error);
    if (err)
        goto done;
    err = parse_img_src(&request, root, error);
    if (err)
        goto done;
    err = parse_options(&request, root, error);
    if (err)
        goto done;
    /* Moved, so that what is finished below is empty. */
    *out = request;
    request = (struct request){0};
done:
    request_finish(&request);
    json_destroy(root);
    return err;
}

/* One "name=value" of a query, size bytes. Unknown names are ignored. */
static enum sil_err parse_pair(struct request *request, const char *pair,
                               size_t size, struct sil_error *error)
{
    const char *mark = memchr(pair, '=', size);
    size_t name_size = mark == NULL ? size : (size_t)(mark - pair);
    size_t value_size = mark == NULL ? 0 : size - name_size - 1;
    char value[QUERY_VALUE_SIZE] = "";
    char *end = value;
    double threshold;

    sil_assert(name_size <= size);
    if (value_size >= sizeof value)
        return err_set(error, SIL_E_BAD_OPTION,
                       "an option of the query has too long a value");
    if (value_size > 0)
        memcpy(value, mark + 1, value_size);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(rows[i].name) == name_size &&
            memcmp(rows[i].name, pair, name_size) == 0)
            return set_word(request, (enum option)i, value, error);
    /* Others may add names of their own: caches and trackers do. */
    if (!is_among("threshold", pair, name_size))
        return SIL_OK;
    sil_assert(value[sizeof value - 1] == '\0');
    /* strtod() knows more than JSON does: hexadecimal, "inf", blanks. Hence
     * the look at the characters. */
    threshold = strtod(value, &end);
    if (value[strspn(value, "0123456789.")] != '\0' || end == value ||
        *end != '\0')
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is not a number above 0 and below 1");
    return set_threshold(request, threshold, error);
}

/* Names and values are taken as they are sent: none of ours needs percent
 * signs. */
enum sil_err request_parse_query(struct request *out, const char *query,
                                 size_t size, struct sil_error *error)
{
    struct request request = {0};
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    for (size_t at = 0; at < size && !err;) {
        const char *mark = memchr(query + at, '&', size - at);
        size_t length = mark == NULL ? size - at : (size_t)(mark - query) - at;
        err = parse_pair(&request, query + at, length, error);
        at += length + 1;
    }
    if (!err)
        *out = request;
    return err;
}

/* Leaves NULL behind, so that finishing twice is fine. */
void request_finish(struct request *request)
{
    sil_assert(request != NULL);
    mem_free(request->img_src);
    request->img_src = NULL;
}
