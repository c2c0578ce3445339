/* The only allocator: every other file asks here.
 * Threads: callable from anywhere.
 * Sizes are count times size, checked; zero bytes are a NULL with success
 * nowhere: asking for nothing is a broken promise. */
#ifndef SIL_BASE_MEM_H
#define SIL_BASE_MEM_H

#include <stddef.h>

/** count * size bytes, not initialised; NULL if that can't be had. Free with
 *  mem_free(). */
void *mem_alloc(size_t count, size_t size)
    __attribute__((malloc, warn_unused_result));

/** Like mem_alloc(), zeroed. */
void *mem_zalloc(size_t count, size_t size)
    __attribute__((malloc, warn_unused_result));

/** Grow or shrink to count * size bytes; NULL, old untouched, if that can't
 *  be had. */
void *mem_realloc(void *old, size_t count, size_t size)
    __attribute__((warn_unused_result));

/** A copy of a C string; NULL if out of memory. */
char *mem_strdup(const char *text) __attribute__((malloc, warn_unused_result));

/** NULL is fine. */
void mem_free(void *memory);

/** Tests only: make the n-th allocation from now fail (1: the next), 0: none.
 *  Threads: set it while one thread runs. */
void mem_fail_at(size_t n);

#endif
