/* The table of steps, and what each does.
 * Must not know HTTP's syntax nor how an answer is written.
 * The loop's thread runs a job up to a step that waits elsewhere; there the
 * job's `held` part belongs to the store's thread or to a worker, until its
 * task brings it back. Deadlines and clients that leave are noticed here
 * meanwhile, without touching `held`. */
#include "server/steps.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "server/answers.h"
#include "server/step_admit.h"

/* Where a step runs. */
enum where {
    HERE,      /* at once, on the loop's thread */
    AT_STORE,  /* starts here, ends on the store's thread */
    AT_WORKER, /* on a worker's thread */
    LAST       /* here, and the job is over */
};

/** One step. */
struct step_row {
    const char *name; /* for readers of the table */
    enum where where;
    /** session: the worker's own; NULL elsewhere. NULL: nothing to run. */
    enum sil_err (*run)(struct job *job, struct sil_session *session);
};

static enum sil_err fetch(struct job *job, struct sil_session *session);
static enum sil_err compute(struct job *job, struct sil_session *session);
static enum sil_err encode(struct job *job, struct sil_session *session);

static const struct step_row steps[] = {
    [STEP_ADMIT] = {"admit", HERE, step_admit},
    [STEP_FETCH] = {"fetch", AT_STORE, fetch},
    [STEP_COMPUTE] = {"compute", AT_WORKER, compute},
    [STEP_ENCODE] = {"encode", AT_WORKER, encode},
    [STEP_SEND] = {"send", LAST, NULL},
};

static void resume(void *payload);

/* On the store's thread. The picture's memory changes hands here: from now
 * on it is the job's. */
static void fetched(void *payload, enum sil_err err, struct buf *bytes,
                    const struct fetch_stats *stats,
                    const struct sil_error *error)
{
    struct job *job = payload;
    struct held *held = &job->held;

    sil_assert(job->is_away);
    held->err = err;
    if (err)
        held->error = *error;
    else
        buf_take(&held->picture, bytes);
    held->picture_bytes = held->picture.size;
    held->stage_ns[SIL_STAGE_FETCH] = stats->elapsed_ns;
    held->fetch_tries = stats->try_count;
    job->task = (struct loop_task){.run = resume, .payload = job};
    loop_post(job->service->loop, &job->task);
}

/* Once submitted, `held` belongs to the store's thread: nothing of it may be
 * touched here any more unless submitting failed. */
static enum sil_err fetch(struct job *job, struct sil_session *session)
{
    struct fetch_wish wish = {
        .img_src = job->request.img_src,
        .deadline_ns = job->deadline_ns,
        .done = fetched,
        .payload = job,
    };
    enum sil_err err = fetch_submit(&job->fetch_number, job->service->store,
                                    &wish, &job->held.error);

    sil_assert(session == NULL);
    /* Nothing was submitted: `held` is still ours. */
    if (err == SIL_E_OVERLOADED)
        return step_refuse(job, REASON_STORE,
                           "too many pictures are being fetched");
    return err;
}

/* What a worker computes with: what was asked for, until it is too late. */
static struct sil_options options_of(const struct job *job)
{
    struct sil_options options = job->request.options;

    sil_assert(options.deadline_ns == 0);
    options.deadline_ns = job->deadline_ns;
    return options;
}

/* Decode, infer, mask. The picture's bytes are let go at once. */
static enum sil_err compute(struct job *job, struct sil_session *session)
{
    struct held *held = &job->held;
    const struct sil_picture picture = {held->picture.bytes,
                                        held->picture.size};
    struct sil_options options = options_of(job);
    struct sil_timing timing;
    enum sil_err err;

    sil_assert(session != NULL);
    err = sil_segment(&held->result, session, &picture, &options, &held->error);
    timing = sil_session_timing(session);
    held->stage_ns[SIL_STAGE_DECODE] = timing.decode_ns;
    held->stage_ns[SIL_STAGE_INFER] = timing.infer_ns;
    held->stage_ns[SIL_STAGE_MASK] = timing.mask_ns;
    /* Before the answer is made and sent, which takes longer than this. */
    buf_finish(&held->picture);
    admission_unhold(job->service->admission, &job->ticket);
    return err;
}

/* Compressed answers are small: made whole here, they cost the loop nothing.
 * SIL_E_STATE: not small enough. */
