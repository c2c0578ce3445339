/* The sources of keys, in the order of the AWS SDKs.
 * Must not know S3, or let a key reach a log line or an error.
 * Two kinds: texts that are here, looked at when keys are wanted, and services
 * that have to be asked, which a thread of its own does (the keeper). */
#include "fetch/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/credentials_keeper.h"

/* The order is that of the AWS SDKs:
 *   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 *   2. web identity: a token in a file, exchanged for keys of a role;
 *   3. the profile in the credentials file, then in the config file;
 *   4. the endpoint of a container, then instance metadata.
 * A source that has only half of a pair is passed over, and the log says so:
 * it is a mistake in nearly all cases, but not one to stop for. */

/* One place where keys may be. Fills *out, both or neither of key_id and
 * secret being set. */
typedef enum sil_err (*source_fn)(struct credential *out,
                                  const struct profile *profile);

/* Invariant: now.key_id and now.secret are both set or both NULL. */
struct credentials {
    struct profile *profile; /* lent */
    struct credential now;   /* owned */
    uint64_t looked_ns;      /* when the files were last looked at */
    struct keeper *keeper;   /* owned; NULL: keys are not asked for */
};

/* NULL, for an absent token, is equal to NULL only. */
static bool is_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

/* Keys are the same if a request signed with them would be. */
static bool is_same(const struct credential *a, const struct credential *b)
{
    sil_assert(a != b);
    return is_same_text(a->key_id, b->key_id) &&
           is_same_text(a->secret, b->secret) &&
           is_same_text(a->token, b->token);
}

/* A copy of a variable; *out NULL if it is unset or empty. */
static enum sil_err copy_variable(char **out, const char *name)
{
    const char *value = getenv(name);

    sil_assert(*out == NULL);
    if (value == NULL || value[0] == '\0')
        return SIL_OK;
    *out = mem_strdup(value);
    return *out != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* The variables as they are now; a service's own don't change, so that this
 * source never has anything new to offer when keys are refused. */
static enum sil_err from_environment(struct credential *out,
                                     const struct profile *profile)
{
    enum sil_err err;

    sil_assert(out->key_id == NULL);
    sil_assert(profile != NULL);
    err = copy_variable(&out->key_id, "AWS_ACCESS_KEY_ID");
    if (!err)
        err = copy_variable(&out->secret, "AWS_SECRET_ACCESS_KEY");
    if (!err)
        err = copy_variable(&out->token, "AWS_SESSION_TOKEN");
    return err;
}

/* The profile as it was last read. */
static enum sil_err from_files(struct credential *out,
                               const struct profile *profile)
{
    enum sil_err err;

    sil_assert(profile != NULL);
    sil_assert(out->key_id == NULL);
    err = profile_copy(&out->key_id, profile, PROFILE_ANY, "aws_access_key_id");
    if (!err)
        err = profile_copy(&out->secret, profile, PROFILE_ANY,
                           "aws_secret_access_key");
    if (!err)
        err = profile_copy(&out->token, profile, PROFILE_ANY,
                           "aws_session_token");
    return err;
}

static const struct {
    const char *name; /* for the log */
    source_fn load;
} sources[] = {{"environment", from_environment}, {"files", from_files}};

/* Profiles may say in other ways where their keys come from. */
static void warn_of_unsupported(const struct profile *profile)
{
    static const char *const others[] = {"source_profile", "sso_session",
                                         "sso_start_url", "credential_process"};

    sil_assert(profile != NULL);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char *value = NULL;

        if (profile_copy(&value, profile, PROFILE_ANY, others[i]) == SIL_OK &&
            value != NULL)
            log_event(LOG_WARN, "aws_profile_not_supported", others[i]);
        profile_forget(value);
    }
}

/* The first source that has both keys. *out is empty if none has. */
static enum sil_err load(struct credential *out, const struct profile *profile)
{
    sil_assert(profile != NULL);
    sil_assert(out != NULL);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        enum sil_err err;

        *out = (struct credential){0};
        err = sources[i].load(out, profile);
        if (err) {
            credential_finish(out);
            return err;
        }
        if (out->key_id != NULL && out->secret != NULL)
            return SIL_OK;
        if (out->key_id != NULL || out->secret != NULL)
            log_event(LOG_WARN, "aws_keys_incomplete", sources[i].name);
        credential_finish(out);
    }
    warn_of_unsupported(profile);
    return SIL_OK;
}

