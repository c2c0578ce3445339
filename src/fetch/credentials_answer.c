/* Reading answers that hold keys: JSON by its parser, XML by its tags.
 * Must not know who was asked, or let a key reach a log line or an error.
 * Not an XML parser: an element is looked for as text, and its content must
 * be what keys are made of, which is never an entity. */
#include "fetch/credentials_answer.h"

#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

enum { TAG_SIZE = 32, YEAR_BASE = 1900 };

/* Wiped, not only freed: nothing secret is left in memory given back.
 * explicit_bzero(), as a compiler may leave out writing to what is freed
 * next. */
static void forget(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    mem_free(secret);
}

/* May be called for none, and twice. */
void credential_finish(struct credential *credential)
{
    sil_assert(credential != NULL);
    forget(credential->key_id);
    forget(credential->secret);
    forget(credential->token);
    *credential = (struct credential){0};
}

/* count digits at text as a number; -1 if one of them is none. Not strtol(),
 * which takes blanks, signs and more digits than it was meant for. */
static int digits(const char *text, size_t count)
{
    int number = 0;

    sil_assert(count <= 4);
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* In one form alone, that of all these services. What timegm() would make of a
 * 31st of February is no matter: it is a time near it. Fractions of a second
 * are passed over. */
int64_t credential_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    struct tm parts = {0};
    size_t at = 0;

    sil_assert(text != NULL);
    for (; form[at] != '\0'; at++) {
        if (form[at] == 'd' ? digits(text + at, 1) < 0 : text[at] != form[at])
            return 0;
    }
    if (text[at] == '.')
        at += 1 + strspn(text + at + 1, "0123456789");
    if (strcmp(text + at, "Z") != 0)
        return 0;
    parts.tm_year = digits(text, 4) - YEAR_BASE;
    parts.tm_mon = digits(text + 5, 2) - 1;
    parts.tm_mday = digits(text + 8, 2);
    parts.tm_hour = digits(text + 11, 2);
    parts.tm_min = digits(text + 14, 2);
    parts.tm_sec = digits(text + 17, 2);
    return (int64_t)timegm(&parts);
}

/* What goes into a header or a signature must be visible ASCII: anything else
 * would be another header. */
static bool is_clean(const char *text, size_t size)
{
    sil_assert(text != NULL);
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return size > 0;
}

/* A set that is whole, or an error: half of one would be a signature that no
 * store accepts, and the reason hard to find. */
static enum sil_err settle(struct credential *out, struct credential *found)
{
    sil_assert(out != found);
    if (found->key_id == NULL || found->secret == NULL) {
        credential_finish(found);
        return SIL_E_STORE_UNAVAILABLE;
    }
    *out = *found;
    return SIL_OK;
}

/* A copy of a member that is a clean text; *out stays NULL otherwise. An
 * empty one is as good as none. */
static enum sil_err copy_member(char **out, const struct json *document,
                                const char *name)
{
    const char *text = json_text(json_member(document, name));

    sil_assert(*out == NULL);
    if (text == NULL || !is_clean(text, strlen(text)))
        return SIL_OK;
    *out = mem_strdup(text);
    return *out != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* Members that aren't asked for are ignored: each service adds its own. */
enum sil_err credential_from_json(struct credential *out, const void *bytes,
                                  size_t size)
{
    struct credential found = {0};
    struct json *document = NULL;
    const char *expires;
    enum sil_err err = json_parse(&document, bytes, size, NULL);

    sil_assert(out != NULL);
    if (err)
        return err == SIL_E_NO_MEMORY ? err : SIL_E_STORE_UNAVAILABLE;
    err = copy_member(&found.key_id, document, "AccessKeyId");
    if (!err)
        err = copy_member(&found.secret, document, "SecretAccessKey");
    if (!err)
        err = copy_member(&found.token, document, "Token");
    expires = json_text(json_member(document, "Expiration"));
    if (expires != NULL)
        found.expires_s = credential_time(expires);
    json_destroy(document);
    if (err)
        credential_finish(&found);
    return err ? err : settle(out, &found);
}

/* The content of the first element of this name, within the answer. *out stays
 * NULL if there is none, or it isn't clean. The first < behind it ends it: a
 * clean text has none in it. */
static enum sil_err copy_element(char **out, const char *text, size_t size,
                                 const char *name)
{
    char tag[TAG_SIZE] = "<";
    const char *begin;
    const char *end;
    size_t tag_size = strlen(name) + 2;

    sil_assert(tag_size < sizeof tag);
    sil_assert(*out == NULL);
    memcpy(tag + 1, name, tag_size - 2);
    tag[tag_size - 1] = '>';
    begin = memmem(text, size, tag, tag_size);
    if (begin == NULL)
        return SIL_OK;
    begin += tag_size;
    end = memchr(begin, '<', size - (size_t)(begin - text));
    if (end == NULL || !is_clean(begin, (size_t)(end - begin)))
        return SIL_OK;
    *out = mem_zalloc((size_t)(end - begin) + 1, 1);
    if (*out == NULL)
        return SIL_E_NO_MEMORY;
    memcpy(*out, begin, (size_t)(end - begin));
    return SIL_OK;
}

/* Of two sets in an answer the first would be taken; there is only one. */
enum sil_err credential_from_xml(struct credential *out, const void *bytes,
                                 size_t size)
{
    struct credential found = {0};
    char *expires = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    sil_assert(bytes != NULL || size == 0);
    if (size == 0)
        return SIL_E_STORE_UNAVAILABLE;
    err = copy_element(&found.key_id, bytes, size, "AccessKeyId");
    if (!err)
        err = copy_element(&found.secret, bytes, size, "SecretAccessKey");
    if (!err)
        err = copy_element(&found.token, bytes, size, "SessionToken");
    if (!err)
        err = copy_element(&expires, bytes, size, "Expiration");
    if (expires != NULL)
        found.expires_s = credential_time(expires);
    mem_free(expires);
    if (err)
        credential_finish(&found);
    return err ? err : settle(out, &found);
}
