/* The table of metrics, their slots, and their text.
 * Must not know when something is counted, nor who reads it.
 * A metric's series lie side by side in one array of atomics: series number
 * a * (size of b) + b, a histogram taking buckets + 2 slots each (+Inf, sum).
 */
#include "server/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

enum { STATM_SIZE = 128 };

/* The closed lists of label values: what a client sends never becomes one, so
 * nobody can make the service count without end. */
static const char *const codes[] = {
    "200", "400", "401", "403", "404", "405", "406", "408", "413",  "414",
    "415", "422", "429", "431", "500", "502", "503", "504", "other"};
static const char *const route_labels[] = {
#define SIL_ROUTE(id, method, path, label, summary) label,
#include "server/routes.tbl"
#undef SIL_ROUTE
    "none"};
static const char *const stages[SIL_STAGE_COUNT] = {
    "request", "fetch", "decode", "infer", "mask", "encode"};
static const char *const reasons[REASON_COUNT] = {"queue", "in_flight", "bytes",
                                                  "store", "memory"};
static const char *const codings[CODING_COUNT] = {"identity", "gzip"};
static const char *const phases[PHASE_COUNT] = {"header", "body", "write"};

/* Outcomes of a fetch: "ok", then these. */
static const enum sil_err results[] = {
    SIL_OK,
    SIL_E_IMAGE_NOT_FOUND,
    SIL_E_IMAGE_FORBIDDEN,
    SIL_E_IMAGE_TOO_LARGE,
    SIL_E_STORE_ERROR,
    SIL_E_STORE_UNAVAILABLE,
    SIL_E_DEADLINE_EXCEEDED,
    SIL_E_OVERLOADED,
    SIL_E_INTERNAL,
};

/* A constant, for array sizes: of a true array only. */
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* Upper bounds of buckets, in the unit that is observed: nanoseconds, pixels.
 * Dense where a request usually lies, so that percentiles can be read off. */
static const uint64_t second_bounds[] = {
    1 * NS_PER_MS,    2 * NS_PER_MS,    5 * NS_PER_MS,    10 * NS_PER_MS,
    20 * NS_PER_MS,   50 * NS_PER_MS,   100 * NS_PER_MS,  200 * NS_PER_MS,
    500 * NS_PER_MS,  1000 * NS_PER_MS, 2000 * NS_PER_MS, 5000 * NS_PER_MS,
    10000 * NS_PER_MS};
static const uint64_t pixel_bounds[] = {100000,   300000,   1000000,  3000000,
                                        10000000, 30000000, 100000000};

/* What a metric is, for its readers; seconds and pixels are histograms. */
enum kind { KIND_COUNTER, KIND_GAUGE, KIND_SECONDS, KIND_PIXELS, KIND_COUNT };
enum label {
    LABEL_NONE,
    LABEL_ROUTE,
    LABEL_CODE,
    LABEL_STAGE,
    LABEL_REASON,
    LABEL_RESULT,
    LABEL_ENCODING,
    LABEL_PHASE,
    LABEL_COUNT
};

/** A label: its name and how many values it can have. */
struct label_row {
    const char *name;
    uint32_t count;
    const char *const *values; /* NULL: results, told by error code */
};

static const struct label_row labels[LABEL_COUNT] = {
    [LABEL_NONE] = {NULL, 1, NULL},
    [LABEL_ROUTE] = {"route", COUNT(route_labels), route_labels},
    [LABEL_CODE] = {"code", COUNT(codes), codes},
    [LABEL_STAGE] = {"stage", COUNT(stages), stages},
    [LABEL_REASON] = {"reason", COUNT(reasons), reasons},
    [LABEL_RESULT] = {"result", COUNT(results), NULL},
    [LABEL_ENCODING] = {"encoding", COUNT(codings), codings},
    [LABEL_PHASE] = {"phase", COUNT(phases), phases},
};

/** How a kind is written. */
struct kind_row {
    const char *type;
    const uint64_t *bounds; /* NULL: no histogram */
    uint32_t bound_count;
    double unit; /* what one observed unit is in the text */
};

static const struct kind_row kinds[KIND_COUNT] = {
    [KIND_COUNTER] = {"counter", NULL, 0, 1},
    [KIND_GAUGE] = {"gauge", NULL, 0, 1},
    [KIND_SECONDS] = {"histogram", second_bounds, COUNT(second_bounds), 1e-9},
    [KIND_PIXELS] = {"histogram", pixel_bounds, COUNT(pixel_bounds), 1},
};

/* Slots a series takes: its buckets with +Inf, and the sum. */
enum {
    WIDTH_COUNTER = 1,
    WIDTH_GAUGE = 1,
    WIDTH_SECONDS = COUNT(second_bounds) + 2,
    WIDTH_PIXELS = COUNT(pixel_bounds) + 2
};
/* Values of each label, as constants: a struct's members are none in C. */
enum {
    SIZE_NONE = 1,
    SIZE_ROUTE = COUNT(route_labels),
    SIZE_CODE = COUNT(codes),
    SIZE_STAGE = COUNT(stages),
    SIZE_REASON = COUNT(reasons),
    SIZE_RESULT = COUNT(results),
    SIZE_ENCODING = COUNT(codings),
    SIZE_PHASE = COUNT(phases)
};
/* Each metric begins one behind the last slot of the one before it: an enum
 * counts on by itself. */
