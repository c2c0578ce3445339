/* Percent-encoding and the two forms of addressing.
 * Must not know curl, credentials or the network.
 * RFC 3986's unreserved characters stay, and in a path the slash; all else
 * becomes %XX with capitals, as Signature Version 4 has it. */
#include "fetch/s3_sign_path.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/limits.h"

/* RFC 3986, 2.3. */
static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

/* also: a character more that stays; NUL: none. A percent sign is encoded like
 * all others: keys are literal, so "%20" is three characters of a key. */
static void add_encoded(struct buf *to, const char *text, char also)
{
    static const char digits[] = "0123456789ABCDEF";

    sil_assert(text != NULL);
    for (const char *at = text; *at != '\0'; at++) {
        uint8_t c = (uint8_t)*at;
        char encoded[] = {'%', digits[c >> 4], digits[c & 15]};

        if (is_unreserved(c) || *at == also)
            buf_add(to, at, 1);
        else
            buf_add(to, encoded, sizeof encoded);
    }
}

/* The words of the AWS tools. */
bool s3_addressing_from_name(enum s3_addressing *out, const char *name)
{
    sil_assert(out != NULL);
    if (name == NULL || strcmp(name, "auto") == 0)
        *out = S3_AUTO;
    else if (strcmp(name, "path") == 0)
        *out = S3_PATH;
    else if (strcmp(name, "virtual") == 0)
        *out = S3_VIRTUAL;
    else
        return false;
    return true;
}

/* Letters, digits, and what else stands in hosts, IPv6 brackets and ports. */
static bool is_authority(const char *text, size_t size)
{
    sil_assert(text != NULL);
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];

        if (!is_unreserved(c) && c != ':' && c != '[' && c != ']')
            return false;
    }
    return size > 0 && text[0] != ':';
}

/* The path in front: only characters that need no encoding, so that it is
 * signed as it was given. */
static bool is_base(const char *text, size_t size)
{
    sil_assert(text != NULL);
    for (size_t i = 0; i < size; i++)
        if (!is_unreserved((uint8_t)text[i]) && text[i] != '/')
            return false;
    return true;
}

/* Does the host, without its port, end in a name of Amazon's? Regional, dual-
 * stack, FIPS and private endpoints all do. */
static bool is_host_aws(const char *authority, size_t size)
{
    static const char *const ends[] = {".amazonaws.com", ".amazonaws.com.cn"};
    const char *colon = memchr(authority, ':', size);
    size_t host_size = colon != NULL ? (size_t)(colon - authority) : size;

    sil_assert(size > 0);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end_size = strlen(ends[i]);

        if (host_size > end_size &&
            strncasecmp(authority + host_size - end_size, ends[i], end_size) ==
                0)
            return true;
    }
    return false;
}

/* Strict, as it is the operator's: better refused at the start than signed
 * in a way that no store accepts. */
enum sil_err s3_endpoint_parse(struct s3_endpoint *out, const char *text,
                               struct sil_error *error)
{
    static const char http[] = "http://";
    static const char https[] = "https://";
    struct s3_endpoint endpoint = {0};
    const char *rest;

    sil_assert(out != NULL);
    sil_assert(text != NULL);
    if (strlen(text) > LIMIT_ENDPOINT_BYTES_MAX)
        return err_set(error, SIL_E_ARGUMENT,
                       "the endpoint may have %d characters at most",
                       LIMIT_ENDPOINT_BYTES_MAX);
    endpoint.is_https = strncasecmp(text, https, sizeof https - 1) == 0;
    if (!endpoint.is_https && strncasecmp(text, http, sizeof http - 1) != 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "the endpoint must begin with http:// or https://");
    endpoint.authority =
        text + (endpoint.is_https ? sizeof https : sizeof http) - 1;
    endpoint.authority_size = strcspn(endpoint.authority, "/?#");
    rest = endpoint.authority + endpoint.authority_size;
    if (!is_authority(endpoint.authority, endpoint.authority_size))
        return err_set(error, SIL_E_ARGUMENT,
                       "the endpoint must be http(s)://host or host:port, "
                       "without a user or password");
    endpoint.base = rest;
    endpoint.base_size = strlen(rest);
    while (endpoint.base_size > 0 && rest[endpoint.base_size - 1] == '/')
        endpoint.base_size--;
    if (!is_base(rest, endpoint.base_size))
        return err_set(error, SIL_E_ARGUMENT,
                       "the endpoint may have a path of letters, digits and "
                       "-_.~/ behind its host, and nothing else");
    endpoint.is_aws = is_host_aws(endpoint.authority, endpoint.authority_size);
    *out = endpoint;
    return SIL_OK;
}

