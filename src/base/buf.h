/* Bytes that grow up to a cap: no buffer exists without one.
 * Threads: a buffer belongs to one thread at a time.
 * Failure is sticky: append freely, look once with buf_err(). */
#ifndef SIL_BASE_BUF_H
#define SIL_BASE_BUF_H

#include <silhouette.h>

/* Invariant: size <= cap; size <= capacity <= cap + 1, for a NUL; bytes is
 * NULL exactly if capacity is 0; after a failure err stays set and nothing
 * more is appended. */
struct buf {
    uint8_t *bytes;   /* owned; NULL if empty from the start */
    size_t size;      /* bytes in use */
    size_t capacity;  /* bytes allocated */
    size_t cap;       /* never more than this */
    enum sil_err err; /* SIL_OK, SIL_E_NO_MEMORY, or SIL_E_STATE: cap passed */
};

/** An empty buffer of at most cap bytes. Allocates nothing. */
void buf_init(struct buf *buf, size_t cap);

/** Free what it holds; it may be initialised again. */
void buf_finish(struct buf *buf);

/** Keep the memory, drop the content and the failure. */
void buf_clear(struct buf *buf);

/** Make room for size more bytes. The error is also kept (buf_err()). */
SIL_MUST_USE enum sil_err buf_reserve(struct buf *buf, size_t size);

/** Append; does nothing after a failure. */
void buf_add(struct buf *buf, const void *bytes, size_t size);

/** Append a C string without its NUL. */
void buf_add_text(struct buf *buf, const char *text);

/** Append printf-like. */
void buf_addf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The first failure since buf_init() or buf_clear(); SIL_E_STATE means that
 *  the cap was passed. */
enum sil_err buf_err(const struct buf *buf);

/** The content as a C string: a NUL is kept behind it, not counted. "" after
 *  a failure to allocate it. Valid until the next call on buf. */
const char *buf_text(struct buf *buf);

/** Move the content of from into to; from is empty afterwards. What to held
 *  is freed. */
void buf_take(struct buf *to, struct buf *from);

#endif
