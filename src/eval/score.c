/* Overlap, boundary measure and matching of masks.
 * Must not know where masks come from.
 * "Within 3 pixels" is the usual 3 x 3 chamfer distance, whose steps are .955
 * and 1.3693 long: on a rectangle that is a fixed set of 29 neighbours. */
#include "eval/score.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

/* What is known of a pixel, a bit each. */
enum {
    IS_PREDICTED = 1,
    IS_TRUE = 2,
    IS_IGNORED = 4,
    IS_PREDICTED_EDGE = 8,
    IS_TRUE_EDGE = 16,
    IS_NEAR_PREDICTED = 32, /* its edge */
    IS_NEAR_TRUE = 64,
    IS_NEAR_IGNORED = 128
};

/* Of the offsets dy = -REACH .. REACH, those with |dx| up to this are within
 * 3 pixels by that distance. */
enum { REACH = 3 };
static const int WIDTHS[2 * REACH + 1] = {0, 2, 2, 3, 2, 2, 0};

/* uint8 [height, width], the bits of each pixel. */
struct flags {
    uint8_t *bits; /* owned */
    uint32_t width, height;
};

/* Scores are kept in a list: one is finished where it stands. */
void score_finish(struct score *score)
{
    sil_assert(score != NULL);
    mem_free(score->stem);
    mem_free(score->person_ious);
    *score = (struct score){0};
}

/* A byte a pixel: masks of one picture are compared at a time, so that is all
 * that a run over any number of pictures needs. */
static enum sil_err flags_init(struct flags *flags, const struct sil_mask *like)
{
    size_t count;

    *flags = (struct flags){.width = sil_mask_width(like),
                            .height = sil_mask_height(like)};
    sil_assert(flags->width > 0 && flags->height > 0);
    if (!sil_mul(&count, flags->width, flags->height))
        return SIL_E_NO_MEMORY;
    flags->bits = mem_zalloc(count, 1);
    return flags->bits == NULL ? SIL_E_NO_MEMORY : SIL_OK;
}

/* Set a bit on all pixels of a mask. */
static void mark(struct flags *flags, const struct sil_mask *mask, int bit)
{
    sil_assert(sil_mask_width(mask) == flags->width);
    sil_assert(sil_mask_height(mask) == flags->height);
    for (uint32_t y = 0; y < flags->height; y++) {
        const struct sil_run *runs;
        uint32_t count = sil_mask_row(&runs, mask, y);
        uint8_t *row = flags->bits + (size_t)y * flags->width;
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t x = runs[i].first; x < runs[i].end; x++)
                row[x] |= (uint8_t)bit;
    }
}

/* True if a neighbour (left, right, above, below) is without the bit. The
 * picture's rim is no edge. */
static bool is_edge(const struct flags *flags, uint32_t x, uint32_t y, int bit)
{
    const uint8_t *at = flags->bits + (size_t)y * flags->width + x;

    sil_assert(x < flags->width && y < flags->height);
    return (x > 0 && !(at[-1] & bit)) ||
           (x + 1 < flags->width && !(at[1] & bit)) ||
           (y > 0 && !(*(at - flags->width) & bit)) ||
           (y + 1 < flags->height && !(at[flags->width] & bit));
}

/* Set a bit on the neighbours of a pixel that are within 3 pixels. */
static void mark_near(struct flags *flags, uint32_t x, uint32_t y, int bit)
{
    sil_assert(x < flags->width && y < flags->height);
    for (int dy = -REACH; dy <= REACH; dy++) {
        int64_t row = (int64_t)y + dy;
        int64_t first = (int64_t)x - WIDTHS[dy + REACH];
        int64_t last = (int64_t)x + WIDTHS[dy + REACH];

        if (row < 0 || row >= flags->height)
            continue;
        first = first < 0 ? 0 : first;
        last = last < flags->width ? last : flags->width - 1;
        for (int64_t i = first; i <= last; i++)
            flags->bits[row * flags->width + i] |= (uint8_t)bit;
    }
}

/* Find the edge of the pixels with bit `of` and set its bit, and the bit of
 * what is near; either may be 0. */
