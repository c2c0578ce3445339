/* One look of the pose network: resample, turn, run, read three outputs.
 * Must not know who looks, or what becomes of the body.
 * A view can't be turned: the upright square around the turned one is
 * resampled a little finer than needed, and that is turned. */
#include "infer/pose.h"

#include <math.h>

#include "base/check.h"
#include "base/mem.h"
#include "infer/view.h"

enum {
    SIDE = 256, /* of the input and of the body, pixels */
    COLOURS = 3,
    JOINTS = 33,       /* of 39; the others only help the network */
    JOINTS_VALUES = 5, /* of a joint: x, y in input pixels, and three more */
    JOINTS_COUNT = 39,
    OUT_JOINTS = 0, /* the outputs, by their order */
    OUT_PRESENCE = 1,
    OUT_BODY = 2
};

/* Samples of the upright square for one of the turned: what is interpolated
 * twice would be blurred otherwise. */
static const float FINER = 1.25F;

/* The upright square around the turned one: float [3, side, side]. */
struct around {
    float *values; /* owned */
    uint32_t side;
    struct box box; /* image pixels */
};

/* Where a place of the turned square is in the image. u, v: 0 is the middle,
 * -.5 and .5 are the edges. */
static void place_of(float *x, float *y, const struct turned *part, float u,
                     float v)
{
    sil_assert(part->side > 0);
    *x = part->x + part->side * (u * part->cosine - v * part->sine);
    *y = part->y + part->side * (u * part->sine + v * part->cosine);
}

/* Resample the upright square. Its values are yours, mem_free(), unless it
 * fails. */
static enum sil_err around_init(struct around *around,
                                const struct image *image,
                                const struct turned *part)
{
    float stretch = fabsf(part->cosine) + fabsf(part->sine);
    float half = part->side * stretch / 2;
    struct view view = {.part = {part->x - half, part->y - half, part->x + half,
                                 part->y + half}};
    size_t count;
    enum sil_err err;

    /* Between upright and half way to lying. */
    sil_assert(stretch >= 0.99F && stretch < 1.5F);
    view.width = (uint32_t)ceilf(SIDE * stretch * FINER);
    view.height = view.width;
    *around = (struct around){.side = view.width, .box = view.part};
    if (!sil_mul(&count, (size_t)view.width * view.height, COLOURS))
        return SIL_E_NO_MEMORY;
    around->values = mem_alloc(count, sizeof *around->values);
    if (around->values == NULL)
        return SIL_E_NO_MEMORY;
    err = view_fill(around->values, image, &view);
    if (err)
        mem_free(around->values);
    return err;
}

/* Where a coordinate lies between two samples of the upright square: the lower
 * one, the next, and how far it is from the one to the other. Beyond the
 * outermost samples it is theirs. */
struct between {
    size_t low, high;
    float way; /* 0 .. 1 */
};

/* count samples lie evenly from .. to, their centres half a step inside. */
static struct between between(float at, float from, float to, uint32_t count)
{
    float last = (float)(count - 1);
    float index = (at - from) / (to - from) * (float)count - 0.5F;
    struct between between;

    sil_assert(from < to && count > 0);
    index = index > 0 ? index : 0;
    index = index < last ? index : last;
    between.low = (size_t)index;
    between.high = between.low + 1 < count ? between.low + 1 : between.low;
    between.way = index - (float)between.low;
    return between;
}

/* One pixel of the input, its colours side by side.
 * The upright square is stored colour by colour, as networks of our own want
 * it; this one wants pixels. */
static void write_pixel(float *to, const struct around *around,
                        const struct between *x, const struct between *y)
{
    size_t plane = (size_t)around->side * around->side;

    for (size_t c = 0; c < COLOURS; c++) {
        const float *upper = around->values + c * plane + y->low * around->side;
        const float *lower =
            around->values + c * plane + y->high * around->side;
        float a = upper[x->low] + x->way * (upper[x->high] - upper[x->low]);
        float b = lower[x->low] + x->way * (lower[x->high] - lower[x->low]);
        to[c] = a + y->way * (b - a);
    }
}

