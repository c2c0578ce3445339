/* The pieces of a plane, by joining runs of neighbouring rows.
 * Must not know what is done with them.
 * Which pieces are one is known only at the end: runs that touch are united
 * in a forest whose roots gather size and box, without recursion. */
#include "mask/pieces.h"

#include "base/check.h"
#include "base/mem.h"

/* Parts: one outline in a plane of 256 rows. */
enum { FIRST_CAPACITY = 256 };

/* A run of values in a row, and the piece that it belongs to. */
struct part {
    uint32_t first, end; /* columns first .. end - 1 */
    uint32_t parent;     /* index of another part of the piece, or its own */
    /* Of the whole piece, if the part is its root; y0 is always the part's own
     * row, for no part of a piece is above its root: */
    uint32_t x0, y0, x1, y1; /* ends exclusive */
    uint32_t pixel_count;
};

/* All runs of the plane so far, row by row, left to right. */
struct parts {
    struct part *items; /* owned */
    uint32_t count, capacity;
};

/* Append a part. Parts are found by index, never by address: growing moves
 * them. */
static enum sil_err parts_add(struct parts *parts, const struct part *part)
{
    if (parts->count == parts->capacity) {
        uint32_t capacity = FIRST_CAPACITY;
        struct part *items;
        if (parts->capacity > UINT32_MAX / 2)
            return SIL_E_NO_MEMORY;
        if (parts->capacity > 0)
            capacity = parts->capacity * 2;
        items = mem_realloc(parts->items, capacity, sizeof *items);
        if (items == NULL)
            return SIL_E_NO_MEMORY;
        parts->items = items;
        parts->capacity = capacity;
    }
    sil_assert(parts->count < parts->capacity);
    sil_assert(part->parent == parts->count);
    parts->items[parts->count++] = *part;
    return SIL_OK;
}

/* The root of a part's piece; the way there is halved in passing. */
static uint32_t root_of(struct part *items, uint32_t index)
{
    while (items[index].parent != index) {
        /* Parents are older, so this comes to an end. */
        sil_assert(items[index].parent < index);
        items[index].parent = items[items[index].parent].parent;
        index = items[index].parent;
    }
    return index;
}

/* Make two parts' pieces one. The older root stays, and gathers. */
static void unite(struct part *items, uint32_t a, uint32_t b)
{
    uint32_t a_root = root_of(items, a);
    uint32_t b_root = root_of(items, b);
    struct part *to = &items[a_root < b_root ? a_root : b_root];
    struct part *from = &items[a_root < b_root ? b_root : a_root];

    if (a_root == b_root)
        return;
    /* A root is its own parent. */
    sil_assert(to->parent < from->parent);
    from->parent = to->parent;
    to->pixel_count += from->pixel_count;
    to->x0 = from->x0 < to->x0 ? from->x0 : to->x0;
    to->x1 = from->x1 > to->x1 ? from->x1 : to->x1;
    to->y0 = from->y0 < to->y0 ? from->y0 : to->y0;
    to->y1 = from->y1 > to->y1 ? from->y1 : to->y1;
}

/* What runs are made of: values above `present`, or, of holes, all others. */
struct kind {
    float present;
    bool is_hole;
};

/* Not (<=): a NaN is not present.
 * A hole is made of what is not present: so all values are of one kind. */
static bool is_of(const struct kind *kind, float value)
{
    return (value > kind->present) != kind->is_hole;
}

/* Append the runs of one row, each a piece of its own for now: its own root,
 * with its own box. */
static enum sil_err add_row(struct parts *parts, const struct plane *plane,
                            uint32_t y, const struct kind *kind)
{
    const float *row = plane->values + (size_t)y * plane->width;
    uint32_t x = 0;

    while (x < plane->width) {
        uint32_t first;
        struct part part;
        enum sil_err err;
        while (x < plane->width && !is_of(kind, row[x]))
            x++;
        first = x;
        while (x < plane->width && is_of(kind, row[x]))
            x++;
        if (x == first)
            return SIL_OK;
        part = (struct part){.first = first,
                             .end = x,
                             .parent = parts->count,
                             .x0 = first,
                             .y0 = y,
                             .x1 = x,
                             .y1 = y + 1,
                             .pixel_count = x - first};
        err = parts_add(parts, &part);
        if (err)
            return err;
    }
    return SIL_OK;
}

/* Unite the runs start .. count - 1 with those of the row above, above ..
 * start - 1, where they touch, corners included. */
static void join_rows(struct parts *parts, uint32_t above, uint32_t start)
{
    struct part *items = parts->items;
    uint32_t i = above;
    uint32_t k = start;

    sil_assert(above <= start);
    sil_assert(start <= parts->count);
    while (i < start && k < parts->count) {
        /* Ends are exclusive: equal to a first one they touch by a corner. */
        if (items[i].first <= items[k].end && items[k].first <= items[i].end)
            unite(items, i, k);
        /* What ends first can touch nothing further right. */
        if (items[i].end < items[k].end)
            i++;
        else
            k++;
    }
}

