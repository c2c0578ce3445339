/* `silhouette eval`: how well masks fit true ones.
 * Must not know how they are compared or how figures look.
 * The figures are those of docs/QUALITY.md, so that people can see on their
 * own pictures what those are worth. */
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/cli_open.h"
#include "cli/eval_args.h"
#include "cli/eval_show.h"
#include "cli/out_file.h"
#include "eval/sheet.h"

static const char help[] =
    "usage: silhouette eval IMAGES TRUTH [FLAG…]\n\n"
    "Segment the pictures of a folder and compare their masks with true "
    "ones:\nTRUTH/NAME.png (8-bit grey, above 127 is person, of the picture's "
    "size as it\nis shown) belongs to IMAGES/NAME.jpg, .png, .webp, .heic or "
    ".avif.\n\n"
    "  --ignore DIR    DIR/NAME.png marks pixels that don't count: adds "
    "figures\n"
    "                  without them (\"ign\")\n"
    "  --instances     TRUTH holds people's numbers 1, 2, … and 0: adds how "
    "many\n"
    "                  people are covered, half or more of each\n"
    "  --people each   with --instances: also matches single people\n"
    "  --json          all figures, and those of each picture\n"
    "  --sheet FILE    write a PNG of the worst pictures: picture, truth, "
    "mask\n"
    "                  (white is right, red is wrong, blue is missing)\n"
    "  --quality Q, --threshold T, --model NAME, --models DIR\n"
    "                  as of `silhouette segment`\n\n"
    "IoU is intersection over union, a mean over the pictures that show "
    "somebody;\nBF3 the share of both outlines' pixels that are within 3 "
    "pixels of the other;\nfalse area the share of a picture called person "
    "where nobody is.\n\n"
    "Exit code: 0 all compared; 1 some picture was left out; 2 wrong usage; 3 "
    "no\nusable model or folder, or the sheet can't be written.\n";

/* As it happens: a run over many pictures is watched. On standard error, since
 * standard output is the figures'. */
static void tell(void *payload, const char *stem, const struct sil_error *error)
{
    sil_assert(payload == NULL);
    fprintf(stderr, "%s: %s: %s\n", stem, sil_err_code(error->code),
            error->detail[0] != '\0' ? error->detail
                                     : sil_err_message(error->code));
}

/* The file is closed in either case; of two errors the first is told. */
static enum sil_err write_sheet(const char *path,
                                const struct evaluation *evaluation,
                                const struct eval_source *source,
                                struct sil_error *error)
{
    struct out_file out;
    enum sil_err err = out_file_open(&out, path, error);
    enum sil_err close_err;

    sil_assert(path != NULL);
    if (err)
        return err;
    err = sheet_write(evaluation, source, out_file_write, &out, error);
    close_err = out_file_close(&out, !err, err ? NULL : error);
    return err ? err : close_err;
}

/* Compare, show, draw. *is_whole: false if a picture was left out, which is no
 * error of the run but shows in its exit code. The label is the network's, so
 * that tables of several networks can be told apart. */
static enum sil_err evaluate(bool *is_whole, const struct eval_args *args,
                             const struct eval_source *source,
                             const char *label, struct sil_error *error)
{
    struct evaluation evaluation;
    struct figures figures;
    size_t worst[SHEET_ROWS];
    struct eval_shown shown = {label, &figures, &evaluation, worst, 0};
    enum sil_err err = eval_run(&evaluation, source, error);

    if (!err) {
        err = figures_make(&figures, evaluation.scores, evaluation.count);
        if (err)
            (void)err_set(error, err, "no memory for the figures");
    }
    if (!err) {
        *is_whole = evaluation.left_out == 0;
        sil_assert(evaluation.left_out + evaluation.count > 0);
        if (args->sheet != NULL)
            shown.worst_count = sheet_worst(worst, &evaluation);
        /* The figures come before the sheet: if that can't be written they are
         * not lost. */
        if (args->is_json)
            eval_show_json(&shown);
        else
            eval_show_table(&shown);
    }
    if (!err && args->sheet != NULL)
        err = write_sheet(args->sheet, &evaluation, source, error);
    evaluation_finish(&evaluation);
    return err;
}

/* Wrong words cost nothing: the network is opened only after they were read. */
int cli_eval(int argc, char **argv)
{
    struct sil_model_options options = sil_model_options_default();
    struct sil_error error = {0};
    struct eval_source source = {.tell = tell};
    struct cli_session open;
    struct eval_args args;
    bool is_whole = false;
    enum sil_err err;

    sil_assert(argc >= 0);
    if (eval_args_parse(&args, argc, argv, &error)) {
        fprintf(stderr, "silhouette eval: %s\n%s", error.detail,
                "`silhouette eval --help` says how.\n");
        return CLI_USAGE;
    }
    if (args.is_help) {
        fputs(help, stdout);
        return CLI_DONE;
    }
    source.images = args.images;
    source.truth = args.truth;
    source.ignore = args.ignore;
    source.has_instances = args.has_instances;
    source.options = args.options;
    /* Without a name it is the own one, which needs no trial. */
    if (args.model != NULL)
        options.name = args.model;
    err = cli_open(&open, args.models, &options, &error);
    source.session = open.session;
    if (!err)
        err = evaluate(&is_whole, &args, &source, sil_model_name(open.model),
                       &error);
    cli_close(&open);
    if (err) {
        fprintf(stderr, "silhouette eval: %s\n", error.detail);
        return CLI_BROKEN;
    }
    return is_whole ? CLI_DONE : CLI_PART;
}
