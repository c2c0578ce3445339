/* Counting failures in a row, and the time until which nothing is tried.
 * Must not know what fails, or read a clock.
 * Admitting the one trial closes the breaker again at once, so that not all
 * who wait rush in together. */
#include "fetch/breaker.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"

static const uint64_t while_ns = LIMIT_FETCH_BREAKER_MS * NS_PER_MS;

/* Ifs in the order of likelihood: nearly always the first answers. */
bool breaker_admits(struct breaker *breaker, uint64_t now_ns)
{
    sil_assert(breaker->failure_count <= LIMIT_FETCH_BREAKER_FAILURES);
    sil_assert(now_ns > 0);
    if (breaker->failure_count < LIMIT_FETCH_BREAKER_FAILURES)
        return true;
    if (now_ns < breaker->closed_ns)
        return false;
    breaker->closed_ns = now_ns + while_ns;
    return true;
}

/* One success is proof enough: it forgets all failures before it. The count
 * stops at its limit, where more would say nothing. */
void breaker_told(struct breaker *breaker, bool is_failure, uint64_t now_ns)
{
    sil_assert(breaker->failure_count <= LIMIT_FETCH_BREAKER_FAILURES);
    sil_assert(now_ns > 0);
    if (!is_failure) {
        *breaker = (struct breaker){0};
        return;
    }
    if (breaker->failure_count < LIMIT_FETCH_BREAKER_FAILURES)
        breaker->failure_count++;
    breaker->closed_ns = now_ns + while_ns;
}
