/* One pass over the lines, keeping which section and group each is in.
 * Must not know what a key means, or allocate.
 * A line indented deeper than the property above belongs to that property:
 * to its group if its value is empty, otherwise it continues the value, which
 * no value that matters here does, so it is skipped. */
#include "fetch/profile_ini.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

/* An example of all that is understood:
 *
 *     # a comment
 *     [profile dev]            kind "profile", name "dev"
 *     region = eu-west-1       a property
 *     s3 =                     opens a group, as its value is empty
 *         addressing_style = path
 *     services = local         ; a comment behind a value
 *
 *     [services local]         kind "services", name "local"
 *     s3 =
 *         endpoint_url = http://127.0.0.1:7070
 */

/* Where the pass is. */
struct ini_state {
    const struct ini_query *query;
    bool is_section;        /* the section is the one looked for */
    bool has_property;      /* a property of this section was seen */
    size_t property_indent; /* of the last property, bytes */
    struct ini_slice group; /* its key, if its value was empty; or size 0 */
};

/* A carriage return counts: files come from Windows, too. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks on both sides. */
static struct ini_slice trim(struct ini_slice slice)
{
    sil_assert(slice.text != NULL);
    while (slice.size > 0 && is_blank(slice.text[0])) {
        slice.text++;
        slice.size--;
    }
    while (slice.size > 0 && is_blank(slice.text[slice.size - 1]))
        slice.size--;
    return slice;
}

/* Names have case. */
static bool is_equal(struct ini_slice slice, const char *text)
{
    sil_assert(text != NULL);
    return strlen(text) == slice.size &&
           memcmp(text, slice.text, slice.size) == 0;
}

/* Keys don't have case. */
static bool is_equal_any_case(struct ini_slice slice, const char *text)
{
    sil_assert(text != NULL);
    return strlen(text) == slice.size &&
           strncasecmp(text, slice.text, slice.size) == 0;
}

/* Without the quotes of "[profile 'my name']". */
static struct ini_slice unquote(struct ini_slice slice)
{
    bool is_quoted = slice.size >= 2 &&
                     (slice.text[0] == '"' || slice.text[0] == '\'') &&
                     slice.text[slice.size - 1] == slice.text[0];

    sil_assert(slice.text != NULL);
    if (is_quoted) {
        slice.text++;
        slice.size -= 2;
    }
    return slice;
}

/* Is this the line of the section looked for? line begins with [. */
static bool is_header_of(struct ini_slice line, const struct ini_query *query)
{
    const char *end = memchr(line.text, ']', line.size);
    struct ini_slice inside = {.text = line.text + 1};
    size_t kind_size = query->kind != NULL ? strlen(query->kind) : 0;

    sil_assert(line.size > 0);
    if (end == NULL)
        return false;
    inside.size = (size_t)(end - inside.text);
    inside = trim(inside);
    if (query->kind != NULL) {
        if (inside.size <= kind_size || !is_blank(inside.text[kind_size]) ||
            memcmp(inside.text, query->kind, kind_size) != 0)
            return false;
        inside.text += kind_size;
        inside.size -= kind_size;
        inside = trim(inside);
    }
    return is_equal(unquote(inside), query->name);
}

/* A comment behind a value begins with # or ; after a blank. */
static struct ini_slice without_comment(struct ini_slice value)
{
    sil_assert(value.text != NULL);
    for (size_t i = 0; i < value.size; i++) {
        bool is_mark = value.text[i] == '#' || value.text[i] == ';';

        if (is_mark && (i == 0 || is_blank(value.text[i - 1]))) {
            value.size = i;
            break;
        }
    }
    return trim(value);
}

/* Take "key = value" apart; false if line isn't that. */
static bool split(struct ini_slice *key, struct ini_slice *value,
                  struct ini_slice line)
{
    const char *mark = memchr(line.text, '=', line.size);

    sil_assert(line.size > 0);
    if (mark == NULL)
        return false;
    key->text = line.text;
    key->size = (size_t)(mark - line.text);
    *key = trim(*key);
    value->text = mark + 1;
    value->size = line.size - (size_t)(mark + 1 - line.text);
    value->text = value->size > 0 ? value->text : mark;
    *value = without_comment(trim(*value));
    return key->size > 0;
}

/* One property of the section looked for: is it the answer? */
static bool see_property(struct ini_slice *out, struct ini_state *state,
                         struct ini_slice line, size_t indent)
{
    const struct ini_query *query = state->query;
    struct ini_slice key;
    struct ini_slice value;
    bool is_inner = state->has_property && indent > state->property_indent;

    sil_assert(state->is_section);
    if (!split(&key, &value, line))
        return false;
    if (!is_inner) {
        state->has_property = true;
        state->property_indent = indent;
        state->group = value.size == 0 ? key : (struct ini_slice){0};
    }
    if (is_inner != (query->group != NULL))
        return false;
    if (is_inner && (state->group.size == 0 ||
                     !is_equal_any_case(state->group, query->group)))
        return false;
    if (!is_equal_any_case(key, query->key))
        return false;
    *out = value;
    return true;
}

/* One line with anything on it. */
static bool see_line(struct ini_slice *out, struct ini_state *state,
                     struct ini_slice whole)
{
    struct ini_slice line = trim(whole);
    size_t indent = (size_t)(line.text - whole.text);

    sil_assert(whole.text != NULL);
    if (line.size == 0 || line.text[0] == '#' || line.text[0] == ';')
        return false;
    if (line.text[0] == '[') {
        *state =
            (struct ini_state){.query = state->query,
                               .is_section = is_header_of(line, state->query)};
        return false;
    }
    return state->is_section && see_property(out, state, line, indent);
}

/* The whole text is always walked: a later line overrules an earlier one. */
bool ini_find(struct ini_slice *out, const char *text, size_t size,
              const struct ini_query *query)
{
    static const char byte_order_mark[] = {'\xEF', '\xBB', '\xBF'};
    struct ini_state state = {.query = query};
    bool is_found = false;
    size_t at = 0;

    sil_assert(text != NULL || size == 0);
    sil_assert(query->name != NULL);
    sil_assert(query->key != NULL);
    if (size >= sizeof byte_order_mark &&
        memcmp(text, byte_order_mark, sizeof byte_order_mark) == 0)
        at = sizeof byte_order_mark;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        struct ini_slice line = {.text = text + at};

        line.size = end != NULL ? (size_t)(end - line.text) : size - at;
        is_found = see_line(out, &state, line) || is_found;
        at += line.size + 1;
    }
    return is_found;
}
