/* decode -> infer -> mask: the pipeline "fast".
 * Must not know where pictures come from or where masks go.
 * A picture is decoded as small as both looks allow. All boxes are in pixels
 * of the whole picture; only look() knows how small it was decoded. */
#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "decode/decode.h"
#include "infer/model.h"
#include "infer/person.h"
#include "mask/pieces.h"
#include "mask/result.h"
#include "mask/upscale.h"
#include "session.h"

/* Decoded pixels per sample of a look, each way: what resampling wants. */
enum {
    DETAIL_WHOLE = 2, /* wanted of the whole picture, for crops are smaller */
    DETAIL_CROP = 1   /* with less than this the crop is decoded again */
};

enum { CHANNELS = 3, ORIENTATION_UPRIGHT = 1, ORIENTATION_TURNED = 5 };

/* The second look reaches this much of the longer side beyond the people. */
static const float MARGIN = 0.15F;

/* One segmentation, from its start to its mask. */
struct job {
    struct sil_session *session;
    const struct sil_options *options;
    const struct decode_source *source; /* NULL: the pixels were given */
    struct sil_error *error;            /* the caller's; may be NULL */
    struct image image;                 /* upright, 1 / shrink of the picture */
    uint32_t shrink;                    /* 1, 2, 4 or 8 */
    uint32_t width, height;             /* of the upright picture */
    uint8_t orientation;                /* EXIF, of the picture as stored */
};

/* Add to *spent_ns what has passed since start_ns. */
static void add_time(uint64_t *spent_ns, uint64_t start_ns)
{
    uint64_t now_ns = clock_ns();

    sil_assert(now_ns >= start_ns);
    *spent_ns += now_ns - start_ns;
}

/* Between two steps: none of them can be interrupted by the clock, save the
 * decoding, which looks by itself. */
static enum sil_err check_deadline(const struct job *job)
{
    sil_assert(job->options != NULL);
    if (!clock_is_past(job->options->deadline_ns))
        return SIL_OK;
    return err_set(job->error, SIL_E_DEADLINE_EXCEEDED,
                   "the deadline passed while the picture was segmented");
}

/* The smallest decoding that leaves `detail` pixels per sample of a view, as
 * the shrink of decode_image(): 8, 4, 2 or 1. A view finer than the picture
 * gets 1. */
static uint32_t fitting_shrink(const struct view *view, uint32_t detail)
{
    float width = view->part.x1 - view->part.x0;
    float height = view->part.y1 - view->part.y0;
    uint32_t shrink = DECODE_SHRINK_MAX;

    sil_assert(detail > 0);
    while (shrink > 1 && (width < (float)(shrink * detail * view->width) ||
                          height < (float)(shrink * detail * view->height)))
        shrink /= 2;
    return shrink;
}

/* Replace the job's image by one decoded at 1 / shrink, upright. The old one
 * goes first: two at once would be the peak of the memory. */
static enum sil_err decode_at(struct job *job, uint32_t shrink)
{
    uint64_t start_ns = clock_ns();
    enum sil_err err;

    sil_assert(job->source != NULL);
    sil_assert(shrink > 0 && shrink <= DECODE_SHRINK_MAX);
    image_finish(&job->image);
    err = decode_image(&job->image, job->source, shrink, job->error);
    if (!err)
        err = image_orient(&job->image, job->orientation);
    if (!err)
        job->shrink = shrink;
    add_time(&job->session->timing.decode_ns, start_ns);
    return err;
}

/* How far the image's first pixel begins before the picture: where the size
 * isn't a multiple of the shrink, the last pixel of the stored image hangs
 * over its edge, and turning may bring that edge to the left or the top. */
static void overhang(float *left, float *top, const struct job *job)
{
    static const bool is_left[] = {0, 0, 1, 1, 0, 0, 1, 1, 0};
    static const bool is_top[] = {0, 0, 0, 1, 1, 0, 0, 1, 1};
    uint32_t beyond_x = job->image.width * job->shrink - job->width;
    uint32_t beyond_y = job->image.height * job->shrink - job->height;

    sil_assert(beyond_x < job->shrink && beyond_y < job->shrink);
    sil_assert(job->orientation < sizeof is_left);
    *left = is_left[job->orientation] ? (float)beyond_x : 0;
    *top = is_top[job->orientation] ? (float)beyond_y : 0;
}

/* Look at the view, whose part is in picture pixels. *out: yours. */
static enum sil_err look(struct plane *out, struct job *job,
                         const struct view *view)
{
    const struct person_net net = {job->session->runner,
                                   &model_manifest(job->session->model)->form};
    uint64_t start_ns = clock_ns();
    struct view shrunk = *view;
    float scale = 1 / (float)job->shrink;
    float left;
    float top;
    enum sil_err err;

    sil_assert(job->shrink > 0);
    overhang(&left, &top, job);
    shrunk.part.x0 = (view->part.x0 + left) * scale;
    shrunk.part.x1 = (view->part.x1 + left) * scale;
    shrunk.part.y0 = (view->part.y0 + top) * scale;
    shrunk.part.y1 = (view->part.y1 + top) * scale;
    err = person_look(out, &net, &job->image, &shrunk, job->error);
    add_time(&job->session->timing.infer_ns, start_ns);
    return err ? err : check_deadline(job);
}

/* A view of a part of the picture with about side * side samples. */
static struct view view_of(const struct job *job, struct box part,
                           uint32_t side)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct view view = {.part = part};

    person_input_size(&view.width, &view.height, &manifest->form.sides, &part,
                      side);
    sil_assert(view.width > 0 && view.height > 0);
    return view;
}

/* The people's box, from plane pixels to picture pixels, grown on all sides
 * and cut at the picture's edges. */
