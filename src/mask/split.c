/* Runs are cut where the labels around them change.
 * Must not know whose labels they are.
 * Where the four labels around a stretch are one, as nearly everywhere, the
 * stretch is one run; only at borders each pixel is looked at. */
#include "mask/split.h"

#include <math.h>

#include "base/check.h"
#include "base/mem.h"

enum { CORNERS = 4 };

/* How pixels lie among the labels, along one axis. */
struct lattice {
    double start; /* of the first label's centre, pixels, pixel centres whole */
    double step;  /* pixels from one label to the next */
    uint32_t count;
};

/* A pixel among the labels: between two of them. */
struct spot {
    uint32_t before, after; /* the same beyond an edge */
    float fraction;         /* of the way from before to after, 0..1 */
    int64_t cell;           /* not held within the edges */
};

/* The work on one row. */
struct cutting {
    struct mask_writer *writers; /* [part_count] */
    uint32_t part_count;
    const struct plane *labels;
    struct lattice x;
    struct spot row;
};

/* From the edges that the labels cover, pixels. A pixel's centre is half a
 * pixel behind its left edge, and a label's half a step: hence the halves. */
static struct lattice lattice_make(float from, float to, uint32_t count)
{
    double step = ((double)to - (double)from) / count;

    sil_assert(count > 0);
    sil_assert(step > 0);
    return (struct lattice){(double)from + step / 2 - 0.5, step, count};
}

/* Beyond the edge there is the edge's label. */
static uint32_t clamp(int64_t index, uint32_t count)
{
    if (index < 0)
        return 0;
    return index < count ? (uint32_t)index : count - 1;
}

/* Where a pixel's centre lies among the labels. */
static struct spot spot_of(const struct lattice *axis, uint32_t pixel)
{
    double at = ((double)pixel - axis->start) / axis->step;
    struct spot spot = {.cell = (int64_t)floor(at)};

    spot.before = clamp(spot.cell, axis->count);
    spot.after = clamp(spot.cell + 1, axis->count);
    spot.fraction = (float)(at - floor(at));
    sil_assert(spot.before <= spot.after);
    return spot;
}

/* The first pixel behind the cell that a spot lies in, at most end. Computed as
 * spot_of() does, so that both agree on where a cell ends but for rounding,
 * which the caller allows for. */
static uint32_t cell_end(const struct lattice *axis, const struct spot *spot,
                         uint32_t end)
{
    double at = ceil((double)(spot->cell + 1) * axis->step + axis->start);

    sil_assert(end > 0);
    return at < (double)end ? (uint32_t)fmax(at, 0) : end;
}

/* The labels around a stretch. */
static void read_corners(uint32_t corners[CORNERS],
                         const struct cutting *cutting,
                         const struct spot *column)
{
    const struct plane *labels = cutting->labels;
    const float *upper =
        labels->values + (size_t)cutting->row.before * labels->width;
    const float *lower =
        labels->values + (size_t)cutting->row.after * labels->width;

    corners[0] = (uint32_t)upper[column->before];
    corners[1] = (uint32_t)upper[column->after];
    corners[2] = (uint32_t)lower[column->before];
    corners[3] = (uint32_t)lower[column->after];
    for (int i = 0; i < CORNERS; i++)
        sil_assert(corners[i] < cutting->part_count);
}

/* The corner that weighs most; of equals the first label. */
static uint32_t vote(const uint32_t corners[CORNERS], float across, float down)
{
    const float weights[CORNERS] = {(1 - across) * (1 - down),
                                    across * (1 - down), (1 - across) * down,
                                    across * down};
    uint32_t best = corners[0];
    float best_weight = -1;

    for (int i = 0; i < CORNERS; i++) {
        float weight = 0;
        for (int k = 0; k < CORNERS; k++)
            weight += corners[k] == corners[i] ? weights[k] : 0;
        if (weight > best_weight ||
            (!(weight < best_weight) && corners[i] < best)) {
            best_weight = weight;
            best = corners[i];
        }
    }
    sil_assert(best_weight >= 0);
    return best;
}

/* Cut one run, cell by cell; runs that touch are joined by the writer. Each
 * pixel is handed to exactly one writer: that is why the parts are disjoint
 * and together the mask, whatever the labels are. */
static enum sil_err cut_run(const struct cutting *cutting,
                            const struct sil_run *run)
{
    uint32_t at = run->first;
    enum sil_err err = SIL_OK;

    sil_assert(run->first < run->end);
    while (at < run->end && !err) {
        uint32_t corners[CORNERS];
        struct spot column = spot_of(&cutting->x, at);
        uint32_t end = cell_end(&cutting->x, &column, run->end);
        uint32_t label;
        read_corners(corners, cutting, &column);
        label = corners[0];
        if (corners[1] != label || corners[2] != label || corners[3] != label) {
            label = vote(corners, column.fraction, cutting->row.fraction);
            end = at + 1;
        }
        /* Rounding may put a pixel at the very end of its cell. */
        end = end > at ? end : at + 1;
        err = mask_add_run(&cutting->writers[label], at, end);
        at = end;
    }
    return err;
}

/* All rows of the mask, into the writers. A row without people ends in all of
 * them, too: all parts have the mask's height. */
static enum sil_err cut(struct cutting *cutting, const struct sil_mask *mask,
                        const struct lattice *y)
{
    for (uint32_t row = 0; row < mask->height; row++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, row);
        cutting->row = spot_of(y, row);
        for (uint32_t i = 0; i < count; i++) {
            enum sil_err err = cut_run(cutting, &runs[i]);
            if (err)
                return err;
        }
        for (uint32_t i = 0; i < cutting->part_count; i++)
            mask_end_row(&cutting->writers[i]);
    }
    sil_assert(cutting->part_count > 0);
    return SIL_OK;
}

/* All writers are begun before anything is cut, and all are taken after it:
 * either there are all parts or none. */
enum sil_err mask_split(struct sil_mask **parts, uint32_t part_count,
                        const struct sil_mask *mask, const struct plane *labels,
                        const struct box *box)
{
    struct lattice y = lattice_make(box->y0, box->y1, labels->height);
    struct cutting cutting = {
        .part_count = part_count,
        .labels = labels,
        .x = lattice_make(box->x0, box->x1, labels->width),
    };
    enum sil_err err = SIL_OK;

    sil_assert(part_count > 0);
    cutting.writers = mem_zalloc(part_count, sizeof *cutting.writers);
    if (cutting.writers == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t i = 0; i < part_count && !err; i++)
        err = mask_begin(&cutting.writers[i], mask->width, mask->height);
    if (!err)
        err = cut(&cutting, mask, &y);
    for (uint32_t i = 0; i < part_count && !err; i++)
        parts[i] = mask_take(&cutting.writers[i]);
    for (uint32_t i = 0; i < part_count; i++)
        mask_abandon(&cutting.writers[i]);
    mem_free(cutting.writers);
    return err;
}
