/* Three services that give keys, each with its own way of being asked.
 * Must not know when they are asked, or who uses the keys.
 * Over plain HTTP only what never leaves the machine is asked: loopback and
 * the link-local addresses that AWS gives its agents. */
#include "fetch/credentials_remote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/credentials_http.h"

/* In the order in which they are looked for. */
enum remote_kind { REMOTE_WEB, REMOTE_CONTAINER, REMOTE_INSTANCE };

static const char container_base[] = "http://169.254.170.2";
static const char instance_base[] = "http://169.254.169.254";
static const char role_path[] = "/latest/meta-data/iam/security-credentials/";

/* Texts are owned, NULL where the kind has none. */
struct remote {
    enum remote_kind kind;
    char *url;         /* of STS, of the container's keys, or a base */
    char *token;       /* sent to a container's endpoint */
    char *token_path;  /* a file that has it, read again each time */
    char *role;        /* ARN */
    char *session;     /* name of the role's session, for its logs */
    char *authorities; /* trusted roots; NULL: the system's */
};

/* Texts. */

/* The value of a variable of the environment; NULL if unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    sil_assert(name[0] != '\0');
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A copy of a variable or else of a value of the profile. *out stays NULL if
 * neither is there. name, key: NULL for none such. */
static enum sil_err copy_setting(char **out, const struct profile *profile,
                                 const char *name, const char *key)
{
    const char *value = name != NULL ? variable(name) : NULL;

    sil_assert(*out == NULL);
    if (value == NULL && key == NULL)
        return SIL_OK;
    if (value == NULL)
        return profile_copy(out, profile, PROFILE_ANY, key);
    *out = mem_strdup(value);
    return *out != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* Three texts in a row; NULL if out of memory. URLs and header lines are made
 * so. It may hold a token: profile_forget() where it does. */
static char *join(const char *a, const char *b, const char *c)
{
    struct buf text;
    char *joined = NULL;

    buf_init(&text, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    buf_add_text(&text, a);
    buf_add_text(&text, b);
    buf_add_text(&text, c);
    if (!buf_err(&text))
        joined = mem_strdup(buf_text(&text));
    sil_assert(joined == NULL || strlen(joined) >= strlen(a));
    buf_finish(&text);
    return joined;
}

/* A secret of a buffer is wiped before its memory is given back. */
static void wipe(struct buf *text)
{
    sil_assert(text->size <= text->cap);
    if (text->bytes != NULL)
        explicit_bzero(text->bytes, text->capacity);
    buf_finish(text);
}

/* As in a form: all but unreserved characters as %XX. */
static void add_encoded(struct buf *to, const char *text, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-_.~";

    sil_assert(text != NULL);
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\0' && strchr(plain, text[i]) != NULL)
            buf_add(to, text + i, 1);
        else
            buf_addf(to, "%%%02X", (unsigned char)text[i]);
    }
}

/* A token's file without the line feed that most writers leave. Read anew for
 * each request, as those who hand out tokens replace the file before they
 * expire. */
static enum sil_err read_token(struct buf *token, const char *path)
{
    enum sil_err err = file_read(token, path);

    sil_assert(path[0] != '\0');
    while (token->size > 0 && strchr("\r\n \t", token->bytes[token->size - 1]))
        token->size--;
    if (err == SIL_E_NO_MEMORY)
        return err;
    return err || token->size == 0 ? SIL_E_STORE_UNAVAILABLE : SIL_OK;
}

/* Who it is: settings of the environment before those of the profile. */

/* Is this a place that may be asked? The SDKs' rule. What follows the host is
 * looked at, too: "localhost.example" isn't localhost. */
static bool is_allowed(const char *url)
{
    static const char *const near[] = {"127.0.0.1",      "[::1]",
                                       "localhost",      "169.254.170.2",
                                       "169.254.170.23", "[fd00:ec2::23]"};
    static const char plain[] = "http://";
    const char *host = url + sizeof plain - 1;

    sil_assert(url != NULL);
    if (strncasecmp(url, "https://", 8) == 0)
        return true;
    if (strncasecmp(url, plain, sizeof plain - 1) != 0)
        return false;
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        size_t size = strlen(near[i]);

        if (strncasecmp(host, near[i], size) == 0 &&
            (host[size] == '\0' || host[size] == ':' || host[size] == '/'))
            return true;
    }
    return false;
}

