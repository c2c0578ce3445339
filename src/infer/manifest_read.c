/* JSON members to plain values, each checked by itself.
 * Must not know what a network is.
 * NaN stands for "absent": JSON itself can't hold one. */
#include "infer/manifest_read.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

/* null counts as there: it is a wrong value, not none. */
bool reading_has(const struct reading *reading, const char *key)
{
    sil_assert(reading->prefix != NULL);
    return json_member(reading->object, key) != NULL;
}

/* The first one counts: the others may be its consequences. */
void reading_fail(struct reading *reading, const char *key, const char *wanted)
{
    sil_assert(wanted != NULL);
    if (!reading->err)
        reading->err =
            err_set(reading->error, SIL_E_MODEL,
                    "the manifest's \"%s%.40s\" %s %s", reading->prefix, key,
                    reading_has(reading, key) ? "must be" : "is missing: it is",
                    wanted);
}

/* The names are in the file's order, so the message is about the first. */
void reading_only(struct reading *reading, const char *const *keys)
{
    const char *key = json_key(reading->object, 0);

    sil_assert(keys[0] != NULL);
    for (size_t i = 0; key != NULL && !reading->err; i++) {
        size_t k = 0;

        while (keys[k] != NULL && strcmp(keys[k], key) != 0)
            k++;
        if (keys[k] == NULL)
            reading->err =
                err_set(reading->error, SIL_E_MODEL,
                        "the manifest's \"%s%.40s\" is no member that is known",
                        reading->prefix, key);
        key = json_key(reading->object, i + 1);
    }
}

/* What was wrong before stays wrong inside: nothing further is told. */
struct reading reading_object(struct reading *reading, const char *key,
                              const char *prefix)
{
    struct reading inner = {json_member(reading->object, key), prefix,
                            reading->error, reading->err};

    sil_assert(prefix != NULL);
    if (json_kind(inner.object) != JSON_MAP)
        reading_fail(reading, key, "an object");
    inner.err = reading->err;
    return inner;
}

/* Both tell the same caller. */
void reading_leave(struct reading *outer, const struct reading *inner)
{
    sil_assert(outer->error == inner->error);
    if (!outer->err)
        outer->err = inner->err;
}

/* Words are told apart by case: the document has one spelling. */
uint32_t reading_word(struct reading *reading, const char *key,
                      const char *const *words, const char *wanted)
{
    const char *text = json_text(json_member(reading->object, key));

    sil_assert(words[0] != NULL);
    for (uint32_t i = 0; text != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    reading_fail(reading, key, wanted);
    return 0;
}

/* Written so that NaN is in no range. Whole numbers are doubles, too: JSON has
 * no others. */
static bool is_in(double value, const struct number_range *range)
{
    sil_assert(range->least <= range->most);
    if (!(value >= range->least && value <= range->most))
        return false;
    return !range->is_whole || rint(value) == value;
}

/* After a failure a number that is in the range, so that what is computed of it
 * before anybody asks is harmless. */
double reading_number(struct reading *reading, const char *key,
                      const struct number_range *range, const char *wanted)
{
    double value = json_number(json_member(reading->object, key), NAN);

    sil_assert(wanted != NULL);
    if (!reading_has(reading, key) && !isnan(range->absent))
        return range->absent;
    if (is_in(value, range))
        return value;
    reading_fail(reading, key, wanted);
    return range->least;
}

/* The list may be left out as a whole, but not in part. */
void reading_numbers(struct reading *reading, const char *key, double *values,
                     size_t count, const struct number_range *range)
{
    const struct json *list = json_member(reading->object, key);
    bool is_right = json_element(list, count) == NULL;

    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        values[i] = json_number(json_element(list, i), NAN);
        is_right = is_right && is_in(values[i], range);
        if (list == NULL)
            values[i] = range->absent;
    }
    if (!is_right && (list != NULL || isnan(range->absent)))
        reading_fail(reading, key, "a list of three numbers in their range");
}

/* Control characters would break the line that a name is told in. Too long is
 * refused, not cut: half a name is another name. */
void reading_text(struct reading *reading, const char *key, char *to,
                  size_t size)
{
    const char *text = json_text(json_member(reading->object, key));
    size_t length = text == NULL ? 0 : strlen(text);

    sil_assert(size > 1);
    to[0] = '\0';
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == '\x7F')
            length = 0;
    if (length == 0 || length >= size) {
        reading_fail(reading, key, "a text, neither empty nor long");
        return;
    }
    memcpy(to, text, length + 1);
}
