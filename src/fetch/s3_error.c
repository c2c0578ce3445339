/* The answers of S3 and its relatives, as two tables: codes, then statuses.
 * Must not know the request; an error's message is never read, because it
 * may name keys, buckets and hosts.
 * Not an XML parser: a code is looked for as text, and anything but letters
 * and digits in it makes it none. */
#include "fetch/s3_error.h"

#include <string.h>

#include "base/check.h"

/* What callers are told, save the last one. None names the store, a bucket or a
 * key: rows add advice for the operator, which goes to the log alone. */
static const char not_found[] = "the store has no image of that key";
static const char forbidden[] = "the store denies access to that image";
static const char nonsense[] = "the store gave an answer that makes no sense";
static const char failing[] = "the store failed, also when asked again";
static const char refused[] = "the store refused the service's credentials";
static const char clock_wrong[] =
    "the store refused the service's signature because of its clock";
static const char misconfigured[] =
    "the store is not set up as the service expects";
static const char wrong_region[] =
    "the bucket is in another region, or behind another endpoint: set "
    "AWS_REGION or the endpoint";

/* By <Code>: these say more than the status. A 404 may be a missing bucket,
 * which is the operator's affair; a 403 may be a refused key of ours, which is
 * not the caller's; a 400 may be a token that has expired. */
static const struct {
    const char *code;
    struct s3_verdict verdict;
} code_rows[] = {
    {"NoSuchKey", {S3_FAIL, SIL_E_IMAGE_NOT_FOUND, not_found, NULL}},
    {"NoSuchVersion", {S3_FAIL, SIL_E_IMAGE_NOT_FOUND, not_found, NULL}},
    {"NoSuchBucket",
     {S3_FAIL, SIL_E_STORE_ERROR, misconfigured,
      "there is no such bucket: check its name and the endpoint"}},
    {"AccessDenied", {S3_FAIL, SIL_E_IMAGE_FORBIDDEN, forbidden, NULL}},
    {"AllAccessDisabled", {S3_FAIL, SIL_E_IMAGE_FORBIDDEN, forbidden, NULL}},
    {"InvalidObjectState",
     {S3_FAIL, SIL_E_IMAGE_FORBIDDEN,
      "the image is archived; the store must restore it first", NULL}},
    {"KeyTooLongError",
     {S3_FAIL, SIL_E_BAD_IMG_SRC, "the key is too long for the store", NULL}},
    {"ExpiredToken",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused, "the token has expired"}},
    {"ExpiredTokenException",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused, "the token has expired"}},
    {"TokenRefreshRequired",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused, "the token has expired"}},
    {"InvalidToken",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused,
      "the session token is not valid"}},
    {"InvalidAccessKeyId",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused,
      "the store doesn't know the access key"}},
    {"XAdminUserNotFound", /* versitygw's word for the same */
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused,
      "the store doesn't know the access key"}},
    {"SignatureDoesNotMatch",
     {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused,
      "the secret key or the region is wrong"}},
    {"NotSignedUp", {S3_FAIL, SIL_E_STORE_UNAVAILABLE, refused, NULL}},
    {"RequestTimeTooSkewed",
     {S3_RESIGN, SIL_E_STORE_UNAVAILABLE, clock_wrong,
      "this machine's clock is wrong"}},
    {"RequestExpired",
     {S3_RESIGN, SIL_E_STORE_UNAVAILABLE, clock_wrong,
      "this machine's clock is wrong"}},
    {"AuthorizationHeaderMalformed",
     {S3_FAIL, SIL_E_STORE_ERROR, misconfigured, wrong_region}},
    {"PermanentRedirect",
     {S3_FAIL, SIL_E_STORE_ERROR, misconfigured, wrong_region}},
    {"RequestTimeout", {S3_RETRY, SIL_E_STORE_ERROR, failing, NULL}},
    {"SlowDown",
     {S3_RETRY, SIL_E_STORE_ERROR, failing, "the store wants fewer requests"}},
};

/* By status: for other stores' codes, and answers without any. The first row
 * that holds the status decides; the last one holds them all. */
