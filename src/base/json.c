/* jansson behind json.h, and the escaping of JSON strings.
 * Must not know what a document means.
 * jansson's own depth limit is fixed at build time far above ours: depth is
 * counted over the bytes first, which also keeps its recursion shallow. */
#include "base/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"

/* struct json is never defined: it is jansson's type under a name of ours, so
 * that no other file sees jansson. */
static const json_t *native(const struct json *value)
{
    return (const json_t *)(const void *)value;
}

/* The way back. */
static const struct json *ours(const json_t *value)
{
    return (const struct json *)(const void *)value;
}

/* The deepest nesting of brackets outside strings. In what is no JSON it may
 * be wrong, but never too small for as far as jansson gets. */
static size_t depth_of(const uint8_t *bytes, size_t size)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool is_text = false;

    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (is_text) {
            if (c == '\\')
                i++; /* An escaped quote ends nothing. */
            else if (c == '"')
                is_text = false;
        } else if (c == '"') {
            is_text = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    sil_assert(depth <= deepest);
    return deepest;
}

/* What jansson says of a mistake is shown: it names bytes of the document,
 * which the client knows, and nothing of ours. */
enum sil_err json_parse(struct json **out, const void *bytes, size_t size,
                        struct sil_error *error)
{
    json_error_t why;
    json_t *root;

    sil_assert(out != NULL);
    sil_assert(bytes != NULL || size == 0);
    if (depth_of(bytes, size) > LIMIT_JSON_DEPTH_MAX)
        return err_set(error, SIL_E_BAD_JSON,
                       "the JSON is nested deeper than %d levels",
                       LIMIT_JSON_DEPTH_MAX);
    /* Whole numbers too are read as double: their size is no error then. */
    root = json_loadb(bytes, size,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &why);
    if (root == NULL && json_error_code(&why) == json_error_out_of_memory)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the JSON");
    if (root == NULL)
        return err_set(error, SIL_E_BAD_JSON,
                       "the body is not valid JSON: %.120s (byte %d)", why.text,
                       why.position);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(error, SIL_E_BAD_JSON,
                       "the body is JSON, but not an object");
    }
    sil_assert(root->refcount == 1);
    *out = (struct json *)(void *)root;
    return SIL_OK;
}

/* jansson counts references; nobody here takes a second one. */
void json_destroy(struct json *document)
{
    /* The root's only reference, so all of it goes. */
    sil_assert(document == NULL || native(document)->refcount == 1);
    json_decref((json_t *)(void *)document);
}

/* Numbers come as JSON_REAL only (see json_parse); the other kind is listed
 * so that this function doesn't depend on that. */
enum json_kind json_kind(const struct json *value)
{
    if (value == NULL)
        return JSON_ABSENT;
    /* A value that outlived its document would be caught here, mostly. */
    sil_assert(native(value)->refcount > 0);
    switch (json_typeof(native(value))) {
    case JSON_STRING:
        return JSON_TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_BOOL;
    case JSON_NULL:
        return JSON_NOTHING;
    default:
        return json_is_object(native(value)) ? JSON_MAP : JSON_LIST;
    }
}

/* Absent stays absent: a chain of questions needs one check, at its end. */
const struct json *json_member(const struct json *value, const char *key)
{
    sil_assert(key != NULL);
    /* jansson answers NULL by itself for what is no object. */
    return value == NULL ? NULL : ours(json_object_get(native(value), key));
}

/* jansson keeps members in the order in which they came. Its iterators want
 * what they walk over without const, though they only read it. */
const char *json_key(const struct json *value, size_t index)
{
    json_t *object = (json_t *)(uintptr_t)value;
    void *at = value == NULL ? NULL : json_object_iter(object);

    for (size_t i = 0; at != NULL && i < index; i++)
        at = json_object_iter_next(object, at);
    sil_assert(at == NULL || json_is_object(object));
    return at == NULL ? NULL : json_object_iter_key(at);
}

/* As above, by place; jansson answers NULL for what is no array. */
const struct json *json_element(const struct json *value, size_t index)
{
    return value == NULL ? NULL : ours(json_array_get(native(value), index));
}

/* Without NUL inside: jansson refuses such texts while parsing. */
const char *json_text(const struct json *value)
{
    return value == NULL ? NULL : json_string_value(native(value));
}

/* What is no number gives what the caller would have without the member. */
double json_number(const struct json *value, double absent)
{
    bool is_number = json_kind(value) == JSON_NUMBER;

    return is_number ? json_number_value(native(value)) : absent;
}

/* By character, not by byte: a text may be cut in the middle of one. */
void json_add_text(struct buf *to, const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;

    sil_assert(to != NULL);
    sil_assert(text != NULL || size == 0);
    buf_add(to, "\"", 1);
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(bytes + i, size - i);
        if (length == 0) {
            /* Skip one byte only: the next may begin a character. */
            buf_add_text(to, "\\ufffd");
            length = 1;
        } else if (bytes[i] == '"' || bytes[i] == '\\') {
            buf_add(to, "\\", 1);
            buf_add(to, bytes + i, 1);
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7F) {
            buf_addf(to, "\\u%04x", bytes[i]);
        } else {
            buf_add(to, bytes + i, length);
        }
        i += length;
    }
    buf_add(to, "\"", 1);
}