/* Where STS is: a variable of its own, that of all services, the region's,
 * the one for all regions. */
static enum sil_err find_sts(struct remote *remote,
                             const struct profile *profile)
{
    char *region = NULL;
    enum sil_err err =
        copy_setting(&remote->url, profile, "AWS_ENDPOINT_URL_STS", NULL);

    sil_assert(remote->kind == REMOTE_WEB);
    if (!err && remote->url == NULL)
        err = copy_setting(&remote->url, profile, "AWS_ENDPOINT_URL", NULL);
    if (err || remote->url != NULL)
        return err;
    err = copy_setting(&region, profile, "AWS_REGION", NULL);
    if (!err && region == NULL)
        err = copy_setting(&region, profile, "AWS_DEFAULT_REGION", "region");
    if (err)
        return err;
    remote->url = region != NULL
                      ? join("https://sts.", region, ".amazonaws.com")
                      : mem_strdup("https://sts.amazonaws.com");
    mem_free(region);
    return remote->url != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* Both the role and the token's file, or it isn't meant. The session's name
 * shows in the logs of whoever owns the role. */
static enum sil_err find_web(struct remote *remote,
                             const struct profile *profile)
{
    enum sil_err err =
        copy_setting(&remote->role, profile, "AWS_ROLE_ARN", "role_arn");

    remote->kind = REMOTE_WEB;
    if (!err)
        err = copy_setting(&remote->token_path, profile,
                           "AWS_WEB_IDENTITY_TOKEN_FILE",
                           "web_identity_token_file");
    if (err || remote->role == NULL || remote->token_path == NULL)
        return err;
    err = copy_setting(&remote->session, profile, "AWS_ROLE_SESSION_NAME",
                       "role_session_name");
    if (!err && remote->session == NULL) {
        remote->session = mem_strdup("silhouette");
        if (remote->session == NULL)
            err = SIL_E_NO_MEMORY;
    }
    sil_assert(remote->url == NULL);
    return err ? err : find_sts(remote, profile);
}

/* The agent of a container (ECS, EKS, Greengrass). A relative address is that
 * agent's; a full one is held to places that can be trusted with a token. */
static enum sil_err find_container(struct remote *remote,
                                   const struct profile *profile)
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    enum sil_err err;

    remote->kind = REMOTE_CONTAINER;
    if (relative == NULL && full == NULL)
        return SIL_OK;
    if (relative == NULL && !is_allowed(full)) {
        log_event(LOG_WARN, "aws_container_not_allowed",
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an "
                  "address of this machine");
        return SIL_OK;
    }
    err = copy_setting(&remote->token_path, profile,
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", NULL);
    if (!err)
        err = copy_setting(&remote->token, profile,
                           "AWS_CONTAINER_AUTHORIZATION_TOKEN", NULL);
    if (err)
        return err;
    remote->url = relative != NULL ? join(container_base, relative, "")
                                   : mem_strdup(full);
    sil_assert(remote->kind == REMOTE_CONTAINER);
    return remote->url != NULL ? SIL_OK : SIL_E_NO_MEMORY;
}

/* Only when asked for. The base is a variable for tests and for agents that
 * stand in for it. */
static enum sil_err find_instance(struct remote *remote)
{
    const char *disabled = variable("AWS_EC2_METADATA_DISABLED");
    const char *base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    size_t size;

    sil_assert(remote->url == NULL);
    remote->kind = REMOTE_INSTANCE;
    if (disabled == NULL || strcasecmp(disabled, "false") != 0)
        return SIL_OK;
    remote->url = mem_strdup(base != NULL ? base : instance_base);
    if (remote->url == NULL)
        return SIL_E_NO_MEMORY;
    for (size = strlen(remote->url); size > 0 && remote->url[size - 1] == '/';)
        remote->url[--size] = '\0';
    return SIL_OK;
}

/* One of the two kinds of places in the order of sources: see the header. What
 * is half there, as a role without a token, isn't there. */
enum sil_err remote_find(struct remote **out, const struct profile *profile,
                         bool is_web)
{
    struct remote *remote = mem_zalloc(1, sizeof *remote);
    enum sil_err err;

    sil_assert(profile != NULL);
    if (remote == NULL)
        return SIL_E_NO_MEMORY;
    err = is_web ? find_web(remote, profile) : find_container(remote, profile);
    if (!err && !is_web && remote->url == NULL)
        err = find_instance(remote);
    if (!err && remote->url != NULL)
        err = copy_setting(&remote->authorities, profile, "AWS_CA_BUNDLE",
                           "ca_bundle");
    if (err || remote->url == NULL) {
        remote_destroy(remote);
        remote = NULL;
    }
    if (!err)
        *out = remote;
    return err;
}

/* Also of one that was found half-way. */
void remote_destroy(struct remote *remote)
{
    if (remote == NULL)
        return;
    profile_forget(remote->url);
    profile_forget(remote->token);
    profile_forget(remote->token_path);
    profile_forget(remote->role);
    profile_forget(remote->session);
    profile_forget(remote->authorities);
    mem_free(remote);
}

/* In the order of the enum. */
const char *remote_name(const struct remote *remote)
{
    static const char *const names[] = {"web_identity", "container",
                                        "instance"};

    sil_assert(remote->kind < sizeof names / sizeof names[0]);
    return names[remote->kind];
}

/* How it is asked. */

/* What all requests of a remote share. */
static struct credentials_request
request_of(const struct remote *remote, const char *method, const char *url)
{
    sil_assert(url != NULL);
    return (struct credentials_request){
        .method = method, .url = url, .authorities = remote->authorities};
}

/* STS: a token that somebody trusted signed, for keys of a role. Asked without
 * a signature: there are no keys yet to sign with. */
static enum sil_err ask_web(struct credential *out, const struct remote *remote,
                            const atomic_bool *is_ended)
{
    struct credentials_request request =
        request_of(remote, "POST", remote->url);
    struct buf token, body, answer;
    enum sil_err err;

    buf_init(&token, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    buf_init(&body, (size_t)LIMIT_CREDENTIALS_ANSWER_BYTES_MAX * 4);
    buf_init(&answer, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    err = read_token(&token, remote->token_path);
    if (err)
        goto done;
    buf_add_text(&body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                        "&RoleArn=");
    add_encoded(&body, remote->role, strlen(remote->role));
    buf_add_text(&body, "&RoleSessionName=");
    add_encoded(&body, remote->session, strlen(remote->session));
    buf_add_text(&body, "&WebIdentityToken=");
    add_encoded(&body, (const char *)token.bytes, token.size);
    err = buf_err(&body) ? SIL_E_NO_MEMORY : SIL_OK;
    if (err)
        goto done;
    request.body = buf_text(&body);
    request.is_ended = is_ended;
    err = credentials_http(&answer, &request);
    if (!err)
        err = credential_from_xml(out, answer.bytes, answer.size);
done:
    sil_assert(token.cap > 0);
    wipe(&token);
    wipe(&body);
    wipe(&answer);
    return err;
}

/* The agent knows us by a token, if it wants one. */
static enum sil_err ask_container(struct credential *out,
                                  const struct remote *remote,
                                  const atomic_bool *is_ended)
{
    struct credentials_request request = request_of(remote, "GET", remote->url);
    struct buf header, token, answer;
    enum sil_err err = SIL_OK;

    buf_init(&header, (size_t)LIMIT_CREDENTIALS_ANSWER_BYTES_MAX * 2);
    buf_init(&token, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    buf_init(&answer, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    buf_add_text(&header, "Authorization: ");
    if (remote->token_path != NULL) {
        err = read_token(&token, remote->token_path);
        buf_add(&header, token.bytes, token.size);
    } else if (remote->token != NULL) {
        buf_add_text(&header, remote->token);
    }
    /* A line feed in a token would be another header. */
    if (!err && strpbrk(buf_text(&header), "\r\n") != NULL)
        err = SIL_E_STORE_UNAVAILABLE;
    if (!err && buf_err(&header))
        err = SIL_E_NO_MEMORY;
    if (err)
        goto done;
    if (remote->token_path != NULL || remote->token != NULL)
        request.headers[0] = buf_text(&header);
    request.is_ended = is_ended;
    err = credentials_http(&answer, &request);
    if (!err)
        err = credential_from_json(out, answer.bytes, answer.size);
done:
    sil_assert(answer.cap > 0);
    wipe(&token);
    wipe(&header);
    wipe(&answer);
    return err;
}

/* One step at the instance's metadata: base, path and name make the URL. url:
 * NULL where it couldn't be made, so that callers check once. */
static enum sil_err ask_metadata(struct buf *answer, const char *url,
                                 const char *method, const char *header,
                                 const atomic_bool *is_ended)
{
    struct credentials_request request = {.method = method,
                                          .url = url,
                                          .headers = {header, NULL},
                                          .is_ended = is_ended};

    sil_assert(header != NULL);
    if (url == NULL)
        return SIL_E_NO_MEMORY;
    buf_clear(answer);
    return credentials_http(answer, &request);
}

/* Version 2: a token first, by a method that a request that was smuggled in
 * can't use; then the name of the instance's role; then its keys. */
static enum sil_err ask_instance(struct credential *out,
                                 const struct remote *remote,
                                 const atomic_bool *is_ended)
{
    char *token_url = join(remote->url, "/latest/api/token", "");
    char *list_url = join(remote->url, role_path, "");
    char *header = NULL;
    char *role_url = NULL;
    struct buf answer;
    enum sil_err err;

    buf_init(&answer, LIMIT_CREDENTIALS_ANSWER_BYTES_MAX);
    err = ask_metadata(&answer, token_url, "PUT",
                       "X-aws-ec2-metadata-token-ttl-seconds: 300", is_ended);
    if (!err && strpbrk(buf_text(&answer), "\r\n ") != NULL)
        err = SIL_E_STORE_UNAVAILABLE;
    if (err)
        goto done;
    header = join("X-aws-ec2-metadata-token: ", buf_text(&answer), "");
    err = header == NULL
              ? SIL_E_NO_MEMORY
              : ask_metadata(&answer, list_url, "GET", header, is_ended);
    if (err)
        goto done;
    /* One name; a list of several is no list that an instance has. */
    if (answer.size == 0 || strpbrk(buf_text(&answer), "\r\n /?#") != NULL) {
        err = SIL_E_STORE_UNAVAILABLE;
        goto done;
    }
    role_url = join(list_url, buf_text(&answer), "");
    err = ask_metadata(&answer, role_url, "GET", header, is_ended);
    if (!err)
        err = credential_from_json(out, answer.bytes, answer.size);
done:
    sil_assert(answer.cap > 0);
    wipe(&answer);
    profile_forget(header);
    mem_free(token_url);
    mem_free(list_url);
    mem_free(role_url);
    return err;
}

/* Each has buffers of its own, wiped at its end: what went through them are
 * secrets. */
enum sil_err remote_ask(struct credential *out, const struct remote *remote,
                        const atomic_bool *is_ended)
{
    sil_assert(out != NULL);
    sil_assert(remote->url != NULL);
    switch (remote->kind) {
    case REMOTE_WEB:
        return ask_web(out, remote, is_ended);
    case REMOTE_CONTAINER:
        return ask_container(out, remote, is_ended);
    default:
        return ask_instance(out, remote, is_ended);
    }
}
