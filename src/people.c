/* A look of the detector at all people, and closer ones at pieces of the mask;
 * then figures to bodies, and bodies to masks.
 * Must not know how figures are found or masks are cut.
 * All is computed upright; the mask may be turned as the picture is stored, so
 * its grid is turned upright first, and the bodies are turned back. */
#include "people.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "infer/detector.h"
#include "mask/bodies.h"
#include "mask/split.h"
#include "session.h"

enum { CHANNELS = 3, ORIENTATION_UPRIGHT = 1, ORIENTATION_COUNT = 9 };

/* The detector sees this much of the longer side around all people … */
static const float MARGIN = 0.15F;

/* … and, looking closer, a square of so many times a piece's longer side. */
static const float CLOSER = 1.3F;

/* Closer looks are worth it if they show less than this of the first one. */
static const float CLOSER_MAX = 0.7F;

/* So much of a figure, from face to hip, has to be person. */
static const float SUPPORT = 0.7F;

/* A figure with this much in a piece is that piece's. */
static const float BELONGS = 0.5F;

/* The work on one mask. Grid and pieces are upright, in picture pixels. */
struct search {
    struct job *job;
    struct engine_runner *runner; /* a loan of the session */
    struct grid grid;
    struct grid_pieces pieces;
    struct figures figures; /* in picture pixels */
};

/* The orientation that turns the mask back to the stored picture: upright
 * unless the stored one is wanted. */
static uint8_t turned(const struct job *job)
{
    sil_assert(job->orientation < ORIENTATION_COUNT);
    return job->options->orientation == SIL_STORED ? job->orientation
                                                   : ORIENTATION_UPRIGHT;
}

/* The orientation that undoes one: only the two quarter turns differ. */
static uint8_t inverse(uint8_t orientation)
{
    static const uint8_t inverses[ORIENTATION_COUNT] = {0, 1, 2, 3, 4,
                                                        5, 8, 7, 6};

    sil_assert(orientation < ORIENTATION_COUNT);
    return inverses[orientation];
}

/* Lay the grid over the mask, upright, and find its pieces. plane_unorient()
 * turns upright planes to stored ones; with the inverse orientation it does
 * the opposite, box and all. */
static enum sil_err survey(struct search *search, const struct sil_mask *mask)
{
    struct grid *grid = &search->grid;
    uint8_t orientation = turned(search->job);
    enum sil_err err = grid_from_mask(grid, mask);

    sil_assert(mask->person_pixels > 0);
    if (!err)
        err = plane_unorient(&grid->cover, &grid->place, inverse(orientation));
    if (!err)
        err = grid_find_pieces(&search->pieces, grid);
    return err;
}

/* The square around a box, `times` as large as its longer side. */
static struct box square_around(const struct box *box, float times)
{
    float side = fmaxf(box->x1 - box->x0, box->y1 - box->y0) * times;
    float x = (box->x0 + box->x1) / 2;
    float y = (box->y0 + box->y1) / 2;

    sil_assert(side > 0);
    return (struct box){x - side / 2, y - side / 2, x + side / 2, y + side / 2};
}

/* The square around all people with a margin that ends at the picture. The
 * network wants squares; what of one is out of the picture is black to it. */
static struct box first_part(const struct search *search)
{
    const struct job *job = search->job;
    struct box box = search->grid.place.box;
    float margin = MARGIN * fmaxf(box.x1 - box.x0, box.y1 - box.y0);

    box = (struct box){fmaxf(0, box.x0 - margin), fmaxf(0, box.y0 - margin),
                       fminf((float)job->width, box.x1 + margin),
                       fminf((float)job->height, box.y1 + margin)};
    sil_assert(box.x0 < box.x1 && box.y0 < box.y1);
    return square_around(&box, 1);
}

/* Look at a part, picture pixels. *out: figures in picture pixels. The image
 * may be a smaller one of the picture, and hang over its edges: the job knows
 * how, and the figures take the same way back. */
static enum sil_err look(struct figures *out, struct search *search,
                         const struct box *part)
{
    struct job *job = search->job;
    const struct view view = {*part, 1, 1, false};
    const struct view shrunk = job_shrunk(job, &view);
    float scale = (float)job->shrink;
    struct point origin = {shrunk.part.x0 - part->x0 / scale,
                           shrunk.part.y0 - part->y0 / scale};
    uint64_t start_ns = clock_ns();
    enum sil_err err = detector_look(out, search->runner, &job->image,
                                     &shrunk.part, job->error);

    job_add_time(&job->session->timing.infer_ns, start_ns);
    if (err)
        return err;
    sil_assert(out->count <= LIMIT_FIGURES_MAX);
    for (uint32_t i = 0; i < out->count; i++)
        figure_map(&out->items[i], origin, scale);
    return job_check_deadline(job);
}

/* Of the figures seen, those that the mask supports and that aren't the same
 * as a surer one. label: of the piece that has to, 0: any. The detector is
 * asked for weak guesses too, and this is what makes them good: without the
 * mask's word every third of them would be nonsense. */
static void choose(struct figures *figures, const struct search *search,
                   uint16_t label)
{
    const uint16_t *labels = label > 0 ? search->pieces.labels : NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->items[i];
        bool is_known = false;
        for (uint32_t k = 0; k < count; k++)
            is_known = is_known || figure_is_same(&figures->items[k], figure);
        if (is_known ||
            bodies_support(figure, &search->grid, labels, label) < SUPPORT)
            continue;
        figures->items[count++] = *figure;
    }
    sil_assert(count <= figures->count);
    figures->count = count;
}

/* What a closer look found takes the place of what was known of its piece, if
 * it is no less. Both together would be more people than there are: the two
 * looks see the same ones, a little elsewhere. */
