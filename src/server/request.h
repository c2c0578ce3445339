/* What a client asks for: the JSON of the contract as a struct.
 * Threads: pure functions; a request belongs to one thread at a time.
 * Unknown members are ignored, unknown values are not. */
#ifndef SIL_SERVER_REQUEST_H
#define SIL_SERVER_REQUEST_H

#include "base/err.h"

/** One request for a mask. */
struct request {
    char *img_src;              /* owned; NULL: the picture came along */
    struct sil_options options; /* as asked for, otherwise the server's own */
};

/** Read the body of a request. bytes: size of them, lent for the call.
 *  standard: what holds where nothing is said. *out: yours, request_finish().
 *  Errors: SIL_E_BAD_JSON, SIL_E_MISSING_IMG_SRC, SIL_E_BAD_OPTION,
 *  SIL_E_NO_MEMORY; not yet whether imgSrc is a key. */
SIL_MUST_USE enum sil_err request_parse(struct request *out, const void *bytes,
                                        size_t size,
                                        const struct sil_options *standard,
                                        struct sil_error *error);

/** Read the options of a request whose picture is its body out of the query
 *  "a=b&c=d" (size bytes, without the question mark). *out as above. Errors:
 *  SIL_E_BAD_OPTION. */
SIL_MUST_USE enum sil_err
request_parse_query(struct request *out, const char *query, size_t size,
                    const struct sil_options *standard,
                    struct sil_error *error);

/** Free what it holds. Fine for a zeroed one. */
void request_finish(struct request *request);

#endif
