/* The one file that knows libcurl: a multi handle, and each request as an easy
 * one.
 * Must not know which store this is, judge answers or try again.
 * Signing is curl's, over the path as we encoded it: hence PATH_AS_IS. It
 * signs the x-amz-* headers given here, among them a date where our clock is
 * known to be wrong. */
#include "fetch/s3_curl.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/s3_sockets.h"

enum { HEADER_SIZE = 64 };

/* What this libcurl (7.88) needs to be told, each found out by trying:
 *   PATH_AS_IS       otherwise "a/../b" is squashed, then signed, then refused
 *   x-amz-content-sha256  otherwise S3 answers 400; UNSIGNED-PAYLOAD, as a GET
 *                    has none
 *   X-Amz-Date       is taken instead of the clock's time, if given
 *   a sorted query   is signed as it is, not sorted
 *   left-over bytes  behind a body are taken for the next answer
 *   QUICK_EXIT       otherwise a name server that hangs holds up the thread
 *                    when a transfer is dropped. */
struct s3_curl {
    CURLM *multi;            /* owned: connections, names, trusted roots */
    const char *sign_text;   /* lent */
    const char *authorities; /* lent; NULL: the system's */
    s3_told_fn told;
    struct s3_sockets sockets;
};

/* Invariant: added to the multi handle from start until told or dropped. */
struct s3_transfer {
    CURL *easy;                 /* owned */
    struct curl_slist *headers; /* owned; the handle points to it */
    struct s3_body body;
    const struct s3_upload *upload; /* lent; NULL: nothing is sent */
    size_t sent_bytes;              /* of the upload */
    void *payload;
    bool has_excess; /* more came than was announced */
    bool is_plain;   /* no TLS, whose records are no bytes of a body */
    bool is_head;    /* a length is announced, and no body comes */
    int local_port;  /* of its connection; 0: none yet */
    const struct s3_sockets *sockets; /* lent */
    char text[CURL_ERROR_SIZE];
};

/* Bytes as they come. */

/* 0 and -1 stand for what wasn't said. */
static struct s3_head head_of(const struct s3_transfer *transfer)
{
    struct s3_head head = {0};
    long status = 0;
    curl_off_t announced = -1;

    sil_assert(transfer->easy != NULL);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                            &announced);
    head.status = (int)status;
    head.announced_bytes = announced < 0 ? -1 : announced;
    return head;
}

/* Returning less than was given ends the transfer and its connection. That
 * is needed where bytes are left over: this curl would take them for the
 * beginning of the next answer. */
static size_t take_bytes(char *piece, size_t one, size_t count, void *payload)
{
    struct s3_transfer *transfer = payload;
    struct s3_head head = head_of(transfer);
    bool is_kept = s3_body_take(&transfer->body, &head, piece, count);

    sil_assert(one == 1);
    if (transfer->is_plain && head.announced_bytes >= 0 &&
        s3_body_is_complete(&transfer->body, &head) &&
        s3_sockets_has_more(transfer->sockets, transfer->local_port))
        transfer->has_excess = true;
    return is_kept && !transfer->has_excess ? count : 0;
}

/* What is sent, in curl's pieces. */
static size_t give_bytes(char *piece, size_t one, size_t count, void *payload)
{
    struct s3_transfer *transfer = payload;
    const struct s3_upload *upload = transfer->upload;
    size_t left = upload->size - transfer->sent_bytes;

    sil_assert(one == 1);
    sil_assert(transfer->sent_bytes <= upload->size);
    if (count > left)
        count = left;
    memcpy(piece, (const char *)upload->bytes + transfer->sent_bytes, count);
    transfer->sent_bytes += count;
    return count;
}

/* From the beginning, where a kept connection turned out to be closed. */
static int rewind_bytes(void *payload, curl_off_t offset, int origin)
{
    struct s3_transfer *transfer = payload;

    sil_assert(transfer->upload != NULL);
    if (origin != SEEK_SET || offset < 0 ||
        (uint64_t)offset > transfer->upload->size)
        return CURL_SEEKFUNC_CANTSEEK;
    transfer->sent_bytes = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* Sockets are opened and closed here, to be found again by their port. */

/* As curl does by itself, but remembered. */
static curl_socket_t open_socket(void *payload, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct s3_curl *curl = payload;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);

    sil_assert(purpose == CURLSOCKTYPE_IPCXN);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    s3_sockets_add(&curl->sockets, fd);
    return fd;
}

/* Forgotten first: the number may be given again at once. */
static int close_socket(void *payload, curl_socket_t fd)
{
    struct s3_curl *curl = payload;

    sil_assert(fd >= 0);
    s3_sockets_remove(&curl->sockets, fd);
    return close(fd);
}

