/* Pixels to a network's input, and its output to probabilities.
 * Must not know which network it is.
 * What the product's own network wants is what view_fill() gives: it is
 * written in place. For others the pixels are resampled beside the input and
 * then put where they belong. */
#include "infer/net_form.h"

#include <math.h>

#include "base/check.h"
#include "base/mem.h"

/* By so much a probability may be beyond 0 or 1: roundings, not logits. */
static const float SLACK = 0.01F;

/* The largest whole rectangle of the part's aspect ratio, in the middle. Only a
 * letterbox leaves a border; never so wide that nothing is left. */
struct net_inner net_form_inner(const struct net_form *form,
                                const struct view *view)
{
    struct net_inner inner = {0, 0, view->width, view->height};
    double width = (double)view->part.x1 - view->part.x0;
    double height = (double)view->part.y1 - view->part.y0;
    double scale;

    sil_assert(width > 0 && height > 0);
    if (form->geometry != NET_LETTERBOX)
        return inner;
    scale = fmin(view->width / width, view->height / height);
    inner.width = (uint32_t)fmin(fmax(rint(width * scale), 1), view->width);
    inner.height = (uint32_t)fmin(fmax(rint(height * scale), 1), view->height);
    inner.x = (view->width - inner.width) / 2;
    inner.y = (view->height - inner.height) / 2;
    sil_assert(inner.x + inner.width <= view->width);
    sil_assert(inner.y + inner.height <= view->height);
    return inner;
}

/* [1, channels, height, width] in the layout's order. */
static void shape_of(uint32_t *shape, enum net_layout layout, uint32_t channels,
                     const struct view *view)
{
    bool is_last = layout == NET_NHWC;

    sil_assert(channels >= 1);
    shape[0] = 1;
    shape[1] = is_last ? view->height : channels;
    shape[2] = is_last ? view->width : view->height;
    shape[3] = is_last ? channels : view->width;
}

/* A picture always has three channels, whatever the answer has. */
void net_form_shape(uint32_t *shape, const struct net_form *form,
                    const struct view *view)
{
    sil_assert(view->width > 0 && view->height > 0);
    shape_of(shape, form->layout, NET_COLOURS, view);
}

/* True for what view_fill() writes: RGB / 255, planes, nothing around it.
 * Equality of floats is meant: the usual values give 1 and 0 exactly, and for
 * any others the longer way is right as well. */
static bool is_plain(const struct net_form *form)
{
    bool is_so = form->layout == NET_NCHW && !form->is_bgr &&
                 form->geometry != NET_LETTERBOX;

    sil_assert(form->channels >= 1 && form->channels <= 2);
    for (size_t c = 0; c < NET_COLOURS; c++)
        is_so = is_so && form->factors[c] == 1.0F && form->offsets[c] == 0.0F;
    return is_so;
}

/* How the values of a channel lie: at start + y * row + x * column. */
struct lie {
    size_t start, row, column;
};

/* Of one channel of a tensor over the view's sides. */
static struct lie lie_of(enum net_layout layout, const struct view *view,
                         uint32_t channels, uint32_t channel)
{
    size_t plane = (size_t)view->width * view->height;

    sil_assert(channel < channels);
    if (layout == NET_NCHW)
        return (struct lie){channel * plane, view->width, 1};
    return (struct lie){channel, (size_t)channels * view->width, channels};
}

/* One colour of the input: black, and what is shown put into it. from: float
 * [inner height, inner width], 0..1. */
static void put_colour(float *values, const struct net_form *form,
                       const struct view *view, uint32_t channel,
                       const float *from)
{
    struct net_inner inner = net_form_inner(form, view);
    struct lie lie = lie_of(form->layout, view, NET_COLOURS, channel);
    float factor = form->factors[channel];
    float offset = form->offsets[channel];

    sil_assert(from != NULL);
    values += lie.start;
    /* Black is what the values make of 0, not 0 itself. */
    if (form->geometry == NET_LETTERBOX)
        for (uint32_t y = 0; y < view->height; y++)
            for (uint32_t x = 0; x < view->width; x++)
                values[y * lie.row + x * lie.column] = offset;
    for (uint32_t y = 0; y < inner.height; y++) {
        float *row = values + (y + inner.y) * lie.row + inner.x * lie.column;
        for (uint32_t x = 0; x < inner.width; x++)
            row[x * lie.column] = *from++ * factor + offset;
    }
}

/* The pixels are resampled to what the inner rectangle needs. */
enum sil_err net_form_fill(float *values, const struct net_form *form,
                           const struct image *image, const struct view *view)
{
    struct net_inner inner = net_form_inner(form, view);
    struct view shown = {view->part, inner.width, inner.height,
                         view->is_mirrored};
    size_t plane = (size_t)inner.width * inner.height;
    size_t count;
    float *pixels;
    enum sil_err err;

    if (is_plain(form))
        return view_fill(values, image, view);
    if (!sil_mul(&count, plane, NET_COLOURS))
        return SIL_E_NO_MEMORY;
    pixels = mem_alloc(count, sizeof *pixels);
    if (pixels == NULL)
        return SIL_E_NO_MEMORY;
    err = view_fill(pixels, image, &shown);
    for (uint32_t c = 0; !err && c < NET_COLOURS; c++) {
        size_t colour = form->is_bgr ? NET_COLOURS - 1 - c : c;
        put_colour(values, form, view, c, pixels + colour * plane);
    }
    mem_free(pixels);
    return err;
}

