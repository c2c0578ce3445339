/* A bar, lines, or JSON.
 * Must not know threads: each line is one write, so that none is cut by
 * another's.
 * Keys are anybody's text and may hold what a terminal obeys: they are shown
 * as JSON strings. */
#include "cli/batch_show.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

enum {
    LINE_BYTES_MAX = LIMIT_LOG_LINE_BYTES * 8,
    COLUMNS_USUAL = 80,
    BAR_WIDTH = 20,
    SAMPLE_S = 1, /* between two samples of the rate */
    LINES_S = 10, /* between two lines */
    PERCENT = 100,
    MINUTE_S = 60,
    HOUR_S = 3600
};

/* What people see, at a terminal and in a log:
 *
 *     [========>           ]  45 %  450 done, 2 failed of 1000, 61.2
 *     pictures/s, 0:00:09 left
 *
 * (one line), and for each failure, above it:
 *
 *     "a/b.jpg": image_corrupt: the JPEG ends early
 *
 * Programs get an object for each picture: what it is called, its result, its
 * size and people, or its error; now and then the counts; and at last the
 * counts with the exit code. */
static const char wipe[] = "\r\033[K";

/* A stream that is no terminal has no width; it isn't asked for one then. */
void batch_show_init(struct batch_show *show, enum batch_show_mode mode,
                     FILE *to)
{
    struct winsize size = {0};

    sil_assert(to != NULL);
    *show = (struct batch_show){.mode = mode, .to = to};
    if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0)
        show->columns = size.ws_col;
    if (show->columns == 0)
        show->columns = COLUMNS_USUAL;
}

/* A line that could not be built for lack of memory is left out: the counts
 * are told at the end in any case. */
static void write_out(struct batch_show *show, struct buf *line)
{
    sil_assert(show->to != NULL);
    if (!buf_err(line)) {
        (void)fwrite(line->bytes, 1, line->size, show->to);
        (void)fflush(show->to);
    }
    buf_finish(line);
}

/* ,"name":"value" */
static void add_text(struct buf *line, const char *name, const char *value)
{
    sil_assert(value != NULL);
    buf_addf(line, ",\"%s\":", name);
    json_add_text(line, value, strlen(value));
}

/* ,"name":1.234 */
static void add_ms(struct buf *line, const char *name, uint64_t time_ns)
{
    sil_assert(name[0] != '\0');
    buf_addf(line, ",\"%s\":%.3f", name, (double)time_ns / (double)NS_PER_MS);
}

/* One picture as an object. Members that are not known are left out, not null:
 * a line says what happened and nothing else. */
static void show_json(struct batch_show *show, const struct batch_event *event)
{
    static const char *const words[] = {"done", "skipped", "failed"};
    struct buf line;

    sil_assert(event->outcome <= BATCH_FAILED);
    buf_init(&line, LINE_BYTES_MAX);
    buf_addf(&line, "{\"event\":\"%s\"", words[event->outcome]);
    add_text(&line, "key", event->key);
    if (event->output != NULL)
        add_text(&line, "output", event->output);
    if (event->why != NULL) {
        add_text(&line, "code", sil_err_code(event->why->code));
        add_text(&line, "reason", event->why->detail);
    }
    if (event->outcome == BATCH_DONE) {
        buf_addf(&line,
                 ",\"width\":%u,\"height\":%u,\"persons\":%u,\"area\":%.6f,"
                 "\"bytes\":%zu",
                 event->width, event->height, event->person_count, event->area,
                 event->result_bytes);
        add_ms(&line, "fetch_ms", event->fetch_ns);
        add_ms(&line, "compute_ms", event->compute_ns);
        add_ms(&line, "put_ms", event->put_ns);
        add_ms(&line, "ms", event->elapsed_ns);
    }
    buf_add_text(&line, "}\n");
    write_out(show, &line);
}

