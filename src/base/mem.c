/* malloc with checked sizes and, for tests, one failure on demand.
 * Must not know what the memory is for.
 * The countdown is the one mutable variable here: tests that make every
 * allocation fail in turn need it inside the shipped code path. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static atomic_size_t fail_countdown; /* 0: none will fail */

/* True if this very allocation was chosen to fail. Costs a relaxed load where
 * none is, which is always but in tests. */
static bool is_chosen_to_fail(void)
{
    size_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);

    if (left == 0)
        return false;
    return atomic_fetch_sub_explicit(&fail_countdown, 1,
                                     memory_order_relaxed) == 1;
}

/* The product may not fit a size: that is no memory either. */
void *mem_alloc(size_t count, size_t size)
{
    size_t bytes;

    sil_assert(count > 0);
    sil_assert(size > 0);
    if (!sil_mul(&bytes, count, size) || is_chosen_to_fail())
        return NULL;
    return malloc(bytes);
}

/* Counted by mem_fail_at() like every other. */
void *mem_zalloc(size_t count, size_t size)
{
    size_t bytes;

    sil_assert(count > 0);
    sil_assert(size > 0);
    if (!sil_mul(&bytes, count, size) || is_chosen_to_fail())
        return NULL;
    /* From the system, large blocks are zero already: cheaper than memset. */
    return calloc(bytes, 1);
}

/* As realloc(), with the product checked. */
void *mem_realloc(void *old, size_t count, size_t size)
{
    size_t bytes;

    sil_assert(count > 0);
    sil_assert(size > 0);
    if (!sil_mul(&bytes, count, size) || is_chosen_to_fail())
        return NULL;
    return realloc(old, bytes);
}

/* Through mem_alloc(), so that it can be made to fail too. */
char *mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1; /* With its NUL. */
    char *copy = mem_alloc(size, 1);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* Pairs with all of the above, so that nobody else names the allocator. */
void mem_free(void *memory)
{
    free(memory);
}

/* Counting starts anew with each call. */
void mem_fail_at(size_t n)
{
    atomic_store(&fail_countdown, n);
}