enum {
#define SIL_METRIC(id, kind, name, a, b, help)                                 \
    OFFSET_##id,                                                               \
        LAST_##id = OFFSET_##id +                                              \
                    (int)SIZE_##a * (int)SIZE_##b * (int)WIDTH_##kind - 1,
#include "server/metrics.tbl"
#undef SIL_METRIC
    SLOT_COUNT
};
static_assert((int)SLOT_COUNT <= (int)METRIC_SLOTS_MAX,
              "METRIC_SLOTS_MAX is too small for the table");

/** One row of metrics.tbl. */
struct metric_row {
    const char *name;
    const char *help;
    enum kind kind;
    enum label a, b;
    uint32_t offset; /* of its first slot */
    uint32_t width;  /* slots of one series */
};

static const struct metric_row rows[METRIC_COUNT] = {
#define SIL_METRIC(id, kind, name, a, b, help)                                 \
    [METRIC_##id] = {name,      help,        KIND_##kind, LABEL_##a,           \
                     LABEL_##b, OFFSET_##id, WIDTH_##kind},
#include "server/metrics.tbl"
#undef SIL_METRIC
};

/* Statuses are few and requests slow: comparing texts is fast enough. */
uint32_t metric_code(int status)
{
    char text[16];
    uint32_t i = 0;

    (void)snprintf(text, sizeof text, "%d", status);
    while (i + 1 < COUNT(codes) && strcmp(codes[i], text) != 0)
        i++;
    sil_assert(i < COUNT(codes));
    return i;
}

/* What is not in the list is the last of it: SIL_E_INTERNAL. */
uint32_t metric_result(enum sil_err err)
{
    uint32_t i = 0;

    while (i + 1 < COUNT(results) && results[i] != err)
        i++;
    sil_assert(err != SIL_OK || i == 0);
    return i;
}

/* The first slot of a series. */
static uint32_t slot_of(enum metric metric, uint32_t a, uint32_t b)
{
    const struct metric_row *row = &rows[metric];

    sil_assert(metric < METRIC_COUNT);
    sil_assert(a < labels[row->a].count);
    sil_assert(b < labels[row->b].count);
    return row->offset + (a * labels[row->b].count + b) * row->width;
}

/* Relaxed order throughout: a value is read for its own sake, never to
 * conclude anything about another. */
void metrics_add(struct metrics *metrics, enum metric metric, uint32_t a,
                 uint32_t b, uint64_t n)
{
    sil_assert(rows[metric].kind == KIND_COUNTER);
    atomic_fetch_add_explicit(&metrics->slots[slot_of(metric, a, b)], n,
                              memory_order_relaxed);
}

/* Only those who know a value whole may set it: one thread, the loop's. */
void metrics_set(struct metrics *metrics, enum metric metric, uint32_t a,
                 uint64_t value)
{
    sil_assert(kinds[rows[metric].kind].bounds == NULL);
    atomic_store_explicit(&metrics->slots[slot_of(metric, a, 0)], value,
                          memory_order_relaxed);
}

/* Each bucket counts only its own values; the text adds them up. A reader
 * in between may see a count without its sum: scrapes can bear that. */
void metrics_observe(struct metrics *metrics, enum metric metric, uint32_t a,
                     uint64_t value)
{
    const struct kind_row *kind = &kinds[rows[metric].kind];
    uint32_t slot = slot_of(metric, a, 0);
    uint32_t bucket = 0;

    sil_assert(kind->bounds != NULL);
    while (bucket < kind->bound_count && value > kind->bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metrics->slots[slot + bucket], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->slots[slot + kind->bound_count + 1],
                              value, memory_order_relaxed);
}

/* One slot, of whatever kind. */
static uint64_t load(const struct metrics *metrics, uint32_t slot)
{
    sil_assert(slot < SLOT_COUNT);
    return atomic_load_explicit(&metrics->slots[slot], memory_order_relaxed);
}

/* A histogram's count is nowhere stored: it is the sum of its buckets, of
 * which a counter has just one. */
uint64_t metrics_value(const struct metrics *metrics, enum metric metric,
                       uint32_t a, uint32_t b)
{
    uint32_t slot = slot_of(metric, a, b);
    uint32_t bound_count = kinds[rows[metric].kind].bound_count;
    uint64_t value = 0;

    sil_assert(slot + bound_count < SLOT_COUNT);
    for (uint32_t i = 0; i <= bound_count; i++)
        value += load(metrics, slot + i);
    return value;
}

/* The second number of /proc/self/statm, pages; 0 if it can't be read. */
static uint64_t resident_pages(void)
{
    char text[STATM_SIZE] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    const char *second = NULL;

    if (file == NULL)
        return 0;
    /* "size resident shared …" in pages; what follows isn't looked at. */
    if (fgets(text, sizeof text, file) != NULL)
        second = strchr(text, ' ');
    (void)fclose(file);
    sil_assert(text[sizeof text - 1] == '\0');
    return second == NULL ? 0 : strtoull(second, NULL, 10);
}

/* Files that are open; 0 if that can't be told. */
static uint64_t open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (folder == NULL)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder))
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    sil_assert(count >= 1);
    return count - 1; /* not the folder itself */
}

