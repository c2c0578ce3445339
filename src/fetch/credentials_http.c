/* A blocking request by libcurl, with limits on time and bytes.
 * Must not know AWS, or write what it sends or gets anywhere.
 * Beside s3_curl.c, as that one never waits and this one does nothing else. */
#include "fetch/credentials_http.h"

#include <curl/curl.h>

#include "base/check.h"
#include "base/limits.h"

enum { STATUS_OK = 200 };

/* More than the cap ends the transfer: who answers so isn't who was meant. For
 * curl: less than count is an error. */
static size_t take(char *piece, size_t one, size_t count, void *payload)
{
    struct buf *answer = payload;

    sil_assert(one == 1);
    buf_add(answer, piece, count);
    return buf_err(answer) ? 0 : count;
}

/* Asked every now and then: nobody waits for this any more? For curl: other
 * than 0 ends the transfer. So a service that stops doesn't wait for a
 * token. */
static int is_unwanted(void *payload, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t d)
{
    const atomic_bool *is_ended = payload;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return is_ended != NULL && atomic_load(is_ended);
}

/* *list is what was made so far, also on failure. Lists of curl's are copies:
 * the texts are lent for this call. */
static bool add_headers(struct curl_slist **list,
                        const struct credentials_request *request)
{
    sil_assert(*list == NULL);
    for (size_t i = 0; i < CREDENTIALS_HEADERS_MAX; i++) {
        struct curl_slist *longer;

        if (request->headers[i] == NULL)
            continue;
        longer = curl_slist_append(*list, request->headers[i]);
        if (longer == NULL)
            return false;
        *list = longer;
    }
    return true;
}

/* All that bounds it: time, schemes, and where it may be led to. A proxy of the
 * environment isn't asked, as the SDKs have it for these addresses. */
static bool set_limits(CURL *easy, const struct credentials_request *request)
{
    sil_assert(easy != NULL);
    return !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                             (long)LIMIT_CREDENTIALS_ASK_MS) &&
           !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                             (long)LIMIT_CREDENTIALS_CONNECT_MS) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_unwanted) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFODATA,
                             (void *)(uintptr_t)request->is_ended) &&
           (request->authorities == NULL ||
            !curl_easy_setopt(easy, CURLOPT_CAINFO, request->authorities));
}

/* What is asked, and where the answer goes. The method is set last: a body
 * makes curl choose one by itself. */
static bool set_request(CURL *easy, struct curl_slist *headers,
                        const struct credentials_request *request,
                        struct buf *answer)
{
    sil_assert(request->url != NULL);
    return !curl_easy_setopt(easy, CURLOPT_URL, request->url) &&
           !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) &&
           (request->body == NULL ||
            !curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body)) &&
           !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
}

/* A handle for each: it is asked once an hour. Nothing but a plain 200 is an
 * answer; the reason why not isn't told, since whoever refuses may repeat what
 * it was sent. */
enum sil_err credentials_http(struct buf *answer,
                              const struct credentials_request *request)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = NULL;
    long status = 0;
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(answer->cap > 0);
    if (easy == NULL || !add_headers(&headers, request) ||
        !set_limits(easy, request) ||
        !set_request(easy, headers, request, answer))
        goto done;
    err = SIL_E_STORE_UNAVAILABLE;
    if (curl_easy_perform(easy) == CURLE_OK &&
        !curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) &&
        status == STATUS_OK)
        err = SIL_OK;
    if (buf_err(answer) == SIL_E_NO_MEMORY)
        err = SIL_E_NO_MEMORY;
done:
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return err;
}
