/* One look: fill the input, run, read the answer.
 * Must not know which part of a picture is worth a look, or why.
 * The input keeps the aspect ratio of what it shows, where the network lets
 * it: nothing else that was tried is worth as much (docs/QUALITY.md). */
#include "infer/person.h"

#include <math.h>

#include "base/check.h"

/* One side of the input, pixels: the nearest multiple of the step, a tie going
 * to the even one, then held within min .. max. */
static uint32_t input_side(const struct net_sides *sides, double wanted)
{
    double nearest = rint(wanted / sides->step) * sides->step;

    sil_assert(sides->min >= 1);
    return (uint32_t)fmin(fmax(nearest, sides->min), sides->max);
}

/* width / height is the part's aspect ratio and width * height is side * side:
 * so both are side times or over the root of the ratio. */
void person_input_size(uint32_t *width, uint32_t *height,
                       const struct net_sides *sides, const struct box *part,
                       uint32_t side)
{
    double part_width = (double)part->x1 - part->x0;
    double part_height = (double)part->y1 - part->y0;
    double stretch = sqrt(part_width / part_height);

    sil_assert(part_width > 0 && part_height > 0);
    if (sides->width > 0) {
        *width = sides->width;
        *height = sides->height;
        return;
    }
    sil_assert(sides->step > 0 && sides->min >= sides->step);
    stretch = sides->is_square ? 1 : stretch;
    *width = input_side(sides, side * stretch);
    *height = input_side(sides, side / stretch);
}

/* The input is filled where the engine reads it, and the answer read where the
 * engine wrote it: of both there is one copy. */
enum sil_err person_look(struct plane *out, const struct person_net *net,
                         const struct image *image, const struct view *view,
                         struct sil_error *error)
{
    uint32_t shape[TENSOR_DIMS];
    struct tensor in;
    struct tensor answer;
    enum sil_err err;

    sil_assert(net->runner != NULL);
    net_form_shape(shape, net->form, view);
    err = engine_input(&in, net->runner, shape, error);
    if (err)
        return err;
    sil_assert(tensor_count(&in) ==
               (size_t)NET_COLOURS * view->width * view->height);
    err = net_form_fill(in.values, net->form, image, view);
    if (err)
        return err_set(error, err, "no memory to resample the picture");
    err = engine_run(net->runner, error);
    if (!err)
        err =
            engine_output(&answer, net->runner, net->form->output_index, error);
    return err ? err : net_form_read(out, net->form, &answer, view, error);
}
