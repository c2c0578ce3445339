/* decode -> infer -> mask: from a picture to a result.
 * Must not know where pictures come from, where masks go, or how people are
 * found (find.h).
 * The header comes first; pixels are decoded when a pipeline wants them. */
#include "base/check.h"
#include "base/clock.h"
#include "find.h"
#include "mask/result.h"
#include "mask/upscale.h"
#include "people.h"
#include "session.h"
#include "soften.h"

enum { CHANNELS = 3, ORIENTATION_UPRIGHT = 1, ORIENTATION_TURNED = 5 };

/* True if the mask has to be turned back to how the file has its pixels. */
static bool is_stored_wanted(const struct job *job)
{
    return job->options->orientation == SIL_STORED &&
           job->orientation != ORIENTATION_UPRIGHT;
}

/* The mask of what was found, at the picture's size; outside of its box there
 * is nobody. Its plane may be turned. */
static enum sil_err make_mask(struct sil_mask **out, const struct job *job,
                              struct found *found)
{
    struct upscale_place place = {job->width, job->height, found->box,
                                  found->threshold};
    enum sil_err err = SIL_OK;

    sil_assert(found->plane.values != NULL);
    if (is_stored_wanted(job))
        err = plane_unorient(&found->plane, &place, job->orientation);
    return err ? err : mask_from_plane(out, &found->plane, &place);
}

/* A mask without anybody, in the wanted orientation. Quarter turns swap its
 * sides. */
static enum sil_err make_empty(struct sil_mask **out, const struct job *job)
{
    bool is_turned =
        is_stored_wanted(job) && job->orientation >= ORIENTATION_TURNED;

    sil_assert(job->width > 0 && job->height > 0);
    return is_turned ? mask_from_nothing(out, job->height, job->width)
                     : mask_from_nothing(out, job->width, job->height);
}

/* Find people and make what is wanted of them. The job's picture is known, not
 * yet decoded, or its pixels were given; either way its image is finished here.
 * *out: untouched on failure. */
static enum sil_err segment(struct sil_result **out, struct job *job)
{
    struct found found = {0};
    struct sil_result *result = NULL;
    bool is_best = job->options->quality == SIL_QUALITY_BEST;
    uint64_t start_ns;
    enum sil_err err = result_create(&result, job->options);

    if (!err)
        err = is_best ? find_best(&found, job) : find_fast(&found, job);
    if (err)
        goto done;
    start_ns = clock_ns();
    err = found.count > 0 ? make_mask(&result->mask, job, &found)
                          : make_empty(&result->mask, job);
    job_add_time(&job->session->timing.mask_ns, start_ns);
    if (err)
        goto done;
    sil_assert(result->mask != NULL);
    /* What was found may be too thin to leave a pixel at the picture's size. */
    result->person_count = result->mask->person_pixels > 0 ? found.count : 0;
    if (result_has_persons(job->options))
        err = people_find(result, job);
    if (!err && result_is_soft(job->options))
        err = soften(result, job);
    if (err)
        goto done;
    result_check(result);
    *out = result;
    result = NULL; /* It is the caller's now. */
done:
    sil_result_destroy(result);
    found_finish(&found);
    image_finish(&job->image);
    return err;
}

/* An error that was told without a detail gets one: the parts leave a lack of
 * memory, which is the same everywhere, to be explained here. */
static enum sil_err explain(enum sil_err err, struct sil_error *error)
{
    sil_assert(err || error == NULL || error->code == SIL_OK);
    if (err && error != NULL && error->code != err)
        return err_set(error, err, "%s",
                       err == SIL_E_NO_MEMORY ? "memory ran out"
                                              : sil_err_message(err));
    return err;
}

/* The header is read first and alone: what is too large costs no memory. Sides
 * are those of the upright picture from here on. */
enum sil_err sil_segment(struct sil_result **out, struct sil_session *session,
                         const struct sil_picture *picture,
                         const struct sil_options *options,
                         struct sil_error *error)
{
    static const uint8_t nothing[1] = {0};
    struct sil_options chosen = options ? *options : sil_options_default();
    struct decode_source source = {.port = session ? session->port : NULL,
                                   .limits = chosen.limits,
                                   .deadline_ns = chosen.deadline_ns};
    struct job job = {.session = session,
                      .options = &chosen,
                      .source = &source,
                      .error = error,
                      .shrink = 1};
    struct decode_info info;
    uint64_t start_ns = clock_ns();
    enum sil_err err = session_begin(session, out, &chosen, error);

    if (err)
        return err;
    if (picture == NULL || (picture->bytes == NULL && picture->size > 0))
        return err_set(error, SIL_E_ARGUMENT, "there is no picture");
    /* Decoders are never handed a NULL, not even for nothing. */
    source.bytes = picture->size > 0 ? picture->bytes : nothing;
    source.size = picture->size;
    err = job_check_deadline(&job);
    if (!err)
        err = decode_info(&info, &source, error);
    job_add_time(&session->timing.decode_ns, start_ns);
    if (err)
        return explain(err, error);
    job.orientation = info.orientation;
    job.width = info.width;
    job.height = info.height;
    if (info.orientation >= ORIENTATION_TURNED) {
        job.width = info.height;
        job.height = info.width;
    }
    return explain(segment(out, &job), error);
}

/* What is wrong with given pixels. The limits hold for them, too: planes and
 * masks are allocated by the picture's size. */
static enum sil_err check_pixels(const struct sil_pixels *pixels,
                                 const struct sil_limits *limits,
                                 struct sil_error *error)
{
    size_t row_bytes = 0;

    sil_assert(limits != NULL);
    if (pixels == NULL || pixels->rgb == NULL)
        return err_set(error, SIL_E_ARGUMENT, "no pixels");
    if (pixels->width == 0 || pixels->height == 0)
        return err_set(error, SIL_E_ARGUMENT, "width or height is 0");
    if (!sil_mul(&row_bytes, pixels->width, CHANNELS) ||
        pixels->row_bytes < row_bytes)
        return err_set(error, SIL_E_ARGUMENT, "row_bytes is too small");
    if (pixels->width > limits->image_side_max ||
        pixels->height > limits->image_side_max ||
        (uint64_t)pixels->width * pixels->height > limits->image_pixels_max)
        return err_set(error, SIL_E_IMAGE_TOO_MANY_PIXELS,
                       "%u x %u pixels are more than the limits allow",
                       pixels->width, pixels->height);
    return SIL_OK;
}

/* The pixels are lent and only read: the cast takes their const away because
 * struct image serves both, and its is_owned is false. */
enum sil_err sil_segment_pixels(struct sil_result **out,
                                struct sil_session *session,
                                const struct sil_pixels *pixels,
                                const struct sil_options *options,
                                struct sil_error *error)
{
    struct sil_options chosen = options ? *options : sil_options_default();
    struct job job = {.session = session,
                      .options = &chosen,
                      .error = error,
                      .shrink = 1,
                      .orientation = ORIENTATION_UPRIGHT};
    enum sil_err err = session_begin(session, out, &chosen, error);

    if (!err)
        err = check_pixels(pixels, &chosen.limits, error);
    if (err)
        return err;
    job.width = pixels->width;
    job.height = pixels->height;
    job.image = (struct image){(uint8_t *)(uintptr_t)pixels->rgb, pixels->width,
                               pixels->height, pixels->row_bytes, false};
    err = job_check_deadline(&job);
    return explain(err ? err : segment(out, &job), error);
}
