/* The kind "s3://bucket/prefix": ListObjectsV2, a page after the other.
 * Must not know folders or curl.
 * A store that goes round in a circle is left: a page may be empty and not the
 * last, but its token is another one each time. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/fetch_list.h"
#include "fetch/s3_call.h"
#include "fetch/s3_page.h"

/* Invariant: at points to one of the page's keys, or behind the last. */
struct s3_list {
    struct s3_call *call; /* owned */
    struct s3_page page;
    struct buf answer;   /* a page as it came */
    struct buf token;    /* of the page that is held; empty: the first */
    const char *at;      /* the next key of the page */
    size_t left;         /* keys from there */
    size_t prefix_bytes; /* in front of each key, with the slash */
    bool has_begun;
};

/* The URL of the page behind the token. */
static enum sil_err ask(struct s3_list *list, struct sil_error *error)
{
    const struct s3_config *config = s3_call_config(list->call);
    struct s3_object object = {.endpoint = &config->endpoint,
                               .addressing = config->addressing,
                               .bucket = config->bucket,
                               .prefix = config->prefix};
    struct s3_want want = {.method = S3_GET};
    struct buf url;
    enum sil_err err;

    sil_assert(list->left == 0);
    buf_init(&url, LIMIT_FETCH_URL_BYTES_MAX);
    s3_add_page_url(&url, &object, buf_text(&list->token));
    want.url = buf_text(&url);
    err = buf_err(&url) ? err_set(error, SIL_E_STORE_ERROR,
                                  "the store's list can't be read")
                        : s3_call_run(list->call, &list->answer, &want, error);
    buf_finish(&url);
    /* The words of the table are about a picture. */
    if (err == SIL_E_IMAGE_FORBIDDEN)
        return err_set(error, err, "the store denies listing the bucket");
    if (err == SIL_E_IMAGE_TOO_LARGE)
        return err_set(error, SIL_E_STORE_ERROR,
                       "the store's list can't be read");
    return err;
}

/* Get the next page, and see that it is another one. */
static enum sil_err turn(struct s3_list *list, struct sil_error *error)
{
    bool is_same;
    enum sil_err err = SIL_OK;

    if (list->has_begun) {
        is_same =
            strcmp(buf_text(&list->token), buf_text(&list->page.token)) == 0;
        buf_take(&list->token, &list->page.token);
        if (is_same)
            return err_set(error, SIL_E_STORE_ERROR,
                           "the store gives the same part of its list again");
    }
    list->has_begun = true;
    err = ask(list, error);
    if (!err)
        err = s3_page_read(&list->page, list->answer.bytes, list->answer.size,
                           error);
    if (err)
        return err;
    list->at = (const char *)list->page.keys.bytes;
    list->left = list->page.key_count;
    sil_assert(list->left == 0 || list->at != NULL);
    return SIL_OK;
}

/* Keys that end in a slash are folders of a console: they hold nothing. */
static const char *take_key(struct s3_list *list)
{
    const char *key = list->at;
    size_t length = strlen(key);

    sil_assert(list->left > 0);
    list->at += length + 1;
    list->left--;
    if (length <= list->prefix_bytes || key[length - 1] == '/')
        return NULL;
    return key + list->prefix_bytes;
}

/* Pages may be empty, or hold nothing but folders: hence the loop. */
static enum sil_err s3_next(const char **key, void *state,
                            struct sil_error *error)
{
    struct s3_list *list = state;
    enum sil_err err = SIL_OK;

    sil_assert(*key == NULL);
    while (*key == NULL && !err) {
        if (list->left > 0)
            *key = take_key(list);
        else if (list->has_begun && !list->page.is_truncated)
            break;
        else
            err = turn(list, error);
    }
    return err;
}

/* Also of a list that was opened half-way. */
static void s3_close(void *state)
{
    struct s3_list *list = state;

    sil_assert(list != NULL);
    s3_call_destroy(list->call);
    s3_page_finish(&list->page);
    buf_finish(&list->answer);
    buf_finish(&list->token);
    mem_free(list);
}

/* Nothing is asked yet. */
static enum sil_err s3_open(void **out, const struct fetch_options *options,
                            struct sil_error *error)
{
    struct s3_list *list = mem_zalloc(1, sizeof *list);
    enum sil_err err;

    if (list == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    s3_page_init(&list->page);
    buf_init(&list->answer, LIMIT_LIST_PAGE_BYTES_MAX);
    buf_init(&list->token, LIMIT_LIST_TOKEN_BYTES_MAX);
    err = s3_call_create(&list->call, options, error);
    if (err) {
        s3_close(list);
        return err;
    }
    list->prefix_bytes = strlen(s3_call_config(list->call)->prefix);
    list->prefix_bytes += list->prefix_bytes > 0 ? 1 : 0;
    sil_assert(list->left == 0);
    *out = list;
    return SIL_OK;
}

const struct list_kind list_s3 = {
    .scheme = "s3://", .open = s3_open, .next = s3_next, .close = s3_close};
