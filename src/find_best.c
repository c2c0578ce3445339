/* The pipeline "best": two looks at the people, finer and one of them mirrored,
 * a second opinion, and what is left of noise tidied away.
 * Must not know where pictures come from or where masks go.
 * What each part is worth, and what was tried besides: docs/QUALITY.md. */
#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "find.h"
#include "infer/model.h"
#include "mask/fuse.h"
#include "opinion.h"
#include "session.h"

/* The looks' sides, against that of fast's second look: 352 and 544 where that
 * is 384. Different scales fail differently; the mirrored one, too. */
static const float COARSE_SIDE = 11.0F / 12;
static const float FINE_SIDE = 17.0F / 12;

/* No look is finer than the picture, down to this side: networks take the
 * blur of enlarged pixels for something else. */
static const float SIDE_MIN = 352;
static const float SIDE_STEP = 32;

/* What weight the second opinion has. */
static const float OPINION_SHARE = 0.35F;

/* Above it is present, where a rule has no threshold of its own. */
static const float PRESENT = 0.5F;

/* Whom no opinion confirms: the looks agree to this share, and it is small, or
 * the detector is nearly sure. A body that fills the picture is not missed by
 * two networks. */
static const float UNSEEN_AGREEMENT = 0.75F;
static const float UNSEEN_AREA = 0.1F;
static const float UNSEEN_SCORE = 0.5F;

/* Holes smaller than this share of the mask are filled. */
static const float HOLE = 0.001F;

/* What is known of a picture before its outline is looked at. */
struct scene {
    struct opinion opinion;
    struct box crop; /* everybody, with a margin, picture pixels */
    bool is_empty;   /* nobody saw anybody: there is no crop */
};

/* The view of a crop by a look, with `times` the side of fast's second one, but
 * not more pixels than the crop has itself. */
static struct view view_for(const struct job *job, const struct box *crop,
                            float times)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    float wanted = times * (float)manifest->second_side;
    float own = sqrtf((crop->x1 - crop->x0) * (crop->y1 - crop->y0));

    sil_assert(manifest->second_side > 0);
    own = fmaxf(SIDE_MIN, rintf(own / SIDE_STEP) * SIDE_STEP);
    return job_view(job, *crop, (uint32_t)rintf(fminf(wanted, own)));
}

/* The first look, as of fast, but decoded for the finer looks to come.
 * The finer looks' decoding is chosen before it is known where they look, as if
 * at all of the picture: most people fill most of it. */
static enum sil_err look_around(struct pieces *found, struct box *crop,
                                struct job *job)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct box whole = {0, 0, (float)job->width, (float)job->height};
    struct view view = job_view(job, whole, manifest->first_side);
    struct view finest = view_for(job, &whole, FINE_SIDE);
    struct pieces_rule rule = pieces_rule_default();
    struct plane plane = {0};
    enum sil_err err = SIL_OK;

    if (job->source != NULL)
        err = job_decode(job, look_shrink(&finest, DETAIL_WHOLE));
    if (!err)
        err = job_check_deadline(job);
    if (!err)
        err = job_look(&plane, job, &view);
    if (!err)
        err = pieces_find(found, &plane, &rule);
    if (!err && found->count > 0)
        *crop = job_crop(found, &plane, job);
    sil_assert(err || found->count == 0 || crop->x0 < crop->x1);
    plane_finish(&plane);
    return err;
}

/* Who may be where: all that the first look found, and those whom the pose
 * network is sure of, for they may be too small for the first look. *scene: its
 * opinion is yours, opinion_finish(). */
static enum sil_err survey(struct scene *scene, struct job *job)
{
    struct pieces found = {0};
    struct box crop = {0};
    struct box box;
    enum sil_err err = look_around(&found, &crop, job);

    if (!err)
        err = opinion_ask(&scene->opinion, job);
    if (err)
        return err;
    box = scene->opinion.box;
    scene->is_empty = found.count == 0 && !scene->opinion.has_box;
    if (found.count == 0)
        crop = box;
    else if (scene->opinion.has_box)
        crop = (struct box){fminf(crop.x0, box.x0), fminf(crop.y0, box.y0),
                            fmaxf(crop.x1, box.x1), fmaxf(crop.y1, box.y1)};
    scene->crop = crop;
    sil_assert(scene->is_empty || crop.x0 < crop.x1);
    return SIL_OK;
}

/* Both looks, one mirrored, and their mean at the size of the finer one.
 * *agreement: how far they agree. *plane: yours. */
