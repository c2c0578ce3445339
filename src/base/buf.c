/* Growing by doubling, never above the cap, failing stickily.
 * Must not know what the bytes are.
 * The room for a NUL behind the text is taken inside the cap plus one. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* Bytes: most of what is built are short texts. */
enum { FIRST_CAPACITY = 256 };

/* The invariant of buf.h, asserted wherever a buffer is read or grown. */
static void buf_check(const struct buf *buf)
{
    sil_assert(buf->size <= buf->capacity);
    sil_assert(buf->size <= buf->cap);
    sil_assert((buf->bytes == NULL) == (buf->capacity == 0));
}

/* The first append allocates: many buffers are never written to. */
void buf_init(struct buf *buf, size_t cap)
{
    /* The largest size is kept free: the cap plus one must be a size. */
    sil_assert(cap > 0);
    sil_assert(cap < SIZE_MAX);
    *buf = (struct buf){.cap = cap};
}

/* A zeroed struct, never initialised, may be finished too. */
void buf_finish(struct buf *buf)
{
    sil_assert(buf != NULL);
    mem_free(buf->bytes);
    /* As after buf_init(): it can be used again, or finished twice. */
    *buf = (struct buf){.cap = buf->cap};
}

/* For who fills one again and again. */
void buf_clear(struct buf *buf)
{
    buf_check(buf);
    buf->size = 0;
    buf->err = SIL_OK;
}

/* Allocate at least wanted bytes, at most cap + 1 (the NUL of buf_text). */
static enum sil_err grow(struct buf *buf, size_t wanted)
{
    size_t capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
    uint8_t *bytes;

    sil_assert(wanted <= buf->cap + 1);
    sil_assert(wanted > buf->capacity);
    /* Doubling can't wrap: above half the cap it goes to the end at once. */
    while (capacity < wanted)
        capacity = capacity > buf->cap / 2 ? buf->cap + 1 : capacity * 2;
    if (capacity > buf->cap + 1)
        capacity = buf->cap + 1;
    bytes = mem_realloc(buf->bytes, capacity, 1);
    if (bytes == NULL) {
        buf->err = SIL_E_NO_MEMORY;
        return buf->err;
    }
    buf->bytes = bytes;
    buf->capacity = capacity;
    return SIL_OK;
}

/* The cap first, then memory: who asks for too much is told so even where
 * there would be no memory for it either. */
enum sil_err buf_reserve(struct buf *buf, size_t size)
{
    buf_check(buf);
    if (buf->err)
        return buf->err;
    /* A difference, since the sum of two sizes could wrap. */
    if (size > buf->cap - buf->size) {
        buf->err = SIL_E_STATE;
        return buf->err;
    }
    if (size <= buf->capacity - buf->size)
        return SIL_OK;
    return grow(buf, buf->size + size);
}

/* Nothing of it is appended if not all fits. */
void buf_add(struct buf *buf, const void *bytes, size_t size)
{
    if (size == 0 || buf_reserve(buf, size))
        return;
    sil_assert(bytes != NULL);
    memcpy(buf->bytes + buf->size, bytes, size);
    buf->size += size;
    buf_check(buf);
}

/* For texts of our own; those of others come with their size. */
void buf_add_text(struct buf *buf, const char *text)
{
    sil_assert(text != NULL);
    buf_add(buf, text, strlen(text));
}

/* Make room for size more bytes and a NUL, which the cap doesn't count. */
static enum sil_err reserve_text(struct buf *buf, size_t size)
{
    enum sil_err err = buf_reserve(buf, size);

    sil_assert(err || buf->capacity - buf->size >= size);
    if (!err && buf->capacity - buf->size == size)
        err = grow(buf, buf->size + size + 1);
    return err;
}

/* In the buffer itself, a text that doesn't fit the stack is formatted: it
 * needs no third place. */
void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    char text[FIRST_CAPACITY];
    int length;

    /* Short texts, nearly all, are formatted once, on the stack; for long
     * ones the first time only tells the length. */
    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sil_assert(length >= 0);
    if ((size_t)length < sizeof text) {
        buf_add(buf, text, (size_t)length);
    } else if (reserve_text(buf, (size_t)length) == SIL_OK) {
        (void)vsnprintf((char *)buf->bytes + buf->size, (size_t)length + 1,
                        format, again);
        buf->size += (size_t)length;
    }
    va_end(again);
}

/* One look at the end replaces one after each append. */
enum sil_err buf_err(const struct buf *buf)
{
    buf_check(buf);
    return buf->err;
}

/* The NUL lies behind the content and may need memory, hence no const. */
const char *buf_text(struct buf *buf)
{
    buf_check(buf);
    if (buf->size == buf->capacity && grow(buf, buf->size + 1))
        return "";
    buf->bytes[buf->size] = '\0';
    return (const char *)buf->bytes;
}

/* The only way that bytes change owners without being copied. */
void buf_take(struct buf *to, struct buf *from)
{
    sil_assert(to != from);
    buf_finish(to);
    /* The cap moves too: the content may be longer than to's own. */
    *to = *from;
    *from = (struct buf){.cap = to->cap};
}
