/* `silhouette batch`: pictures of a place to results in another.
 * Must not know how a run is run: it starts one, shows it and ends it.
 * Signals are waited for, not caught: they are blocked on all threads, so that
 * no handler runs anywhere. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/locate.h"
#include "batch/batch.h"
#include "cli/batch_args.h"
#include "cli/batch_show.h"
#include "cli/cli.h"

enum { LOOK_MS = 100 }; /* between two looks at the run */

static const char help[] =
    "usage: silhouette batch SOURCE DEST [FLAG…]\n\n"
    "Segment every picture of SOURCE into DEST. Either is a folder or "
    "s3://bucket/prefix\n(credentials, region and endpoint as for the AWS "
    "tools). The picture KEY becomes\nKEY.png, KEY.json or KEY.rle.json. "
    "Results that are "
    "there already are skipped: run it again to\ngo on.\n\n"
    "  --list FILE            the keys to take, one a line; - is standard "
    "input. Without\n"
    "                         SOURCE they are files' paths\n"
    "  --all                  take every key of SOURCE, not only those that "
    "end like\n"
    "                         a picture's (.jpg, .png, .webp, .heic, .avif)\n"
    "  --shard I/N            only the part I of N (from 0), by a hash of the "
    "key\n"
    "  --shard auto[/N]       what this task is of a Slurm array, an AWS or "
    "Google Batch\n"
    "                         array, a Cloud Run job or an indexed Kubernetes "
    "job (N given)\n"
    "  --jobs N               pictures computed at once (default: one a "
    "core)\n"
    "  --overwrite            make results anew that are there already\n"
    "  --failures FILE        what failed and why, one JSON object a line\n"
    "                         (default: silhouette-failures[-I-of-N].jsonl)\n"
    "  --max-failures N       begin nothing more after N failures\n"
    "  --json                 every event as a JSON object a line, on "
    "standard output\n"
    "  --format png|json|rle  (default: png)\n"
    "  --sandbox on|off       decode pictures in a process that can do nothing "
    "else\n                         (default: on)\n"
    "  --quality, --people, --form, --orientation, --threshold, --models\n"
    "                         as for `silhouette segment`\n\n"
    "Exit code: 0 all done; 1 some picture failed; 2 wrong usage; 3 no usable "
    "model,\nor results can't be written, or the list can't be read; 4 stopped "
    "by a signal:\nthe first lets what is under way finish, the second does "
    "not.\n";

/* Interrupts and polite ends of batch systems alike. */
static void stop_signals(sigset_t *out)
{
    sil_assert(out != NULL);
    (void)sigemptyset(out);
    (void)sigaddset(out, SIGINT);
    (void)sigaddset(out, SIGTERM);
}

/* One moment of waiting; the first signal stops the run, the second ends the
 * process where it stands: unfinished files have names of their own. No handler
 * means no rule about what may be called in one: printing and locks are fine
 * here. _exit() flushes nothing, which would wait for locks that other threads
 * may hold. */
static void wait_a_moment(struct batch *batch, bool *is_stopped)
{
    struct timespec moment = {.tv_nsec = (long)(LOOK_MS * NS_PER_MS)};
    sigset_t signals;

    stop_signals(&signals);
    if (sigtimedwait(&signals, NULL, &moment) < 0)
        return;
    if (*is_stopped)
        _exit(CLI_STOPPED);
    sil_assert(batch != NULL);
    *is_stopped = true;
    fputs("silhouette batch: finishing what is under way; once more ends it\n",
          stderr);
    batch_stop(batch);
}

/* What a run's end is called in an exit code. Trouble goes before a signal, and
 * a signal before failures: the first thing that a script has to know. */
static int code_of(const struct batch_state *state)
{
    sil_assert(state->is_over);
    if (state->trouble.code != SIL_OK)
        return CLI_BROKEN;
    if (state->is_stopped)
        return CLI_STOPPED;
    return state->failed_count > 0 ? CLI_PART : CLI_DONE;
}

