/* A run over two folders: one picture after the other.
 * Must not know pixels.
 * Of a picture only its score is kept: a run over a million would need some
 * hundred megabytes. */
#include "eval/eval.h"

#include "base/check.h"
#include "base/mem.h"
#include "eval/pairs.h"
#include "eval/picture.h"

/* One mask per value of the truth, and one per person found. */
struct crowd {
    struct sil_mask *owned[UINT8_MAX];       /* true ones; NULL: no more */
    const struct sil_mask *truth[UINT8_MAX]; /* the same, lent */
    const struct sil_mask **found;           /* owned list of lent masks */
    struct score_people truths, founds;
};

/* What is lent of a result stays the result's. */
static void crowd_finish(struct crowd *crowd)
{
    sil_assert(crowd->truths.count <= UINT8_MAX);
    for (uint32_t i = 0; i < crowd->truths.count; i++)
        mask_destroy(crowd->owned[i]);
    mem_free(crowd->found);
    mem_free(crowd);
}

/* The true people by their numbers. 0 is nobody. Numbers may have gaps: they
 * are names, and masks stand in their order. */
static enum sil_err split_truth(struct crowd *crowd, const struct truth *truth)
{
    bool has[UINT8_MAX + 1];
    enum sil_err err = SIL_OK;

    truth_values(has, truth);
    for (int value = 1; !err && value <= UINT8_MAX; value++) {
        struct sil_mask **mask = &crowd->owned[crowd->truths.count];
        if (!has[value])
            continue;
        err = truth_mask(mask, truth, (uint8_t)value, (uint8_t)value);
        if (!err)
            crowd->truth[crowd->truths.count++] = *mask;
    }
    sil_assert(crowd->truths.count <= UINT8_MAX);
    crowd->truths.masks = crowd->truth;
    return err;
}

/* The people that were found, if they were told apart. */
static enum sil_err list_found(struct crowd *crowd,
                               const struct sil_result *result)
{
    uint32_t count = sil_result_person_count(result);

    sil_assert(crowd->found == NULL);
    if (count == 0)
        return SIL_OK;
    crowd->found = mem_alloc(count, sizeof(const struct sil_mask *));
    if (crowd->found == NULL)
        return SIL_E_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        crowd->found[i] = sil_result_person(result, i).mask;
    crowd->founds = (struct score_people){crowd->found, count};
    return SIL_OK;
}

/* What is known of single people. */
static enum sil_err score_crowd(struct score *score,
                                const struct eval_picture *picture,
                                const struct eval_source *source)
{
    struct crowd *crowd = mem_zalloc(1, sizeof *crowd);
    enum sil_err err;

    sil_assert(source->has_instances);
    if (crowd == NULL)
        return SIL_E_NO_MEMORY;
    err = split_truth(crowd, &picture->truth);
    if (!err)
        score_covered(score, sil_result_mask(picture->result), &crowd->truths);
    /* Only then are people told apart; else there is one mask of all. */
    if (!err && source->options.people == SIL_PEOPLE_EACH) {
        err = list_found(crowd, picture->result);
        if (!err)
            err = score_matched(score, &crowd->founds, &crowd->truths);
    }
    crowd_finish(crowd);
    return err;
}

/* *out: score_finish(), on failure too. */
static enum sil_err score_picture(struct score *out,
                                  const struct eval_source *source,
                                  const struct pair *pair,
                                  struct sil_error *error)
{
    struct eval_picture picture;
    enum sil_err err =
        eval_picture_read(&picture, source, pair->stem, pair->picture, error);

    *out = (struct score){0};
    if (!err)
        err = score_masks(out, sil_result_mask(picture.result), picture.mask,
                          picture.ignore);
    if (!err && source->has_instances)
        err = score_crowd(out, &picture, source);
    if (!err) {
        out->stem = mem_strdup(pair->stem);
        err = out->stem == NULL ? SIL_E_NO_MEMORY : SIL_OK;
    }
    sil_assert(err || out->stem != NULL);
    eval_picture_finish(&picture);
    return err;
}

/* True for what has to do with this picture and not with the next one. Memory
 * and the session's options would fail the next one, too. */
static bool is_its_own(enum sil_err err)
{
    sil_assert(err != SIL_OK);
    return err != SIL_E_NO_MEMORY && err != SIL_E_ARGUMENT;
}

/* Score all pairs; what is wrong with one is told. */
static enum sil_err score_all(struct evaluation *out,
                              const struct eval_source *source,
                              struct pairs *pairs, struct sil_error *error)
{
    sil_assert(out->count == 0);
    for (size_t i = 0; i < pairs->count; i++) {
        struct score *score = &out->scores[out->count];
        struct sil_error why = {0};
        enum sil_err err;

        sil_assert(out->scores != NULL && out->pictures != NULL);
        err = score_picture(score, source, &pairs->items[i], &why);
        if (!err) {
            /* The name moves: the pair needs it no more. */
            out->pictures[out->count] = pairs->items[i].picture;
            pairs->items[i].picture = NULL;
            out->count++;
            continue;
        }
        /* Its place is taken by the next one. */
        score_finish(score);
        if (!is_its_own(err))
            return err_set(error, err, "%s",
                           why.code ? why.detail : "out of memory");
        out->left_out++;
        if (source->tell != NULL)
            source->tell(source->payload, pairs->items[i].stem, &why);
    }
    return SIL_OK;
}

/* Both lists are as long as there are masks: what is left out leaves room. */
enum sil_err eval_run(struct evaluation *out, const struct eval_source *source,
                      struct sil_error *error)
{
    struct pairs pairs;
    enum sil_err err;

    *out = (struct evaluation){0};
    sil_assert(source->session != NULL);
    err = pairs_read(&pairs, source->images, source->truth, error);
    if (!err) {
        out->scores = mem_zalloc(pairs.count, sizeof *out->scores);
        out->pictures = mem_zalloc(pairs.count, sizeof *out->pictures);
        if (out->scores == NULL || out->pictures == NULL)
            err = err_set(error, SIL_E_NO_MEMORY, "no memory for the scores");
    }
    if (!err)
        err = score_all(out, source, &pairs, error);
    pairs_finish(&pairs);
    return err;
}

/* A score and its picture's name go together. */
void evaluation_finish(struct evaluation *evaluation)
{
    sil_assert(evaluation->count == 0 || evaluation->scores != NULL);
    for (size_t i = 0; i < evaluation->count; i++) {
        score_finish(&evaluation->scores[i]);
        mem_free(evaluation->pictures[i]);
    }
    mem_free(evaluation->scores);
    mem_free(evaluation->pictures);
    *evaluation = (struct evaluation){0};
}
