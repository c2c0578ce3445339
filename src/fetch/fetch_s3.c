/* The kind "s3://bucket/prefix": a key is an object, fetched by signed GETs.
 * Must not know curl; what an answer means is s3_error's to say.
 * A job is a try under way, or one that waits for its next: never both. New
 * keys and the store's clock are tried once each, beside the usual tries. */
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/breaker.h"
#include "fetch/credentials.h"
#include "fetch/fetch_kind.h"
#include "fetch/s3_config.h"
#include "fetch/s3_curl.h"

/* What is tried again, and how often:
 *   5xx, 408, 429, no connection, a broken or stalled one, a cut body, no HTTP:
 *     up to LIMIT_FETCH_TRIES_MAX tries, with waits between them that double
 *     and are drawn by lot, and only if the next try begins in time;
 *   refused keys: once more, if looking again brought others;
 *   a refused clock: once more, signed with the store's time, which is then
 *     used for all that follow;
 *   anything else, above all 404, 403 and redirects: not at all.
 * All of it ends at the job's deadline, which curl keeps for a transfer and
 * can_wait() for the time between two. */
struct s3_state {
    struct profile *profile;         /* owned */
    struct credentials *credentials; /* owned */
    struct s3_config config;
    struct s3_curl *curl;    /* owned */
    struct s3_task *waiting; /* for their next try; NULL: none */
    struct breaker breaker;
    int64_t skew_s; /* the store's clock minus ours, once found wrong */
};

/* What the kind knows of a job. Invariant: transfer is NULL exactly while it
 * is on the list of those that wait. */
struct s3_task {
    struct s3_state *state;
    struct fetch_job *job;
    struct s3_transfer *transfer; /* a loan; NULL: none under way */
    struct s3_task *next;         /* of those that wait; NULL: last */
    uint64_t retry_ns;            /* when the next try is due */
    struct buf url;
    bool has_renewed;  /* keys were looked for again */
    bool has_resigned; /* the store's clock was used */
};

/* The job isn't the task's to free. */
static void task_destroy(struct s3_task *task)
{
    sil_assert(task->transfer == NULL);
    buf_finish(&task->url);
    mem_free(task);
}

/* The task goes before the job is told: whoever is told may ask again. */
static void end(struct s3_task *task, enum sil_err err)
{
    struct fetch_job *job = task->job;

    sil_assert(job->kind_payload == task);
    sil_assert(task->transfer == NULL);
    task_destroy(task);
    fetch_job_end(job, err);
}

/* For the operator: what went wrong, without keys of any kind. */
static void log_trouble(const struct s3_task *task,
                        const struct s3_answer *answer, const char *code,
                        const struct s3_verdict *verdict)
{
    bool is_usual = verdict->err == SIL_E_IMAGE_NOT_FOUND ||
                    verdict->err == SIL_E_IMAGE_TOO_LARGE;
    struct log_line line;

    sil_assert(verdict->err != SIL_OK);
    log_begin(&line, is_usual ? LOG_DEBUG : LOG_WARN, "store_trouble");
    log_text(&line, "outcome", s3_outcome_name(answer->outcome));
    log_int(&line, "status", answer->head.status);
    log_text(&line, "code", code[0] != '\0' ? code : NULL);
    log_text(&line, "advice", verdict->advice);
    log_text(&line, "detail", answer->text[0] != '\0' ? answer->text : NULL);
    log_int(&line, "try", task->job->stats.try_count);
    log_end(&line);
}

/* Trying again. */

static void begin_try(struct s3_task *task);

/* Half to all of the wait that doubles with each try: tries of many jobs
 * that failed together don't come back together. */
