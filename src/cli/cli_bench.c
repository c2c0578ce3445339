/* `silhouette bench`: how long a picture takes on this machine.
 * Must not know how the stages work; their times are the session's.
 * Medians: one run that something else disturbed doesn't count. What a run
 * warms up (shapes never seen, pages never touched) is run before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/options.h"
#include "cli/cli.h"
#include "cli/cli_open.h"

/* Odd, so that the median is one of the runs and has as many above as below.
 * RUNS_MAX bounds the memory of the times: five of 8 bytes a run. */
enum { RUNS_STANDARD = 15, RUNS_MAX = 10000, WARM_UP_RUNS = 2 };
/* ru_maxrss is in KB on Linux. */
enum { KB_PER_MB = 1024 };

static const char help[] =
    "usage: silhouette bench PICTURE… [--runs N] [--quality Q] [--json]\n"
    "                        [--models DIR]\n\n"
    "Time the segmentation of pictures on this machine, one thread: medians "
    "of N\nruns (default 15) after two that don't count, in milliseconds.\n\n"
    "  --json      one line of JSON per picture\n"
    "  --quality Q fast or best (default: best)\n"
    "  --models DIR  the folder of networks\n\n"
    "Exit code: 0 all timed; 1 some picture failed; 2 wrong usage; 3 no "
    "usable\nmodel.\n";

/* What is timed of a run. */
enum part {
    PART_DECODE,
    PART_INFER,
    PART_MASK,
    PART_WRITE,
    PART_ALL,
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {"decode", "infer", "mask",
                                                   "write", "total"};

/** What was asked for. */
struct bench_args {
    const char **pictures; /* owned; texts are loans of argv */
    int picture_count;
    const char *models; /* NULL: the usual place */
    int run_count;
    bool is_json, is_help;
    struct sil_options options;
};

/** The times of one picture, ns: a column per part. */
struct bench_times {
    uint64_t *ns[PART_COUNT]; /* [run_count] each, owned */
    uint64_t size;            /* bytes of the answer as JSON */
    uint32_t width, height;
};

/* Read argv; false after telling what is wrong. *args is changed only by what
 * is right. */
static bool parse_flag(struct bench_args *args, const char *name,
                       const char *value, struct sil_error *error)
{
    char *end;
    long runs;

    sil_assert(name != NULL);
    if (value == NULL) {
        (void)err_set(error, SIL_E_ARGUMENT, "%.40s needs a value", name);
        return false;
    }
    if (strcmp(name, "--models") == 0) {
        args->models = value;
        return true;
    }
    if (strcmp(name, "--quality") == 0)
        return option_set(&args->options, option_find("quality", 7), value,
                          error) == SIL_OK;
    if (strcmp(name, "--runs") != 0) {
        (void)err_set(error, SIL_E_ARGUMENT, "\"%.40s\" is no flag", name);
        return false;
    }
    runs = strtol(value, &end, 10);
    if (end == value || *end != '\0' || runs < 1 || runs > RUNS_MAX) {
        (void)err_set(error, SIL_E_ARGUMENT,
                      "--runs is \"%.40s\": a number from 1 to %d", value,
                      RUNS_MAX);
        return false;
    }
    args->run_count = (int)runs;
    return true;
}

/* Errors: SIL_E_ARGUMENT, SIL_E_NO_MEMORY. The list of pictures has room for
 * every word of argv, so that it never grows. What was allocated is freed by
 * cli_bench() in either case. */
static enum sil_err parse(struct bench_args *args, int argc, char **argv,
                          struct sil_error *error)
{
    sil_assert(argc >= 0);
    *args = (struct bench_args){.run_count = RUNS_STANDARD,
                                .options = options_standard()};
    args->pictures = mem_zalloc((size_t)argc + 1, sizeof *args->pictures);
    if (args->pictures == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "out of memory");
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            args->is_help = true;
        else if (strcmp(word, "--json") == 0)
            args->is_json = true;
        else if (word[0] != '-')
            args->pictures[args->picture_count++] = word;
        else if (!parse_flag(args, word, i + 1 < argc ? argv[++i] : NULL,
                             error))
            return SIL_E_ARGUMENT;
    }
    if (args->picture_count == 0 && !args->is_help)
        return err_set(error, SIL_E_ARGUMENT, "no picture is named");
    return SIL_OK;
}

/* Counts what would be sent. The answer goes nowhere: a disk or a pipe would be
 * timed with it. */
static bool count_bytes(void *payload, const void *bytes, size_t size)
{
    uint64_t *total = payload;

    sil_assert(bytes != NULL);
    *total += size;
    return true;
}

/** What is timed. */
struct bench_work {
    struct sil_session *session;
    struct sil_picture picture;
    const struct sil_options *options;
};

/* One run; run < 0 doesn't count. The parts come from the session, in ns; the
 * total is of the wall, from the encoded bytes to the last one of the answer,
 * and so no less than their sum. */
static enum sil_err time_once(struct bench_times *times, int run,
                              const struct bench_work *work,
                              struct sil_error *error)
{
    struct sil_result *result = NULL;
    uint64_t start_ns = clock_ns();
    uint64_t done_ns, end_ns;
    struct sil_timing timing;
    enum sil_err err = sil_segment(&result, work->session, &work->picture,
                                   work->options, error);

