/* What the service counts, and the text Prometheus reads.
 * Threads: any thread may count; values are atomic, one by one.
 * All series exist from the start: labels are closed lists. */
#ifndef SIL_SERVER_METRICS_H
#define SIL_SERVER_METRICS_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/routes.h"

/** The metrics in the order of metrics.tbl. */
enum metric {
#define SIL_METRIC(id, kind, name, a, b, help) METRIC_##id,
#include "server/metrics.tbl"
#undef SIL_METRIC
    METRIC_COUNT
};

/** Why a request was refused for want of room. */
enum metric_reason {
    REASON_QUEUE,     /* too many fetch or wait for a worker */
    REASON_IN_FLIGHT, /* too many not yet answered */
    REASON_BYTES,     /* too many bytes of pictures held */
    REASON_STORE,     /* the store has too much under way */
    REASON_MEMORY,    /* an allocation failed */
    REASON_COUNT
};

/** What made a connection too slow. */
enum metric_phase { PHASE_HEADER, PHASE_BODY, PHASE_WRITE, PHASE_COUNT };

/** How a body was coded. */
enum metric_coding { CODING_IDENTITY, CODING_GZIP, CODING_COUNT };

/* The table's sum is known to metrics.c alone, which asserts that it fits. */
enum { METRIC_SLOTS_MAX = 512 };

/** All values. Zeroed memory is a good start. */
struct metrics {
    _Atomic uint64_t slots[METRIC_SLOTS_MAX];
};

/** The place of an HTTP status in the CODE list; unknown ones are "other". */
uint32_t metric_code(int status);

/** The place of a fetch's outcome in the RESULT list. */
uint32_t metric_result(enum sil_err err);

/** Add n to a counter. a, b: places in the metric's label lists, 0 where it
 *  has none. */
void metrics_add(struct metrics *metrics, enum metric metric, uint32_t a,
                 uint32_t b, uint64_t n);

/** Set a gauge, or a counter that is counted elsewhere. */
void metrics_set(struct metrics *metrics, enum metric metric, uint32_t a,
                 uint64_t value);

/** Put one value, nanoseconds or pixels, into a histogram. */
void metrics_observe(struct metrics *metrics, enum metric metric, uint32_t a,
                     uint64_t value);

/** One value, for tests: a counter, a gauge, or a histogram's count. */
uint64_t metrics_value(const struct metrics *metrics, enum metric metric,
                       uint32_t a, uint32_t b);

/** Read the process' own values out of /proc; 0 where that can't be read. */
void metrics_sample_process(struct metrics *metrics);

/** Append all as Prometheus text 0.0.4. model: the network's name. */
void metrics_text(struct buf *to, const struct metrics *metrics,
                  const char *model);

#endif
