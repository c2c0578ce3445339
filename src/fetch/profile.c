/* The two files behind a profile, kept as texts and searched when asked.
 * Must not know which keys are secrets, or log any value.
 * A file is read again when its inode, size or time changed: tools that renew
 * credentials replace the file. */
#include "fetch/profile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/profile_ini.h"

enum profile_file { FILE_CREDENTIALS, FILE_CONFIG, FILE_COUNT };

/* One of the two files. Its text is kept rather than its values: it is small,
 * and which values are asked for is not known here. */
struct profile_source {
    char *path;       /* owned; NULL: there is no home folder */
    struct buf text;  /* as last read; empty if it isn't there */
    struct stat seen; /* as it was then; zeros if it isn't there */
};

struct profile {
    char *name; /* owned */
    struct profile_source files[FILE_COUNT];
};

/* The value of a variable of the environment; NULL if unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    sil_assert(name != NULL);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The path that a variable names, or the usual one below HOME. A ~ in front
 * stands for HOME, as the SDKs have it. *out stays NULL without a HOME. Only as
 * "~/": other people's homes aren't looked up. */
static enum sil_err find_path(char **out, const char *name, const char *usual)
{
    const char *path = variable(name);
    const char *home = variable("HOME");
    struct buf joined;
    enum sil_err err = SIL_OK;

    sil_assert(usual[0] == '~');
    if (path == NULL)
        path = usual;
    if (path[0] == '~' && home == NULL)
        return SIL_OK;
    buf_init(&joined, LIMIT_PROFILE_BYTES_MAX);
    if (path[0] == '~' && path[1] == '/') {
        buf_add_text(&joined, home);
        path++;
    }
    buf_add_text(&joined, path);
    *out = mem_strdup(buf_text(&joined));
    if (buf_err(&joined) || *out == NULL)
        err = SIL_E_NO_MEMORY;
    buf_finish(&joined);
    return err;
}

/* As far as a look from outside can tell. To the nanosecond: a tool may write
 * twice in a second. */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
    sil_assert(a != b);
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Texts hold secrets: wiped before the memory is given back. */
static void wipe(struct buf *text)
{
    sil_assert(text->size <= text->capacity);
    if (text->bytes != NULL)
        explicit_bzero(text->bytes, text->capacity);
    buf_finish(text);
}

/* Read one file if it isn't the one that was read. A file that is gone or can't
 * be read is an empty one, which the log tells: the service then has no keys
 * and says so with each request, instead of ending. The old text stays where
 * memory runs out: keys that worked may still work. */
static enum sil_err refresh_file(bool *is_changed,
                                 struct profile_source *source)
{
    struct stat now = {0};
    struct buf text;
    enum sil_err err = SIL_OK;

    sil_assert(source->text.cap > 0);
    if (source->path == NULL)
        return SIL_OK;
    if (stat(source->path, &now) != 0)
        now = (struct stat){0};
    if (is_same_file(&now, &source->seen))
        return SIL_OK;
    buf_init(&text, LIMIT_PROFILE_BYTES_MAX);
    if (now.st_ino != 0 && S_ISREG(now.st_mode))
        err = file_read(&text, source->path);
    if (err == SIL_E_NO_MEMORY) {
        wipe(&text);
        return err;
    }
    if (err) {
        log_event(LOG_WARN, "aws_profile_unreadable", source->path);
        wipe(&text);
    }
    wipe(&source->text);
    buf_take(&source->text, &text);
    source->seen = now;
    *is_changed = true;
    return SIL_OK;
}

/* One file that can't be read doesn't keep the other from being read. */
enum sil_err profile_refresh(bool *is_changed, struct profile *profile)
{
    enum sil_err err = SIL_OK;

    sil_assert(is_changed != NULL);
    *is_changed = false;
    sil_assert(profile != NULL);
    for (int i = 0; !err && i < FILE_COUNT; i++)
        err = refresh_file(is_changed, &profile->files[i]);
    return err;
}

