/* Time: monotonic nanoseconds for durations and deadlines, wall for logs.
 * Threads: callable from anywhere.
 * A deadline of 0 means none. */
#ifndef SIL_BASE_CLOCK_H
#define SIL_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/** Nanoseconds on CLOCK_MONOTONIC; never 0. */
uint64_t clock_ns(void);

/** True if there is a deadline and it has passed. */
bool clock_is_past(uint64_t deadline_ns);

/** Milliseconds until the deadline: 0 if past, at most max_ms, which is also
 *  the answer where there is none. */
uint32_t clock_left_ms(uint64_t deadline_ns, uint32_t max_ms);

/** Wall time as "2026-11-23T09:30:00.123Z". text: [CLOCK_TEXT_SIZE]. */
void clock_text(char *text);

#endif