static const struct {
    int first, last;
    struct s3_verdict verdict;
} status_rows[] = {
    {200, 200, {S3_DELIVER, SIL_OK, NULL, NULL}},
    {300, 399, {S3_FAIL, SIL_E_STORE_ERROR, misconfigured, wrong_region}},
    {401, 401, {S3_RENEW, SIL_E_STORE_UNAVAILABLE, refused, NULL}},
    {403, 403, {S3_FAIL, SIL_E_IMAGE_FORBIDDEN, forbidden, NULL}},
    {404, 404, {S3_FAIL, SIL_E_IMAGE_NOT_FOUND, not_found, NULL}},
    {408, 408, {S3_RETRY, SIL_E_STORE_ERROR, failing, NULL}},
    {410, 410, {S3_FAIL, SIL_E_IMAGE_NOT_FOUND, not_found, NULL}},
    {429, 429, {S3_RETRY, SIL_E_STORE_ERROR, failing, NULL}},
    {500, 500, {S3_RETRY, SIL_E_STORE_ERROR, failing, NULL}},
    {502, 504, {S3_RETRY, SIL_E_STORE_ERROR, failing, NULL}},
    {0, 999, {S3_FAIL, SIL_E_STORE_ERROR, nonsense, NULL}},
};

/* By outcome, where no whole answer came. What isn't HTTP at all may be what a
 * broken answer left behind in a kept connection, so it is tried again too. */
static const struct {
    const char *name; /* for the log */
    struct s3_verdict verdict;
} outcome_rows[] = {
    [S3_ANSWERED] = {"answered", {S3_DELIVER, SIL_OK, NULL, NULL}},
    [S3_TOO_LARGE] = {"too_large",
                      {S3_FAIL, SIL_E_IMAGE_TOO_LARGE,
                       "the image has more bytes than are taken", NULL}},
    [S3_NO_MEMORY] = {"no_memory",
                      {S3_FAIL, SIL_E_NO_MEMORY, "no memory for the image",
                       NULL}},
    [S3_UNREACHABLE] = {"unreachable",
                        {S3_RETRY, SIL_E_STORE_UNAVAILABLE,
                         "the store can't be reached", NULL}},
    [S3_UNTRUSTED] = {"untrusted",
                      {S3_FAIL, SIL_E_STORE_UNAVAILABLE,
                       "the store can't be reached safely",
                       "its certificate is not good: set AWS_CA_BUNDLE if it "
                       "is your own"}},
    [S3_STALLED] = {"stalled",
                    {S3_RETRY, SIL_E_DEADLINE_EXCEEDED,
                     "the store was too slow", NULL}},
    [S3_CUT] = {"cut",
                {S3_RETRY, SIL_E_STORE_ERROR,
                 "the store sent fewer or more bytes than it announced", NULL}},
    [S3_GARBAGE] = {"garbage",
                    {S3_RETRY, SIL_E_STORE_ERROR, nonsense,
                     "this may not be an S3 endpoint"}},
};

/* Of ASCII, whatever the locale. */
static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* The first one counts: S3 has no other element of that name. */
void s3_error_code(char *code, const void *bytes, size_t size)
{
    static const char open_tag[] = "<Code>";
    const char *text =
        size > 0 ? memmem(bytes, size, open_tag, sizeof open_tag - 1) : NULL;
    const char *end;
    size_t length = 0;

    sil_assert(code != NULL);
    code[0] = '\0';
    if (text == NULL)
        return;
    end = (const char *)bytes + size;
    text += sizeof open_tag - 1;
    while (text + length < end && length < S3_CODE_SIZE - 1 &&
           is_letter_or_digit(text[length]))
        length++;
    if (text + length == end || text[length] != '<')
        return;
    memcpy(code, text, length);
    code[length] = '\0';
}

/* The code says more than the status, but never that all is well. A code that
 * no row knows leaves it to the status. */
struct s3_verdict s3_judge_answer(int status, const char *code)
{
    size_t last = sizeof status_rows / sizeof status_rows[0] - 1;
    size_t i = 0;

    sil_assert(strlen(code) < S3_CODE_SIZE);
    sil_assert(code != NULL);
    if (status != 200)
        for (i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++)
            if (strcmp(code_rows[i].code, code) == 0)
                return code_rows[i].verdict;
    for (i = 0; i < last; i++)
        if (status >= status_rows[i].first && status <= status_rows[i].last)
            break;
    return status_rows[i].verdict;
}

/* A row for each. */
struct s3_verdict s3_judge_outcome(enum s3_outcome outcome)
{
    sil_assert(outcome_rows[outcome].verdict.err != SIL_OK);
    sil_assert(outcome > S3_ANSWERED);
    sil_assert(outcome <= S3_GARBAGE);
    return outcome_rows[outcome].verdict;
}

/* The words of the log. */
const char *s3_outcome_name(enum s3_outcome outcome)
{
    sil_assert(outcome_rows[outcome].name != NULL);
    sil_assert(outcome <= S3_GARBAGE);
    return outcome_rows[outcome].name;
}
