/* From JSON, or a query, to struct request; strict about values.
 * Must not know HTTP, nor which keys a store has.
 * Of several mistakes the most important one is told: imgSrc first, then what
 * each option says, then how they go together. */
#include "server/request.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/options.h"

/* Bytes with a NUL: no word of an option, nor a sensible number, is longer. */
enum { QUERY_VALUE_SIZE = 32 };

/* null is not absent: a client that sends it is told so. */
static enum sil_err parse_options(struct sil_options *options,
                                  const struct json *root,
                                  struct sil_error *error)
{
    size_t count;
    const struct option_row *rows = option_rows(&count);
    const struct json *value;
    enum sil_err err = SIL_OK;

    sil_assert(json_kind(root) == JSON_MAP);
    for (size_t i = 0; i < count && !err; i++) {
        value = json_member(root, rows[i].name);
        if (json_kind(value) == JSON_ABSENT)
            continue;
        if (json_kind(value) != JSON_TEXT)
            return err_set(error, SIL_E_BAD_OPTION,
                           "%s is not a string; its values are: %s",
                           rows[i].name, rows[i].offered);
        err = option_set(options, &rows[i], json_text(value), error);
    }
    value = json_member(root, "threshold");
    /* Without one the network's own is used: 0 stands for it. */
    if (err || json_kind(value) == JSON_ABSENT)
        return err;
    if (json_kind(value) != JSON_NUMBER)
        return err_set(error, SIL_E_BAD_OPTION,
                       "threshold is not a number above 0 and below 1");
    return option_set_threshold(options, json_number(value, 0), error);
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

/* Moved at the end, so that on failure *out is untouched. */
enum sil_err request_parse(struct request *out, const void *bytes, size_t size,
                           const struct sil_options *standard,
                           struct sil_error *error)
{
    struct request request = {.options = *standard};
    struct json *root = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    err = json_parse(&root, bytes, size, error);
    if (err)
        goto done;
    err = parse_img_src(&request, root, error);
    if (!err)
        err = parse_options(&request.options, root, error);
    if (!err)
        err = options_check(&request.options, error);
    if (err)
        goto done;
    *out = request;
    request = (struct request){0};
done:
    request_finish(&request);
    json_destroy(root);
    return err;
}

/* One "name=value" of a query, size bytes. Unknown names are ignored: caches
 * and trackers add their own. Of a name that is given twice the last one
 * counts. */
static enum sil_err parse_pair(struct sil_options *options, const char *pair,
                               size_t size, struct sil_error *error)
{
    static const char threshold[] = "threshold";
    const char *mark = memchr(pair, '=', size);
    size_t name_size = mark == NULL ? size : (size_t)(mark - pair);
    size_t value_size = mark == NULL ? 0 : size - name_size - 1;
    const struct option_row *row = option_find(pair, name_size);
    char value[QUERY_VALUE_SIZE] = "";

    sil_assert(name_size <= size);
    if (value_size >= sizeof value)
        return err_set(error, SIL_E_BAD_OPTION,
                       "an option of the query has too long a value");
    if (value_size > 0)
        memcpy(value, mark + 1, value_size);
    sil_assert(value[sizeof value - 1] == '\0');
    if (row != NULL)
        return option_set(options, row, value, error);
    if (name_size == sizeof threshold - 1 &&
        memcmp(pair, threshold, name_size) == 0)
        return option_read_threshold(options, value, error);
    return SIL_OK;
}

/* Names and values are taken as they are sent: none of ours needs percent
 * signs. */
enum sil_err request_parse_query(struct request *out, const char *query,
                                 size_t size,
                                 const struct sil_options *standard,
                                 struct sil_error *error)
{
    struct request request = {.options = *standard};
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    for (size_t at = 0; at < size && !err;) {
        const char *mark = memchr(query + at, '&', size - at);
        size_t length = mark == NULL ? size - at : (size_t)(mark - query) - at;
        err = parse_pair(&request.options, query + at, length, error);
        at += length + 1;
    }
    if (!err)
        err = options_check(&request.options, error);
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