/* Load again if the files changed. What can't be read again for want of
 * memory leaves the keys of before in place: they may still be good. */
static enum sil_err look(struct credentials *credentials)
{
    struct credential found;
    bool is_changed;
    enum sil_err err = profile_refresh(&is_changed, credentials->profile);

    sil_assert(credentials->profile != NULL);
    credentials->looked_ns = clock_ns();
    if (err || !is_changed)
        return err;
    err = load(&found, credentials->profile);
    if (err)
        return err;
    credential_finish(&credentials->now);
    credentials->now = found;
    return SIL_OK;
}

/* Who has to be asked, if it comes before what was found here: *remote is NULL
 * if nobody does. Keys of the environment come first, then web identity, then
 * the files, then the others. */
static enum sil_err find_remote(struct remote **remote,
                                const struct profile *profile,
                                const struct credential *found)
{
    const char *key_id = getenv("AWS_ACCESS_KEY_ID");
    bool is_found = found->key_id != NULL;
    bool is_first =
        is_found && key_id != NULL && strcmp(key_id, found->key_id) == 0;
    enum sil_err err = SIL_OK;

    sil_assert(*remote == NULL);
    if (!is_first)
        err = remote_find(remote, profile, true);
    if (!err && *remote == NULL && !is_found)
        err = remote_find(remote, profile, false);
    return err;
}

/* The first look is the last one for keys in the environment, and for which
 * service is asked. */
enum sil_err credentials_create(struct credentials **out,
                                struct profile *profile)
{
    struct credentials *credentials = mem_zalloc(1, sizeof *credentials);
    struct remote *remote = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    sil_assert(profile != NULL);
    if (credentials == NULL)
        return SIL_E_NO_MEMORY;
    credentials->profile = profile;
    credentials->looked_ns = clock_ns();
    err = load(&credentials->now, profile);
    if (!err)
        err = find_remote(&remote, profile, &credentials->now);
    if (!err && remote != NULL) {
        credential_finish(&credentials->now);
        err = keeper_start(&credentials->keeper, remote);
    }
    if (err)
        credentials_destroy(credentials);
    else
        *out = credentials;
    return err;
}

/* The profile is lent and stays. */
void credentials_destroy(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    keeper_stop(credentials->keeper);
    credential_finish(&credentials->now);
    mem_free(credentials);
}

/* Looking at two files costs microseconds, but not for every picture: once a
 * second will do, as a refused key makes for another look at once. */
enum sil_err credentials_get(const struct credential **out,
                             struct credentials *credentials,
                             struct sil_error *error)
{
    uint64_t look_again_ns =
        credentials->looked_ns + LIMIT_CREDENTIALS_LOOK_MS * NS_PER_MS;

    sil_assert(credentials->looked_ns > 0);
    if (credentials->keeper != NULL)
        (void)keeper_take(&credentials->now, credentials->keeper,
                          credentials->now.key_id == NULL);
    else if (clock_is_past(look_again_ns) && look(credentials))
        return err_set(error, SIL_E_NO_MEMORY, "no memory for credentials");
    sil_assert((credentials->now.key_id == NULL) ==
               (credentials->now.secret == NULL));
    if (credentials->now.key_id == NULL)
        return err_set(error, SIL_E_STORE_UNAVAILABLE,
                       "the service has no credentials for the store: set "
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                       "AWS_PROFILE");
    *out = &credentials->now;
    return SIL_OK;
}

/* Also when the files are the same the keys are taken anew: looking may have
 * failed half-way before. */
bool credentials_renew(struct credentials *credentials)
{
    struct credential found;
    bool is_changed;
    bool is_other;

    sil_assert(credentials->profile != NULL);
    if (credentials->keeper != NULL)
        return keeper_renew(&credentials->now, credentials->keeper);
    if (profile_refresh(&is_changed, credentials->profile) ||
        load(&found, credentials->profile))
        return false;
    credentials->looked_ns = clock_ns();
    is_other = found.key_id != NULL && !is_same(&found, &credentials->now);
    credential_finish(&credentials->now);
    credentials->now = found;
    return is_other;
}
