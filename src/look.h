/* One picture, and looks at parts of it: what the pipelines share.
 * Threads: a job belongs to one thread.
 * Must not know what is looked for, or how often. All boxes are in pixels of
 * the whole upright picture, however small it was decoded.
 *
 * Use: a job of a picture's size and orientation; job_decode() as finely as the
 * first look wants (look_shrink()), then job_look() at job_view()s. */
#ifndef SIL_LOOK_H
#define SIL_LOOK_H

#include "base/err.h"
#include "decode/decode.h"
#include "infer/view.h"
#include "mask/pieces.h"

/* Decoded pixels per sample of a look, each way: what resampling wants. */
enum {
    DETAIL_WHOLE = 2, /* wanted of the whole picture, for crops are smaller */
    DETAIL_CROP = 1   /* with less than this the crop is decoded again */
};

/** One segmentation, from its start to its mask. */
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

/** Add to *spent_ns what has passed since start_ns. */
void job_add_time(uint64_t *spent_ns, uint64_t start_ns);

/** Between two steps: none of them can be interrupted by the clock, save the
 *  decoding, which looks by itself. Errors: SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err job_check_deadline(const struct job *job);

/** The smallest decoding that leaves `detail` pixels per sample of a view, as
 *  the shrink of decode_image(): 8, 4, 2 or 1. A view finer than the picture
 *  gets 1. */
uint32_t look_shrink(const struct view *view, uint32_t detail);

/** Replace the job's image by one decoded at 1 / shrink, upright. Only if its
 *  pixels were not given. Errors: those of decode_image(). */
SIL_MUST_USE enum sil_err job_decode(struct job *job, uint32_t shrink);

/** Decode finer if the job's image has less than DETAIL_CROP pixels per sample
 *  of the view and the picture has more. Errors: those of decode_image(). */
SIL_MUST_USE enum sil_err job_refine(struct job *job, const struct view *view);

/** A view of a part of the picture with about side * side samples. */
struct view job_view(const struct job *job, struct box part, uint32_t side);

/** Look at the view, whose part is in picture pixels. *out: yours. Errors:
 *  those of person_look(), SIL_E_DEADLINE_EXCEEDED. */
SIL_MUST_USE enum sil_err job_look(struct plane *out, struct job *job,
                                   const struct view *view);

/** The view as the job's image has it: its part in pixels of that. */
struct view job_shrunk(const struct job *job, const struct view *view);

/** Box of the pieces found in a plane of the whole picture, in picture pixels,
 *  grown on all sides and cut at the picture's edges. found->count > 0. */
struct box job_crop(const struct pieces *found, const struct plane *plane,
                    const struct job *job);

/** Above it is person: as asked for, or as the network was calibrated. */
float job_threshold(const struct job *job);

#endif