static void mark_edge(struct flags *flags, int of, int edge, int near)
{
    sil_assert(of != 0);
    for (uint32_t y = 0; y < flags->height; y++)
        for (uint32_t x = 0; x < flags->width; x++) {
            uint8_t *at = flags->bits + (size_t)y * flags->width + x;
            if (!(*at & of) || !is_edge(flags, x, y, of))
                continue;
            *at |= (uint8_t)edge;
            mark_near(flags, x, y, near);
        }
}

/* How many pixels have which bits; what any of `without` is set on is left
 * out. */
struct counts {
    uint64_t both, any;                 /* of predicted and true */
    uint64_t predicted, true_;          /* edges */
    uint64_t predicted_hits, true_hits; /* of them, near the other's edge */
};

/* One pass for all of them. */
static struct counts count(const struct flags *flags, int without,
                           int without_edge)
{
    size_t size = (size_t)flags->width * flags->height;
    struct counts counts = {0};

    sil_assert(flags->bits != NULL);
    for (size_t i = 0; i < size; i++) {
        int bits = flags->bits[i];
        /* The two have their own borders: an outline may be uncertain where
         * the area beside it is not. */
        bool is_in = !(bits & without);
        bool is_edge_in = !(bits & without_edge);
        bool is_predicted = is_edge_in && (bits & IS_PREDICTED_EDGE);
        bool is_true = is_edge_in && (bits & IS_TRUE_EDGE);

        counts.both += is_in && (bits & IS_PREDICTED) && (bits & IS_TRUE);
        counts.any += is_in && (bits & (IS_PREDICTED | IS_TRUE));
        counts.predicted += is_predicted;
        counts.true_ += is_true;
        counts.predicted_hits += is_predicted && (bits & IS_NEAR_TRUE);
        counts.true_hits += is_true && (bits & IS_NEAR_PREDICTED);
    }
    return counts;
}

/* 1 if there is nothing at all. */
static double iou_of(const struct counts *counts)
{
    sil_assert(counts->both <= counts->any);
    return counts->any > 0 ? (double)counts->both / (double)counts->any : 1;
}

/* The harmonic mean of precision and recall; without any edge 1, with only one
 * of them 0. */
static double f_of(const struct counts *counts)
{
    double precision;
    double recall;

    sil_assert(counts->predicted_hits <= counts->predicted);
    sil_assert(counts->true_hits <= counts->true_);
    if (counts->predicted == 0 || counts->true_ == 0)
        return counts->predicted == counts->true_ ? 1 : 0;
    precision = (double)counts->predicted_hits / (double)counts->predicted;
    recall = (double)counts->true_hits / (double)counts->true_;
    if (!(precision + recall > 0))
        return 0;
    return 2 * precision * recall / (precision + recall);
}

/* Where nobody is, an overlap would be 0 or nothing: there only the false area
 * means something. */
enum sil_err score_masks(struct score *score, const struct sil_mask *predicted,
                         const struct sil_mask *truth,
                         const struct sil_mask *ignore)
{
    struct flags flags;
    struct counts counts;
    enum sil_err err;

    score->is_empty = !(sil_mask_area(truth) > 0);
    score->has_ignore = ignore != NULL && !score->is_empty;
    score->false_area = sil_mask_area(predicted);
    if (score->is_empty)
        return SIL_OK;
    err = flags_init(&flags, truth);
    if (err)
        return err;
    mark(&flags, predicted, IS_PREDICTED);
    mark(&flags, truth, IS_TRUE);
    mark_edge(&flags, IS_PREDICTED, IS_PREDICTED_EDGE, IS_NEAR_PREDICTED);
    mark_edge(&flags, IS_TRUE, IS_TRUE_EDGE, IS_NEAR_TRUE);
    counts = count(&flags, 0, 0);
    score->iou = iou_of(&counts);
    score->bf = f_of(&counts);
    if (score->has_ignore) {
        /* All of it and what is near its edge: that is what is near it. */
        mark(&flags, ignore, IS_IGNORED | IS_NEAR_IGNORED);
        mark_edge(&flags, IS_IGNORED, 0, IS_NEAR_IGNORED);
        counts = count(&flags, IS_IGNORED, IS_NEAR_IGNORED);
        score->iou_ignore = iou_of(&counts);
        score->bf_ignore = f_of(&counts);
    }
    sil_assert(score->iou >= 0 && score->iou <= 1);
    mem_free(flags.bits);
    return SIL_OK;
}

