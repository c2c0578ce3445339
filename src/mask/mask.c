/* Planes, masks and the one way to write a mask.
 * Must not know where a mask comes from or where it goes.
 * The runs grow by doubling while a mask is written and are cut to size when
 * it is taken: an answer that waits for a slow reader holds what it needs. */
#include "mask/mask.h"

#include "base/check.h"
#include "base/mem.h"

/* Runs: a picture of a few rows needs no more, and one of nobody not even
 * these: they are allocated with the first run. */
enum { FIRST_CAPACITY = 256 };

/* Not zeroed: whoever makes a plane writes all of it. */
enum sil_err plane_init(struct plane *plane, uint32_t width, uint32_t height)
{
    size_t count;
    float *values;

    sil_assert(width > 0);
    sil_assert(height > 0);
    if (!sil_mul(&count, width, height))
        return SIL_E_NO_MEMORY;
    values = mem_alloc(count, sizeof *values);
    if (values == NULL)
        return SIL_E_NO_MEMORY;
    /* Only now: a failure leaves the caller's plane as it was. */
    *plane = (struct plane){values, width, height};
    return SIL_OK;
}

void plane_finish(struct plane *plane)
{
    mem_free(plane->values);
    *plane = (struct plane){0};
}

/* In place: turns back what a network saw of a mirrored view. */
void plane_mirror(struct plane *plane)
{
    sil_assert(plane->values != NULL);
    for (uint32_t y = 0; y < plane->height; y++) {
        float *row = plane->values + (size_t)y * plane->width;
        for (uint32_t x = 0; x < plane->width / 2; x++) {
            float value = row[x];
            row[x] = row[plane->width - 1 - x];
            row[plane->width - 1 - x] = value;
        }
    }
}

/* *writer is untouched on failure: an all-zero one can be abandoned. */
enum sil_err mask_begin(struct mask_writer *writer, uint32_t width,
                        uint32_t height)
{
    struct sil_mask *mask = NULL;
    uint32_t *row_ends = NULL;

    sil_assert(width > 0);
    sil_assert(height > 0);
    /* Zeroed, so that a mask can be freed whenever its writing ends. */
    mask = mem_zalloc(1, sizeof *mask);
    row_ends = mem_zalloc(height, sizeof *row_ends);
    if (mask == NULL || row_ends == NULL) {
        mem_free(mask);
        mem_free(row_ends);
        return SIL_E_NO_MEMORY;
    }
    mask->width = width;
    mask->height = height;
    mask->row_ends = row_ends;
    *writer = (struct mask_writer){.mask = mask};
    return SIL_OK;
}

/* Index of the first run of a row, whose end may not be known yet. */
static uint32_t row_start(const struct sil_mask *mask, uint32_t row)
{
    return row == 0 ? 0 : mask->row_ends[row - 1];
}

/* Make room for twice as many runs. Their number is 32 bits wide, as in the
 * mask: a picture within the limits has fewer pixels than that. */
static enum sil_err grow(struct mask_writer *writer)
{
    struct sil_mask *mask = writer->mask;
    uint32_t capacity = FIRST_CAPACITY;
    struct sil_run *runs;

    sil_assert(mask->run_count == writer->capacity);
    sil_assert((mask->runs == NULL) == (writer->capacity == 0));
    if (writer->capacity > UINT32_MAX / 2)
        return SIL_E_NO_MEMORY;
    if (writer->capacity > 0)
        capacity = writer->capacity * 2;
    runs = mem_realloc(mask->runs, capacity, sizeof *runs);
    if (runs == NULL)
        return SIL_E_NO_MEMORY;
    mask->runs = runs;
    writer->capacity = capacity;
    return SIL_OK;
}

/* The area is summed here, where each run passes anyway; the joined run keeps
 * the invariant that a pixel lies between two. */
