/* Means, a median and counts over pictures, and over people.
 * Must not know masks.
 * People are counted over all pictures together: one with ten people weighs
 * ten times as much as one with one. */
#include "eval/figures.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"

/* What counts as bad, as too much of nobody, and as found: the figures' names
 * tell the same numbers. */
static const double LOW_IOU = 0.7;
static const double FALSE_AREA = 0.01;
static const double MATCH_IOU = 0.5;

static const struct figure_name NAMES[FIGURE_COUNT] = {
    [FIGURE_PICTURES] = {"pictures", "n", true},
    [FIGURE_IOU_MEAN] = {"iou_mean", "IoU", false},
    [FIGURE_IOU_MEDIAN] = {"iou_median", "median", false},
    [FIGURE_BF_MEAN] = {"bf_mean", "BF3", false},
    [FIGURE_LOW_IOU] = {"low_iou", "<0.7", true},
    [FIGURE_IOU_IGNORE_MEAN] = {"iou_ignore_mean", "IoU ign", false},
    [FIGURE_BF_IGNORE_MEAN] = {"bf_ignore_mean", "BF3 ign", false},
    [FIGURE_LOW_IOU_IGNORE] = {"low_iou_ignore", "<0.7 ign", true},
    [FIGURE_EMPTY_PICTURES] = {"empty_pictures", "n empty", true},
    [FIGURE_FALSE_AREA_MEAN] = {"false_area_mean", "false area", false},
    [FIGURE_FALSE_AREA_ABOVE] = {"false_area_above_1pc", ">1%", true},
    [FIGURE_PEOPLE] = {"people", "people", true},
    [FIGURE_COVERED] = {"covered", "covered", false},
    [FIGURE_PREDICTED_PEOPLE] = {"predicted_people", "predicted", true},
    [FIGURE_PERSON_IOU_MEAN] = {"person_iou_mean", "person IoU", false},
    [FIGURE_RECALL] = {"recall_50", "recall@.5", false},
    [FIGURE_PRECISION] = {"precision_50", "precision@.5", false},
};

/* The keys are those of bench/quality, so that both can be compared. */
const struct figure_name *figure_names(void)
{
    sil_assert(NAMES[FIGURE_COUNT - 1].key != NULL);
    return NAMES;
}

/* Sums over the pictures, from which all but the median are made. has_people:
 * some truth tells people apart; has_persons: some answer does as well. A
 * figure of what nobody asked for is left out, not 0. */
struct sums {
    uint64_t pictures, low, low_ignore, ignored, empty, false_above;
    uint64_t people, covered, predicted, matched, hits;
    double iou, bf, iou_ignore, bf_ignore, false_area, person_iou;
    bool has_people, has_persons;
};

/* What a picture adds of its people, one by one. */
static void add_people(struct sums *sums, const struct score *score)
{
    sil_assert(score->covered_count <= score->people_count);
    if (score->has_people) {
        sums->has_people = sums->has_people || score->people_count > 0;
        sums->people += score->people_count;
        sums->covered += score->covered_count;
    }
    if (!score->has_persons)
        return;
    sums->has_persons = true;
    sums->predicted += score->predicted_count;
    sums->matched += score->people_count;
    for (uint32_t i = 0; i < score->people_count; i++) {
        sums->person_iou += score->person_ious[i];
        sums->hits += score->person_ious[i] >= MATCH_IOU;
    }
}

/* What a picture adds. A picture without anybody has no IoU: it counts for
 * false area alone. */
static void add(struct sums *sums, const struct score *score)
{
    add_people(sums, score);
    if (score->is_empty) {
        sums->empty++;
        sums->false_area += score->false_area;
        sums->false_above += score->false_area > FALSE_AREA;
        return;
    }
    sil_assert(score->iou >= 0 && score->bf >= 0);
    sums->pictures++;
    sums->iou += score->iou;
    sums->bf += score->bf;
    sums->low += score->iou < LOW_IOU;
    if (!score->has_ignore)
        return;
    sums->ignored++;
    sums->iou_ignore += score->iou_ignore;
    sums->bf_ignore += score->bf_ignore;
    sums->low_ignore += score->iou_ignore < LOW_IOU;
}

