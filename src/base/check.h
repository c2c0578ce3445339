/* Asserts that stay on in production, and sizes that can't wrap around.
 * Threads: callable from anywhere.
 * An assert states what we promise; input gets an error code instead. */
#ifndef SIL_BASE_CHECK_H
#define SIL_BASE_CHECK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/** Ends the process, naming the broken promise. Never returns. */
_Noreturn void check_failed(const char *promise, const char *file, int line);

/** One condition each; evaluated in every build. */
#define sil_assert(promise)                                                    \
    ((promise) ? (void)0 : check_failed(#promise, __FILE__, __LINE__))

/** *out = a * b; false, *out untouched, if that doesn't fit a size_t. */
static inline bool sil_mul(size_t *out, size_t a, size_t b)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

/** *out = a + b; false, *out untouched, if that doesn't fit a size_t. */
static inline bool sil_add(size_t *out, size_t a, size_t b)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

#endif