/* Why it ended before its end, and where the failures are. */
static void explain(const struct batch_state *state,
                    const struct batch_args *args)
{
    sil_assert(state->is_over);
    if (state->trouble.code != SIL_OK)
        fprintf(stderr, "silhouette batch: ended: %s\n", state->trouble.detail);
    else if (state->is_too_many)
        fprintf(stderr, "silhouette batch: ended after %llu failures\n",
                (unsigned long long)state->failed_count);
    if (state->failed_count > 0)
        fprintf(stderr, "silhouette batch: what failed is in %s\n",
                args->options.failures_path);
}

/* From the first picture to the last. */
static int run(const struct batch_args *args)
{
    bool is_terminal = !args->is_json && isatty(STDERR_FILENO) == 1;
    struct batch_options options = args->options;
    struct batch_show show;
    struct batch_state state;
    struct batch *batch = NULL;
    struct sil_error error = {0};
    bool is_stopped = false;
    enum sil_err err;
    int code;

    batch_show_init(&show,
                    args->is_json ? BATCH_SHOW_JSON
                    : is_terminal ? BATCH_SHOW_BAR
                                  : BATCH_SHOW_LINES,
                    args->is_json ? stdout : stderr);
    options.told = batch_show_event;
    options.payload = &show;
    /* Going through the list twice is for whoever watches. */
    options.counts = is_terminal;
    err = batch_start(&batch, &options, &error);
    if (err) {
        fprintf(stderr, "silhouette batch: %s\n", error.detail);
        return err == SIL_E_ARGUMENT ? CLI_USAGE : CLI_BROKEN;
    }
    for (batch_look(&state, batch); !state.is_over; batch_look(&state, batch)) {
        batch_show_state(&show, &state);
        wait_a_moment(batch, &is_stopped);
    }
    code = code_of(&state);
    batch_finish(batch);
    batch_show_end(&show, &state, code);
    explain(&state, args);
    sil_assert(code != CLI_USAGE);
    return code;
}

/* Where the networks are: flag, variable, beside the program. An empty variable
 * counts as none: scripts clear one that way. */
static enum sil_err find_models(struct buf *to, const struct batch_args *args,
                                struct sil_error *error)
{
    const char *folder = args->models;
    enum sil_err err = SIL_OK;

    sil_assert(to->size == 0);
    if (folder == NULL)
        folder = getenv("SILHOUETTE_MODELS");
    if (folder != NULL && *folder != '\0')
        buf_add_text(to, folder);
    else
        err = locate_folder(to, "models");
    if (err || buf_err(to))
        return err_set(error, SIL_E_MODEL,
                       "no folder of networks beside the program; name one "
                       "with --models DIR");
    return SIL_OK;
}

/* Words, networks, signals; then the run. What args points to is lent to the
 * run, so it is finished last. */
int cli_batch(int argc, char **argv)
{
    struct batch_args args;
    struct buf models;
    struct sil_error error = {0};
    sigset_t signals;
    int code = CLI_USAGE;

    sil_assert(argc >= 0);
    buf_init(&models, LIMIT_MODEL_PATH_MAX);
    if (batch_args_parse(&args, argc, argv, getenv, &error)) {
        fprintf(stderr, "silhouette batch: %s\n%s", error.detail,
                "`silhouette batch --help` says how.\n");
        goto done;
    }
    if (args.is_help) {
        fputs(help, stdout);
        code = CLI_DONE;
        goto done;
    }
    if (find_models(&models, &args, &error)) {
        fprintf(stderr, "silhouette batch: %s\n", error.detail);
        code = CLI_BROKEN;
        goto done;
    }
    args.options.models = buf_text(&models);
    /* Before there are threads: they inherit it. */
    stop_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    code = run(&args);
done:
    batch_args_finish(&args);
    buf_finish(&models);
    return code;
}
