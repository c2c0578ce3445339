/* Keeping the bytes of an answer, below their caps.
 * Must not know curl, or what the bytes are.
 * An announced length is compared before room is made, and room is made once
 * for all: a picture doesn't grow by doubling. */
#include "fetch/s3_body.h"

#include "base/check.h"
#include "base/limits.h"

/* The error's cap is ours, the object's its owner's. */
void s3_body_init(struct s3_body *body, struct buf *bytes)
{
    sil_assert(bytes->cap > 0);
    sil_assert(bytes->size == 0);
    *body = (struct s3_body){.bytes = bytes};
    buf_init(&body->trouble, LIMIT_FETCH_ERROR_BYTES_MAX);
}

/* The object's bytes are lent and stay. */
void s3_body_finish(struct s3_body *body)
{
    sil_assert(body->bytes != NULL);
    buf_finish(&body->trouble);
}

/* Before the first byte is kept: is it worth beginning? Memory that is reserved
 * but never written costs nothing, so a store that announces much and sends
 * little does no harm. */
static void begin_object(struct s3_body *body, int64_t announced_bytes)
{
    sil_assert(body->bytes->size == 0);
    if (announced_bytes <= 0)
        return;
    if ((uint64_t)announced_bytes > body->bytes->cap)
        body->is_too_large = true;
    else if (buf_reserve(body->bytes, (size_t)announced_bytes))
        sil_assert(buf_err(body->bytes) == SIL_E_NO_MEMORY);
}

/* Counted before it is kept: what was announced isn't believed, nor is what
 * was not. */
static bool keep_object(struct s3_body *body, const char *piece, size_t size)
{
    sil_assert(body->bytes->size <= body->bytes->cap);
    if (body->received_bytes > body->bytes->cap)
        body->is_too_large = true;
    if (body->is_too_large)
        return false;
    buf_add(body->bytes, piece, size);
    return !buf_err(body->bytes);
}

/* Of an error its first bytes are enough: the code stands in front. */
static bool keep_trouble(struct s3_body *body, const char *piece, size_t size)
{
    size_t room = body->trouble.cap - body->trouble.size;

    sil_assert(body->trouble.size <= body->trouble.cap);
    buf_add(&body->trouble, piece, size < room ? size : room);
    return size <= room && !buf_err(&body->trouble);
}

/* Which of both it is the status says, which came before. */
bool s3_body_take(struct s3_body *body, const struct s3_head *head,
                  const char *piece, size_t size)
{
    bool is_object = head->status == S3_STATUS_OK;

    sil_assert(body->bytes != NULL);
    if (is_object && body->received_bytes == 0)
        begin_object(body, head->announced_bytes);
    body->received_bytes += size;
    return is_object ? keep_object(body, piece, size)
                     : keep_trouble(body, piece, size);
}

/* Chunks announce nothing: curl sees to their end. */
bool s3_body_is_complete(const struct s3_body *body, const struct s3_head *head)
{
    sil_assert(head->announced_bytes >= -1);
    return head->announced_bytes < 0 ||
           (uint64_t)head->announced_bytes == body->received_bytes;
}