/* Told for kept connections as well, just before the request is sent. The
 * parameters are those of libcurl's callback, which has no const. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static int see_connection(void *payload, char *primary_ip, char *local_ip,
                          int primary_port, int local_port)
{
    struct s3_transfer *transfer = payload;

    sil_assert(local_port >= 0);
    (void)primary_ip;
    (void)local_ip;
    sil_assert(primary_port >= 0);
    transfer->local_port = local_port;
    return CURL_PREREQFUNC_OK;
}

/* Curl cuts a body at its announced length; of what came with the headers it
 * says so in words only. */
static int hear(CURL *easy, curl_infotype type, char *text, size_t size,
                void *payload)
{
    static const char words[] = "Excess found";
    struct s3_transfer *transfer = payload;

    sil_assert(easy == transfer->easy);
    if (type == CURLINFO_TEXT && size >= sizeof words - 1 &&
        memcmp(text, words, sizeof words - 1) == 0)
        transfer->has_excess = true;
    return 0;
}

/* Setting up. */

/* The list is kept if it can't grow, to be freed as it is. */
static bool add_header(struct s3_transfer *transfer, const char *text)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, text);

    sil_assert(text[0] != '\0');
    if (longer != NULL)
        transfer->headers = longer;
    return longer != NULL;
}

/* "name: value"; false: out of memory. */
static bool add_named(struct s3_transfer *transfer, const char *name,
                      const char *value)
{
    struct buf line;
    bool is_good;

    sil_assert(value != NULL);
    buf_init(&line, LIMIT_PROFILE_BYTES_MAX);
    buf_addf(&line, "%s: %s", name, value);
    is_good = buf_err(&line) == SIL_OK && add_header(transfer, buf_text(&line));
    buf_finish(&line);
    return is_good;
}

/* Of a PUT the hash is signed: bytes that change on the way are refused by the
 * store. A GET has no bytes. */
static bool add_content(struct s3_transfer *transfer, const struct s3_ask *ask)
{
    const struct s3_upload *upload = ask->upload;

    sil_assert((ask->method == S3_PUT) == (upload != NULL));
    if (upload == NULL)
        return add_header(transfer, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    return add_named(transfer, "x-amz-content-sha256", upload->sha256) &&
           add_named(transfer, "Content-Type", upload->content_type);
}

/* A session's token and, where our clock is off, the store's time. */
static bool add_headers(struct s3_transfer *transfer, const struct s3_ask *ask)
{
    char date[HEADER_SIZE];
    struct tm parts;
    time_t now = time(NULL) + (time_t)ask->skew_s;
    bool is_good = add_content(transfer, ask);

    sil_assert(transfer->headers == NULL || is_good);
    if (ask->skew_s != 0 && gmtime_r(&now, &parts) != NULL) {
        is_good = is_good &&
                  strftime(date, sizeof date, "X-Amz-Date: %Y%m%dT%H%M%SZ",
                           &parts) > 0 &&
                  add_header(transfer, date);
    }
    if (ask->credential->token == NULL)
        return is_good;
    return is_good &&
           add_named(transfer, "x-amz-security-token", ask->credential->token);
}

/* Where to, as whom, and nowhere else: no redirect, no proxy of the
 * environment, no other protocol. */
static bool set_target(const struct s3_curl *curl, CURL *easy,
                       const struct s3_ask *ask)
{
    const struct credential *credential = ask->credential;

    sil_assert(ask->url != NULL);
    return !curl_easy_setopt(easy, CURLOPT_URL, ask->url) &&
           !curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT,
                             "silhouette/" SIL_VERSION) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, curl->sign_text) &&
           !curl_easy_setopt(easy, CURLOPT_USERNAME, credential->key_id) &&
           !curl_easy_setopt(easy, CURLOPT_PASSWORD, credential->secret) &&
           !curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                             (long)CURL_SSLVERSION_TLSv1_2) &&
           (curl->authorities == NULL ||
            !curl_easy_setopt(easy, CURLOPT_CAINFO, curl->authorities));
}

/* A GET is what curl does by itself. An upload's size is told beforehand:
 * S3 takes no chunks. */
static bool set_method(struct s3_transfer *transfer, const struct s3_ask *ask)
{
    CURL *easy = transfer->easy;

    sil_assert(easy != NULL);
    transfer->upload = ask->upload;
    transfer->is_head = ask->method == S3_HEAD;
    if (ask->method == S3_HEAD)
        return !curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (ask->method == S3_GET)
        return true;
    return !curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                             (curl_off_t)ask->upload->size) &&
           !curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes) &&
           !curl_easy_setopt(easy, CURLOPT_READDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_bytes) &&
           !curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
}

