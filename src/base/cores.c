/* The affinity mask, and the quota of the control group.
 * Must not know what the processors are for.
 * A quota doesn't show in the mask: a container with 2 of 64 processors that
 * starts 64 threads is throttled rather than fast. */
#include "base/cores.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"

enum { QUOTA_TEXT_SIZE = 64, TEN_BASE = 10 };

/* "max 100000" is no quota: it begins with no digit. */
uint32_t cores_of_quota(const char *text)
{
    char *end;
    unsigned long long quota, period, count;

    sil_assert(text != NULL);
    if (text[0] < '0' || text[0] > '9')
        return 0;
    quota = strtoull(text, &end, TEN_BASE);
    if (*end != ' ')
        return 0;
    period = strtoull(end + 1, NULL, TEN_BASE);
    if (quota == 0 || period == 0)
        return 0;
    count = quota / period + (quota % period != 0 ? 1 : 0);
    return count < LIMIT_THREADS_MAX ? (uint32_t)count : LIMIT_THREADS_MAX;
}

/* Inside a container its own group is the root of what it sees. 0: none. */
static uint32_t read_quota(void)
{
    char text[QUOTA_TEXT_SIZE] = "";
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    size_t size;

    if (file == NULL)
        return 0;
    size = fread(text, 1, sizeof text - 1, file);
    sil_assert(size < sizeof text);
    (void)fclose(file);
    return cores_of_quota(text);
}

/* The mask knows of cpusets and taskset; the number of processors online does
 * not. */
uint32_t cores_usable(void)
{
    uint32_t quota = read_quota();
    uint32_t count = 1;
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = (uint32_t)CPU_COUNT(&set);
    sil_assert(count >= 1);
    if (quota > 0 && quota < count)
        count = quota;
    return count < LIMIT_THREADS_MAX ? count : LIMIT_THREADS_MAX;
}