static struct box crop_around(const struct pieces *found,
                              const struct plane *plane, const struct job *job)
{
    float width = (float)job->width;
    float height = (float)job->height;
    float scale_x = width / (float)plane->width;
    float scale_y = height / (float)plane->height;
    struct box box = {found->box.x0 * scale_x, found->box.y0 * scale_y,
                      found->box.x1 * scale_x, found->box.y1 * scale_y};
    float margin = MARGIN * fmaxf(box.x1 - box.x0, box.y1 - box.y0);

    sil_assert(found->count > 0 && margin > 0);
    return (struct box){fmaxf(0, box.x0 - margin), fmaxf(0, box.y0 - margin),
                        fminf(width, box.x1 + margin),
                        fminf(height, box.y1 + margin)};
}

/* Above it is person: as asked for, or as the network was calibrated. */
static float threshold_of(const struct job *job)
{
    float threshold = job->options->threshold;

    if (!(threshold > 0))
        threshold = model_manifest(job->session->model)->threshold;
    sil_assert(threshold > 0 && threshold < 1);
    return threshold;
}

/* First look: where people are. found->count is 0 if nowhere, and *crop is then
 * left alone. Decoded fine enough that a crop of most of the picture needs no
 * second decoding, which costs more than a few pixels too many. Of a network
 * that looks once it is the only one: then *kept is the plane, yours, and
 * *crop the whole picture. */
static enum sil_err find_people(struct pieces *found, struct box *crop,
                                struct plane *kept, struct job *job)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct box whole = {0, 0, (float)job->width, (float)job->height};
    struct view view = view_of(job, whole, manifest->first_side);
    bool is_only = manifest->second_side == 0;
    struct view finest = view_of(
        job, whole, is_only ? manifest->first_side : manifest->second_side);
    struct pieces_rule rule = pieces_rule_default();
    struct plane plane = {0};
    enum sil_err err = SIL_OK;

    if (is_only)
        rule.present = threshold_of(job);
    if (job->source != NULL)
        err = decode_at(job, fitting_shrink(&finest, DETAIL_WHOLE));
    if (!err)
        err = check_deadline(job);
    if (!err)
        err = look(&plane, job, &view);
    if (!err)
        err = pieces_find(found, &plane, &rule);
    if (!err && found->count > 0)
        *crop = is_only ? whole : crop_around(found, &plane, job);
    sil_assert(err || found->count == 0 || crop->x0 < crop->x1);
    if (!err && is_only) {
        *kept = plane;
        plane = (struct plane){0};
    }
    plane_finish(&plane);
    return err;
}

/* Second look: their outline. *plane: yours, of what view->part shows. Decodes
 * anew only if the crop is small and the picture large. */
static enum sil_err outline_people(struct plane *plane, struct job *job,
                                   const struct view *view)
{
    uint32_t shrink = fitting_shrink(view, DETAIL_CROP);
    enum sil_err err = SIL_OK;

    sil_assert(shrink > 0);
    if (job->source != NULL && shrink < job->shrink)
        err = decode_at(job, shrink);
    return err ? err : look(plane, job, view);
}

/* True if the mask has to be turned back to how the file has its pixels. */
static bool is_stored_wanted(const struct job *job)
{
    return job->options->orientation == SIL_STORED &&
           job->orientation != ORIENTATION_UPRIGHT;
}

/* The mask of what the second look saw, at the picture's size; outside of the
 * crop there is nobody. *plane may be turned. */
static enum sil_err make_mask(struct sil_mask **out, struct job *job,
                              struct plane *plane, const struct box *crop)
{
    struct upscale_place place = {job->width, job->height, *crop,
                                  threshold_of(job)};
    enum sil_err err = SIL_OK;

    sil_assert(plane->values != NULL);
    if (is_stored_wanted(job))
        err = plane_unorient(plane, &place, job->orientation);
    return err ? err : mask_from_plane(out, plane, &place);
}

/* A mask without anybody, in the wanted orientation. */
static enum sil_err make_empty(struct sil_mask **out, const struct job *job)
{
    bool is_turned =
        is_stored_wanted(job) && job->orientation >= ORIENTATION_TURNED;

    sil_assert(job->width > 0 && job->height > 0);
    return is_turned ? mask_from_nothing(out, job->height, job->width)
                     : mask_from_nothing(out, job->width, job->height);
}

/* Both looks and the mask. The job's picture is known, not yet decoded, or its
 * pixels were given; either way its image is finished here. *out: untouched on
 * failure. */
static enum sil_err segment(struct sil_result **out, struct job *job)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct pieces found = {0};
    struct plane plane = {0};
    struct sil_result *result = NULL;
    struct box crop = {0};
    struct view view;
    uint64_t start_ns;
    enum sil_err err = result_create(&result, job->options);

    if (!err)
        err = find_people(&found, &crop, &plane, job);
    if (!err && found.count > 0 && manifest->second_side > 0) {
        view = view_of(job, crop, manifest->second_side);
        err = outline_people(&plane, job, &view);
    }
    if (err)
        goto done;
    start_ns = clock_ns();
    err = found.count > 0 ? make_mask(&result->mask, job, &plane, &crop)
                          : make_empty(&result->mask, job);
    add_time(&job->session->timing.mask_ns, start_ns);
    if (err)
        goto done;
    sil_assert(result->mask != NULL);
    result->person_count = result->mask->person_pixels > 0 ? found.count : 0;
    result_check(result);
    *out = result;
    result = NULL; /* It is the caller's now. */
done:
    sil_result_destroy(result);
    plane_finish(&plane);
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
    err = check_deadline(&job);
    if (!err)
        err = decode_info(&info, &source, error);
    add_time(&session->timing.decode_ns, start_ns);
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
    err = check_deadline(&job);
    return explain(err ? err : segment(out, &job), error);
}
