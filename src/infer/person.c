/* One look: resample, run, copy the answer.
 * Must not know which part of a picture is worth a look, or why.
 * The input keeps the aspect ratio of what it shows: nothing else that was
 * tried is worth as much (docs/QUALITY.md). */
#include "infer/person.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

enum { CHANNELS = 3 };

/* One side of the input, pixels: the nearest multiple of the step, a tie going
 * to the even one, then held within min .. max. */
static uint32_t input_side(const struct person_sides *sides, double wanted)
{
    double nearest = rint(wanted / sides->step) * sides->step;

    sil_assert(sides->min >= 1);
    return (uint32_t)fmin(fmax(nearest, sides->min), sides->max);
}

/* width / height is the part's aspect ratio and width * height is side * side:
 * so both are side times or over the root of the ratio. */
void person_input_size(uint32_t *width, uint32_t *height,
                       const struct person_sides *sides, const struct box *part,
                       uint32_t side)
{
    double part_width = (double)part->x1 - part->x0;
    double part_height = (double)part->y1 - part->y0;
    double stretch = sqrt(part_width / part_height);

    sil_assert(part_width > 0 && part_height > 0);
    sil_assert(sides->step > 0 && sides->min >= sides->step);
    *width = input_side(sides, side * stretch);
    *height = input_side(sides, side / stretch);
}

/* The network's answer must be one plane of the input's size. The checksum has
 * not proven that: a manifest can name a network of another kind. */
static bool is_plane(const struct tensor *answer, const struct view *view)
{
    return answer->shape[0] == 1 && answer->shape[1] == 1 &&
           answer->shape[2] == view->height && answer->shape[3] == view->width;
}

/* The answer is copied, because the runner's next look would overwrite it. */
enum sil_err person_look(struct plane *out, struct engine_runner *runner,
                         const struct image *image, const struct view *view,
                         struct sil_error *error)
{
    const uint32_t shape[TENSOR_DIMS] = {1, CHANNELS, view->height,
                                         view->width};
    struct tensor in;
    struct tensor answer;
    enum sil_err err = engine_input(&in, runner, shape, error);

    if (err)
        return err;
    sil_assert(tensor_count(&in) ==
               (size_t)CHANNELS * view->width * view->height);
    err = view_fill(in.values, image, view);
    if (err)
        return err_set(error, err, "no memory to resample the picture");
    err = engine_run(runner, error);
    if (!err)
        err = engine_output(&answer, runner, 0, error);
    if (err)
        return err;
    if (!is_plane(&answer, view))
        return err_set(error, SIL_E_MODEL,
                       "the network answers [%u,%u,%u,%u] to a %u x %u input",
                       answer.shape[0], answer.shape[1], answer.shape[2],
                       answer.shape[3], view->width, view->height);
    sil_assert(answer.values != NULL);
    err = plane_init(out, view->width, view->height);
    if (err)
        return err_set(error, err, "no memory for the probabilities");
    sil_assert(tensor_count(&answer) == (size_t)out->width * out->height);
    memcpy(out->values, answer.values,
           tensor_count(&answer) * sizeof *out->values);
    return SIL_OK;
}