    if (err)
        return err;
    done_ns = clock_ns();
    times->size = 0;
    err = sil_result_write(result, SIL_FORMAT_JSON, count_bytes, &times->size);
    end_ns = clock_ns();
    times->width = sil_mask_width(sil_result_mask(result));
    times->height = sil_mask_height(sil_result_mask(result));
    sil_result_destroy(result);
    timing = sil_session_timing(work->session);
    sil_assert(end_ns >= done_ns);
    if (run < 0)
        return err;
    times->ns[PART_DECODE][run] = timing.decode_ns;
    times->ns[PART_INFER][run] = timing.infer_ns;
    times->ns[PART_MASK][run] = timing.mask_ns;
    times->ns[PART_WRITE][run] = end_ns - done_ns;
    times->ns[PART_ALL][run] = end_ns - start_ns;
    return err;
}

/* For qsort(). A difference of unsigned numbers would not fit an int. */
static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The median of a part, ms; sorts its column. */
static double median_ms(struct bench_times *times, enum part part, int count)
{
    size_t middle = (size_t)count / 2;

    sil_assert(count > 0);
    qsort(times->ns[part], (size_t)count, sizeof *times->ns[part], compare_ns);
    return (double)times->ns[part][middle] / (double)NS_PER_MS;
}

/* In JSON pictures have no names: lines are in the order of the command line,
 * without those that failed. */
static void report(struct bench_times *times, const char *picture,
                   const struct bench_args *args)
{
    double megapixels = (double)times->width * times->height / 1e6;

    sil_assert(times->width > 0);
    if (args->is_json)
        printf("{\"width\":%u,\"height\":%u,\"json_bytes\":%llu", times->width,
               times->height, (unsigned long long)times->size);
    else
        printf("%s: %u x %u, %.2f megapixels\n", picture, times->width,
               times->height, megapixels);
    for (enum part part = 0; part < PART_COUNT; part++) {
        double ms = median_ms(times, part, args->run_count);

        if (args->is_json)
            printf(",\"%s_ms\":%.3f", part_names[part], ms);
        else
            printf("  %-8s %9.2f ms\n", part_names[part], ms);
    }
    puts(args->is_json ? "}" : "");
}

/* All runs of one picture. The file is read once: what is timed begins with its
 * bytes. */
static enum sil_err bench_one(struct bench_times *times, const char *path,
                              struct sil_session *session,
                              const struct bench_args *args,
                              struct sil_error *error)
{
    struct bench_work work = {.session = session, .options = &args->options};
    struct buf bytes;
    enum sil_err err;

    sil_assert(session != NULL);
    buf_init(&bytes, args->options.limits.image_bytes_max);
    err = cli_read_picture(&bytes, path, error);
    work.picture = (struct sil_picture){bytes.bytes, bytes.size};
    for (int run = -WARM_UP_RUNS; run < args->run_count && !err; run++)
        err = time_once(times, run, &work, error);
    buf_finish(&bytes);
    return err;
}

/* The highest the memory ever was: of all pictures together. */
static void report_memory(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        printf("memory at most %ld MB\n", usage.ru_maxrss / KB_PER_MB);
}

/* A picture that fails is told and the next one timed. */
static int bench_all(struct bench_times *times, struct sil_session *session,
                     const struct bench_args *args)
{
    int code = CLI_DONE;

    sil_assert(args->picture_count > 0);
    for (int i = 0; i < args->picture_count; i++) {
        const char *picture = args->pictures[i];
        struct sil_error error = {0};
        enum sil_err err = bench_one(times, picture, session, args, &error);

        if (!err) {
            report(times, picture, args);
            continue;
        }
        fprintf(stderr, "%s: %s: %s\n", picture, sil_err_code(err),
                error.detail[0] != '\0' ? error.detail : sil_err_message(err));
        code = CLI_PART;
    }
    if (!args->is_json)
        report_memory();
    return code;
}

/* Columns for all runs, once for all pictures. false: out of memory; what was
 * allocated is freed by cli_bench(). */
static bool times_init(struct bench_times *times, int run_count)
{
    bool is_done = true;

    sil_assert(run_count > 0);
    for (enum part part = 0; part < PART_COUNT; part++) {
        times->ns[part] = mem_zalloc((size_t)run_count, sizeof(uint64_t));
        is_done = is_done && times->ns[part] != NULL;
    }
    return is_done;
}

/* Nothing is opened before the words are understood: --help answers at once,
 * and without a network. */
int cli_bench(int argc, char **argv)
{
    struct bench_args args;
    struct bench_times times = {0};
    struct cli_session open = {0};
    struct sil_error error = {0};
    int code = CLI_USAGE;

    if (parse(&args, argc, argv, &error)) {
        fprintf(stderr, "silhouette bench: %s\n%s", error.detail,
                "`silhouette bench --help` says how.\n");
        goto done;
    }
    if (args.is_help) {
        fputs(help, stdout);
        code = CLI_DONE;
        goto done;
    }
    code = CLI_BROKEN;
    sil_assert(args.picture_count > 0);
    if (!times_init(&times, args.run_count))
        fputs("silhouette bench: out of memory\n", stderr);
    else if (cli_open(&open, args.models, NULL, &error))
        fprintf(stderr, "silhouette bench: %s\n", error.detail);
    else
        code = bench_all(&times, open.session, &args);
done:
    cli_close(&open);
    for (enum part part = 0; part < PART_COUNT; part++)
        mem_free(times.ns[part]);
    mem_free(args.pictures);
    return code;
}
