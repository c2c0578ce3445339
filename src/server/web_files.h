/* The files that are embedded into the program: the pages and their parts.
 * Threads: read-only data.
 * The .c is made at build out of web/, see cmake/SilEmbed.cmake. */
#ifndef SIL_SERVER_WEB_FILES_H
#define SIL_SERVER_WEB_FILES_H

#include <stddef.h>
#include <stdint.h>

/** One file; all of it is static. */
struct web_file {
    const char *path;         /* as it is asked for: "/web/page.js" */
    const char *language;     /* "en", "ko"; "" where it has none */
    const char *content_type; /* "text/css; charset=utf-8" */
    const char *tag;          /* of its content, for ETag; without quotes */
    const uint8_t *bytes;     /* NULL: only the compressed copy is kept */
    size_t size;
    const uint8_t *gzip; /* NULL: compressing it would gain nothing */
    size_t gzip_size;
};

/** All of them. */
extern const struct web_file web_files[];
extern const size_t web_file_count;

#endif
