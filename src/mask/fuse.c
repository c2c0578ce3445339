/* Resizing, mixing and comparing planes.
 * Must not know which looks the planes are from.
 * All of it is plain passes over values, in an order that no compiler may
 * change: the same planes give the same plane, bit by bit. */
#include "mask/fuse.h"

#include "base/check.h"
#include "base/mem.h"

/* Where value i of an axis lies between two of another: the lower one, and how
 * far it is from there to the upper one, which is the same at the edges. */
struct step {
    uint32_t low, high;
    float way; /* 0 .. 1 */
};

/* count values seen as wanted ones, the centres of all evenly spread. In
 * double, so that the same centre of the same size is exactly itself. Beyond
 * the outermost centres their values go on. */
static struct step step_of(uint32_t i, uint32_t wanted, uint32_t count)
{
    double at = (i + 0.5) * count / wanted - 0.5;
    double last = (double)count - 1;
    struct step step;

    sil_assert(i < wanted && count > 0);
    at = at > 0 ? at : 0;
    at = at < last ? at : last;
    step.low = (uint32_t)at;
    step.high = step.low + 1 < count ? step.low + 1 : step.low;
    step.way = (float)(at - step.low);
    return step;
}

/* The steps along a row are the same for all rows: made once. */
static void resize_rows(struct plane *out, const struct plane *from,
                        const struct step *across)
{
    sil_assert(out->width > 0);
    for (uint32_t y = 0; y < out->height; y++) {
        struct step down = step_of(y, out->height, from->height);
        const float *upper = from->values + (size_t)down.low * from->width;
        const float *lower = from->values + (size_t)down.high * from->width;
        float *row = out->values + (size_t)y * out->width;

        for (uint32_t x = 0; x < out->width; x++) {
            const struct step *step = &across[x];
            float a = upper[step->low] +
                      step->way * (upper[step->high] - upper[step->low]);
            float b = lower[step->low] +
                      step->way * (lower[step->high] - lower[step->low]);
            row[x] = a + down.way * (b - a);
        }
    }
}

/* No area mean: planes are enlarged here, or keep their size. */
enum sil_err plane_resize(struct plane *out, const struct plane *from,
                          uint32_t width, uint32_t height)
{
    struct plane resized = {0};
    struct step *across = mem_alloc(width, sizeof *across);
    enum sil_err err = SIL_E_NO_MEMORY;

    sil_assert(from->values != NULL);
    sil_assert(width > 0 && height > 0);
    if (across == NULL)
        goto done;
    err = plane_init(&resized, width, height);
    if (err)
        goto done;
    for (uint32_t x = 0; x < width; x++)
        across[x] = step_of(x, width, from->width);
    resize_rows(&resized, from, across);
    *out = resized;
done:
    mem_free(across);
    return err;
}

/* Written so that equal values stay exactly what they are. */
void plane_mix(struct plane *to, const struct plane *other, float share)
{
    size_t count = (size_t)to->width * to->height;

    sil_assert(to->width == other->width && to->height == other->height);
    sil_assert(share >= 0 && share <= 1);
    for (size_t i = 0; i < count; i++)
        to->values[i] += share * (other->values[i] - to->values[i]);
}

/* Counted, not summed: pixels near the threshold weigh as all others. 1 where
 * neither has anybody: they agree that nobody is there. */
float plane_agreement(const struct plane *a, const struct plane *b,
                      float present)
{
    size_t count = (size_t)a->width * a->height;
    uint64_t both = 0;
    uint64_t either = 0;

    sil_assert(a->width == b->width && a->height == b->height);
    for (size_t i = 0; i < count; i++) {
        both += a->values[i] > present && b->values[i] > present;
        either += a->values[i] > present || b->values[i] > present;
    }
    sil_assert(both <= either);
    return either > 0 ? (float)((double)both / (double)either) : 1;
}