/* One label of a host name, or several with http. */
bool s3_can_be_virtual(const struct s3_endpoint *endpoint, const char *bucket)
{
    size_t size = strlen(bucket);

    sil_assert(bucket != NULL);
    sil_assert(endpoint->authority_size > 0);
    for (size_t i = 0; i < size; i++) {
        char c = bucket[i];
        bool is_inner = c == '-' || (c == '.' && !endpoint->is_https);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            continue;
        if (!is_inner || i == 0 || i == size - 1)
            return false;
    }
    return size > 0 && endpoint->authority[0] != '[';
}

/* Other stores often have no names for their buckets, so path is the rule
 * there; Amazon wants the name in the host. */
static bool is_virtual(const struct s3_object *object)
{
    bool can_be = s3_can_be_virtual(object->endpoint, object->bucket);

    sil_assert(object->bucket != NULL);
    if (object->addressing == S3_AUTO)
        return can_be && object->endpoint->is_aws;
    sil_assert(object->addressing == S3_PATH || can_be);
    return object->addressing == S3_VIRTUAL;
}

/* All up to the slash in front of the key, which is not added. */
static void add_bucket_url(struct buf *to, const struct s3_object *object)
{
    const struct s3_endpoint *endpoint = object->endpoint;
    bool is_in_host = is_virtual(object);

    sil_assert(object->bucket[0] != '\0');
    buf_add_text(to, endpoint->is_https ? "https://" : "http://");
    if (is_in_host) {
        buf_add_text(to, object->bucket);
        buf_add_text(to, ".");
    }
    buf_add(to, endpoint->authority, endpoint->authority_size);
    buf_add(to, endpoint->base, endpoint->base_size);
    if (!is_in_host) {
        buf_add_text(to, "/");
        add_encoded(to, object->bucket, '\0');
    }
}

/* Nothing is added behind the key: no query, no fragment. */
void s3_add_object_url(struct buf *to, const struct s3_object *object)
{
    sil_assert(object->prefix != NULL);
    sil_assert(object->key != NULL);
    sil_assert(object->key[0] != '\0');
    add_bucket_url(to, object);
    buf_add_text(to, "/");
    if (object->prefix[0] != '\0') {
        add_encoded(to, object->prefix, '/');
        buf_add_text(to, "/");
    }
    add_encoded(to, object->key, '/');
}

/* A list of the bucket tells whether it is there and we are let in, with an
 * answer of a few hundred bytes. */
void s3_add_list_url(struct buf *to, const struct s3_object *object)
{
    sil_assert(object->endpoint != NULL);
    sil_assert(object->prefix != NULL);
    add_bucket_url(to, object);
    if (is_virtual(object) || object->endpoint->is_aws)
        buf_add_text(to, "/");
    buf_add_text(to, "?list-type=2&max-keys=1");
    if (object->prefix[0] != '\0') {
        buf_add_text(to, "&prefix=");
        add_encoded(to, object->prefix, '\0');
    }
}

/* Sorted, as in the list of one. The prefix ends with a slash here: "a" must
 * not list what lies below "ab". */
void s3_add_page_url(struct buf *to, const struct s3_object *object,
                     const char *token)
{
    sil_assert(object->prefix != NULL);
    sil_assert(token != NULL);
    add_bucket_url(to, object);
    if (is_virtual(object) || object->endpoint->is_aws)
        buf_add_text(to, "/");
    buf_add_text(to, "?");
    if (token[0] != '\0') {
        buf_add_text(to, "continuation-token=");
        add_encoded(to, token, '\0');
        buf_add_text(to, "&");
    }
    buf_add_text(to, "list-type=2");
    if (object->prefix[0] != '\0') {
        buf_add_text(to, "&prefix=");
        add_encoded(to, object->prefix, '\0');
        buf_add_text(to, "%2F");
    }
}
