/* The pipeline "fast": two looks, the second at what the first one found.
 * Must not know where pictures come from or where masks go.
 * A picture is decoded as small as both looks allow. */
#include "base/check.h"
#include "find.h"
#include "infer/model.h"
#include "mask/pieces.h"
#include "session.h"

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
    struct view view = job_view(job, whole, manifest->first_side);
    bool is_only = manifest->second_side == 0;
    struct view finest = job_view(
        job, whole, is_only ? manifest->first_side : manifest->second_side);
    struct pieces_rule rule = pieces_rule_default();
    struct plane plane = {0};
    enum sil_err err = SIL_OK;

    if (is_only)
        rule.present = job_threshold(job);
    if (job->source != NULL)
        err = job_decode(job, look_shrink(&finest, DETAIL_WHOLE));
    if (!err)
        err = job_check_deadline(job);
    if (!err)
        err = job_look(&plane, job, &view);
    if (!err)
        err = pieces_find(found, &plane, &rule);
    if (!err && found->count > 0)
        *crop = is_only ? whole : job_crop(found, &plane, job);
    sil_assert(err || found->count == 0 || crop->x0 < crop->x1);
    if (!err && is_only) {
        *kept = plane;
        plane = (struct plane){0};
    }
    plane_finish(&plane);
    return err;
}

/* Second look, at the crop: their outline. Decodes anew only if the crop is
 * small and the picture large. *plane: yours. */
static enum sil_err outline_people(struct plane *plane, const struct box *crop,
                                   struct job *job)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct view view = job_view(job, *crop, manifest->second_side);
    enum sil_err err = job_refine(job, &view);

    sil_assert(plane->values == NULL);
    return err ? err : job_look(plane, job, &view);
}

/* Of a network with one look found.plane is there already, and the box is the
 * whole picture. */
enum sil_err find_fast(struct found *out, struct job *job)
{
    const struct manifest *manifest = model_manifest(job->session->model);
    struct pieces pieces = {0};
    struct found found = {.threshold = job_threshold(job)};
    enum sil_err err = find_people(&pieces, &found.box, &found.plane, job);

    if (!err && pieces.count > 0 && manifest->second_side > 0)
        err = outline_people(&found.plane, &found.box, job);
    found.count = pieces.count;
    if (err || pieces.count == 0)
        found_finish(&found);
    sil_assert((found.plane.values != NULL) == (found.count > 0));
    if (!err)
        *out = found;
    return err;
}

/* The box and the threshold mean nothing without a plane, and stay. */
void found_finish(struct found *found)
{
    plane_finish(&found->plane);
    found->count = 0;
}