/* Find the runs of all rows, each row joined to the one above it. */
static enum sil_err find_parts(struct parts *parts, const struct plane *plane,
                               const struct kind *kind)
{
    uint32_t above = 0;

    for (uint32_t y = 0; y < plane->height; y++) {
        uint32_t start = parts->count;
        enum sil_err err = add_row(parts, plane, y, kind);
        if (err)
            return err;
        join_rows(parts, above, start);
        above = start;
    }
    return SIL_OK;
}

/* The size of the largest piece; roots alone know the whole of theirs. */
static uint32_t largest_of(const struct parts *parts)
{
    uint32_t largest = 0;

    for (uint32_t i = 0; i < parts->count; i++)
        if (parts->items[i].parent == i &&
            parts->items[i].pixel_count > largest)
            largest = parts->items[i].pixel_count;
    sil_assert((largest > 0) == (parts->count > 0));
    return largest;
}

/* root: of a piece. The comparison is in float: 5 % of 20 is then exactly 1,
 * as in double with a double .05. */
static bool does_count(const struct part *root, const struct pieces_rule *rule,
                       uint32_t largest)
{
    return (float)root->pixel_count >= rule->area_fraction * (float)largest &&
           root->pixel_count >= rule->pixels_min;
}

/* Count what passes the rule, and put a box around it. */
static void judge(struct pieces *out, const struct parts *parts,
                  const struct pieces_rule *rule)
{
    uint32_t largest = largest_of(parts);
    /* The joint box, as yet inside out. */
    struct part all = {.x0 = UINT32_MAX, .y0 = UINT32_MAX};

    *out = (struct pieces){0};
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        if (part->parent != i || !does_count(part, rule, largest))
            continue;
        out->count++;
        all.x0 = part->x0 < all.x0 ? part->x0 : all.x0;
        all.y0 = part->y0 < all.y0 ? part->y0 : all.y0;
        all.x1 = part->x1 > all.x1 ? part->x1 : all.x1;
        all.y1 = part->y1 > all.y1 ? part->y1 : all.y1;
    }
    if (out->count == 0)
        return; /* Nobody has no box. */
    sil_assert(all.x0 < all.x1);
    sil_assert(all.y0 < all.y1);
    out->box = (struct box){(float)all.x0, (float)all.y0, (float)all.x1,
                            (float)all.y1};
}

struct pieces_rule pieces_rule_default(void)
{
    return (struct pieces_rule){
        .present = .5f, .area_fraction = .05f, .pixels_min = 8};
}

/* Runs are held for the time of the call; *out is untouched on failure. */
enum sil_err pieces_find(struct pieces *out, const struct plane *plane,
                         const struct pieces_rule *rule)
{
    const struct kind kind = {rule->present, false};
    struct parts parts = {0};
    enum sil_err err;

    sil_assert(plane->values != NULL);
    sil_assert(rule->area_fraction >= 0);
    sil_assert(rule->area_fraction <= 1);
    err = find_parts(&parts, plane, &kind);
    if (!err)
        judge(out, &parts, rule);
    mem_free(parts.items);
    return err;
}

/* All values of a part's run become one. */
static void paint(struct plane *plane, const struct part *part, float value)
{
    float *row = plane->values + (size_t)part->y0 * plane->width;

    sil_assert(part->y0 < plane->height && part->end <= plane->width);
    for (uint32_t x = part->first; x < part->end; x++)
        row[x] = value;
}

/* Put out the pieces that don't count. *present: how many values are left. */
static enum sil_err drop_specks(uint64_t *present, struct plane *plane,
                                const struct pieces_rule *rule)
{
    const struct kind kind = {rule->present, false};
    struct parts parts = {0};
    enum sil_err err = find_parts(&parts, plane, &kind);
    uint32_t largest = err ? 0 : largest_of(&parts);

    *present = 0;
    for (uint32_t i = 0; !err && i < parts.count; i++) {
        const struct part *part = &parts.items[i];
        uint32_t root = root_of(parts.items, i);
        if (does_count(&parts.items[root], rule, largest))
            *present += part->end - part->first;
        else
            paint(plane, part, 0);
    }
    mem_free(parts.items);
    return err;
}

/* Specks first: where one was in a hole, the hole is larger now. What is filled
 * or put out is far from the threshold, so that interpolating to the picture's
 * size can't bring any of it back. */
enum sil_err pieces_tidy(struct plane *plane, const struct pieces_rule *rule,
                         float hole_fraction)
{
    const struct kind kind = {rule->present, true};
    struct parts parts = {0};
    uint64_t present;
    enum sil_err err = drop_specks(&present, plane, rule);

    sil_assert(hole_fraction >= 0 && hole_fraction < 1);
    if (err)
        return err;
    err = find_parts(&parts, plane, &kind);
    for (uint32_t i = 0; !err && i < parts.count; i++) {
        const struct part *root = &parts.items[root_of(parts.items, i)];
        if ((float)root->pixel_count < hole_fraction * (float)present)
            paint(plane, &parts.items[i], 1);
    }
    mem_free(parts.items);
    return err;
}
