/* Settling where the store is and how it is spoken to.
 * Must not know curl or credentials.
 * A region is needed to sign even where the store has none: with an endpoint
 * of one's own it is us-east-1 then, as all such stores accept. */
#include "fetch/s3_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/fetch_key.h"

/* Where a setting comes from; the first that has it decides:
 *   region      the option, AWS_REGION, AWS_DEFAULT_REGION, region of the
 *               profile, and with an endpoint of one's own us-east-1
 *   endpoint    the option, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL,
 *               endpoint_url of the profile's services section, endpoint_url
 *               of the profile, and without any of them Amazon's
 *   addressing  the option, addressing_style in the profile's s3 group, auto
 *   roots       AWS_CA_BUNDLE, ca_bundle of the profile, the system's
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves the option alone of the
 * endpoint's sources. */
static const char scheme[] = "s3://";
enum { SCHEME_SIZE = sizeof scheme - 1, NAME_BYTES_MAX = 255 };

/* The one reason that has nothing to do with the settings. */
static enum sil_err no_memory(struct sil_error *error)
{
    return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
}

/* A copy of size bytes with a NUL behind; NULL if out of memory. */
static char *copy_text(const char *text, size_t size)
{
    char *copy = mem_zalloc(size + 1, 1);

    sil_assert(text != NULL);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

/* What buckets and regions are made of. No other byte, or a name could break
 * out of the host, the path or the signature that it becomes a part of. */
static bool is_name(const char *text, size_t size)
{
    sil_assert(text != NULL);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
            return false;
    }
    return size > 0 && size <= NAME_BYTES_MAX && text[0] != '.';
}