/* Pixels that two masks share. Runs are in order: both are walked once. */
static uint64_t shared(const struct sil_mask *a, const struct sil_mask *b)
{
    /* Of a crowd in a large picture there may be more than 32 bits hold. */
    uint64_t pixels = 0;

    sil_assert(sil_mask_width(a) == sil_mask_width(b));
    sil_assert(sil_mask_height(a) == sil_mask_height(b));
    for (uint32_t y = 0; y < sil_mask_height(a); y++) {
        const struct sil_run *one;
        const struct sil_run *other;
        uint32_t left = sil_mask_row(&one, a, y);
        uint32_t other_left = sil_mask_row(&other, b, y);

        while (left > 0 && other_left > 0) {
            uint32_t first =
                one->first > other->first ? one->first : other->first;
            uint32_t end = one->end < other->end ? one->end : other->end;
            pixels += end > first ? end - first : 0;
            /* The one that ends first can meet nothing more. */
            if (one->end == end) {
                one++;
                left--;
            } else {
                other++;
                other_left--;
            }
        }
    }
    return pixels;
}

/* Unlike an overlap it does not suffer where the truth leaves people out. */
void score_covered(struct score *score, const struct sil_mask *predicted,
                   const struct score_people *truth)
{
    score->has_people = true;
    score->people_count = truth->count;
    score->covered_count = 0;
    for (uint32_t i = 0; i < truth->count; i++) {
        uint64_t all = truth->masks[i]->person_pixels;
        sil_assert(all > 0);
        if (2 * shared(truth->masks[i], predicted) >= all)
            score->covered_count++;
    }
    sil_assert(score->covered_count <= score->people_count);
}

/* Take the best pair out of the table, float [truths, persons], and note it;
 * false: there is none left. Who is matched has -1 in all pairs. */
static bool take_best(struct score *score, double *table, uint32_t persons)
{
    size_t size = (size_t)score->people_count * persons;
    size_t best = 0;

    sil_assert(size > 0);
    for (size_t i = 1; i < size; i++)
        best = table[i] > table[best] ? i : best;
    if (!(table[best] > 0))
        return false;
    score->person_ious[best / persons] = table[best];
    for (size_t i = 0; i < size; i++)
        if (i / persons == best / persons || i % persons == best % persons)
            table[i] = -1;
    return true;
}

/* Greedy, not optimal: the best pair of all is surely a pair, and so on. What
 * is left of a person without a match is 0. */
enum sil_err score_matched(struct score *score,
                           const struct score_people *predicted,
                           const struct score_people *truth)
{
    double *table = NULL;
    size_t size;

    score->has_persons = true;
    score->predicted_count = predicted->count;
    score->people_count = truth->count;
    sil_assert(score->person_ious == NULL);
    if (truth->count == 0)
        return SIL_OK;
    score->person_ious = mem_zalloc(truth->count, sizeof(double));
    if (score->person_ious == NULL ||
        !sil_mul(&size, truth->count, predicted->count))
        return SIL_E_NO_MEMORY;
    /* Nobody was found: all stay without a match. */
    if (size == 0)
        return SIL_OK;
    table = mem_alloc(size, sizeof *table);
    if (table == NULL)
        return SIL_E_NO_MEMORY;
    for (size_t i = 0; i < size; i++) {
        const struct sil_mask *one = truth->masks[i / predicted->count];
        const struct sil_mask *other = predicted->masks[i % predicted->count];
        uint64_t both = shared(one, other);
        uint64_t any = one->person_pixels + other->person_pixels - both;
        sil_assert(any > 0);
        table[i] = (double)both / (double)any;
    }
    while (take_best(score, table, predicted->count))
        continue;
    mem_free(table);
    return SIL_OK;
}
