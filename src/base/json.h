/* JSON in, strictly, and JSON strings out.
 * Threads: a document belongs to one thread at a time.
 * Duplicate members, depth above LIMIT_JSON_DEPTH_MAX, invalid UTF-8, NUL in
 * strings and trailing text are refused. */
#ifndef SIL_BASE_JSON_H
#define SIL_BASE_JSON_H

#include "base/buf.h"

struct json; /* a value of a parsed document */

enum json_kind {
    JSON_ABSENT, /* no such member; also the kind of NULL */
    JSON_MAP,
    JSON_LIST,
    JSON_TEXT,
    JSON_NUMBER,
    JSON_BOOL,
    JSON_NOTHING /* null */
};

/** Parse a whole document that must be an object. bytes: lent for the call.
 *  *out: yours, json_destroy(). Errors: SIL_E_BAD_JSON, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err json_parse(struct json **out, const void *bytes,
                                     size_t size, struct sil_error *error);

/** Only for what json_parse() gave. NULL is fine. */
void json_destroy(struct json *document);

/** What value is; JSON_ABSENT for NULL. */
enum json_kind json_kind(const struct json *value);

/** A member of an object, NULL if there is none or value is no object. A
 *  loan, valid as long as the document. */
const struct json *json_member(const struct json *value, const char *key);

/** The name of the index-th member of an object, in the document's order; NULL
 *  past its end or if value is no object. It walks from the first one. A loan,
 *  valid as long as the document. */
const char *json_key(const struct json *value, size_t index);

/** The element of an array; NULL past its end or if value is no array. A
 *  loan, valid as long as the document. */
const struct json *json_element(const struct json *value, size_t index);

/** The text of a JSON_TEXT, UTF-8, without NUL inside; NULL for other kinds.
 *  A loan, valid as long as the document. */
const char *json_text(const struct json *value);

/** The value of a JSON_NUMBER; otherwise absent. */
double json_number(const struct json *value, double absent);

/** Append text as a JSON string with its quotes; bytes that are not UTF-8
 *  become U+FFFD. text: size bytes. */
void json_add_text(struct buf *to, const char *text, size_t size);

#endif
