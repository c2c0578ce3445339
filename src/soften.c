/* Full-size pixels to a matte, and to what of them is people.
 * Must not know how a matte is made.
 * A mask in the stored orientation wants the pixels as they are stored. */
#include "soften.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mask/foreground.h"
#include "session.h"

enum { CHANNELS = 3, ORIENTATION_UPRIGHT = 1 };

/* All pixels, turned as the mask is. The job's orientation is what decoding
 * undoes: nothing to undo, nothing is turned. */
static enum sil_err decode_whole(struct job *job)
{
    uint8_t orientation = job->orientation;
    bool is_turned = job->options->orientation == SIL_STORED &&
                     orientation != ORIENTATION_UPRIGHT;
    enum sil_err err;

    sil_assert(job->shrink > 0);
    if (job->source == NULL)
        return SIL_OK; /* The pixels were given. */
    if (job->shrink == 1 && job->image.rgb != NULL && !is_turned)
        return SIL_OK; /* The last look saw all of them. */
    if (is_turned)
        job->orientation = ORIENTATION_UPRIGHT;
    err = job_decode(job, 1);
    job->orientation = orientation;
    return err ? err : job_check_deadline(job);
}

/* The job's pixels become the result's: taken, or copied where they are lent
 * and only to be read. */
static enum sil_err keep_colours(struct sil_result *result, struct job *job)
{
    struct image *from = &job->image;
    struct image *to = &result->colours;
    enum sil_err err;

    sil_assert(to->rgb == NULL);
    if (from->is_owned) {
        *to = *from;
        *from = (struct image){0};
        return SIL_OK;
    }
    err = image_init(to, from->width, from->height);
    for (uint32_t y = 0; !err && y < from->height; y++)
        memcpy(to->rgb + (size_t)y * to->row_bytes,
               from->rgb + (size_t)y * from->row_bytes,
               (size_t)from->width * CHANNELS);
    return err;
}

/* Without anybody there is nothing to see: no pixel is decoded for that. */
static enum sil_err soften_nobody(struct sil_result *result)
{
    const struct image unseen = {.width = result->mask->width,
                                 .height = result->mask->height};

    sil_assert(result->mask->run_count == 0);
    return matte_make(&result->matte, result->mask, &unseen);
}

/* The deadline is looked at between the steps, since none of them can be
 * interrupted. What was made of a result that fails goes with it. */
enum sil_err soften(struct sil_result *result, struct job *job)
{
    uint64_t start_ns;
    enum sil_err err;

    sil_assert(result->mask != NULL);
    if (result->mask->run_count == 0)
        return soften_nobody(result);
    err = decode_whole(job);
    if (err)
        return err;
    start_ns = clock_ns();
    err = matte_make(&result->matte, result->mask, &job->image);
    if (!err)
        err = job_check_deadline(job);
    if (!err && result->output == SIL_OUTPUT_CUTOUT)
        err = keep_colours(result, job);
    if (!err && result->output == SIL_OUTPUT_CUTOUT)
        err =
            foreground_estimate(&result->colours, result->mask, &result->matte);
    job_add_time(&job->session->timing.mask_ns, start_ns);
    return err;
}