/* A figure that was put is there. */
static void put(struct figures *out, enum figure figure, double value)
{
    sil_assert(value >= 0);
    out->values[figure] = value;
    out->has[figure] = true;
}

/* 0 of nothing. The count beside it says then that it means nothing. */
static double share(double part, uint64_t whole)
{
    sil_assert(part >= 0);
    return whole > 0 ? part / (double)whole : 0;
}

/* Everything but the median. */
static void put_sums(struct figures *out, const struct sums *sums)
{
    sil_assert(sums->low <= sums->pictures);
    if (sums->pictures > 0) {
        put(out, FIGURE_PICTURES, (double)sums->pictures);
        put(out, FIGURE_IOU_MEAN, share(sums->iou, sums->pictures));
        put(out, FIGURE_BF_MEAN, share(sums->bf, sums->pictures));
        put(out, FIGURE_LOW_IOU, (double)sums->low);
    }
    if (sums->ignored > 0) {
        put(out, FIGURE_IOU_IGNORE_MEAN,
            share(sums->iou_ignore, sums->ignored));
        put(out, FIGURE_BF_IGNORE_MEAN, share(sums->bf_ignore, sums->ignored));
        put(out, FIGURE_LOW_IOU_IGNORE, (double)sums->low_ignore);
    }
    if (sums->empty > 0) {
        put(out, FIGURE_EMPTY_PICTURES, (double)sums->empty);
        put(out, FIGURE_FALSE_AREA_MEAN, share(sums->false_area, sums->empty));
        put(out, FIGURE_FALSE_AREA_ABOVE, (double)sums->false_above);
    }
    if (sums->has_people) {
        put(out, FIGURE_PEOPLE, (double)sums->people);
        put(out, FIGURE_COVERED, share((double)sums->covered, sums->people));
    }
    if (sums->has_persons) {
        put(out, FIGURE_PREDICTED_PEOPLE, (double)sums->predicted);
        put(out, FIGURE_PERSON_IOU_MEAN,
            share(sums->person_iou, sums->matched));
        put(out, FIGURE_RECALL, share((double)sums->hits, sums->matched));
        put(out, FIGURE_PRECISION, share((double)sums->hits, sums->predicted));
    }
}

/* For qsort(). */
static int compare(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;

    sil_assert(one >= 0 && other >= 0);
    return (one > other) - (one < other);
}

/* Of an even number the mean of the two in the middle. Sorted is a copy, as
 * scores stay in the order of their pictures. */
static enum sil_err put_median(struct figures *out, const struct score *scores,
                               size_t count)
{
    double *ious = mem_alloc(count, sizeof *ious);
    size_t some = 0;

    if (ious == NULL)
        return SIL_E_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (!scores[i].is_empty)
            ious[some++] = scores[i].iou;
    sil_assert(some > 0);
    qsort(ious, some, sizeof *ious, compare);
    put(out, FIGURE_IOU_MEDIAN, (ious[(some - 1) / 2] + ious[some / 2]) / 2);
    mem_free(ious);
    return SIL_OK;
}

/* *out is written at the end only: untouched on failure. */
enum sil_err figures_make(struct figures *out, const struct score *scores,
                          size_t count)
{
    struct figures made = {.has = {false}};
    struct sums sums = {0};
    enum sil_err err = SIL_OK;

    sil_assert(count == 0 || scores != NULL);
    for (size_t i = 0; i < count; i++)
        add(&sums, &scores[i]);
    put_sums(&made, &sums);
    if (sums.pictures > 0)
        err = put_median(&made, scores, count);
    if (!err)
        *out = made;
    return err;
}