/* How long, in which version, and no signal of curl's own. HTTP/1.1, as S3
 * speaks nothing newer, and one slow picture can't hold up others then. */
static bool set_limits(CURL *easy, const struct s3_ask *ask)
{
    long left_ms = (long)clock_left_ms(ask->deadline_ns, INT32_MAX);
    long connect_ms = LIMIT_FETCH_CONNECT_MS;

    sil_assert(easy != NULL);
    if (left_ms == 0)
        left_ms = 1; /* 0 would mean no limit. */
    if (connect_ms > left_ms)
        connect_ms = left_ms;
    return !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms) &&
           !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
           !curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT,
                             (long)LIMIT_FETCH_LOW_SPEED_BYTES) &&
           !curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                             (long)LIMIT_FETCH_LOW_SPEED_S) &&
           !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                             (long)CURL_HTTP_VERSION_1_1);
}

/* All that curl calls back, each with what it needs. */
static bool set_listeners(struct s3_curl *curl, struct s3_transfer *transfer)
{
    CURL *easy = transfer->easy;

    sil_assert(transfer->easy != NULL);
    return !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, curl) &&
           !curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) &&
           !curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, curl) &&
           !curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, see_connection) &&
           !curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, hear) &&
           !curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer) &&
           !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text) &&
           !curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

/* In this order: the handle uses the headers until it is gone. */
static void transfer_destroy(struct s3_transfer *transfer)
{
    sil_assert(transfer->body.bytes != NULL);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    s3_body_finish(&transfer->body);
    mem_free(transfer);
}

/* Any option that can't be set is out of memory: all others are constants of
 * ours, or were checked when the store was opened. */
enum sil_err s3_curl_start(struct s3_transfer **out, struct s3_curl *curl,
                           const struct s3_ask *ask)
{
    struct s3_transfer *transfer = mem_zalloc(1, sizeof *transfer);

    sil_assert(ask->url != NULL);
    sil_assert(ask->credential->key_id != NULL);
    if (transfer == NULL)
        return SIL_E_NO_MEMORY;
    s3_body_init(&transfer->body, ask->bytes);
    transfer->payload = ask->payload;
    transfer->sockets = &curl->sockets;
    transfer->is_plain = strncasecmp(ask->url, "http:", 5) == 0;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !add_headers(transfer, ask) ||
        !set_target(curl, transfer->easy, ask) || !set_method(transfer, ask) ||
        !set_limits(transfer->easy, ask) || !set_listeners(curl, transfer) ||
        curl_multi_add_handle(curl->multi, transfer->easy) != CURLM_OK) {
        transfer_destroy(transfer);
        return SIL_E_NO_MEMORY;
    }
    *out = transfer;
    return SIL_OK;
}

/* Removing it closes its connection, as an answer may still be coming. */
void s3_curl_drop(struct s3_curl *curl, struct s3_transfer *transfer)
{
    CURLMcode code = curl_multi_remove_handle(curl->multi, transfer->easy);

    sil_assert(transfer->easy != NULL);
    sil_assert(code == CURLM_OK);
    transfer_destroy(transfer);
}

/* The end of a transfer. */

/* Did it get as far as sending the request? A time-out before means that the
 * store is away, after that it is slow. */
static bool is_connected(const struct s3_transfer *transfer)
{
    curl_off_t sent_us = 0;

    sil_assert(transfer->easy != NULL);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T,
                            &sent_us);
    return sent_us > 0;
}

/* What curl's code means, where it isn't our own callback that ended it. */
static enum s3_outcome outcome_of(const struct s3_transfer *transfer,
                                  CURLcode code)
{
    sil_assert(transfer != NULL);
    switch (code) {
    case CURLE_OK:
        return S3_ANSWERED;
    case CURLE_PARTIAL_FILE:
        return S3_CUT;
    case CURLE_OUT_OF_MEMORY: /* also what it calls an endless header */
        return is_connected(transfer) ? S3_GARBAGE : S3_NO_MEMORY;
    case CURLE_OPERATION_TIMEDOUT:
        return is_connected(transfer) ? S3_STALLED : S3_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return S3_UNTRUSTED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
        return S3_GARBAGE;
    default:
        return S3_UNREACHABLE;
    }
}