/* The first of the variables that is set; NULL: none of them. */
static const char *variable(const char *first, const char *second)
{
    const char *value = getenv(first);

    sil_assert(first != NULL);
    if (value == NULL || value[0] == '\0')
        value = second != NULL ? getenv(second) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* "s3://bucket/prefix/" into bucket and "prefix". The prefix loses its slashes
 * at the end: keys are put behind one. */
static enum sil_err take_store(struct s3_config *config, const char *store,
                               struct sil_error *error)
{
    const char *bucket = store + SCHEME_SIZE;
    size_t bucket_size = strcspn(bucket, "/");
    const char *prefix = bucket + bucket_size;
    size_t prefix_size = 0;
    struct fetch_place place;

    sil_assert(strncmp(store, scheme, SCHEME_SIZE) == 0);
    if (!is_name(bucket, bucket_size))
        return err_set(error, SIL_E_ARGUMENT,
                       "the store must be s3://bucket or s3://bucket/prefix; "
                       "a bucket has letters, digits, - and .");
    prefix += *prefix == '/' ? 1 : 0;
    prefix_size = strlen(prefix);
    while (prefix_size > 0 && prefix[prefix_size - 1] == '/')
        prefix_size--;
    if (prefix_size > 0 &&
        fetch_key_split(&place, prefix, prefix_size, NULL) != SIL_OK)
        return err_set(error, SIL_E_ARGUMENT,
                       "the store's prefix must be like a key: no empty, . or "
                       ".. segment, no backslash, no control character");
    config->bucket = copy_text(bucket, bucket_size);
    config->prefix = copy_text(prefix, prefix_size);
    if (config->bucket == NULL || config->prefix == NULL)
        return no_memory(error);
    return SIL_OK;
}

/* "a, b" into "a\0b\0" and 2. One text with a NUL behind each name, no longer
 * than what was given: one block to free. */
static enum sil_err take_buckets(struct s3_config *config, const char *buckets,
                                 struct sil_error *error)
{
    size_t put = 0;

    sil_assert(config->buckets == NULL);
    config->buckets = copy_text(buckets, strlen(buckets) + 1);
    if (config->buckets == NULL)
        return no_memory(error);
    for (const char *at = buckets; *at != '\0';) {
        size_t size;

        at += strspn(at, ", ");
        size = strcspn(at, ", ");
        if (size == 0)
            break;
        if (!is_name(at, size))
            return err_set(error, SIL_E_ARGUMENT,
                           "the list of buckets must be names with commas "
                           "between them");
        if (config->bucket_count == LIMIT_FETCH_BUCKETS_MAX)
            return err_set(error, SIL_E_ARGUMENT,
                           "at most %d further buckets can be allowed",
                           LIMIT_FETCH_BUCKETS_MAX);
        memcpy(config->buckets + put, at, size);
        config->buckets[put + size] = '\0';
        put += size + 1;
        config->bucket_count++;
        at += size;
    }
    return SIL_OK;
}

/* *to: the given text, or the variables', or the profile's; NULL: none. */
static enum sil_err settle(char **to, const char *given, const char *set,
                           const struct profile *profile, const char *key)
{
    const char *value = given != NULL ? given : set;

    sil_assert(*to == NULL);
    if (value == NULL)
        return profile_copy(to, profile, PROFILE_CONFIG, key);
    *to = mem_strdup(value);
    return *to != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* Set where somebody wants Amazon's own, whatever else is configured. */
static bool is_ignoring_configured(void)
{
    const char *text = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL);

    return text != NULL && strcasecmp(text, "true") == 0;
}

/* endpoint_text stays NULL if nobody names one: then it is Amazon. */
static enum sil_err take_endpoint(struct s3_config *config, const char *given,
                                  const struct profile *profile)
{
    const char *set = variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    enum sil_err err;

    sil_assert(config->endpoint_text == NULL);
    if (given == NULL && is_ignoring_configured())
        return SIL_OK;
    if (given == NULL && set == NULL) {
        err = profile_copy(&config->endpoint_text, profile, PROFILE_SERVICE,
                           "endpoint_url");
        if (err || config->endpoint_text != NULL)
            return err;
    }
    return settle(&config->endpoint_text, given, set, profile, "endpoint_url");
}

/* Amazon's own endpoint of the region. China's regions are under a domain of
 * their own. */
static enum sil_err use_aws(struct s3_config *config, struct sil_error *error)
{
    struct buf text;
    bool is_china = strncmp(config->region, "cn-", 3) == 0;

    sil_assert(config->endpoint_text == NULL);
    buf_init(&text, LIMIT_ENDPOINT_BYTES_MAX);
    buf_addf(&text, "https://s3.%s.amazonaws.com%s", config->region,
             is_china ? ".cn" : "");
    config->endpoint_text = mem_strdup(buf_text(&text));
    if (buf_err(&text) || config->endpoint_text == NULL) {
        buf_finish(&text);
        return no_memory(error);
    }
    buf_finish(&text);
    return SIL_OK;
}

/* Region, endpoint, and what the signature is made for. */
static enum sil_err take_place(struct s3_config *config,
                               const struct fetch_options *options,
                               const struct profile *profile,
                               struct sil_error *error)
{
    struct buf text;
    enum sil_err err;

    sil_assert(config->region == NULL);
    if (settle(&config->region, options->region,
               variable("AWS_REGION", "AWS_DEFAULT_REGION"), profile,
               "region") ||
        take_endpoint(config, options->endpoint, profile))
        return no_memory(error);
    if (config->region == NULL && config->endpoint_text == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "the store's region is not known: set AWS_REGION, or "
                       "an endpoint if the store is not Amazon's");
    if (config->region == NULL)
        config->region = mem_strdup("us-east-1");
    if (config->region == NULL)
        return no_memory(error);
    if (!is_name(config->region, strlen(config->region)))
        return err_set(error, SIL_E_ARGUMENT,
                       "the region must be a name like eu-west-1");
    err = config->endpoint_text == NULL ? use_aws(config, error) : SIL_OK;
    if (err)
        return err;
    buf_init(&text, LIMIT_ENDPOINT_BYTES_MAX);
    buf_addf(&text, "aws:amz:%s:s3", config->region);
    config->sign_text = mem_strdup(buf_text(&text));
    err =
        buf_err(&text) || config->sign_text == NULL ? no_memory(error) : SIL_OK;
    buf_finish(&text);
    return err ? err
               : s3_endpoint_parse(&config->endpoint, config->endpoint_text,
                                   error);
}

/* Can every bucket be addressed in the way that was asked for? Told at the
 * start, as a host that can't be would only fail with the first picture. */
static enum sil_err check_virtual(const struct s3_config *config,
                                  struct sil_error *error)
{
    const char *bucket = config->buckets;
    bool can_be = s3_can_be_virtual(&config->endpoint, config->bucket);

    sil_assert(config->endpoint.authority_size > 0);
    for (size_t i = 0; i < config->bucket_count; i++) {
        can_be = can_be && s3_can_be_virtual(&config->endpoint, bucket);
        bucket += strlen(bucket) + 1;
    }
    if (can_be)
        return SIL_OK;
    return err_set(error, SIL_E_ARGUMENT,
                   "a bucket's name can't be part of the endpoint's host: use "
                   "the addressing \"path\"");
}

/* The name may come from the profile, as for the AWS command. */
static enum sil_err take_addressing(struct s3_config *config, const char *given,
                                    const struct profile *profile,
                                    struct sil_error *error)
{
    char *name = NULL;
    bool is_known;

    sil_assert(config->endpoint.authority_size > 0);
    if (given == NULL &&
        profile_copy(&name, profile, PROFILE_S3, "addressing_style") != SIL_OK)
        return no_memory(error);
    is_known = s3_addressing_from_name(&config->addressing,
                                       given != NULL ? given : name);
    mem_free(name);
    if (!is_known)
        return err_set(error, SIL_E_ARGUMENT,
                       "the addressing must be auto, path or virtual");
    return config->addressing == S3_VIRTUAL ? check_virtual(config, error)
                                            : SIL_OK;
}

/* An empty text is as good as none. */
static const char *or_none(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* Each step needs what those before it settled. */
enum sil_err s3_config_init(struct s3_config *config,
                            const struct fetch_options *options,
                            const struct profile *profile,
                            struct sil_error *error)
{
    struct fetch_options given = {.buckets = or_none(options->buckets),
                                  .endpoint = or_none(options->endpoint),
                                  .region = or_none(options->region),
                                  .addressing = or_none(options->addressing)};
    enum sil_err err;

    sil_assert(options->store != NULL);
    *config = (struct s3_config){0};
    sil_assert(profile != NULL);
    err = take_store(config, options->store, error);
    if (!err && given.buckets != NULL)
        err = take_buckets(config, given.buckets, error);
    if (!err)
        err = take_place(config, &given, profile, error);
    if (!err)
        err = take_addressing(config, given.addressing, profile, error);
    if (!err && settle(&config->authorities, NULL,
                       variable("AWS_CA_BUNDLE", NULL), profile, "ca_bundle"))
        err = no_memory(error);
    if (err)
        s3_config_finish(config);
    return err;
}

/* Zeroed, so that it may be finished again. */
void s3_config_finish(struct s3_config *config)
{
    sil_assert(config != NULL);
    mem_free(config->bucket);
    mem_free(config->prefix);
    mem_free(config->buckets);
    mem_free(config->region);
    mem_free(config->endpoint_text);
    mem_free(config->authorities);
    mem_free(config->sign_text);
    *config = (struct s3_config){0};
}

/* Names are compared as they are: buckets have case. */
static bool is_listed(const struct s3_config *config, const char *name)
{
    const char *bucket = config->buckets;

    sil_assert(name != NULL);
    for (size_t i = 0; i < config->bucket_count; i++) {
        if (strcmp(bucket, name) == 0)
            return true;
        bucket += strlen(bucket) + 1;
    }
    return false;
}

/* Does the whole key of the store's own bucket lie below its prefix? The
 * prefix is all of the bucket that the operator gave away; s3://bucket/key
 * must not be a way around it. */
static bool is_below(const char *key, const char *prefix)
{
    size_t size = strlen(prefix);

    sil_assert(prefix != NULL);
    return size == 0 || (strncmp(key, prefix, size) == 0 && key[size] == '/');
}

/* A bucket that isn't on the list is not named in the error: the caller
 * knows it, and nobody else should learn of the list. */
enum sil_err s3_config_admit(const struct s3_config *config, const char *bucket,
                             const char *key, struct sil_error *error)
{
    size_t prefix_size = strlen(config->prefix);
    bool is_own = bucket != NULL && strcmp(bucket, config->bucket) == 0;

    sil_assert(config->prefix != NULL);
    sil_assert(key != NULL);
    if (bucket == NULL && prefix_size > 0 &&
        prefix_size + 1 + strlen(key) > LIMIT_KEY_BYTES_MAX)
        return err_set(error, SIL_E_BAD_IMG_SRC,
                       "imgSrc's key has %zu bytes; with the store's prefix "
                       "at most %zu are taken",
                       strlen(key), LIMIT_KEY_BYTES_MAX - 1 - prefix_size);
    if (bucket == NULL || is_listed(config, bucket) ||
        (is_own && is_below(key, config->prefix)))
        return SIL_OK;
    return err_set(error, SIL_E_IMAGE_FORBIDDEN,
                   is_own ? "imgSrc names a part of the bucket that is not "
                            "served"
                          : "imgSrc names a bucket that is not on the "
                            "allow-list");
}