static void replace(struct search *search, const struct figures *closer,
                    uint16_t label)
{
    struct figures *known = &search->figures;
    struct figures rest = {.count = 0};

    for (uint32_t i = 0; i < known->count; i++)
        if (bodies_support(&known->items[i], &search->grid,
                           search->pieces.labels, label) < BELONGS)
            rest.items[rest.count++] = known->items[i];
    if (closer->count == 0 || rest.count + closer->count < known->count ||
        rest.count + closer->count > LIMIT_FIGURES_MAX)
        return;
    for (uint32_t i = 0; i < closer->count; i++)
        rest.items[rest.count++] = closer->items[i];
    sil_assert(rest.count >= known->count);
    *known = rest;
}

/* Look at all people, then closer at pieces that were small in that look. The
 * detector finds people of any size, but who is less than about a quarter of
 * what it sees is easily missed, above all behind somebody else. Pieces come
 * the largest first: of many, the small ones are not looked at. */
static enum sil_err look_for_figures(struct search *search)
{
    struct box first = first_part(search);
    float side = first.x1 - first.x0;
    uint32_t closer_count = 0;
    enum sil_err err = look(&search->figures, search, &first);

    if (err)
        return err;
    choose(&search->figures, search, 0);
    for (uint32_t i = 0; i < search->pieces.count; i++) {
        struct box part = square_around(&search->pieces.items[i].box, CLOSER);
        struct figures closer;
        if (part.x1 - part.x0 > CLOSER_MAX * side ||
            closer_count == LIMIT_CLOSER_LOOKS_MAX)
            continue;
        closer_count++;
        err = look(&closer, search, &part);
        if (err)
            return err;
        choose(&closer, search, (uint16_t)(i + 1));
        replace(search, &closer, (uint16_t)(i + 1));
    }
    sil_assert(closer_count <= LIMIT_CLOSER_LOOKS_MAX);
    return SIL_OK;
}

/* Give the grid's cells their owners, and turn them as the mask is. Colours
 * are those of the picture at the grid's own size: each cell has their mean. */
static enum sil_err find_bodies(struct bodies *out, struct search *search)
{
    struct grid *grid = &search->grid;
    const struct view view = {.part = grid->place.box,
                              .width = grid->cover.width,
                              .height = grid->cover.height};
    const struct view shrunk = job_shrunk(search->job, &view);
    struct plane colours; /* three planes, one below the other */
    enum sil_err err = plane_init(&colours, view.width, CHANNELS * view.height);

    if (err)
        return err;
    sil_assert(view.height <= LIMIT_GRID_SIDE);
    err = view_fill(colours.values, &search->job->image, &shrunk);
    if (!err)
        err = bodies_find(out, grid, &search->pieces, &search->figures,
                          colours.values);
    plane_finish(&colours);
    if (!err)
        err = plane_unorient(&out->labels, &grid->place, turned(search->job));
    return err;
}

/* The largest first; of equals the upper one, then the left one. */
static int compare_persons(const void *a, const void *b)
{
    const struct person *one = a;
    const struct person *other = b;

    if (one->mask->person_pixels != other->mask->person_pixels)
        return one->mask->person_pixels > other->mask->person_pixels ? -1 : 1;
    if (one->box.y != other->box.y)
        return one->box.y < other->box.y ? -1 : 1;
    return (one->box.x > other->box.x) - (one->box.x < other->box.x);
}

/* Parts that have pixels become persons, the others go. parts: taken. A part
 * may be empty though its body has cells: where these are thinner than what
 * weighs more around them. */
static enum sil_err make_persons(struct sil_result *result,
                                 struct sil_mask **parts,
                                 const struct bodies *bodies)
{
    struct person *persons = mem_zalloc(bodies->count, sizeof *persons);
    uint32_t count = 0;

    sil_assert(result->persons == NULL);
    for (uint32_t i = 0; i < bodies->count; i++) {
        if (persons == NULL || parts[i]->person_pixels == 0) {
            mask_destroy(parts[i]);
            continue;
        }
        persons[count++] =
            (struct person){parts[i], mask_box(parts[i]), bodies->scores[i]};
    }
    if (persons == NULL)
        return SIL_E_NO_MEMORY;
    sil_assert(count > 0);
    qsort(persons, count, sizeof *persons, compare_persons);
    result->persons = persons;
    result->person_count = count;
    return SIL_OK;
}

/* From what was found to persons. */
static enum sil_err cut_persons(struct sil_result *result,
                                struct search *search)
{
    struct sil_mask *parts[LIMIT_PEOPLE_MAX] = {NULL};
    struct bodies bodies = {.count = 0};
    uint64_t start_ns = clock_ns();
    enum sil_err err = find_bodies(&bodies, search);

    sil_assert(result->mask != NULL);
    if (!err)
        err = mask_split(parts, bodies.count, result->mask, &bodies.labels,
                         &search->grid.place.box);
    if (!err)
        err = make_persons(result, parts, &bodies);
    plane_finish(&bodies.labels);
    job_add_time(&search->job->session->timing.mask_ns, start_ns);
    return err;
}

/* The order matters: the detector is loaded only where somebody is. */
enum sil_err people_find(struct sil_result *result, struct job *job)
{
    struct search search = {.job = job};
    enum sil_err err;

    sil_assert(result->persons == NULL);
    result->person_count = 0;
    if (result->mask->person_pixels == 0)
        return SIL_OK;
    err = session_companion(&search.runner, job->session, COMPANION_DETECTOR,
                            job->error);
    if (!err)
        err = survey(&search, result->mask);
    if (!err)
        err = look_for_figures(&search);
    if (!err)
        err = cut_persons(result, &search);
    plane_finish(&search.grid.cover);
    mem_free(search.pieces.labels);
    return err;
}