/* The answer must be of the input's size. The checksum has not proven that: a
 * manifest can describe a network of another kind. What has one channel may
 * be without that dimension. */
static bool is_fitting(const struct tensor *answer, const struct net_form *form,
                       const struct view *view)
{
    uint32_t wanted[TENSOR_DIMS];
    bool is_flat = form->channels == 1 && answer->rank == TENSOR_DIMS - 1;

    sil_assert(answer->rank >= 1 && answer->rank <= TENSOR_DIMS);
    if (is_flat)
        return answer->shape[0] == 1 && answer->shape[1] == view->height &&
               answer->shape[2] == view->width;
    shape_of(wanted, form->output_layout, form->channels, view);
    for (size_t i = 0; i < TENSOR_DIMS; i++)
        if (answer->shape[i] != wanted[i])
            return false;
    return answer->rank == TENSOR_DIMS;
}

/* A value of the answer as a probability; NaN if it is none. other: of the
 * second channel, for a softmax. A softmax of two is a sigmoid of their
 * difference, which can't overflow as the quotient of two exponentials can. */
static float probability_of(enum net_activation activation, float value,
                            float other)
{
    if (activation == NET_SIGMOID)
        return 1 / (1 + expf(-value));
    if (activation == NET_SOFTMAX)
        return 1 / (1 + expf(other - value));
    sil_assert(activation == NET_NONE);
    if (!(value >= -SLACK && value <= 1 + SLACK))
        return NAN;
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* As read_plane() for what needs no computing, the most common case by far:
 * without a branch in the loop. */
static bool copy_plane(float *restrict to, const float *restrict from,
                       size_t count)
{
    uint32_t wrong_count = 0;

    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        float value = from[i];
        wrong_count += !(value >= -SLACK) | !(value <= 1 + SLACK);
        value = value < 0 ? 0 : value;
        to[i] = value > 1 ? 1 : value;
    }
    return wrong_count == 0;
}

/* True if the whole answer is the plane, value by value: so it is of the
 * product's own network. */
static bool is_copy(const struct net_form *form)
{
    sil_assert(form->channels >= 1);
    return form->activation == NET_NONE && form->channels == 1 &&
           form->geometry != NET_LETTERBOX;
}

/* Fill the plane with the inner rectangle of the answer. false: something of
 * it is no probability, and *wrong is what. */
static bool read_plane(float *wrong, const struct plane *plane,
                       const struct net_form *form, const struct tensor *answer,
                       const struct view *view)
{
    struct net_inner inner = net_form_inner(form, view);
    struct lie person =
        lie_of(form->output_layout, view, form->channels, form->person);
    /* Of one channel it is the same, and not looked at. */
    struct lie other = lie_of(form->output_layout, view, form->channels,
                              form->channels - 1 - form->person);
    float *to = plane->values;

    sil_assert(plane->width == inner.width && plane->height == inner.height);
    /* What is wrong is then looked for below. */
    if (is_copy(form) && copy_plane(to, answer->values, tensor_count(answer)))
        return true;
    for (uint32_t y = inner.y; y < inner.y + inner.height; y++) {
        for (uint32_t x = inner.x; x < inner.x + inner.width; x++) {
            size_t i = person.start + y * person.row + x * person.column;
            size_t j = other.start + y * other.row + x * other.column;
            float value = answer->values[i];
            *to = probability_of(form->activation, value, answer->values[j]);
            if (!(*to >= 0)) {
                *wrong = value;
                return false;
            }
            to++;
        }
    }
    return true;
}

/* The answer is copied, because the runner's next look would overwrite it. */
enum sil_err net_form_read(struct plane *out, const struct net_form *form,
                           const struct tensor *answer, const struct view *view,
                           struct sil_error *error)
{
    struct net_inner inner = net_form_inner(form, view);
    struct plane plane = {0};
    float wrong = 0;
    enum sil_err err;

    if (!is_fitting(answer, form, view))
        return err_set(error, SIL_E_MODEL,
                       "the network answers [%u,%u,%u,%u] to a %u x %u input",
                       answer->shape[0], answer->shape[1], answer->shape[2],
                       answer->shape[3], view->width, view->height);
    sil_assert(answer->values != NULL);
    err = plane_init(&plane, inner.width, inner.height);
    if (err)
        return err_set(error, err, "no memory for the probabilities");
    if (!read_plane(&wrong, &plane, form, answer, view)) {
        plane_finish(&plane);
        return err_set(error, SIL_E_MODEL,
                       "the network's answer is no probability: %g",
                       (double)wrong);
    }
    if (view->is_mirrored)
        plane_mirror(&plane);
    *out = plane;
    return SIL_OK;
}
