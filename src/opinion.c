/* A look of the detector at the whole picture, and one of the pose network at
 * each figure that it finds.
 * Must not know what segments.
 * A figure that the pose network doesn't confirm is none, but its score still
 * tells that something looks like somebody. */
#include "opinion.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "infer/detector.h"
#include "infer/pose.h"
#include "mask/turned.h"
#include "session.h"

/* Figures with less are not looked at. */
static const float SCORE_MIN = 0.2F;

/* Whom the pose network is less sure of is nobody. */
static const float PRESENCE_MIN = 0.5F;

/* Bodies surer than this may widen what is looked at. */
static const float PRESENCE_SURE = 0.8F;

/* The square that the pose network sees, in radii of a figure. */
static const float SQUARE = 2.5F;

/* Smaller squares, in pixels of the picture, hold nobody. */
static const float SQUARE_MIN = 8;

/* A body reaches this much of its joints' longer side beyond them, and above
 * them a little more: the highest joint is an eye, not the hair. */
static const float MARGIN = 0.15F;
static const float MARGIN_TOP = 1.3F * 0.15F;

/* The square of the picture's longer side in whose middle the picture is. The
 * detector sees squares, and nothing of the picture is to be cut. */
static struct box letterbox(const struct job *job)
{
    float width = (float)job->width;
    float height = (float)job->height;
    float half = fmaxf(width, height) / 2;

    sil_assert(half > 0);
    return (struct box){width / 2 - half, height / 2 - half, width / 2 + half,
                        height / 2 + half};
}

/* What turns the image's pixels into the picture's: less the origin, times the
 * scale. Any view would tell it; of one that begins at the picture's corner the
 * origin can be read off. */
static void scale_of(struct point *origin, float *scale, const struct job *job)
{
    const struct view corner = {{0, 0, 1, 1}, 1, 1, false};
    const struct view shrunk = job_shrunk(job, &corner);

    *scale = (float)job->shrink;
    *origin = (struct point){shrunk.part.x0, shrunk.part.y0};
    sil_assert(*scale >= 1);
}

/* Find figures in the whole picture. *out: in image pixels. One look at all of
 * the picture, however long it is: squares along a long one were tried, and
 * found nobody who was worth their time. The view's size isn't used: the
 * detector has its own. */
static enum sil_err detect(struct figures *out, struct job *job)
{
    const struct view view = {letterbox(job), 1, 1, false};
    const struct view shrunk = job_shrunk(job, &view);
    struct engine_runner *runner = NULL;
    enum sil_err err = session_companion(&runner, job->session,
                                         COMPANION_DETECTOR, job->error);

    if (!err)
        err = detector_look(out, runner, &job->image, &shrunk.part, job->error);
    sil_assert(err || out->count <= LIMIT_FIGURES_MAX);
    return err ? err : job_check_deadline(job);
}

/* The square around a figure, its hip in the middle, the head up. The foot is
 * where down is. Without a direction the square stands upright. */
static struct turned square_of(const struct figure *figure)
{
    float x = figure->foot.x - figure->hip.x;
    float y = figure->foot.y - figure->hip.y;
    float length = hypotf(x, y);
    struct turned part = {figure->hip.x, figure->hip.y, SQUARE * figure->radius,
                          1, 0};

    sil_assert(figure->radius > 0);
    if (length > 0) {
        part.cosine = y / length;
        part.sine = -x / length;
    }
    return part;
}

/* Add a body's box to that around the surest. joints: picture pixels. */
static void widen(struct opinion *opinion, const struct box *joints,
                  const struct job *job)
{
    float width = joints->x1 - joints->x0;
    float height = joints->y1 - joints->y0;
    float longer = fmaxf(width, height);
    struct box box = {fmaxf(0, joints->x0 - MARGIN * longer),
                      fmaxf(0, joints->y0 - MARGIN_TOP * longer),
                      fminf((float)job->width, joints->x1 + MARGIN * longer),
                      fminf((float)job->height, joints->y1 + MARGIN * longer)};
    struct box *all = &opinion->box;

    /* Not (<): what is no number adds nothing, nor what is outside. */
    if (!(box.x1 - box.x0 > SQUARE_MIN) || !(box.y1 - box.y0 > SQUARE_MIN))
        return;
    sil_assert(box.x0 >= 0 && box.x1 <= (float)job->width);
    if (!opinion->has_box)
        *all = box;
    opinion->has_box = true;
    *all = (struct box){fminf(all->x0, box.x0), fminf(all->y0, box.y0),
                        fmaxf(all->x1, box.x1), fmaxf(all->y1, box.y1)};
}

