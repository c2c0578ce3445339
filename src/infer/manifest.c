/* JSON to struct manifest, each member checked by itself.
 * Must not know files or engines.
 * Unknown members are fine: cards, licences and later versions put them
 * there. */
#include "infer/manifest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"

/* Names become parts of paths: so nothing that leads out of the folder. */
bool manifest_is_name(const char *text)
{
    size_t length;

    sil_assert(text != NULL);
    length = strlen(text);
    if (length == 0 || length > LIMIT_MODEL_NAME_MAX || text[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return false;
    return true;
}

/* A member that must be a name; NULL if it isn't. */
static const char *name_member(const struct json *from, const char *key)
{
    const char *text = json_text(json_member(from, key));

    return text != NULL && manifest_is_name(text) ? text : NULL;
}

/* True for 64 digits in lower case, the one form that read_network() makes. */
static bool is_sha256(const char *text)
{
    return text != NULL && strlen(text) == SHA256_TEXT_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == SHA256_TEXT_SIZE - 1;
}

/* A whole number from 1 to LIMIT_MODEL_SIDE_MAX; 0 if it isn't one. */
static uint32_t side_of(const struct json *value)
{
    double number = json_number(value, 0);
    uint32_t side;

    if (!(number >= 1) || number > LIMIT_MODEL_SIDE_MAX)
        return 0;
    side = (uint32_t)number;
    sil_assert(side >= 1 && side <= LIMIT_MODEL_SIDE_MAX);
    return (double)side == number ? side : 0;
}

/* "input": {"step": 32, "min": 128, "max": 768}, the ends multiples of the
 * step, so that rounding a side to the step never leaves the range. */
static bool read_sides(struct person_sides *out, const struct json *input)
{
    out->step = side_of(json_member(input, "step"));
    out->min = side_of(json_member(input, "min"));
    out->max = side_of(json_member(input, "max"));
    if (out->step == 0 || out->min == 0 || out->max < out->min)
        return false;
    sil_assert(out->max > 0);
    return out->min % out->step == 0 && out->max % out->step == 0;
}

/* "looks": [first, second], exactly two sides: the pipeline has two looks. */
static bool read_looks(struct manifest *out, const struct json *looks)
{
    out->first_side = side_of(json_element(looks, 0));
    out->second_side = side_of(json_element(looks, 1));
    return out->first_side > 0 && out->second_side > 0 &&
           json_element(looks, 2) == NULL;
}

/* Fill *out; the name of the member that is wrong, NULL if all are right. */
static const char *read_members(struct manifest *out, const struct json *root)
{
    const char *name = name_member(root, "name");
    const char *version = name_member(root, "version");
    const char *file = name_member(root, "file");
    const char *sha256 = json_text(json_member(root, "sha256"));
    double threshold = json_number(json_member(root, "threshold"), 0);
    int length;

    if (name == NULL)
        return "name";
    if (version == NULL)
        return "version";
    if (file == NULL)
        return "file";
    if (!is_sha256(sha256))
        return "sha256";
    if (!(threshold > 0) || !(threshold < 1))
        return "threshold";
    if (!read_sides(&out->sides, json_member(root, "input")))
        return "input";
    if (!read_looks(out, json_member(root, "looks")))
        return "looks";
    length = snprintf(out->label, sizeof out->label, "%s-%s", name, version);
    if (length < 0 || (size_t)length >= sizeof out->label)
        return "version";
    sil_assert(strlen(file) < sizeof out->file);
    sil_assert(strlen(sha256) < sizeof out->sha256);
    memcpy(out->file, file, strlen(file) + 1);
    memcpy(out->sha256, sha256, SHA256_TEXT_SIZE);
    out->threshold = (float)threshold;
    return NULL;
}

/* *out is filled at the end only, so that it stays untouched on failure. JSON
 * that is no JSON is the model's fault here, not a request's. */
enum sil_err manifest_parse(struct manifest *out, const void *bytes,
                            size_t size, struct sil_error *error)
{
    struct manifest read = {0};
    struct json *root = NULL;
    const char *wrong;
    enum sil_err err = json_parse(&root, bytes, size, error);

    sil_assert(out != NULL);
    if (err == SIL_E_BAD_JSON)
        return err_set(error, SIL_E_MODEL, "the manifest is not valid JSON");
    if (err)
        return err;
    sil_assert(root != NULL);
    wrong = read_members(&read, root);
    json_destroy(root);
    if (wrong != NULL)
        return err_set(error, SIL_E_MODEL,
                       "the manifest's \"%s\" is missing or wrong", wrong);
    *out = read;
    return SIL_OK;
}
