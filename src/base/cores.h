/* How many processors this process may use.
 * Threads: callable from anywhere.
 * A container's share counts, not the machine's size. */
#ifndef SIL_BASE_CORES_H
#define SIL_BASE_CORES_H

#include <stdint.h>

/** Processors, at least 1, at most LIMIT_THREADS_MAX: those this process may
 *  run on (taskset, cpusets, Slurm), and no more than its control group's
 *  quota of processor time, rounded up (Kubernetes' limit). */
uint32_t cores_usable(void);

/** The quota in the text of a cgroup's cpu.max ("200000 100000" is 2), rounded
 *  up; 0: none, or not such a text. Pure. */
uint32_t cores_of_quota(const char *text);

#endif
