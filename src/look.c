/* Decoding as finely as a look wants, and looking.
 * Must not know which looks a pipeline takes, or why.
 * All boxes are in pixels of the whole picture; only job_look() knows how small
 * it was decoded. */
#include "look.h"

#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "infer/model.h"
#include "infer/person.h"
#include "session.h"

/* A crop reaches this much of the longer side beyond the people. */
static const float MARGIN = 0.15F;

/* The clock is monotonic: a difference below 0 would be our mistake. Added, not
 * set: a pipeline decodes and looks more than once. */
void job_add_time(uint64_t *spent_ns, uint64_t start_ns)
{
    uint64_t now_ns = clock_ns();

    sil_assert(now_ns >= start_ns);
    *spent_ns += now_ns - start_ns;
}

/* Cheap beside any step: it is asked after each, and the picture is given up
 * where the first one notices. */
enum sil_err job_check_deadline(const struct job *job)
{
    sil_assert(job->options != NULL);
    if (!clock_is_past(job->options->deadline_ns))
        return SIL_OK;
    return err_set(job->error, SIL_E_DEADLINE_EXCEEDED,
                   "the deadline passed while the picture was segmented");
}

/* From the smallest decoding up, for each step costs four times the pixels of
 * the one before; both ways have to have enough, for a network of a fixed size
 * may see a part stretched: its samples are then closer along one of them. */
uint32_t look_shrink(const struct view *view, uint32_t detail)
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

/* The old image goes first: two at once would be the peak of the memory. The
 * shrink is noted only of an image that is there. */
enum sil_err job_decode(struct job *job, uint32_t shrink)
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
    job_add_time(&job->session->timing.decode_ns, start_ns);
    return err;
}

/* A second decoding costs as much as some looks: so pixels that are there are
 * used unless there are too few. */
enum sil_err job_refine(struct job *job, const struct view *view)
{
    uint32_t shrink = look_shrink(view, DETAIL_CROP);

    sil_assert(shrink > 0);
    if (job->source == NULL || shrink >= job->shrink)
        return SIL_OK;
    return job_decode(job, shrink);
}

/* How far the image's first pixel begins before the picture: where the size
 * isn't a multiple of the shrink, the last pixel of the stored image hangs
 * over its edge, and turning may bring that edge to the left or the top. */
static void overhang(float *left, float *top, const struct job *job)
{
    /* By EXIF orientation, where 0 is none: whether the edge that is upright on
     * that side is, as stored, the right or the bottom one. */
    static const bool is_left[] = {0, 0, 1, 1, 0, 0, 1, 1, 0};
    static const bool is_top[] = {0, 0, 0, 1, 1, 0, 0, 1, 1};
    uint32_t beyond_x = job->image.width * job->shrink - job->width;
    uint32_t beyond_y = job->image.height * job->shrink - job->height;

    sil_assert(beyond_x < job->shrink && beyond_y < job->shrink);
    sil_assert(job->orientation < sizeof is_left);
    *left = is_left[job->orientation] ? (float)beyond_x : 0;
    *top = is_top[job->orientation] ? (float)beyond_y : 0;
}

/* Boxes are in picture pixels, whatever is decoded when: here alone they become
 * the image's. Parts may reach beyond the picture; they do so in the image,
 * too. */
struct view job_shrunk(const struct job *job, const struct view *view)
{
    struct view shrunk = *view;
    float scale = 1 / (float)job->shrink;
    float left;
    float top;

    sil_assert(job->shrink > 0);
    overhang(&left, &top, job);
    shrunk.part.x0 = (view->part.x0 + left) * scale;
    shrunk.part.x1 = (view->part.x1 + left) * scale;
    shrunk.part.y0 = (view->part.y0 + top) * scale;
    shrunk.part.y1 = (view->part.y1 + top) * scale;
    return shrunk;
}

/* Resampling is counted as part of the look, as it is done for it alone; so is
 * reading the answer. */
enum sil_err job_look(struct plane *out, struct job *job,
                      const struct view *view)
{
    const struct person_net net = {
        session_runner(job->session, view->width, view->height),
        &model_manifest(job->session->model)->form};
    uint64_t start_ns = clock_ns();
    struct view shrunk = job_shrunk(job, view);
    enum sil_err err;

    sil_assert(net.runner != NULL);
    err = person_look(out, &net, &job->image, &shrunk, job->error);
    job_add_time(&job->session->timing.infer_ns, start_ns);
    return err ? err : job_check_deadline(job);
}

/* What the network takes decides: the side is a wish. */
struct view job_view(const struct job *job, struct box part, uint32_t side)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct view view = {.part = part};

    person_input_size(&view.width, &view.height, &manifest->form.sides, &part,
                      side);
    sil_assert(view.width > 0 && view.height > 0);
    return view;
}

/* The margin is of the longer side both ways: who stands is narrow, and his
 * arms may be where the first look saw nothing. */
struct box job_crop(const struct pieces *found, const struct plane *plane,
                    const struct job *job)
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

/* 0 stands for none: session_begin() has refused what is below, and NaN. */
float job_threshold(const struct job *job)
{
    float threshold = job->options->threshold;

    if (!(threshold > 0))
        threshold = model_manifest(job->session->model)->threshold;
    sil_assert(threshold > 0 && threshold < 1);
    return threshold;
}