/* Look at one figure, given in image pixels; keep it if it is confirmed. What
 * is kept is in picture pixels, for the image may be decoded anew after it. */
static enum sil_err ask_of(struct opinion *opinion, struct job *job,
                           const struct figure *figure)
{
    struct turned part = square_of(figure);
    struct opinion_body *body = &opinion->bodies[opinion->count];
    struct engine_runner *runner = NULL;
    struct point origin;
    float scale;
    struct pose pose = {0};
    enum sil_err err;

    scale_of(&origin, &scale, job);
    if (!(part.side * scale > SQUARE_MIN))
        return SIL_OK;
    err = session_companion(&runner, job->session, COMPANION_POSE, job->error);
    if (!err)
        err = pose_look(&pose, runner, &job->image, &part, job->error);
    if (!err)
        err = job_check_deadline(job);
    sil_assert(opinion->count < LIMIT_BODIES_MAX);
    if (!err && pose.presence >= PRESENCE_MIN) {
        struct box joints = {(pose.joints.x0 - origin.x) * scale,
                             (pose.joints.y0 - origin.y) * scale,
                             (pose.joints.x1 - origin.x) * scale,
                             (pose.joints.y1 - origin.y) * scale};
        body->plane = pose.body;
        pose.body = (struct plane){0};
        body->part = (struct turned){(part.x - origin.x) * scale,
                                     (part.y - origin.y) * scale,
                                     part.side * scale, part.cosine, part.sine};
        opinion->count++;
        if (pose.presence >= PRESENCE_SURE)
            widen(opinion, &joints, job);
    }
    pose_finish(&pose);
    return err;
}

/* The figures come with the surest first: the best score is the first one's,
 * and a crowd's least sure ones are not asked about. */
enum sil_err opinion_ask(struct opinion *out, struct job *job)
{
    uint64_t start_ns = clock_ns();
    struct opinion opinion = {.count = 0};
    struct figures figures = {.count = 0};
    enum sil_err err = detect(&figures, job);

    if (!err && figures.count > 0)
        opinion.score = figures.items[0].score;
    for (uint32_t i = 0; !err && i < figures.count && i < LIMIT_BODIES_MAX; i++)
        if (figures.items[i].score >= SCORE_MIN)
            err = ask_of(&opinion, job, &figures.items[i]);
    job_add_time(&job->session->timing.infer_ns, start_ns);
    if (err)
        opinion_finish(&opinion);
    else
        *out = opinion;
    sil_assert(opinion.count <= LIMIT_BODIES_MAX);
    return err;
}

/* Where two bodies overlap both are people: the surer one is right. */
enum sil_err opinion_plane(struct plane *out, const struct opinion *opinion,
                           const struct view *view)
{
    struct plane plane = {0};
    enum sil_err err = plane_init(&plane, view->width, view->height);

    if (err)
        return err;
    sil_assert(plane.values != NULL);
    memset(plane.values, 0,
           (size_t)plane.width * plane.height * sizeof *plane.values);
    for (uint32_t i = 0; i < opinion->count; i++)
        plane_raise(&plane, &view->part, &opinion->bodies[i].plane,
                    &opinion->bodies[i].part);
    *out = plane;
    return SIL_OK;
}

/* The planes alone are owned; boxes and squares are plain values. Twice is
 * fine: nothing is left to be freed then. */
void opinion_finish(struct opinion *opinion)
{
    sil_assert(opinion->count <= LIMIT_BODIES_MAX);
    for (uint32_t i = 0; i < opinion->count; i++)
        plane_finish(&opinion->bodies[i].plane);
    opinion->count = 0;
}
