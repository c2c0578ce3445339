/* Results: made by the composition, read by callers and encoders.
 * Must not know how people are found or written.
 * Everything in a result is owned by it; what callers get are loans. */
#include "mask/result.h"

#include "base/check.h"
#include "base/mem.h"

/* Boxes are those of single people, whatever is said about people. */
bool result_has_persons(const struct sil_options *options)
{
    sil_assert(options != NULL);
    return options->people == SIL_PEOPLE_EACH ||
           options->output == SIL_OUTPUT_BOXES;
}

/* What needs the picture's own pixels. An alpha follows their edges, a cutout
 * has their colours. */
bool result_is_soft(const struct sil_options *options)
{
    sil_assert(options != NULL);
    return options->output == SIL_OUTPUT_ALPHA ||
           options->output == SIL_OUTPUT_CUTOUT;
}

/* The rest is NULL or 0, so that it can be destroyed at any time while it is
 * made. */
enum sil_err result_create(struct sil_result **out,
                           const struct sil_options *options)
{
    struct sil_result *result = mem_zalloc(1, sizeof *result);

    sil_assert(options != NULL);
    if (result == NULL)
        return SIL_E_NO_MEMORY;
    result->people = options->people;
    result->output = options->output;
    *out = result;
    return SIL_OK;
}

/* Of each result, just before it becomes the caller's: a pass over all runs,
 * next to nothing beside what finding them took. */
void result_check(const struct sil_result *result)
{
    uint64_t person_pixels = 0;

    sil_assert(result->mask != NULL);
    mask_check(result->mask);
    for (uint32_t i = 0; result->persons != NULL && i < result->person_count;
         i++) {
        mask_check(result->persons[i].mask);
        sil_assert(result->persons[i].mask->person_pixels > 0);
        person_pixels += result->persons[i].mask->person_pixels;
    }
    /* Disjoint and complete: the sums could not agree otherwise. */
    sil_assert(result->persons == NULL ||
               person_pixels == result->mask->person_pixels);
    sil_assert((result->person_count > 0) == (result->mask->person_pixels > 0));
}

/* In any state. Pixels that are only lent stay whose they are. */
void sil_result_destroy(struct sil_result *result)
{
    if (result == NULL)
        return;
    for (uint32_t i = 0; result->persons != NULL && i < result->person_count;
         i++)
        mask_destroy(result->persons[i].mask);
    mem_free(result->persons);
    matte_finish(&result->matte);
    if (result->colours.is_owned)
        mem_free(result->colours.rgb);
    mask_destroy(result->mask);
    mem_free(result);
}

const struct sil_mask *sil_result_mask(const struct sil_result *result)
{
    sil_assert(result->mask != NULL);
    return result->mask;
}

uint32_t sil_result_person_count(const struct sil_result *result)
{
    sil_assert(result->mask != NULL);
    return result->person_count;
}

/* An index that isn't there is a mistake in the caller's code, which no picture
 * can bring about: so it is an assert. */
struct sil_person sil_result_person(const struct sil_result *result,
                                    uint32_t index)
{
    const struct person *person = &result->persons[index];

    sil_assert(result->persons != NULL);
    sil_assert(index < result->person_count);
    return (struct sil_person){person->mask, person->box, person->score};
}
