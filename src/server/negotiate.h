/* What comes in and what goes out: Content-Type, Accept, Accept-Encoding.
 * Threads: pure functions.
 * An absent field means anything; a malformed item of a list is skipped. */
#ifndef SIL_SERVER_NEGOTIATE_H
#define SIL_SERVER_NEGOTIATE_H

#include "base/err.h"
#include "encode/encode.h"
#include "http/http.h"

/** What a request's body is. */
enum content {
    CONTENT_JSON,  /* the JSON of the contract */
    CONTENT_IMAGE, /* the picture itself */
    CONTENT_FORM   /* multipart/form-data with a part "image" */
};

/** Of what kind is the body? value: the Content-Type field. Errors:
 *  SIL_E_BAD_CONTENT_TYPE. */
SIL_MUST_USE enum sil_err negotiate_content(enum content *out,
                                            struct http_text value,
                                            struct sil_error *error);

/** The types of pictures that may be a body themselves. *count: how many. A
 *  loan of static memory. */
const char *const *negotiate_image_types(size_t *count);

/** The answer's form: of those that the options allow, the one that Accept
 *  likes best, JSON where it likes several alike. Errors:
 *  SIL_E_NOT_ACCEPTABLE. */
SIL_MUST_USE enum sil_err negotiate_format(enum sil_format *out,
                                           struct http_text value,
                                           const struct sil_options *options,
                                           struct sil_error *error);

/** The answer's coding: gzip where Accept-Encoding allows it and doesn't
 *  like identity better. */
enum encode_coding negotiate_coding(struct http_text value);

/** Is there an answer of that media type (size bytes)? */
bool negotiate_answers(const char *type, size_t size);

/** The pages' language, of those there are ("en", "ko"), that
 *  Accept-Language likes best; English where it says nothing of them. */
const char *negotiate_language(struct http_text value);

#endif