/* Asked once a scrape, not kept: nothing tells us when they change. */
void metrics_sample_process(struct metrics *metrics)
{
    sil_assert(metrics != NULL);
    metrics_set(metrics, METRIC_RESIDENT, 0,
                resident_pages() * (uint64_t)sysconf(_SC_PAGESIZE));
    metrics_set(metrics, METRIC_OPEN_FDS, 0, open_fds());
}

/* Errors name themselves; the other labels have lists of words. */
static const char *label_value(enum label label, uint32_t i)
{
    sil_assert(i < labels[label].count);
    return labels[label].values != NULL ? labels[label].values[i]
                                        : sil_err_code(results[i]);
}

/* Append {a="…",b="…",extra} as far as there are any. extra: "" if none. */
static void add_labels(struct buf *to, const struct metric_row *row, uint32_t a,
                       uint32_t b, const char *extra)
{
    const char *mark = "{";

    sil_assert(to != NULL);
    if (row->a != LABEL_NONE) {
        buf_addf(to, "%s%s=\"%s\"", mark, labels[row->a].name,
                 label_value(row->a, a));
        mark = ",";
    }
    if (row->b != LABEL_NONE) {
        buf_addf(to, "%s%s=\"%s\"", mark, labels[row->b].name,
                 label_value(row->b, b));
        mark = ",";
    }
    /* A histogram's bound stands last, among the labels. */
    if (*extra != '\0') {
        buf_addf(to, "%s%s", mark, extra);
        mark = ",";
    }
    buf_add_text(to, *mark == ',' ? "} " : " ");
}

/* Bounds are written as seconds or pixels, the unit of the metric's name. */
static void add_histogram(struct buf *to, const struct metrics *metrics,
                          const struct metric_row *row, uint32_t a,
                          uint32_t slot)
{
    const struct kind_row *kind = &kinds[row->kind];
    uint64_t count = 0;

    sil_assert(kind->bounds != NULL);
    for (uint32_t i = 0; i <= kind->bound_count; i++) {
        char bound[48] = "le=\"+Inf\"";
        if (i < kind->bound_count)
            (void)snprintf(bound, sizeof bound, "le=\"%.10g\"",
                           (double)kind->bounds[i] * kind->unit);
        /* Prometheus wants each bucket to hold those below it. */
        count += load(metrics, slot + i);
        buf_addf(to, "%s_bucket", row->name);
        add_labels(to, row, a, 0, bound);
        buf_addf(to, "%llu\n", (unsigned long long)count);
    }
    buf_addf(to, "%s_sum", row->name);
    add_labels(to, row, a, 0, "");
    buf_addf(to, "%.9g\n",
             (double)load(metrics, slot + kind->bound_count + 1) * kind->unit);
    buf_addf(to, "%s_count", row->name);
    add_labels(to, row, a, 0, "");
    buf_addf(to, "%llu\n", (unsigned long long)count);
}

/* Series with two labels are many and mostly never used: those that were not
 * are left out. The others are always there. */
static void add_metric(struct buf *to, const struct metrics *metrics,
                       enum metric metric)
{
    const struct metric_row *row = &rows[metric];

    sil_assert(row->name != NULL);
    buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
             row->name, kinds[row->kind].type);
    /* A metric without labels has one series: LABEL_NONE counts one value. */
    for (uint32_t a = 0; a < labels[row->a].count; a++) {
        for (uint32_t b = 0; b < labels[row->b].count; b++) {
            uint32_t slot = slot_of(metric, a, b);
            if (kinds[row->kind].bounds != NULL) {
                add_histogram(to, metrics, row, a, slot);
                continue;
            }
            if (row->b != LABEL_NONE && load(metrics, slot) == 0)
                continue;
            buf_add_text(to, row->name);
            add_labels(to, row, a, b, "");
            buf_addf(to, "%llu\n", (unsigned long long)load(metrics, slot));
        }
    }
}

/* The network's name is the one label value that is not ours: its quotes
 * are escaped. */
void metrics_text(struct buf *to, const struct metrics *metrics,
                  const char *model)
{
    sil_assert(to != NULL);
    for (int i = 0; i < METRIC_COUNT; i++)
        add_metric(to, metrics, (enum metric)i);
    buf_add_text(to,
                 "# HELP silhouette_build_info What runs here.\n"
                 "# TYPE silhouette_build_info gauge\n"
                 "silhouette_build_info{version=\"" SIL_VERSION "\",model=\"");
    for (const char *at = model; *at != '\0'; at++)
        buf_addf(to, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    buf_add_text(to, "\"} 1\n");
}
