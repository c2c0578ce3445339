/* Asking S3 and waiting: tries, their waits, and what is changed between two.
 * Must not know lists, results or threads.
 * More patient than a picture's fetch: nobody waits for one answer of a run
 * over a million pictures, but all of them wait for its list. */
#include "fetch/s3_call.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/credentials.h"

/* Invariant: at most one transfer is under way, and only while s3_call_run()
 * runs. */
struct s3_call {
    struct profile *profile;         /* owned */
    struct credentials *credentials; /* owned */
    struct s3_config config;
    struct s3_curl *curl; /* owned */
    int64_t skew_s;       /* the store's clock minus ours, once found wrong */
};

/* How one try ended. */
struct told {
    bool is_over;
    struct s3_verdict verdict;
    int64_t server_s; /* the store's time; 0: not known */
};

/* What is tried again, each way once, but for the plain retry. */
struct tries {
    uint32_t count;
    bool has_renewed;  /* keys were looked for again */
    bool has_resigned; /* the store's clock was used */
};

/* Read-only once made. */
const struct s3_config *s3_call_config(const struct s3_call *call)
{
    sil_assert(call != NULL);
    return &call->config;
}

/* From s3_curl_step(): on the one thread there is. */
static void take_answer(void *payload, const struct s3_answer *answer)
{
    struct told *told = payload;
    char code[S3_CODE_SIZE] = "";

    sil_assert(!told->is_over);
    s3_error_code(code, answer->trouble->bytes, answer->trouble->size);
    told->is_over = true;
    told->server_s = answer->server_s;
    told->verdict = answer->outcome == S3_ANSWERED
                        ? s3_judge_answer(answer->head.status, code)
                        : s3_judge_outcome(answer->outcome);
}

/* Half to all of a wait that doubles with each try. */
static void wait_between(uint32_t try_count)
{
    uint64_t whole_ns = LIMIT_FETCH_BACKOFF_MS * NS_PER_MS;
    uint32_t random = 0;
    struct timespec pause;

    sil_assert(try_count > 0 && try_count <= LIMIT_CALL_TRIES_MAX);
    whole_ns <<= try_count - 1;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint32_t)clock_ns();
    whole_ns = whole_ns / 2 + whole_ns / 2 * (random & 0xFFFF) / 0xFFFF;
    pause.tv_sec = (time_t)(whole_ns / NS_PER_S);
    pause.tv_nsec = (long)(whole_ns % NS_PER_S);
    (void)nanosleep(&pause, NULL);
}

/* One try. Errors: only those of not being able to ask. */
static enum sil_err ask_once(struct told *told, struct s3_call *call,
                             struct buf *answer, const struct s3_want *want,
                             struct sil_error *error)
{
    struct s3_ask ask = {.url = want->url,
                         .method = want->method,
                         .upload = want->upload,
                         .skew_s = call->skew_s,
                         .deadline_ns = clock_ns() + LIMIT_CALL_MS * NS_PER_MS,
                         .bytes = answer,
                         .payload = told};
    struct s3_transfer *transfer;
    enum sil_err err;

    sil_assert(answer->size == 0);
    *told = (struct told){0};
    err = credentials_get(&ask.credential, call->credentials, error);
    if (err)
        return err;
    if (s3_curl_start(&transfer, call->curl, &ask))
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    while (!told->is_over)
        s3_curl_step(call->curl, LIMIT_FETCH_WAIT_MS);
    return SIL_OK;
}

/* May it be tried once more, with what was changed for it? */
static bool go_on(struct s3_call *call, struct tries *tries,
                  const struct told *told)
{
    sil_assert(told->is_over);
    tries->count++;
    if (tries->count >= LIMIT_CALL_TRIES_MAX)
        return false;
    if (told->verdict.action == S3_RETRY) {
        wait_between(tries->count);
        return true;
    }
    if (told->verdict.action == S3_RENEW && !tries->has_renewed) {
        tries->has_renewed = true;
        return credentials_renew(call->credentials);
    }
    if (told->verdict.action == S3_RESIGN && !tries->has_resigned &&
        told->server_s != 0) {
        tries->has_resigned = true;
        call->skew_s = told->server_s - (int64_t)time(NULL);
        return true;
    }
    return false;
}

/* The last word of a request that wasn't answered as hoped. What the store
 * answers each time anew, a bucket that isn't there or another region, is no
 * moment of weakness: asking for something else won't help either. */
static enum sil_err tell(const struct s3_verdict *verdict,
                         struct sil_error *error)
{
    bool is_lasting = verdict->action == S3_FAIL;
    enum sil_err err = verdict->err == SIL_E_STORE_ERROR && is_lasting
                           ? SIL_E_STORE_UNAVAILABLE
                           : verdict->err;

    sil_assert(err != SIL_OK);
    return err_set(error, err, "%s%s%s", verdict->detail,
                   verdict->advice != NULL ? ": " : "",
                   verdict->advice != NULL ? verdict->advice : "");
}

/* A look that finds nothing is an answer too: its caller tells them apart. */
enum sil_err s3_call_run(struct s3_call *call, struct buf *answer,
                         const struct s3_want *want, struct sil_error *error)
{
    struct tries tries = {0};
    struct told told;
    enum sil_err err;

    sil_assert(want->url != NULL);
    sil_assert((want->method == S3_PUT) == (want->upload != NULL));
    do {
        buf_clear(answer);
        err = ask_once(&told, call, answer, want, error);
        if (err)
            return err;
    } while (told.verdict.action != S3_DELIVER && go_on(call, &tries, &told));
    return told.verdict.action == S3_DELIVER ? SIL_OK
                                             : tell(&told.verdict, error);
}

/* Also of one that was made half-way. */
void s3_call_destroy(struct s3_call *call)
{
    if (call == NULL)
        return;
    s3_curl_destroy(call->curl);
    credentials_destroy(call->credentials);
    s3_config_finish(&call->config);
    profile_destroy(call->profile);
    mem_free(call);
}

/* The store's settings are those of pictures: same variables, same files. */
enum sil_err s3_call_create(struct s3_call **out,
                            const struct fetch_options *options,
                            struct sil_error *error)
{
    struct s3_call *call = mem_zalloc(1, sizeof *call);
    enum sil_err err;

    sil_assert(out != NULL);
    if (call == NULL || profile_create(&call->profile)) {
        mem_free(call);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    }
    err = s3_config_init(&call->config, options, call->profile, error);
    if (!err && credentials_create(&call->credentials, call->profile))
        err = err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    if (!err)
        err = s3_curl_create(&call->curl, call->config.sign_text,
                             call->config.authorities, take_answer, error);
    if (err)
        s3_call_destroy(call);
    else
        *out = call;
    sil_assert(err || call->curl != NULL);
    return err;
}
