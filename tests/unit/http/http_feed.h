/* Feeds a parser with a stream cut in any way and notes what came of it.
 * Threads: one.
 * Must not know sockets. The pieces end at a page that must not be touched. */
#ifndef SIL_TESTS_HTTP_FEED_H
#define SIL_TESTS_HTTP_FEED_H

#include "http/parse.h"

enum { FEED_BODY_MAX = 64, FEED_TEXT_SIZE = 4096 };

/** What a stream amounts to. */
struct feed_result {
    enum sil_err err;
    uint32_t request_count; /* whole ones */
    size_t used;            /* bytes up to the error or the end */
    char last_path[FEED_TEXT_SIZE];
    char last_body[FEED_BODY_MAX + 1];
    struct sil_error error;
};

/** Where a stream is cut. */
enum feed_cut { FEED_WHOLE, FEED_BYTES, FEED_AT };

/** Feed size bytes: whole, byte by byte, or in two pieces cut at at. */
void feed(struct feed_result *result, const char *bytes, size_t size,
          enum feed_cut cut, size_t at);

#endif