static enum sil_err encode_whole(struct held *held)
{
    size_t size = 1;
    enum sil_err err = SIL_OK;

    while (size > 0 && !err) {
        err = buf_reserve(&held->whole, LIMIT_HTTP_WRITE_BYTES);
        if (err)
            break;
        size = encoder_next(held->encoder, held->whole.bytes + held->whole.size,
                            LIMIT_HTTP_WRITE_BYTES);
        sil_assert(size <= LIMIT_HTTP_WRITE_BYTES);
        held->whole.size += size;
    }
    encoder_destroy(held->encoder);
    held->encoder = NULL;
    return err;
}

/* Prepare the answer: an encoder to be pulled while sending, or all of it. */
static enum sil_err encode(struct job *job, struct sil_session *session)
{
    struct held *held = &job->held;
    uint64_t start_ns = clock_ns();
    bool is_small =
        job->format != SIL_FORMAT_JSON || job->coding == ENCODE_GZIP;
    enum sil_err err;

    sil_assert(session != NULL);
    err =
        encoder_create(&held->encoder, held->result, job->format, job->coding);
    if (!err && is_small)
        err = encode_whole(held);
    /* Not small after all, which an adversary's picture can bring about: begin
     * again, to be pulled while it is sent. */
    if (err == SIL_E_STATE) {
        buf_finish(&held->whole);
        err = encoder_create(&held->encoder, held->result, job->format,
                             job->coding);
    }
    held->stage_ns[SIL_STAGE_ENCODE] = clock_ns() - start_ns;
    return err ? err_set(&held->error, err, "the answer can't be encoded")
               : err;
}

/* All steps that compute, one after another, without going back to the loop
 * in between. */
void steps_work(struct ticket *ticket, struct sil_session *session)
{
    struct job *job = ticket->payload;
    struct held *held = &job->held;

    sil_assert(job->is_away);
    held->queue_ns = clock_ns() - held->queued_ns;
    if (clock_is_past(job->deadline_ns))
        held->err = err_set(&held->error, SIL_E_DEADLINE_EXCEEDED,
                            "the deadline passed while waiting for a worker");
    while (!held->err && steps[held->step].where == AT_WORKER) {
        held->err = steps[held->step].run(job, session);
        if (!held->err)
            held->step++;
    }
    /* The last touch: from here on the loop's thread has it again. */
    job->task = (struct loop_task){.run = resume, .payload = job};
    loop_post(job->service->loop, &job->task);
}

/* A step spans several stages: the times tell how far it came. */
enum sil_stage steps_stage(const struct job *job)
{
    const uint64_t *ns = job->held.stage_ns;

    sil_assert(!job->is_away);
    switch (job->held.step) {
    case STEP_FETCH:
        return SIL_STAGE_FETCH;
    case STEP_COMPUTE:
        if (ns[SIL_STAGE_DECODE] == 0)
            return SIL_STAGE_REQUEST;
        if (ns[SIL_STAGE_INFER] == 0)
            return SIL_STAGE_DECODE;
        return ns[SIL_STAGE_MASK] == 0 ? SIL_STAGE_INFER : SIL_STAGE_MASK;
    case STEP_ENCODE:
    case STEP_SEND:
        return SIL_STAGE_ENCODE;
    default:
        return SIL_STAGE_REQUEST;
    }
}

/* Tell how it failed. Most errors know their stage; the rest happened where
 * the job stands. */
static void fail(struct job *job)
{
    const struct err_row *row = err_row(job->held.err);
    enum sil_stage stage = row->stage;
    struct sil_error error = job->held.error;

    sil_assert(job->held.err != SIL_OK);
    error.code = job->held.err;
    if (stage == SIL_STAGE_REQUEST)
        stage = steps_stage(job);
    /* Refused for want of room too, only of another kind. */
    if (error.code == SIL_E_NO_MEMORY)
        metrics_add(&job->service->metrics, METRIC_REJECTED, REASON_MEMORY, 0,
                    1);
    answer_error(job, &error, stage);
}

