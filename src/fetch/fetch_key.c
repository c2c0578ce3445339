/* The rule for imgSrc: one function per thing that is refused.
 * Must not know any store, decode anything, or read past the size given.
 * "//" is legal in S3, but a folder would take it for "/": two names for one
 * picture. It is refused for all stores; a "/" at the end is no such case. */
#include "fetch/fetch_key.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fetch/fetch.h"

static const char bucket_scheme[] = "s3://";
enum { BUCKET_SCHEME_SIZE = sizeof bucket_scheme - 1 };

/* Schemes that make a location of what follows even without a slash. Other
 * words before a colon are fine: "cam1:front.jpg" is a name like any other.
 * This is help for those who mistake a key for an address, not a defence: a key
 * is only ever looked up in the store. */
static const char *const schemes[] = {
    "about",  "blob", "data", "dir",   "file",       "ftp", "ftps",
    "gopher", "gs",   "http", "https", "javascript", "jar", "ldap",
    "mailto", "s3",   "sftp", "ssh",   "urn",        "ws",  "wss"};

/* Of ASCII only, whatever the locale. */
static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3986, 3.1: what a scheme may hold behind its first letter. */
static bool is_scheme_byte(uint8_t c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
}

/* C0, DEL or C1: what Unicode calls a control character. *out: its number.
 * text: one character, length bytes. */
static bool is_control(unsigned *out, const uint8_t *text, size_t length)
{
    sil_assert(length > 0);
    if (length == 1 && (text[0] < 0x20 || text[0] == 0x7F))
        *out = text[0];
    else if (length == 2 && text[0] == 0xC2 && text[1] < 0xA0)
        *out = text[1];
    else
        return false;
    return true;
}

/* A character that no key may hold, or broken UTF-8. */
static enum sil_err check_characters(const char *key, size_t size,
                                     struct sil_error *error)
{
    const uint8_t *text = (const uint8_t *)key;
    unsigned number = 0;
    size_t length;

    sil_assert(key != NULL);
    for (size_t at = 0; at < size; at += length) {
        length = utf8_length(text + at, size - at);
        if (length == 0)
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc is not valid UTF-8 at byte %zu", at);
        if (is_control(&number, text + at, length))
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc holds the control character U+%04X at byte "
                           "%zu",
                           number, at);
        if (text[at] == '\\')
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc holds a backslash at byte %zu; the parts of "
                           "a key are separated by /",
                           at);
    }
    return SIL_OK;
}

/* Segments "." and ".." anywhere, and empty ones between two slashes. */
static enum sil_err check_segments(const char *key, size_t size,
                                   struct sil_error *error)
{
    size_t start = 0;

    sil_assert(size > 0);
    for (size_t at = 0; at <= size; at++) {
        size_t length = at - start;
        bool is_end = at == size;

        if (!is_end && key[at] != '/')
            continue;
        if (length == 0 && !is_end)
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc has an empty segment (//) at byte %zu", at);
        if (length == 1 && key[start] == '.')
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc has a segment \".\"; it is a key, not a "
                           "relative path");
        if (length == 2 && key[start] == '.' && key[start + 1] == '.')
            return err_set(error, SIL_E_BAD_IMG_SRC,
                           "imgSrc has a segment \"..\"; it is a key, not a "
                           "relative path");
        start = at + 1;
    }
    return SIL_OK;
}

/* Schemes have no case. */
static bool is_scheme_known(const char *name, size_t size)
{
    sil_assert(size > 0);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strlen(schemes[i]) == size &&
            strncasecmp(schemes[i], name, size) == 0)
            return true;
    return false;
}

/* "http://…", "C:/…", "file:…": a location rather than a key. A colon alone
 * is fine ("12:30.jpg", "cam1:front.jpg"), as it is in S3. */
static bool is_location(const char *key, size_t size)
{
    size_t length = 0;

    sil_assert(size > 0);
    while (length < size && is_scheme_byte((uint8_t)key[length]))
        length++;
    if (length == 0 || length == size || key[length] != ':')
        return false;
    if (!is_alpha((uint8_t)key[0]))
        return false;
    if (length + 1 < size && key[length + 1] == '/')
        return true;
    return is_scheme_known(key, length);
}

/* The key itself, without a bucket in front. The length goes first, then the
 * characters: what comes behind may then take both for granted. */
static enum sil_err check_key(const char *key, size_t size,
                              struct sil_error *error)
{
    enum sil_err err;

    sil_assert(key != NULL || size == 0);
    if (size == 0)
        return err_set(error, SIL_E_BAD_IMG_SRC, "imgSrc holds no key");
    if (size > LIMIT_KEY_BYTES_MAX)
        return err_set(error, SIL_E_BAD_IMG_SRC,
                       "imgSrc's key has %zu bytes; at most %d are taken", size,
                       LIMIT_KEY_BYTES_MAX);
    err = check_characters(key, size, error);
    if (err)
        return err;
    if (key[0] == '/')
        return err_set(error, SIL_E_BAD_IMG_SRC,
                       "imgSrc begins with /; a store's keys don't, and with "
                       "it another picture would be named: leave it out");
    if (is_location(key, size))
        return err_set(error, SIL_E_BAD_IMG_SRC,
                       "imgSrc looks like a location; it is the picture's key "
                       "in the store, like path/to/image.jpg");
    return check_segments(key, size, error);
}

/* What stands in front of the key of "s3://bucket/key". */
static enum sil_err take_bucket(struct fetch_place *place, const char *img_src,
                                size_t size, struct sil_error *error)
{
    const char *bucket = img_src + BUCKET_SCHEME_SIZE;
    size_t left = size - BUCKET_SCHEME_SIZE;
    const char *slash = left > 0 ? memchr(bucket, '/', left) : NULL;

    sil_assert(size >= BUCKET_SCHEME_SIZE);
    if (slash == NULL || slash == bucket)
        return err_set(error, SIL_E_BAD_IMG_SRC,
                       "imgSrc begins with s3:// but is not s3://bucket/key");
    place->bucket = bucket;
    place->bucket_size = (size_t)(slash - bucket);
    place->key = slash + 1;
    return check_characters(place->bucket, place->bucket_size, error);
}

/* A bucket is taken off first; what is left is a key like any other. */
enum sil_err fetch_key_split(struct fetch_place *place, const char *img_src,
                             size_t size, struct sil_error *error)
{
    struct fetch_place found = {.key = img_src};
    enum sil_err err = SIL_OK;

    sil_assert(place != NULL);
    sil_assert(img_src != NULL || size == 0);
    if (size > BUCKET_SCHEME_SIZE &&
        memcmp(img_src, bucket_scheme, BUCKET_SCHEME_SIZE) == 0)
        err = take_bucket(&found, img_src, size, error);
    if (!err)
        err = check_key(found.key, size - (size_t)(found.key - img_src), error);
    if (err)
        return err;
    *place = found;
    return SIL_OK;
}

/* The size ends at the NUL; one inside can't be seen here, and JSON refuses
 * it before. */
enum sil_err fetch_key_check(const char *img_src, struct sil_error *error)
{
    struct fetch_place place;

    sil_assert(img_src != NULL);
    return fetch_key_split(&place, img_src, strlen(img_src), error);
}
