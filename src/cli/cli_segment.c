/* `silhouette segment`: picture files to mask files.
 * Must not know anything but the public header and its own words.
 * A bad picture is told and skipped; a bad model or a disk that is full ends
 * the command, since no other picture would fare better. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/cli_open.h"
#include "cli/out_file.h"
#include "cli/segment_args.h"

/* One text, not made of the flags' table: choices and defaults are sentences
 * here. */
static const char help[] =
    "usage: silhouette segment PICTURE… [-o OUT] [FLAG…]\n\n"
    "Find the people in pictures (JPEG, PNG, WebP, HEIC, AVIF; - is standard "
    "input).\n\n"
    "  -o, --output OUT       a file, or DIR/ for DIR/NAME.json of each\n"
    "                         (default: standard output, one picture only)\n"
    "  --format json|png|rle  {\"state\":1,\"data\":[[0,1,…],…]}, 8-bit "
    "grey 0/255, or\n"
    "                         COCO's {\"size\":[h,w],\"counts\":\"…\"}\n"
    "                         (default: png if OUT ends in .png, else json)\n"
    "  --form mask|alpha|cutout|boxes\n"
    "                         0 or 1 a pixel; 0..255, its soft edge; the "
    "people alone,\n"
    "                         in colour, as a PNG; or people's boxes, areas "
    "and scores\n"
    "                         as JSON (default: mask)\n"
    "  --quality fast|best    how much work it is worth (default: best)\n"
    "  --people all|each      one mask of everybody, or one of each person:\n"
    "                         DIR/NAME.1.json for the largest and so on, or, "
    "to a\n"
    "                         file, a list in JSON and a map of 1, 2, … in "
    "PNG\n"
    "                         (default: all)\n"
    "  --threshold T          0 < T < 1: how sure the network must be of a "
    "pixel\n"
    "  --orientation upright|stored\n"
    "                         EXIF orientation applied, or pixels as stored\n"
    "                         (default: upright)\n"
    "  --model NAME           a network of the folder (default: person; see "
    "\n                         `silhouette models`)\n"
    "  --models DIR           the folder of networks (default: "
    "SILHOUETTE_MODELS,\n"
    "                         or the one beside the program)\n\n"
    "A file appears whole or not at all. Failures are told as PICTURE: CODE: "
    "WHY on\nstandard error.\n\n"
    "Exit code: 0 all done; 1 some picture failed, the others are done; 2 "
    "wrong\nusage; 3 no usable model, or results can't be written.\n";

/** What the pictures share. */
struct segmenter {
    const struct segment_args *args; /* lent */
    struct cli_session open;
};

/* Everybody or one person, as the target says. The file is closed in either
 * case; of two errors the first is told. target->person counts from 1, as
 * people do in names of files; 0 is everybody. */
static enum sil_err write_target(const struct segment_args *args,
                                 const struct segment_target *target,
                                 const struct sil_result *result,
                                 struct sil_error *error)
{
    char path[OUT_PATH_SIZE];
    struct out_file out;
    enum sil_err err;
    enum sil_err close_err;

    sil_assert(result != NULL);
    if (args->out != NULL && !segment_out_path(path, sizeof path, args, target))
        return err_set(error, SIL_E_INTERNAL, "the output's path is too long");
    err = out_file_open(&out, args->out != NULL ? path : NULL, error);
    if (err)
        return err;
    if (target->person == 0)
        err = sil_result_write(result, args->format, out_file_write, &out);
    else
        err = sil_result_write_person(result, target->person - 1, args->format,
                                      out_file_write, &out);
    close_err = out_file_close(&out, !err, error);
    if (err)
        return err_set(error, err, "the result can't be written");
    return close_err;
}

/* One file, or one for each person: none where nobody is. The number of files
 * is the picture's, not known before: what an earlier run wrote of more people
 * stays there. */
static enum sil_err write_result(const struct segment_args *args,
                                 const char *picture,
                                 const struct sil_result *result,
                                 struct sil_error *error)
{
    struct segment_target target = {.picture = picture};
    uint32_t count = sil_result_person_count(result);
    enum sil_err err = SIL_OK;

