/* Finds an embedded file, and says what a browser may do with it.
 * Must not know what the files are about.
 * Every copy has its own entity tag: the compressed one is other bytes. */
#include "server/web.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "server/answers.h"
#include "server/negotiate.h"

/* Bytes of an entity tag with quotes and NUL; header fields that each file
 * has, and that one may have. */
enum { TAG_SIZE = 40, FIELD_COUNT_MIN = 7, FIELD_COUNT_MAX = 9 };

/* A page may load what this server has and nothing else, may be framed by
 * nobody, and may not run a line that stands in it: so that a text of a
 * picture's name or of an error could never become a program. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

/* A few dozen files: a linear search is over before a tree was built. A file of
 * a language is for that one alone; one of none is for all. */
const struct web_file *web_find(struct http_text path, const char *language)
{
    sil_assert(language != NULL);
    for (size_t i = 0; i < web_file_count; i++) {
        const struct web_file *file = &web_files[i];

        if (path.bytes == NULL || path.size != strlen(file->path) ||
            memcmp(path.bytes, file->path, path.size) != 0)
            continue;
        if (*file->language == '\0' || strcmp(file->language, language) == 0)
            return file;
    }
    return NULL;
}

/* Weak or strong doesn't matter here, as the RFC has it for this field: what
 * stands between quotes is looked for. */
bool web_is_known(struct http_text if_none_match, const char *tag)
{
    size_t tag_size = strlen(tag);

    sil_assert(tag_size >= 2);
    if (if_none_match.bytes == NULL)
        return false;
    if (if_none_match.size == 1 && if_none_match.bytes[0] == '*')
        return true;
    /* The quotes are part of the tag: it can't match inside of another. */
    for (size_t i = 0; i + tag_size <= if_none_match.size; i++)
        if (memcmp(if_none_match.bytes + i, tag, tag_size) == 0)
            return true;
    return false;
}

/* All that is said beside the bytes. Asked for anew each time, but answered
 * with 304: a new release is seen at once, an old file is never sent twice. */
static void answer_copy(struct job *job, const struct web_file *file,
                        bool is_gzip)
{
    char tag[TAG_SIZE];
    struct http_field fields[FIELD_COUNT_MAX] = {
        {"Content-Type", file->content_type},
        {"ETag", tag},
        {"Cache-Control", "no-cache"},
        {"Vary", "Accept-Encoding, Accept-Language"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy", policy},
    };
    struct answer_copy copy = {
        .status = 200,
        .fields = fields,
        .field_count = FIELD_COUNT_MIN,
        .bytes = is_gzip ? file->gzip : file->bytes,
        .size = is_gzip ? file->gzip_size : file->size,
    };

    sil_assert(copy.bytes != NULL);
    (void)snprintf(tag, sizeof tag, is_gzip ? "\"%s-gz\"" : "\"%s\"",
                   file->tag);
    if (*file->language != '\0')
        fields[copy.field_count++] =
            (struct http_field){"Content-Language", file->language};
    if (is_gzip)
        fields[copy.field_count++] =
            (struct http_field){"Content-Encoding", "gzip"};
    if (web_is_known(http_header(job->exchange, "if-none-match"), tag))
        copy.status = 304;
    answer_static(job, &copy);
}

/* A large file is kept compressed only: who doesn't take it is no browser,
 * and is told so. */
void web_answer(struct job *job)
{
    struct http_exchange *exchange = job->exchange;
    const char *language =
        negotiate_language(http_header(exchange, "accept-language"));
    const struct web_file *file = web_find(http_path(exchange), language);
    bool takes_gzip =
        negotiate_coding(http_header(exchange, "accept-encoding")) ==
        ENCODE_GZIP;
    struct sil_error error = {0};
    enum sil_err err = SIL_OK;

    sil_assert(job->route == ROUTE_HOME || job->route == ROUTE_DOCS ||
               job->route == ROUTE_WEB);
    if (file == NULL)
        err = err_set(&error, SIL_E_NO_SUCH_ROUTE,
                      "there is no such part of the pages");
    else if (file->bytes == NULL && !takes_gzip)
        err = err_set(&error, SIL_E_NOT_ACCEPTABLE,
                      "this file is kept compressed only: Accept-Encoding has "
                      "to allow gzip");
    if (err) {
        answer_error(job, &error, SIL_STAGE_REQUEST);
        return;
    }
    sil_assert(file != NULL);
    answer_copy(job, file, takes_gzip && file->gzip != NULL);
}