/* values: float [SIDE, SIDE, 3], RGB / 255, all written. */
static enum sil_err fill(float *values, const struct image *image,
                         const struct turned *part)
{
    struct around around;
    const struct box *box = &around.box;
    enum sil_err err = around_init(&around, image, part);

    if (err)
        return err;
    for (uint32_t v = 0; v < SIDE; v++)
        for (uint32_t u = 0; u < SIDE; u++) {
            float at_x;
            float at_y;
            struct between x;
            struct between y;
            place_of(&at_x, &at_y, part, ((float)u + 0.5F) / SIDE - 0.5F,
                     ((float)v + 0.5F) / SIDE - 0.5F);
            x = between(at_x, box->x0, box->x1, around.side);
            y = between(at_y, box->y0, box->y1, around.side);
            write_pixel(values + ((size_t)v * SIDE + u) * COLOURS, &around, &x,
                        &y);
        }
    mem_free(around.values);
    return SIL_OK;
}

/* The outputs are told apart by their order, and checked by their sizes: the
 * checksum has not proven that the file is the network it is named after.
 * An output of the last run, which must have so many values. */
static enum sil_err take_output(const float **out, struct engine_runner *runner,
                                uint32_t index, size_t count,
                                struct sil_error *error)
{
    struct tensor answer;
    enum sil_err err = engine_output(&answer, runner, index, error);

    if (err)
        return err;
    sil_assert(answer.values != NULL);
    if (tensor_count(&answer) != count)
        return err_set(error, SIL_E_MODEL,
                       "the pose network's output %u is not of its size",
                       index);
    *out = answer.values;
    return SIL_OK;
}

/* The box around the joints, in the image. What is no number is left out by
 * fminf() and fmaxf(); of nothing but such the box stays inside out. */
static struct box box_of(const float *joints, const struct turned *part)
{
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};

    for (size_t i = 0; i < JOINTS; i++) {
        const float *joint = joints + i * JOINTS_VALUES;
        float x;
        float y;

        place_of(&x, &y, part, joint[0] / SIDE - 0.5F, joint[1] / SIDE - 0.5F);
        box.x0 = fminf(box.x0, x);
        box.y0 = fminf(box.y0, y);
        box.x1 = fmaxf(box.x1, x);
        box.y1 = fmaxf(box.y1, y);
    }
    return box;
}

/* Read the three outputs; the body comes as logits. A presence that is no
 * number is none. */
static enum sil_err read(struct pose *out, struct engine_runner *runner,
                         const struct turned *part, struct sil_error *error)
{
    const float *joints = NULL;
    const float *presence = NULL;
    const float *logits = NULL;
    enum sil_err err = take_output(&joints, runner, OUT_JOINTS,
                                   (size_t)JOINTS_COUNT * JOINTS_VALUES, error);

    if (!err)
        err = take_output(&presence, runner, OUT_PRESENCE, 1, error);
    if (!err)
        err =
            take_output(&logits, runner, OUT_BODY, (size_t)SIDE * SIDE, error);
    if (err)
        return err;
    sil_assert(joints != NULL && presence != NULL && logits != NULL);
    err = plane_init(&out->body, SIDE, SIDE);
    if (err)
        return err_set(error, err, "no memory for a body");
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        out->body.values[i] = 1 / (1 + expf(-logits[i]));
    out->presence = *presence >= 0 && *presence <= 1 ? *presence : 0;
    out->joints = box_of(joints, part);
    return SIL_OK;
}

/* The input is a loan of the runner: it is filled in place, and what was read
 * of the answer is copied, because the next look overwrites it. */
enum sil_err pose_look(struct pose *out, struct engine_runner *runner,
                       const struct image *image, const struct turned *part,
                       struct sil_error *error)
{
    const uint32_t shape[TENSOR_DIMS] = {1, SIDE, SIDE, COLOURS};
    struct tensor in;
    enum sil_err err = engine_input(&in, runner, shape, error);

    if (err)
        return err;
    sil_assert(tensor_count(&in) == (size_t)SIDE * SIDE * COLOURS);
    err = fill(in.values, image, part);
    if (err)
        return err_set(error, err, "no memory to resample the picture");
    err = engine_run(runner, error);
    return err ? err : read(out, runner, part, error);
}

void pose_finish(struct pose *pose)
{
    plane_finish(&pose->body);
}