enum sil_err mask_add_run(struct mask_writer *writer, uint32_t first,
                          uint32_t end)
{
    struct sil_mask *mask = writer->mask;
    bool is_first_of_row;

    sil_assert(first < end);
    sil_assert(end <= mask->width);
    sil_assert(writer->row < mask->height);
    /* A run at the end of the row above is no neighbour. */
    is_first_of_row = mask->run_count == row_start(mask, writer->row);
    if (!is_first_of_row) {
        struct sil_run *last = &mask->runs[mask->run_count - 1];
        sil_assert(first >= last->end);
        /* Crossings can meet between two pixels: the runs are one then. */
        if (first == last->end) {
            mask->person_pixels += end - first;
            last->end = end;
            return SIL_OK;
        }
    }
    if (mask->run_count == writer->capacity) {
        enum sil_err err = grow(writer);
        if (err)
            return err;
    }
    sil_assert(mask->run_count < writer->capacity);
    mask->runs[mask->run_count++] = (struct sil_run){first, end};
    mask->person_pixels += end - first;
    return SIL_OK;
}

/* A row without runs ends where the one above does. */
void mask_end_row(struct mask_writer *writer)
{
    struct sil_mask *mask = writer->mask;

    sil_assert(writer->row < mask->height);
    /* Rows above have no more runs than there are now: never falling. */
    sil_assert(row_start(mask, writer->row) <= mask->run_count);
    mask->row_ends[writer->row++] = mask->run_count;
}

/* Never fails: where the runs can't be cut to size they stay as they are. */
struct sil_mask *mask_take(struct mask_writer *writer)
{
    struct sil_mask *mask = writer->mask;
    struct sil_run *runs = NULL;

    sil_assert(writer->row == mask->height);
    if (mask->run_count > 0)
        runs = mem_realloc(mask->runs, mask->run_count, sizeof *runs);
    if (runs != NULL)
        mask->runs = runs; /* Otherwise it stays as large as it was. */
    *writer = (struct mask_writer){0};
    /* The one place where masks come into being, so the one to check. */
    mask_check(mask);
    return mask;
}

void mask_abandon(struct mask_writer *writer)
{
    mask_destroy(writer->mask);
    *writer = (struct mask_writer){0};
}

/* Goes over all runs, once a mask: next to nothing beside a network's run. */
void mask_check(const struct sil_mask *mask)
{
    uint64_t pixel_count = 0;
    uint32_t index = 0;

    sil_assert(mask->width > 0);
    sil_assert(mask->height > 0);
    sil_assert(mask->run_count == mask->row_ends[mask->height - 1]);
    sil_assert((mask->runs != NULL) || mask->run_count == 0);
    for (uint32_t row = 0; row < mask->height; row++) {
        /* Where the row's next run may begin: a pixel after the last. Wider
         * than a column, so that it can lie beyond the widest row. */
        uint64_t least = 0;
        sil_assert(mask->row_ends[row] >= index);
        sil_assert(mask->row_ends[row] <= mask->run_count);
        for (; index < mask->row_ends[row]; index++) {
            const struct sil_run *run = &mask->runs[index];
            sil_assert(run->first >= least);
            sil_assert(run->first < run->end);
            sil_assert(run->end <= mask->width);
            pixel_count += run->end - run->first;
            least = (uint64_t)run->end + 1;
        }
    }
    /* What the writer counted while it went along. */
    sil_assert(pixel_count == mask->person_pixels);
}

/* Never 0: mask_begin() takes no such size. */
uint32_t sil_mask_width(const struct sil_mask *mask)
{
    return mask->width;
}

uint32_t sil_mask_height(const struct sil_mask *mask)
{
    return mask->height;
}

double sil_mask_area(const struct sil_mask *mask)
{
    /* Exact: both factors have 32 bits, and 150 million pixels are few. */
    double pixel_count = (double)mask->width * (double)mask->height;

    sil_assert(pixel_count > 0);
    return (double)mask->person_pixels / pixel_count;
}

uint32_t sil_mask_row(const struct sil_run **runs, const struct sil_mask *mask,
                      uint32_t row)
{
    uint32_t start;

    sil_assert(row < mask->height);
    start = row_start(mask, row);
    sil_assert(mask->row_ends[row] >= start);
    /* An offset from NULL, even of 0, is undefined. */
    *runs = mask->runs == NULL ? NULL : mask->runs + start;
    return mask->row_ends[row] - start;
}

/* Also one whose writing was given up: what it has not got is NULL. */
void mask_destroy(struct sil_mask *mask)
{
    if (mask == NULL)
        return;
    mem_free(mask->row_ends);
    mem_free(mask->runs);
    mem_free(mask);
}