    sil_assert(picture != NULL);
    if (!segment_is_per_person(args))
        return write_target(args, &target, result, error);
    for (target.person = 1; target.person <= count && !err; target.person++)
        err = write_target(args, &target, result, error);
    return err;
}

/* One picture, from its file to its result. *is_fatal: the others need not be
 * tried, since it was the result that could not be written. */
static enum sil_err segment_one(bool *is_fatal, struct segmenter *segmenter,
                                const char *picture, struct sil_error *error)
{
    const struct segment_args *args = segmenter->args;
    struct sil_result *result = NULL;
    struct sil_picture encoded;
    struct buf bytes;
    enum sil_err err;

    sil_assert(segmenter->open.session != NULL);
    *is_fatal = false;
    buf_init(&bytes, args->options.limits.image_bytes_max);
    err = cli_read_picture(&bytes, picture, error);
    encoded = (struct sil_picture){bytes.bytes, bytes.size};
    if (!err)
        err = sil_segment(&result, segmenter->open.session, &encoded,
                          &args->options, error);
    /* The file's bytes go before the result is written: of two large things
     * one is enough. */
    buf_finish(&bytes);
    if (!err) {
        err = write_result(args, picture, result, error);
        *is_fatal = err != SIL_OK;
    }
    sil_result_destroy(result);
    return err;
}

/* Failures go to standard error as they happen: a run over many pictures is
 * watched. The code is that of the worst that happened: one bad picture is not
 * forgotten for the good ones after it. */
static int segment_all(struct segmenter *segmenter)
{
    const struct segment_args *args = segmenter->args;
    int code = CLI_DONE;

    sil_assert(args->picture_count >= 1);
    for (int i = 0; i < args->picture_count; i++) {
        struct sil_error error = {0};
        bool is_fatal;
        enum sil_err err =
            segment_one(&is_fatal, segmenter, args->pictures[i], &error);

        if (!err)
            continue;
        fprintf(stderr, "%s: %s: %s\n", args->pictures[i], sil_err_code(err),
                error.detail[0] != '\0' ? error.detail : sil_err_message(err));
        if (is_fatal)
            return CLI_BROKEN;
        /* The next picture may be fine. */
        code = CLI_PART;
    }
    return code;
}

/* DIR/ may not be there yet; its parents must be. false: errno says why. That
 * something of the name is there is fine: to a file, writing will fail. */
static bool make_folder(const struct segment_args *args)
{
    sil_assert(args->picture_count >= 1);
    if (!args->is_out_folder)
        return true;
    /* Made as `mkdir` would: the umask decides who may enter. */
    if (mkdir(args->out, S_IRWXU | S_IRWXG | S_IRWXO) == 0)
        return true;
    return errno == EEXIST;
}

/* Wrong words cost nothing: the model is opened only after they were read. */
int cli_segment(int argc, char **argv)
{
    struct segment_args args = {0};
    struct segmenter segmenter = {.args = &args};
    struct sil_model_options options = sil_model_options_default();
    struct sil_error error = {0};
    int code = CLI_USAGE;

    sil_assert(argc >= 0);
    if (segment_args_parse(&args, argc, argv, &error)) {
        fprintf(stderr, "silhouette segment: %s\n%s", error.detail,
                "`silhouette segment --help` says how.\n");
        return CLI_USAGE;
    }
    if (args.is_help) {
        fputs(help, stdout);
        code = CLI_DONE;
        goto done;
    }
    code = CLI_BROKEN;
    if (!make_folder(&args)) {
        fprintf(stderr, "%s: %s\n", args.out, strerror(errno));
        goto done;
    }
    options.name = args.model;
    if (cli_open(&segmenter.open, args.models, &options, &error)) {
        fprintf(stderr, "silhouette segment: %s\n", error.detail);
        goto done;
    }
    code = segment_all(&segmenter);
done:
    cli_close(&segmenter.open);
    segment_args_finish(&args);
    return code;
}