static uint64_t backoff_ns(uint32_t try_count)
{
    uint64_t whole_ns = LIMIT_FETCH_BACKOFF_MS * NS_PER_MS;
    uint32_t random = 0;
    ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);

    sil_assert(try_count > 0 && try_count < LIMIT_FETCH_TRIES_MAX);
    whole_ns <<= try_count - 1;
    if (got != (ssize_t)sizeof random)
        random = (uint32_t)clock_ns();
    return whole_ns / 2 + whole_ns / 2 * (random & 0xFFFF) / 0xFFFF;
}

/* Wait for the next try, if there is one and it would be in time. */
static bool can_wait(struct s3_task *task)
{
    struct fetch_job *job = task->job;

    sil_assert(task->transfer == NULL);
    sil_assert(job->stats.try_count > 0);
    if (job->stats.try_count >= LIMIT_FETCH_TRIES_MAX)
        return false;
    task->retry_ns = clock_ns() + backoff_ns(job->stats.try_count);
    if (job->deadline_ns != 0 && task->retry_ns >= job->deadline_ns)
        return false;
    task->next = task->state->waiting;
    task->state->waiting = task;
    return true;
}

/* The list is short: only what failed a moment ago is on it. */
static void unlist(struct s3_task *task)
{
    struct s3_task **link = &task->state->waiting;

    while (*link != task) {
        sil_assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = task->next;
    task->next = NULL;
}

/* Keys that were refused: one more try if there are others now. Temporary
 * ones are replaced in their file by whoever renews them, at a time that this
 * service doesn't know. */
static bool can_renew(struct s3_task *task)
{
    sil_assert(task->transfer == NULL);
    if (task->has_renewed)
        return false;
    task->has_renewed = true;
    return credentials_renew(task->state->credentials);
}

/* A clock that was refused: one more try with the store's. Only the answer
 * that refused it is believed, so that a wrong Date header of a proxy does no
 * harm. */
static bool can_resign(struct s3_task *task, const struct s3_answer *answer)
{
    int64_t skew_s = answer->server_s - (int64_t)time(NULL);

    sil_assert(task->transfer == NULL);
    if (task->has_resigned || answer->server_s == 0)
        return false;
    task->has_resigned = true;
    task->state->skew_s = skew_s;
    return true;
}

/* Judging. */

/* Whole answers: their status and code. A probe may be denied the list: its
 * signature was good. */
static struct s3_verdict judge_answered(const struct s3_task *task,
                                        const struct s3_answer *answer,
                                        const char *code)
{
    const struct s3_verdict fine = {.action = S3_DELIVER};
    struct s3_verdict verdict = s3_judge_answer(answer->head.status, code);
    bool is_probe = task->job->key == NULL;

    if (is_probe && verdict.err == SIL_E_IMAGE_FORBIDDEN)
        return fine;
    if (is_probe && verdict.err == SIL_E_IMAGE_NOT_FOUND)
        verdict.detail = "the store has no such bucket";
    sil_assert(task->transfer == NULL);
    return verdict;
}

/* The detail of what was too large names the numbers. */
static void tell_too_large(struct fetch_job *job,
                           const struct s3_answer *answer)
{
    sil_assert(job->bytes.cap > 0);
    if (answer->head.announced_bytes > 0)
        (void)err_set(&job->error, SIL_E_IMAGE_TOO_LARGE,
                      "the image has %lld bytes; at most %zu are taken",
                      (long long)answer->head.announced_bytes, job->bytes.cap);
    else
        (void)err_set(&job->error, SIL_E_IMAGE_TOO_LARGE,
                      "the image has more than the %zu bytes that are taken",
                      job->bytes.cap);
}

/* Do what the verdict says: true if the job goes on. */
static bool go_on(struct s3_task *task, const struct s3_answer *answer,
                  enum s3_action action)
{
    sil_assert(task->transfer == NULL);
    if (action == S3_DELIVER || action == S3_FAIL ||
        fetch_job_is_over(task->job))
        return false;
    buf_clear(&task->job->bytes);
    if (action == S3_RETRY)
        return can_wait(task);
    if ((action == S3_RENEW && can_renew(task)) ||
        (action == S3_RESIGN && can_resign(task, answer))) {
        begin_try(task);
        return true;
    }
    return false;
}

/* A transfer is over: judge it, then go on, or tell the job's end. Where the
 * deadline has passed meanwhile, that is the reason, whatever else there
 * was. */
static void told(void *payload, const struct s3_answer *answer)
{
    struct s3_task *task = payload;
    struct fetch_job *job = task->job;
    struct s3_verdict verdict;
    char code[S3_CODE_SIZE] = "";

    sil_assert(task->job != NULL);
    sil_assert(task->transfer != NULL);
    task->transfer = NULL;
    s3_error_code(code, answer->trouble->bytes, answer->trouble->size);
    verdict = answer->outcome == S3_ANSWERED
                  ? judge_answered(task, answer, code)
                  : s3_judge_outcome(answer->outcome);
    if (answer->outcome != S3_UNREACHABLE)
        breaker_told(&task->state->breaker, false, clock_ns());
    if (verdict.action != S3_DELIVER)
        log_trouble(task, answer, code, &verdict);
    if (go_on(task, answer, verdict.action))
        return;
    if (answer->outcome == S3_UNREACHABLE)
        breaker_told(&task->state->breaker, true, clock_ns());
    if (job->key == NULL)
        buf_clear(&job->bytes);
    if (verdict.err && clock_is_past(job->deadline_ns))
        verdict.err = SIL_E_DEADLINE_EXCEEDED;
    else if (verdict.err == SIL_E_IMAGE_TOO_LARGE)
        tell_too_large(job, answer);
    else if (verdict.err)
        (void)err_set(&job->error, verdict.err, "%s", verdict.detail);
    end(task, verdict.err);
}

/* Asking. */

/* A try with the keys of now; ends the job if that can't begin. */
static void begin_try(struct s3_task *task)
{
    struct s3_state *state = task->state;
    struct fetch_job *job = task->job;
    struct s3_ask ask = {.url = buf_text(&task->url),
                         .skew_s = state->skew_s,
                         .deadline_ns = job->deadline_ns,
                         .bytes = &job->bytes,
                         .payload = task};
    enum sil_err err;

    sil_assert(task->transfer == NULL);
    err = credentials_get(&ask.credential, state->credentials, &job->error);
    if (!err && buf_err(&task->url))
        err = err_set(&job->error, SIL_E_NO_MEMORY, "no memory for the image");
    if (!err && s3_curl_start(&task->transfer, state->curl, &ask))
        err = err_set(&job->error, SIL_E_NO_MEMORY, "no memory for the image");
    if (err)
        end(task, err);
    else
        job->stats.try_count++;
}

/* A key that names its bucket is whole; otherwise the prefix is in front. */
static void add_url(struct s3_task *task)
{
    const struct s3_config *config = &task->state->config;
    const struct fetch_job *job = task->job;
    struct s3_object object = {.endpoint = &config->endpoint,
                               .addressing = config->addressing,
                               .bucket = config->bucket,
                               .prefix = config->prefix,
                               .key = job->key};

    if (job->bucket != NULL) {
        object.bucket = job->bucket;
        object.prefix = "";
    }
    if (job->key == NULL)
        s3_add_list_url(&task->url, &object);
    else
        s3_add_object_url(&task->url, &object);
    sil_assert(buf_err(&task->url) != SIL_E_STATE);
}

/* A job that the breaker refuses costs nothing but this look. A probe is
 * always let through: it is how the store is found to be back. */
static void s3_start(void *state_any, struct fetch_job *job)
{
    struct s3_state *state = state_any;
    struct s3_task *task;

    sil_assert(job->is_started);
    sil_assert(job->kind_payload == NULL);
    if (job->key != NULL && !breaker_admits(&state->breaker, clock_ns())) {
        fetch_job_end(job, err_set(&job->error, SIL_E_STORE_UNAVAILABLE,
                                   "the store can't be reached"));
        return;
    }
    task = mem_zalloc(1, sizeof *task);
    if (task == NULL) {
        fetch_job_end(job, err_set(&job->error, SIL_E_NO_MEMORY,
                                   "no memory for the image"));
        return;
    }
    task->state = state;
    task->job = job;
    job->kind_payload = task;
    buf_init(&task->url, LIMIT_FETCH_URL_BYTES_MAX);
    add_url(task);
    begin_try(task);
}

/* Cancelled: whichever of its two states the task is in. */
static void s3_stop(void *state_any, struct fetch_job *job)
{
    struct s3_state *state = state_any;
    struct s3_task *task = job->kind_payload;

    sil_assert(task->job == job);
    sil_assert(task->state == state);
    if (task->transfer != NULL)
        s3_curl_drop(state->curl, task->transfer);
    else
        unlist(task);
    task->transfer = NULL;
    task_destroy(task);
}

/* Until the first of those that wait is due. */
static uint32_t wait_ms(const struct s3_state *state)
{
    uint32_t least_ms = LIMIT_FETCH_WAIT_MS;

    sil_assert(state->curl != NULL);
    for (const struct s3_task *task = state->waiting; task != NULL;
         task = task->next)
        least_ms = clock_left_ms(task->retry_ns, least_ms);
    return least_ms;
}

/* A try that begins may end its job at once, but never another's: the next
 * task stays valid. */
static void s3_step(void *state_any)
{
    struct s3_state *state = state_any;
    struct s3_task *next;

    sil_assert(state->curl != NULL);
    s3_curl_step(state->curl, wait_ms(state));
    for (struct s3_task *task = state->waiting; task != NULL; task = next) {
        next = task->next;
        if (!clock_is_past(task->retry_ns))
            continue;
        unlist(task);
        begin_try(task);
    }
}

/* From any thread: curl says that this one call may be. */
static void s3_wake(void *state_any)
{
    struct s3_state *state = state_any;

    sil_assert(state->curl != NULL);
    s3_curl_wake(state->curl);
}

/* The configuration is read-only, so any thread may look. */
static enum sil_err s3_admit(const void *state_any, const struct fetch_job *job,
                             struct sil_error *error)
{
    const struct s3_state *state = state_any;

    sil_assert(job->key != NULL);
    return s3_config_admit(&state->config, job->bucket, job->key, error);
}

/* Opening and closing. */

/* Also of a state that was opened half-way. */
static void s3_close(void *state_any)
{
    struct s3_state *state = state_any;

    if (state == NULL)
        return;
    sil_assert(state->waiting == NULL);
    s3_curl_destroy(state->curl);
    credentials_destroy(state->credentials);
    s3_config_finish(&state->config);
    profile_destroy(state->profile);
    mem_free(state);
}

/* What is wrong with the settings is told now, not with the first picture;
 * missing keys are not: they may come. */
static enum sil_err s3_open(void **out, const struct fetch_options *options,
                            struct sil_error *error)
{
    struct s3_state *state = mem_zalloc(1, sizeof *state);
    enum sil_err err;

    sil_assert(options->bytes_max > 0);
    sil_assert(out != NULL);
    if (state == NULL || profile_create(&state->profile)) {
        mem_free(state);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    }
    err = s3_config_init(&state->config, options, state->profile, error);
    if (!err && credentials_create(&state->credentials, state->profile))
        err = err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    if (!err)
        err = s3_curl_create(&state->curl, state->config.sign_text,
                             state->config.authorities, told, error);
    if (err)
        s3_close(state);
    else
        *out = state;
    return err;
}

const struct fetch_kind fetch_s3 = {.scheme = "s3://",
                                    .open = s3_open,
                                    .close = s3_close,
                                    .admit = s3_admit,
                                    .start = s3_start,
                                    .stop = s3_stop,
                                    .step = s3_step,
                                    .wake = s3_wake};