/* Run the job until it is away or answered; it may be gone afterwards. */
static void go(struct job *job)
{
    struct held *held = &job->held;
    enum sil_err err = held->err;

    while (!err) {
        const struct step_row *row = &steps[held->step];

        sil_assert(!job->is_away);
        if (row->where == AT_STORE && job->request.img_src == NULL) {
            held->step++; /* The picture came along. */
            continue;
        }
        if (row->where == LAST) {
            answer_mask(job);
            return;
        }
        /* Noted before it is handed over: the other thread may be quicker
         * than the next line. */
        job->is_away = row->where != HERE;
        job->is_at_store = row->where == AT_STORE;
        if (row->where == AT_WORKER) {
            held->queued_ns = clock_ns();
            admission_wait(job->service->admission, &job->ticket);
            return;
        }
        err = row->run(job, NULL);
        if (!err && row->where == AT_STORE)
            return; /* `held` is another thread's already. */
        job->is_away = false;
        job->is_at_store = false;
        held->err = err;
        held->step += !err;
    }
    fail(job);
}

/* A picture came, or didn't. */
static enum sil_err note_fetch(struct job *job)
{
    struct metrics *metrics = &job->service->metrics;
    struct held *held = &job->held;
    enum sil_err err;

    sil_assert(held->step == STEP_FETCH);
    metrics_add(metrics, METRIC_STORE_REQUESTS, metric_result(held->err), 0, 1);
    if (held->fetch_tries > 1)
        metrics_add(metrics, METRIC_STORE_RETRIES, 0, 0, held->fetch_tries - 1);
    if (held->err)
        return held->err;
    /* Only now is it known how many bytes the picture has. */
    held->step++;
    err = step_hold(job);
    if (err)
        buf_finish(&held->picture);
    return err;
}

/* A job's task: back on the loop's thread. */
static void resume(void *payload)
{
    struct job *job = payload;

    sil_assert(job->is_away);
    job->is_away = false;
    if (job->is_at_store)
        job->held.err = note_fetch(job);
    job->is_at_store = false;
    /* Nobody waits for the rest: the client left, or has its answer. */
    if (job->exchange == NULL || job->is_answered)
        job_settle(job);
    else
        go(job);
}

/* May have answered, and the job be gone, when it returns. */
void steps_start(struct job *job)
{
    sil_assert(job->held.step == STEP_ADMIT);
    sil_assert(!job->is_away);
    go(job);
}

/* A fetch is cancelled, a ticket leaves the queue; what a worker computes is
 * finished and thrown away, since the engine can't be stopped. */
enum sil_stage steps_abandon(struct job *job)
{
    enum sil_stage stage = SIL_STAGE_INFER;

    sil_assert(job->exchange != NULL);
    if (!job->is_away)
        return job->is_answered ? SIL_STAGE_ENCODE : SIL_STAGE_REQUEST;
    if (job->is_at_store) {
        fetch_cancel(job->service->store, job->fetch_number);
        stage = SIL_STAGE_FETCH;
    } else if (admission_withdraw(job->service->admission, &job->ticket)) {
        job->is_away = false;
        stage = SIL_STAGE_REQUEST;
    }
    return job->is_answered ? SIL_STAGE_ENCODE : stage;
}

/* The deadline passed while the job is away: the client gets its answer now,
 * whatever becomes of the rest. */
static void expire(struct job *job)
{
    struct sil_error error;
    bool is_at_store = job->is_at_store;
    bool was_waiting =
        !is_at_store &&
        admission_withdraw(job->service->admission, &job->ticket);

    sil_assert(job->is_away);
    if (was_waiting)
        job->is_away = false;
    (void)err_set(&error, SIL_E_DEADLINE_EXCEEDED,
                  "the request's deadline of %llu ms passed %s",
                  (unsigned long long)job->service->config.deadline_ms,
                  is_at_store   ? "while the picture was fetched"
                  : was_waiting ? "while waiting for a worker"
                                : "during the computation");
    if (is_at_store)
        fetch_cancel(job->service->store, job->fetch_number);
    answer_error(job, &error,
                 is_at_store   ? SIL_STAGE_FETCH
                 : was_waiting ? SIL_STAGE_REQUEST
                               : SIL_STAGE_INFER);
}

/* All jobs are looked at: there are at most as many as connections. */
void steps_tick(struct service *service)
{
    uint64_t now_ns = clock_ns();
    struct job *next;

    sil_assert(service != NULL);
    for (struct job *job = service->jobs; job != NULL; job = next) {
        next = job->next; /* Answering may free the job. */
        if (job->is_away && !job->is_answered && job->exchange != NULL &&
            now_ns >= job->deadline_ns)
            expire(job);
    }
}
