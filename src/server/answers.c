/* Bodies and header fields of all answers.
 * Must not know how a result came to be.
 * A mask's body is pulled out of its encoder while it is sent; other bodies
 * lie whole in the job. Each ends in finish(), which may free the job. */
#include "server/answers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

/* The detail, whatever the allocation was for: it is nobody's business. */
static const char no_memory[] = "there was no memory for this request";

/* As many fields as a mask's answer has, and some; bytes of a value with its
 * NUL, of which Server-Timing is the longest. */
enum { FIELDS_MAX = 16, FIELD_SIZE = 256 };

/** Header fields being gathered. */
struct fields {
    struct http_field list[FIELDS_MAX];
    char values[FIELDS_MAX][FIELD_SIZE]; /* what list points to */
    size_t count;
};

static void add_field(struct fields *fields, const char *name,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value that is too long is cut: none of ours is, and a cut one harms
 * nobody. */
static void add_field(struct fields *fields, const char *name,
                      const char *format, ...)
{
    char *value = fields->values[fields->count];
    va_list args;

    sil_assert(fields->count < FIELDS_MAX);
    va_start(args, format);
    (void)vsnprintf(value, FIELD_SIZE, format, args);
    va_end(args);
    fields->list[fields->count++] = (struct http_field){name, value};
}

/** A body that lies whole in memory. */
struct whole {
    const uint8_t *bytes;
    size_t size;
};

/* Hand out the next piece of it. */
static size_t next_of(struct job *job, struct whole body, uint8_t *bytes,
                      size_t capacity)
{
    size_t left = body.size - job->page_sent;
    size_t size = left < capacity ? left : capacity;

    /* The cursor is one for all bodies: a job sends only one of them. */
    sil_assert(job->page_sent <= body.size);
    if (size > 0)
        memcpy(bytes, body.bytes + job->page_sent, size);
    job->page_sent += size;
    return size;
}

/* For http_body.next: one function per place that a body can be in. */
static size_t next_of_page(void *payload, uint8_t *bytes, size_t capacity)
{
    struct job *job = payload;
    struct whole body = {job->page.bytes, job->page.size};

    sil_assert(job->is_sending);
    return next_of(job, body, bytes, capacity);
}

/* A body that a worker made: small, or compressed. */
static size_t next_of_whole(void *payload, uint8_t *bytes, size_t capacity)
{
    struct job *job = payload;
    struct whole body = {job->held.whole.bytes, job->held.whole.size};

    sil_assert(job->is_sending);
    return next_of(job, body, bytes, capacity);
}

/* The answer that needs no memory, nor a cursor: it is shorter than any piece,
 * so that it is asked for once. */
static size_t next_of_busy(const struct service *service, uint8_t *bytes,
                           size_t capacity)
{
    size_t size = service->busy.size;

    sil_assert(size < LIMIT_HTTP_WRITE_BYTES / 2);
    if (size > capacity)
        return 0;
    memcpy(bytes, service->busy.bytes, size);
    return size;
}

/* For a job that exists, but whose error text found no memory. */
static size_t next_of_busy_job(void *payload, uint8_t *bytes, size_t capacity)
{
    const struct job *job = payload;

    sil_assert(job->is_sending);
    return next_of_busy(job->service, bytes, capacity);
}

/* A mask's JSON, made while it is sent: of a large picture it is many times
 * what the mask is, and a slow client may take minutes for it. */
static size_t next_of_encoder(void *payload, uint8_t *bytes, size_t capacity)
{
    struct job *job = payload;

    sil_assert(job->is_sending);
    return encoder_next(job->held.encoder, bytes, capacity);
}

/* The body is sent or given up: what it was made from goes at once, a slow
 * connection may stay for long. */
static void finish(void *payload)
{
    struct job *job = payload;

    sil_assert(job->is_sending);
    job->is_sending = false;
    buf_finish(&job->page);
    /* A job that is away was answered by its deadline: what it holds is
     * freed with the job, when it is back. */
    if (!job->is_away) {
        encoder_destroy(job->held.encoder);
        job->held.encoder = NULL;
        sil_result_destroy(job->held.result);
        job->held.result = NULL;
        buf_finish(&job->held.whole);
    }
    job_settle(job);
}

/* Send it off; the job may be gone afterwards. */
static void reply(struct job *job, int status, struct fields *fields,
                  struct http_body body, bool is_last)
{
    struct http_reply reply;

    sil_assert(job->exchange != NULL);
    sil_assert(!job->is_answered);
    add_field(fields, "X-Request-Id", "%s", job->id);
    /* Whatever the body comes from, the job ends in one way. */
    body.finish = finish;
    body.payload = job;
    reply = (struct http_reply){
        .status = status,
        .fields = fields->list,
        .field_count = fields->count,
        .body = body,
        .is_last = is_last || job->service->is_draining,
    };
    job->is_answered = true;
    job->is_sending = true;
    job->status = status;
    /* All of the job was noted before: a short body may be sent, and the job
     * freed, in here. */
    http_reply(job->exchange, &reply);
}

/* Written by hand, since the order of members is part of the contract. */
void answer_error_body(struct buf *to, enum sil_err err, const char *detail,
                       enum sil_stage stage)
{
    const struct err_row *row = err_row(err);

    sil_assert(detail != NULL);
    buf_addf(to, "{\"state\":%d,\"message\":", row->state);
    json_add_text(to, row->message, strlen(row->message));
    buf_add_text(to, ",\"errors\":");
    /* The contract's "errors" is never empty: the table has a sentence. */
    if (*detail == '\0')
        detail = row->when;
    json_add_text(to, detail, strlen(detail));
    buf_addf(to, ",\"data\":[{\"code\":\"%s\",\"stage\":\"%s\"}]}", row->code,
             stage_name(stage));
}

/* Errors of the library alone may tell of the machine: the log has them. */
static const char *public_detail(const struct sil_error *error)
{
    if (error->code == SIL_E_NO_MEMORY)
        return no_memory;
    if (error->code == SIL_E_INTERNAL || err_row(error->code)->is_alias)
        return "";
    sil_assert(error->code != SIL_OK);
    return error->detail;
}

/* Errors after which the connection's state can't be trusted, or shouldn't
 * be kept. */
static bool is_fatal(enum sil_err err)
{
    sil_assert(err != SIL_OK);
    return err == SIL_E_REQUEST_TIMEOUT || err == SIL_E_REQUEST_TOO_LARGE ||
           err == SIL_E_HEADERS_TOO_LARGE || err == SIL_E_URI_TOO_LONG ||
           err == SIL_E_IMAGE_TOO_LARGE;
}

/* Where not even the error's text can be had, the answer is the one that was
 * made at the start. */
void answer_error(struct job *job, const struct sil_error *error,
                  enum sil_stage stage)
{
    enum sil_err code = error->code;
    struct http_body body = {.next = next_of_page};
    const struct err_row *row;
    struct fields fields;

    sil_assert(code != SIL_OK);
    fields.count = 0;
    buf_clear(&job->page);
    answer_error_body(&job->page, code, public_detail(error), stage);
    body.size = job->page.size;
    if (buf_err(&job->page)) {
        code = SIL_E_NO_MEMORY;
        body = (struct http_body){.size = job->service->busy.size,
                                  .next = next_of_busy_job};
    }
    job->told = code;
    row = err_row(code);
    add_field(&fields, "Content-Type", "application/json");
    /* Both mean "later"; many clients know the field and come back. */
    if (row->status == 503 || row->status == 429)
        add_field(&fields, "Retry-After", "%u",
                  job->wait_s > 0 ? job->wait_s : LIMIT_RETRY_AFTER_S);
    /* Fields that the HTTP standard wants with these two. */
    if (code == SIL_E_UNAUTHORIZED)
        add_field(&fields, "WWW-Authenticate", "Bearer");
    if (code == SIL_E_METHOD_NOT_ALLOWED)
        add_field(&fields, "Allow", "%s", route_row(job->route)->allow);
    reply(job, row->status, &fields, body, is_fatal(code));
}

/* Pages change all the time: nobody is to keep one. */
void answer_page(struct job *job, int status, const char *content_type)
{
    struct fields fields;
    struct sil_error error = {.code = SIL_E_NO_MEMORY};

    sil_assert(content_type != NULL);
    if (buf_err(&job->page)) {
        answer_error(job, &error, SIL_STAGE_REQUEST);
        return;
    }
    fields.count = 0;
    add_field(&fields, "Content-Type", "%s", content_type);
    add_field(&fields, "Cache-Control", "no-store");
    reply(job, status, &fields,
          (struct http_body){.size = job->page.size, .next = next_of_page},
          false);
}

/* For bodies of static memory: nothing of them is the job's but a cursor. */
static size_t next_of_lent(void *payload, uint8_t *bytes, size_t capacity)
{
    struct job *job = payload;
    struct whole body = {job->lent, job->lent_size};

    sil_assert(job->is_sending);
    return next_of(job, body, bytes, capacity);
}

/* The HTTP layer leaves the body out where the status has none. */
void answer_static(struct job *job, const struct answer_copy *copy)
{
    struct fields fields = {.count = 0};

    sil_assert(copy->bytes != NULL);
    for (size_t i = 0; i < copy->field_count; i++)
        add_field(&fields, copy->fields[i].name, "%s", copy->fields[i].value);
    job->lent = copy->bytes;
    job->lent_size = copy->size;
    reply(job, copy->status, &fields,
          (struct http_body){.size = copy->size, .next = next_of_lent}, false);
}

/* "fetch;dur=1.234, decode;dur=…": one entry per stage. */
static void add_timing(struct fields *fields, const struct job *job)
{
    char text[FIELD_SIZE];
    size_t size = 0;

    for (int i = SIL_STAGE_FETCH; i < SIL_STAGE_COUNT; i++) {
        double ms = (double)job->held.stage_ns[i] / (double)NS_PER_MS;
        int length =
            snprintf(text + size, sizeof text - size, "%s%s;dur=%.3f",
                     size > 0 ? ", " : "", stage_name((enum sil_stage)i), ms);
        sil_assert(length > 0);
        size += (size_t)length;
        sil_assert(size < sizeof text);
    }
    add_field(fields, "Server-Timing", "%s", text);
}

/* Everything the head tells is read off the mask now: it may be freed as
 * soon as the body is sent, and the log line comes later. */
void answer_mask(struct job *job)
{
    const struct sil_result *result = job->held.result;
    const struct sil_mask *mask = sil_result_mask(result);
    struct http_body body = {.size = job->held.whole.size,
                             .next = next_of_whole};
    struct fields fields;

    fields.count = 0;
    job->image_pixels = (uint64_t)sil_mask_width(mask) * sil_mask_height(mask);
    job->person_count = sil_result_person_count(result);
    /* A worker left either an encoder or the whole body. */
    if (job->held.encoder != NULL) {
        body.size = encoder_size(job->held.encoder);
        body.next = next_of_encoder;
    }
    add_field(&fields, "Content-Type", "%s", encode_content_type(job->format));
    if (job->coding == ENCODE_GZIP) {
        add_field(&fields, "Content-Encoding", "gzip");
        job->sent_coding = CODING_GZIP;
    }
    /* One address, several forms: a cache between must tell them apart. */
    add_field(&fields, "Vary", "Accept, Accept-Encoding");
    add_field(&fields, "X-Image-Width", "%u", sil_mask_width(mask));
    add_field(&fields, "X-Image-Height", "%u", sil_mask_height(mask));
    add_field(&fields, "X-Person-Count", "%u", sil_result_person_count(result));
    add_field(&fields, "X-Person-Area", "%.6f", sil_mask_area(mask));
    add_field(&fields, "X-Model", "%s", sil_model_name(job->service->model));
    add_timing(&fields, job);
    reply(job, 200, &fields, body, false);
}

/* The text is the same for each request that finds no memory, so it can be
 * made while there is some. */
enum sil_err answers_prepare(struct service *service)
{
    enum sil_err err;

    buf_init(&service->busy, LIMIT_PAGE_BYTES_MAX);
    answer_error_body(&service->busy, SIL_E_NO_MEMORY, no_memory,
                      SIL_STAGE_REQUEST);
    err = buf_err(&service->busy);
    sil_assert(err || service->busy.size > 0);
    return err;
}

/* For an exchange without a job; the same text. */
static size_t next_of_busy_service(void *payload, uint8_t *bytes,
                                   size_t capacity)
{
    const struct service *service = payload;

    sil_assert(service->busy.size > 0);
    return next_of_busy(service, bytes, capacity);
}

/* The body belongs to the service and stays. */
static void finish_nothing(void *payload)
{
    sil_assert(payload != NULL);
}

/* No request id: there was no memory to make one in. The log has no line
 * either, the metrics count it. */
void answer_no_memory(struct service *service, struct http_exchange *exchange)
{
    struct http_field fields[] = {{"Content-Type", "application/json"},
                                  {"Retry-After", "1"}};
    struct http_reply reply = {
        .status = err_row(SIL_E_NO_MEMORY)->status,
        .fields = fields,
        .field_count = sizeof fields / sizeof fields[0],
        .body = {service->busy.size, next_of_busy_service, finish_nothing,
                 service},
        .is_last = true,
    };

    sil_assert(http_user(exchange) == NULL);
    http_reply(exchange, &reply);
}
