/* What a client asks for: the JSON of the contract as a struct.
 * Threads: pure functions; a request belongs to one thread at a time.
 * Unknown members are ignored, unknown values are not. */
#ifndef SIL_SERVER_REQUEST_H
#define SIL_SERVER_REQUEST_H

#include "base/err.h"

/** One request for a mask. */
struct request {
    char *img_src; /* owned; NULL: the picture came along */
    enum sil_quality quality;
    enum sil_orientation orientation;
    float threshold; /* 0 < t < 1; 0: the model's own */
};

/** One row of options.tbl; all texts are static. */
struct option_row {
    const char *name;     /* "orientation" */
    const char *offered;  /* words, separated by blanks */
    const char *later;    /* words refused for now; "" if none */
    const char *standard; /* the word used when none is given */
    const char *help;     /* a phrase */
};

/** The rows of options.tbl. *count: how many. A loan of static memory. */
const struct option_row *option_rows(size_t *count);

/** Read the body of a request. bytes: size of them, lent for the call. *out:
 *  yours, request_finish(). Errors: SIL_E_BAD_JSON, SIL_E_MISSING_IMG_SRC,
 *  SIL_E_BAD_OPTION, SIL_E_NO_MEMORY; not yet whether imgSrc is a key. */
SIL_MUST_USE enum sil_err request_parse(struct request *out, const void *bytes,
                                        size_t size, struct sil_error *error);

/** Read the options of a request whose picture is its body out of the query
 *  "a=b&c=d" (size bytes, without the question mark). *out as above. Errors:
 *  SIL_E_BAD_OPTION. */
SIL_MUST_USE enum sil_err request_parse_query(struct request *out,
                                              const char *query, size_t size,
                                              struct sil_error *error);

/** Free what it holds. Fine for a zeroed one. */
void request_finish(struct request *request);

#endif