/* Our own reasons first: curl calls them all a failed write. */
static enum s3_outcome outcome_with_ours(const struct s3_transfer *transfer,
                                         const struct s3_head *head,
                                         CURLcode code)
{
    const struct s3_body *body = &transfer->body;
    bool is_object = head->status == S3_STATUS_OK;

    sil_assert(head->announced_bytes >= -1);
    if (body->is_too_large)
        return S3_TOO_LARGE;
    if (buf_err(body->bytes) || buf_err(&body->trouble))
        return S3_NO_MEMORY;
    if (is_object && transfer->has_excess)
        return S3_CUT;
    if (is_object && code == CURLE_OK && !transfer->is_head &&
        !s3_body_is_complete(body, head))
        return S3_CUT;
    if (!is_object && code == CURLE_WRITE_ERROR)
        return S3_ANSWERED; /* An error's body longer than is wanted. */
    return outcome_of(transfer, code);
}

/* The Date header, for the difference of the clocks. It is looked at only
 * where the store refused our time. */
static int64_t server_time(const struct s3_transfer *transfer)
{
    struct curl_header *date = NULL;
    time_t time_s = -1;

    sil_assert(transfer->easy != NULL);
    if (curl_easy_header(transfer->easy, "Date", 0, CURLH_HEADER, -1, &date) ==
        CURLHE_OK)
        time_s = curl_getdate(date->value, NULL);
    return time_s > 0 ? (int64_t)time_s : 0;
}

/* The transfer is out of the multi handle before anybody is told, and gone
 * after: what is told may begin the next one. */
static void tell(struct s3_curl *curl, CURL *easy, CURLcode code)
{
    struct s3_transfer *transfer = NULL;
    struct s3_answer answer = {0};
    CURLMcode removed;

    sil_assert(curl->told != NULL);
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    sil_assert(transfer->easy == easy);
    answer.head = head_of(transfer);
    answer.outcome = outcome_with_ours(transfer, &answer.head, code);
    answer.server_s = server_time(transfer);
    answer.trouble = &transfer->body.trouble;
    answer.text = transfer->text;
    if (code != CURLE_OK && transfer->text[0] == '\0')
        answer.text = curl_easy_strerror(code);
    removed = curl_multi_remove_handle(curl->multi, easy);
    sil_assert(removed == CURLM_OK);
    curl->told(transfer->payload, &answer);
    transfer_destroy(transfer);
}

/* Waiting first: a handle that was just added makes the wait end at once. */
void s3_curl_step(struct s3_curl *curl, uint32_t wait_ms)
{
    CURLMsg *message;
    int count = 0;

    sil_assert(curl->multi != NULL);
    sil_assert(wait_ms <= LIMIT_FETCH_WAIT_MS);
    (void)curl_multi_poll(curl->multi, NULL, 0, (int)wait_ms, NULL);
    (void)curl_multi_perform(curl->multi, &count);
    message = curl_multi_info_read(curl->multi, &count);
    while (message != NULL) {
        if (message->msg == CURLMSG_DONE)
            tell(curl, message->easy_handle, message->data.result);
        message = curl_multi_info_read(curl->multi, &count);
    }
}

/* curl keeps the wake-up until the next wait, so that none is lost. */
void s3_curl_wake(struct s3_curl *curl)
{
    CURLMcode code = curl_multi_wakeup(curl->multi);

    sil_assert(curl->multi != NULL);
    sil_assert(code == CURLM_OK);
}

/* Opening and closing. curl counts its global_init and, being thread-safe,
 * needs no lock of ours. */

/* Counted by curl itself: each store initialises it once and cleans up once. */
enum sil_err s3_curl_create(struct s3_curl **out, const char *sign_text,
                            const char *authorities, s3_told_fn told,
                            struct sil_error *error)
{
    const curl_version_info_data *about = curl_version_info(CURLVERSION_NOW);
    struct s3_curl *curl;

    sil_assert(told != NULL);
    sil_assert(sign_text != NULL);
    if ((about->features & CURL_VERSION_THREADSAFE) == 0 ||
        (about->features & CURL_VERSION_SSL) == 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "this libcurl has no TLS or is not thread-safe");
    curl = mem_zalloc(1, sizeof *curl);
    if (curl == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        mem_free(curl);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for libcurl");
    }
    curl->sign_text = sign_text;
    curl->authorities = authorities;
    curl->told = told;
    curl->multi = curl_multi_init();
    if (curl->multi == NULL ||
        curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS,
                          (long)LIMIT_FETCH_CONNECTIONS_KEPT) != CURLM_OK) {
        s3_curl_destroy(curl);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for libcurl");
    }
    *out = curl;
    return SIL_OK;
}

/* Closing the kept connections calls back into the set of sockets. */
void s3_curl_destroy(struct s3_curl *curl)
{
    if (curl == NULL)
        return;
    sil_assert(curl->told != NULL);
    (void)curl_multi_cleanup(curl->multi);
    curl_global_cleanup();
    mem_free(curl);
}