/* People hear of failures only: the rest is counted. */
void batch_show_event(void *payload, const struct batch_event *event)
{
    struct batch_show *show = payload;
    struct buf line;

    sil_assert(event->key != NULL);
    if (show->mode == BATCH_SHOW_JSON) {
        show_json(show, event);
        return;
    }
    if (event->outcome != BATCH_FAILED)
        return;
    buf_init(&line, LINE_BYTES_MAX);
    if (show->mode == BATCH_SHOW_BAR)
        buf_add_text(&line, wipe);
    json_add_text(&line, event->key, strlen(event->key));
    buf_addf(&line, ": %s: %s\n", sil_err_code(event->why->code),
             event->why->detail[0] != '\0' ? event->why->detail
                                           : sil_err_message(event->why->code));
    write_out(show, &line);
}

/* All that will not be heard of again. Skipped ones too: without them a run
 * that goes on would seem to stand still. */
static uint64_t ended_of(const struct batch_state *state)
{
    return state->done_count + state->failed_count + state->skipped_count;
}

/* Over the last quarter of a minute: a mean over all of a long run would hide
 * that the store has become slow. */
double batch_show_rate(const struct batch_show *show)
{
    uint32_t last = show->sample_count - 1;
    uint32_t first =
        show->sample_count > SHOW_SAMPLES ? last - SHOW_SAMPLES + 1 : 0;
    double seconds;

    if (show->sample_count < 2)
        return 0;
    last %= SHOW_SAMPLES;
    first %= SHOW_SAMPLES;
    sil_assert(show->time_ns[last] > show->time_ns[first]);
    seconds =
        (double)(show->time_ns[last] - show->time_ns[first]) / (double)NS_PER_S;
    return (double)(show->ended[last] - show->ended[first]) / seconds;
}

/* A sample each second; what is older than the ring is forgotten. */
static void sample(struct batch_show *show, const struct batch_state *state)
{
    uint32_t last = (show->sample_count + SHOW_SAMPLES - 1) % SHOW_SAMPLES;
    uint32_t next = show->sample_count % SHOW_SAMPLES;

    sil_assert(state->elapsed_ns > 0);
    if (show->sample_count > 0 &&
        state->elapsed_ns < show->time_ns[last] + SAMPLE_S * NS_PER_S)
        return;
    show->ended[next] = ended_of(state);
    show->time_ns[next] = state->elapsed_ns;
    show->sample_count++;
}

/* "1:02:03" */
static void add_time(struct buf *to, double seconds)
{
    uint64_t whole = (uint64_t)seconds;

    sil_assert(seconds >= 0);
    buf_addf(to, "%llu:%02llu:%02llu", (unsigned long long)(whole / HOUR_S),
             (unsigned long long)(whole / MINUTE_S % MINUTE_S),
             (unsigned long long)(whole % MINUTE_S));
}

/* "[=====>    ]  45 %  ", where the total is known. While the list is still
 * being counted there is none: a bar that runs backwards helps nobody. */
static void add_bar(struct buf *to, const struct batch_state *state)
{
    uint64_t ended = ended_of(state);
    unsigned part;

    if (!state->is_counted || state->total_count == 0)
        return;
    if (ended > state->total_count) /* the list has grown meanwhile */
        ended = state->total_count;
    part = (unsigned)(ended * BAR_WIDTH / state->total_count);
    sil_assert(part <= BAR_WIDTH);
    buf_add_text(to, "[");
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        buf_add_text(to, i < part ? "=" : i == part ? ">" : " ");
    buf_addf(to, "] %3llu %%  ",
             (unsigned long long)(ended * PERCENT / state->total_count));
}

