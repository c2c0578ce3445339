/* The kind "s3://bucket/prefix": a result is one signed PUT, which S3 shows
 * whole or not at all.
 * Must not know folders or curl.
 * The words of the errors are of results here: the tables speak of
 * pictures. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "fetch/fetch_sink.h"
#include "fetch/s3_call.h"

/* Invariant: both are there. */
struct s3_sink {
    struct s3_call *call; /* owned */
    struct buf answer;    /* what a PUT brought: nothing of interest */
};

/* Bytes of an answer to a PUT or a look; they have none. */
enum { ANSWER_BYTES_MAX = 65536 };

/* Errors in words of results. */
static enum sil_err tell(enum sil_err err, const struct sil_error *why,
                         struct sil_error *error)
{
    sil_assert(why != NULL);
    if (err == SIL_E_IMAGE_FORBIDDEN)
        return err_set(error, err, "the store denies writing results there");
    if (err == SIL_E_IMAGE_NOT_FOUND)
        return err_set(error, SIL_E_STORE_UNAVAILABLE,
                       "the store has no such bucket for results");
    if (err)
        return err_set(error, err, "a result could not be stored: %.200s",
                       why->detail);
    return SIL_OK;
}

/* Ask for the object of that key. */
static enum sil_err ask(struct s3_sink *sink, const char *key,
                        struct s3_want *want, struct sil_error *error)
{
    const struct s3_config *config = s3_call_config(sink->call);
    struct s3_object object = {.endpoint = &config->endpoint,
                               .addressing = config->addressing,
                               .bucket = config->bucket,
                               .prefix = config->prefix,
                               .key = key};
    struct buf url;
    enum sil_err err;

    sil_assert(key[0] != '\0');
    err = s3_config_admit(config, NULL, key, error);
    if (err)
        return err;
    buf_init(&url, LIMIT_FETCH_URL_BYTES_MAX);
    s3_add_object_url(&url, &object);
    want->url = buf_text(&url);
    buf_clear(&sink->answer);
    err = buf_err(&url)
              ? err_set(error, SIL_E_NO_MEMORY, "no memory for the result")
              : s3_call_run(sink->call, &sink->answer, want, error);
    buf_finish(&url);
    return err;
}

/* Who may write but not look gets 403 for what isn't there: then it is as if
 * nothing were, and a result is computed again rather than missed. */
static enum sil_err s3_has(bool *out, void *state, const char *key,
                           struct sil_error *error)
{
    struct s3_sink *sink = state;
    struct s3_want want = {.method = S3_HEAD};
    struct sil_error why = {0};
    enum sil_err err = ask(sink, key, &want, &why);

    sil_assert(out != NULL);
    *out = err == SIL_OK;
    if (err == SIL_E_IMAGE_NOT_FOUND || err == SIL_E_IMAGE_FORBIDDEN ||
        err == SIL_OK)
        return SIL_OK;
    return tell(err, &why, error);
}

/* The hash is signed, so that what arrives is what was sent. */
static enum sil_err s3_put(void *state, const struct fetch_parcel *parcel,
                           struct sil_error *error)
{
    struct s3_sink *sink = state;
    char hash[SHA256_TEXT_SIZE];
    struct s3_upload upload = {.bytes = parcel->bytes,
                               .size = parcel->size,
                               .sha256 = hash,
                               .content_type = parcel->content_type};
    struct s3_want want = {.method = S3_PUT, .upload = &upload};
    struct sil_error why = {0};
    enum sil_err err = sha256_text(hash, parcel->bytes, parcel->size);

    sil_assert(parcel->size > 0);
    if (!err)
        err = ask(sink, parcel->key, &want, &why);
    return tell(err, &why, error);
}

/* Also of a sink that was opened half-way. */
static void s3_close(void *state)
{
    struct s3_sink *sink = state;

    sil_assert(sink != NULL);
    s3_call_destroy(sink->call);
    buf_finish(&sink->answer);
    mem_free(sink);
}

/* Nothing is asked yet. */
static enum sil_err s3_open(void **out, const struct fetch_options *options,
                            struct sil_error *error)
{
    struct s3_sink *sink = mem_zalloc(1, sizeof *sink);
    enum sil_err err;

    if (sink == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the results");
    buf_init(&sink->answer, ANSWER_BYTES_MAX);
    err = s3_call_create(&sink->call, options, error);
    if (err)
        s3_close(sink);
    else
        *out = sink;
    sil_assert(err || sink->call != NULL);
    return err;
}

const struct sink_kind sink_s3 = {.scheme = "s3://",
                                  .open = s3_open,
                                  .has = s3_has,
                                  .put = s3_put,
                                  .close = s3_close};