static enum sil_err look_twice(struct plane *plane, float *agreement,
                               struct job *job, const struct view *fine)
{
    struct view coarse = view_for(job, &fine->part, COARSE_SIDE);
    struct plane first = {0};
    struct plane enlarged = {0};
    struct plane second = {0};
    enum sil_err err = job_refine(job, fine);

    coarse.is_mirrored = true;
    if (!err)
        err = job_look(&first, job, &coarse);
    if (!err)
        err = job_look(&second, job, fine);
    if (!err)
        err = plane_resize(&enlarged, &first, second.width, second.height);
    if (err)
        goto done;
    *agreement = plane_agreement(&second, &enlarged, PRESENT);
    plane_mix(&second, &enlarged, 0.5F);
    *plane = second;
    second = (struct plane){0};
    sil_assert(*agreement >= 0 && *agreement <= 1);
done:
    plane_finish(&first);
    plane_finish(&enlarged);
    plane_finish(&second);
    return err;
}

/* The share of the picture that is present.
 * Of the whole picture, not of the crop: a close crop is always full. */
static float area_of(const struct plane *plane, const struct box *crop,
                     const struct job *job)
{
    size_t count = (size_t)plane->width * plane->height;
    float box = (crop->x1 - crop->x0) * (crop->y1 - crop->y0);
    size_t present = 0;

    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++)
        present += plane->values[i] > PRESENT;
    return (float)present / (float)count * box /
           ((float)job->width * (float)job->height);
}

/* Put the opinion to what the looks say. *is_somebody: false if nobody is to
 * be believed in. */
static enum sil_err weigh(bool *is_somebody, struct plane *plane,
                          float agreement, const struct scene *scene,
                          const struct job *job)
{
    const struct opinion *opinion = &scene->opinion;
    struct view view = {scene->crop, plane->width, plane->height, false};
    struct plane bodies = {0};
    enum sil_err err;

    sil_assert(!scene->is_empty);
    *is_somebody = true;
    if (opinion->count == 0) {
        *is_somebody = agreement > UNSEEN_AGREEMENT &&
                       (area_of(plane, &scene->crop, job) < UNSEEN_AREA ||
                        opinion->score >= UNSEEN_SCORE);
        return SIL_OK;
    }
    err = opinion_plane(&bodies, opinion, &view);
    if (err)
        return err;
    plane_mix(plane, &bodies, OPINION_SHARE);
    plane_finish(&bodies);
    return SIL_OK;
}

/* What is above the threshold without specks and pinholes, and counted.
 * Last, when nothing is mixed any more; and what is left is what is counted. */
static enum sil_err tidy(struct found *found)
{
    struct pieces_rule rule = pieces_rule_default();
    struct pieces pieces = {0};
    enum sil_err err;

    rule.present = found->threshold;
    err = pieces_tidy(&found->plane, &rule, HOLE);
    if (!err)
        err = pieces_find(&pieces, &found->plane, &rule);
    sil_assert(found->plane.values != NULL);
    found->count = pieces.count;
    return err;
}

/* Look at everybody in the scene and weigh it. found->count stays 0 if they
 * are nobody. */
static enum sil_err outline(struct found *found, const struct scene *scene,
                            struct job *job)
{
    struct view fine = view_for(job, &scene->crop, FINE_SIDE);
    uint64_t start_ns;
    bool is_somebody = false;
    float agreement = 0;
    enum sil_err err = look_twice(&found->plane, &agreement, job, &fine);

    if (err)
        return err;
    start_ns = clock_ns();
    sil_assert(found->plane.values != NULL);
    found->box = scene->crop;
    err = weigh(&is_somebody, &found->plane, agreement, scene, job);
    if (!err && is_somebody)
        err = tidy(found);
    job_add_time(&job->session->timing.mask_ns, start_ns);
    return err;
}

/* A network that looks once, at what it wants, has its own best: it may know
 * more than the second opinion, and more looks are not what it was made for. */
enum sil_err find_best(struct found *out, struct job *job)
{
    struct scene scene = {.is_empty = true};
    struct found found = {.threshold = job_threshold(job)};
    enum sil_err err;

    if (model_manifest(job->session->model)->second_side == 0)
        return find_fast(out, job);
    err = survey(&scene, job);
    if (!err && !scene.is_empty)
        err = outline(&found, &scene, job);
    if (err || found.count == 0)
        found_finish(&found);
    opinion_finish(&scene.opinion);
    sil_assert((found.plane.values != NULL) == (found.count > 0));
    if (!err)
        *out = found;
    return err;
}
