/* The picture inside multipart/form-data.
 * Threads: a pure function; results point into the body.
 * Must not know what a picture is. */
#ifndef SIL_SERVER_MULTIPART_H
#define SIL_SERVER_MULTIPART_H

#include "base/err.h"
#include "http/http.h"

/** Find the content of the first part named "image". type: the Content-Type
 *  field, which holds the boundary. *out: a loan inside body. Errors:
 *  SIL_E_BAD_CONTENT_TYPE (no usable boundary), SIL_E_MISSING_IMG_SRC (no
 *  such part, or the form is malformed before it ends). */
SIL_MUST_USE enum sil_err multipart_image(struct http_text *out,
                                          struct http_text body,
                                          struct http_text type,
                                          struct sil_error *error);

#endif
