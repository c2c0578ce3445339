/* The two clocks behind clock.h.
 * Must not know what is timed.
 * Deadlines compare on the monotonic clock only: wall time may jump. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/check.h"

/* Time asleep is not counted: a deadline is one of a machine that runs. */
uint64_t clock_ns(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    sil_assert(!failed);
    /* Plus one: 0 is the deadline that isn't there. */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec + 1;
}

/* Without a deadline the clock isn't asked. */
bool clock_is_past(uint64_t deadline_ns)
{
    return deadline_ns != 0 && clock_ns() >= deadline_ns;
}

/* In the unit that poll() and its like wait in. */
uint32_t clock_left_ms(uint64_t deadline_ns, uint32_t max_ms)
{
    uint64_t now = clock_ns();
    uint64_t left_ms;

    if (deadline_ns == 0)
        return max_ms;
    if (now >= deadline_ns)
        return 0;
    /* Rounded up: a wait of 0 ms before the deadline would spin. */
    left_ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    sil_assert(left_ms > 0);
    return left_ms < max_ms ? (uint32_t)left_ms : max_ms;
}

/* UTC: logs of several machines are read together. */
void clock_text(char *text)
{
    struct timespec now;
    struct tm parts;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    size_t length;

    sil_assert(!failed);
    sil_assert(gmtime_r(&now.tv_sec, &parts) != NULL);
    length = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    sil_assert(length > 0);
    (void)snprintf(text + length, CLOCK_TEXT_SIZE - length, ".%03dZ",
                   (int)(now.tv_nsec / (long)NS_PER_MS));
}
