/* A fuse: after several failures in a row, none is tried for a while.
 * Threads: one thread at a time.
 * Must not know what fails. */
#ifndef SIL_FETCH_BREAKER_H
#define SIL_FETCH_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros is a good start. */
struct breaker {
    uint32_t failure_count; /* in a row */
    uint64_t closed_ns;     /* no try before this time; 0: any time */
};

/** May one be tried now? After the while, one may, and the next only once
 *  that one's outcome is known or another while has passed. */
bool breaker_admits(struct breaker *breaker, uint64_t now_ns);

/** Tell how a try went. Only what says something about the other side being
 *  there at all counts as a failure: a bad answer is an answer. */
void breaker_told(struct breaker *breaker, bool is_failure, uint64_t now_ns);

#endif