/* Cut at the terminal's edge: a line that wraps could not be drawn over. */
void batch_show_line(struct buf *to, const struct batch_state *state,
                     double per_s, int columns)
{
    size_t start = to->size;
    uint64_t ended = ended_of(state);

    sil_assert(columns >= 0);
    if (columns > 0)
        add_bar(to, state);
    buf_addf(to, "%llu done, %llu failed",
             (unsigned long long)state->done_count,
             (unsigned long long)state->failed_count);
    if (state->skipped_count > 0)
        buf_addf(to, ", %llu skipped",
                 (unsigned long long)state->skipped_count);
    if (state->is_counted)
        buf_addf(to, " of %llu", (unsigned long long)state->total_count);
    buf_addf(to, ", %.1f pictures/s", per_s);
    if (state->is_counted && per_s > 0 && state->total_count >= ended) {
        buf_add_text(to, ", ");
        add_time(to, (double)(state->total_count - ended) / per_s);
        buf_add_text(to, " left");
    }
    if (columns > 0 && !buf_err(to) && to->size - start > (size_t)columns - 1)
        to->size = start + (size_t)columns - 1;
}

/* The counts as an object. per_s: 0 where it isn't known. exit_code: below 0
 * while it runs. */
static void show_json_state(struct batch_show *show,
                            const struct batch_state *state, const char *event,
                            int exit_code)
{
    struct buf line;

    sil_assert(event != NULL);
    buf_init(&line, LINE_BYTES_MAX);
    buf_addf(&line,
             "{\"event\":\"%s\",\"done\":%llu,\"failed\":%llu,"
             "\"skipped\":%llu,\"per_s\":%.2f,\"elapsed_s\":%.3f",
             event, (unsigned long long)state->done_count,
             (unsigned long long)state->failed_count,
             (unsigned long long)state->skipped_count, batch_show_rate(show),
             (double)state->elapsed_ns / (double)NS_PER_S);
    if (state->is_counted)
        buf_addf(&line, ",\"total\":%llu",
                 (unsigned long long)state->total_count);
    if (exit_code >= 0)
        buf_addf(&line, ",\"open_s\":%.3f,\"exit\":%d",
                 (double)state->open_ns / (double)NS_PER_S, exit_code);
    if (state->trouble.code != SIL_OK)
        add_text(&line, "trouble", state->trouble.detail);
    buf_add_text(&line, "}\n");
    write_out(show, &line);
}

/* A bar is drawn at each look; lines and objects are for files that grow. */
void batch_show_state(struct batch_show *show, const struct batch_state *state)
{
    uint64_t pause_ns = show->mode == BATCH_SHOW_BAR ? 0 : LINES_S * NS_PER_S;
    struct buf line;

    sample(show, state);
    sil_assert(show->sample_count > 0);
    if (state->elapsed_ns < show->shown_ns + pause_ns)
        return;
    show->shown_ns = state->elapsed_ns;
    if (show->mode == BATCH_SHOW_JSON) {
        show_json_state(show, state, "progress", -1);
        return;
    }
    buf_init(&line, LINE_BYTES_MAX);
    if (show->mode == BATCH_SHOW_BAR)
        buf_add_text(&line, wipe);
    batch_show_line(&line, state, batch_show_rate(show),
                    show->mode == BATCH_SHOW_BAR ? show->columns : 0);
    if (show->mode == BATCH_SHOW_LINES)
        buf_add_text(&line, "\n");
    write_out(show, &line);
}

/* The mean over the whole of it, unlike while it ran. */
void batch_show_end(struct batch_show *show, const struct batch_state *state,
                    int exit_code)
{
    double seconds = (double)state->elapsed_ns / (double)NS_PER_S;
    struct buf line;

    sil_assert(exit_code >= 0);
    if (show->mode == BATCH_SHOW_JSON) {
        show_json_state(show, state, "end", exit_code);
        return;
    }
    buf_init(&line, LINE_BYTES_MAX);
    if (show->mode == BATCH_SHOW_BAR)
        buf_add_text(&line, wipe);
    buf_addf(&line, "%llu done, %llu failed, %llu skipped in ",
             (unsigned long long)state->done_count,
             (unsigned long long)state->failed_count,
             (unsigned long long)state->skipped_count);
    add_time(&line, seconds);
    buf_addf(&line, ", %.1f pictures/s\n",
             seconds > 0 ? (double)state->done_count / seconds : 0);
    write_out(show, &line);
}