/* Variables are read here only: they don't change while the service runs. */
enum sil_err profile_create(struct profile **out)
{
    struct profile *profile = mem_zalloc(1, sizeof *profile);
    const char *name = variable("AWS_PROFILE");
    bool is_changed;
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    if (profile == NULL)
        return SIL_E_NO_MEMORY;
    for (int i = 0; i < FILE_COUNT; i++)
        buf_init(&profile->files[i].text, LIMIT_PROFILE_BYTES_MAX);
    profile->name = mem_strdup(name != NULL ? name : "default");
    if (profile->name == NULL)
        err = SIL_E_NO_MEMORY;
    if (!err)
        err = find_path(&profile->files[FILE_CREDENTIALS].path,
                        "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    if (!err)
        err = find_path(&profile->files[FILE_CONFIG].path, "AWS_CONFIG_FILE",
                        "~/.aws/config");
    if (!err)
        err = profile_refresh(&is_changed, profile);
    if (err)
        profile_destroy(profile);
    else
        *out = profile;
    return err;
}

/* Both texts are wiped: they hold secrets. */
void profile_destroy(struct profile *profile)
{
    if (profile == NULL)
        return;
    for (int i = 0; i < FILE_COUNT; i++) {
        wipe(&profile->files[i].text);
        mem_free(profile->files[i].path);
    }
    mem_free(profile->name);
    mem_free(profile);
}

/* An empty value is as good as none, in all SDKs. *out points into the text:
 * good until it is read again. */
static bool find_in(struct ini_slice *out, const struct profile *profile,
                    enum profile_file file, const struct ini_query *query)
{
    const struct buf *text = &profile->files[file].text;

    sil_assert(file < FILE_COUNT);
    return ini_find(out, (const char *)text->bytes, text->size, query) &&
           out->size > 0;
}

/* In the config file a profile is [profile name]; "default" may also be
 * [default]. */
static bool find_in_config(struct ini_slice *out, const struct profile *profile,
                           const char *group, const char *key)
{
    struct ini_query query = {
        .kind = "profile", .name = profile->name, .group = group, .key = key};

    sil_assert(key != NULL);
    if (find_in(out, profile, FILE_CONFIG, &query))
        return true;
    query.kind = NULL;
    return strcmp(profile->name, "default") == 0 &&
           find_in(out, profile, FILE_CONFIG, &query);
}

/* Found values are slices of the text, which may be read again: so copied. It
 * may be a secret: profile_forget() frees it. */
static enum sil_err copy_slice(char **out, struct ini_slice slice)
{
    char *copy = mem_zalloc(slice.size + 1, 1);

    sil_assert(slice.text != NULL);
    if (copy == NULL)
        return SIL_E_NO_MEMORY;
    memcpy(copy, slice.text, slice.size);
    *out = copy;
    return SIL_OK;
}

/* The "services = name" of the profile, then "s3 =" of [services name]. */
static enum sil_err find_in_service(bool *is_found, struct ini_slice *out,
                                    const struct profile *profile,
                                    const char *key)
{
    struct ini_query query = {.kind = "services", .group = "s3", .key = key};
    struct ini_slice slice;
    char *name = NULL;
    enum sil_err err;

    sil_assert(is_found != NULL);
    *is_found = false;
    if (!find_in_config(&slice, profile, NULL, "services"))
        return SIL_OK;
    err = copy_slice(&name, slice);
    if (err)
        return err;
    query.name = name;
    *is_found = find_in(out, profile, FILE_CONFIG, &query);
    mem_free(name);
    return SIL_OK;
}

/* Each place is a section, a group or both; none of them is found twice. */
enum sil_err profile_copy(char **out, const struct profile *profile,
                          enum profile_place place, const char *key)
{
    struct ini_query query = {.name = profile->name, .key = key};
    struct ini_slice slice = {0};
    bool is_found = false;
    enum sil_err err = SIL_OK;

    sil_assert(key != NULL);
    sil_assert(place < PROFILE_PLACE_COUNT);
    *out = NULL;
    if (place == PROFILE_SERVICE)
        err = find_in_service(&is_found, &slice, profile, key);
    else if (place == PROFILE_S3)
        is_found = find_in_config(&slice, profile, "s3", key);
    else if (place == PROFILE_ANY)
        is_found = find_in(&slice, profile, FILE_CREDENTIALS, &query) ||
                   find_in_config(&slice, profile, NULL, key);
    else
        is_found = find_in_config(&slice, profile, NULL, key);
    return err || !is_found ? err : copy_slice(out, slice);
}

/* Which values are secrets isn't known here, so all are wiped. */
void profile_forget(char *value)
{
    if (value != NULL)
        explicit_bzero(value, strlen(value));
    mem_free(value);
}
