/* Sums over columns, kept from row to row, that slide along the row.
 * Must not know what is summed.
 * What enters a window is added and what leaves it subtracted: doubles drift by
 * that too, but by less than anybody here can see. */
#include "mask/box_mean.h"

#include "base/check.h"
#include "base/mem.h"

/* The picture continues beyond its edges as in a mirror. Once is enough: no
 * radius is larger than the side. */
static uint32_t mirror(int64_t index, uint32_t count)
{
    if (index < 0)
        index = -index - 1;
    if (index >= (int64_t)count)
        index = 2 * (int64_t)count - 1 - index;
    sil_assert(index >= 0 && index < (int64_t)count);
    return (uint32_t)index;
}

/* Fine on one that is all zeros. */
void box_mean_finish(struct box_mean *mean)
{
    mem_free(mean->sums);
    mem_free(mean->means);
    mean->sums = NULL;
    mean->means = NULL;
}

/* Sums up the window of row 0. */
enum sil_err box_mean_init(struct box_mean *mean, uint32_t radius)
{
    size_t count;

    sil_assert(mean->width > 0 && mean->height > 0);
    sil_assert(radius > 0);
    mean->radius_x = radius < mean->width ? radius : mean->width;
    mean->radius_y = radius < mean->height ? radius : mean->height;
    if (!sil_mul(&count, mean->width, mean->groups))
        return SIL_E_NO_MEMORY;
    mean->sums = mem_zalloc(count, sizeof *mean->sums);
    mean->means = mem_alloc(count, sizeof *mean->means);
    if (mean->sums == NULL || mean->means == NULL)
        return SIL_E_NO_MEMORY;
    for (int64_t row = -(int64_t)mean->radius_y; row <= mean->radius_y; row++)
        mean->add_row(mean->sums, mean->source, mirror(row, mean->height), 1);
    return SIL_OK;
}

/* The means of one group along the row: a window that slides. Groups lie beside
 * each other in a column's sums, so one is groups apart from that of the next
 * column. */
static void slide(const struct box_mean *mean, uint32_t group)
{
    const four_sums *sums = mean->sums + group;
    int64_t radius = mean->radius_x;
    double weight = 1 / ((2 * (double)mean->radius_x + 1) *
                         (2 * (double)mean->radius_y + 1));
    four_sums sum = {0};

    sil_assert(group < mean->groups);
    for (int64_t x = -radius; x <= radius; x++)
        sum += sums[(size_t)mirror(x, mean->width) * mean->groups];
    for (int64_t x = 0; x < mean->width; x++) {
        bool is_last = x + 1 == mean->width;
        uint32_t old = mirror(x - radius, mean->width);
        uint32_t new = mirror(is_last ? x : x + radius + 1, mean->width);
        mean->means[(size_t)x * mean->groups + group] = weight * sum;
        sum += sums[(size_t) new * mean->groups] -
               sums[(size_t)old * mean->groups];
    }
}

/* Make the means of row, and move the sums to the row below. Rows are asked
 * for from the top. */
void box_mean_row(struct box_mean *mean, uint32_t row)
{
    int64_t radius = mean->radius_y;

    sil_assert(row < mean->height);
    for (uint32_t group = 0; group < mean->groups; group++)
        slide(mean, group);
    if (row + 1 == mean->height)
        return;
    mean->add_row(mean->sums, mean->source,
                  mirror(row + radius + 1, mean->height), 1);
    mean->add_row(mean->sums, mean->source, mirror(row - radius, mean->height),
                  -1);
}
