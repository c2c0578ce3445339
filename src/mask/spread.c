/* Shortest ways from several starts at once (Dijkstra), on whole-number costs.
 * Must not know what the labels mean.
 * No step costs as much as there are buckets, so a ring of them is a queue in
 * which everything takes the same short time (Dial). */
#include "mask/spread.h"

#include <math.h>

#include "base/check.h"
#include "base/mem.h"

enum {
    CHANNELS = 3,
    NEIGHBOURS = 8,
    STRAIGHT = 10, /* a step to the next cell; so a cell costs 10 */
    DIAGONAL = 14,
    DEAR = 6,      /* times as much out of the mask */
    BUCKETS = 512, /* a power of two */
    NOBODY = -1,
    NEVER = INT32_MAX
};

static_assert((BUCKETS & (BUCKETS - 1)) == 0, "the ring is a mask of bits");

/* The most that colours add to a step: a whole ring less any other step. */
static const float COLOUR_MAX = BUCKETS - 1 - DIAGONAL * DEAR;

/* A cell on its way: linked with those of the same cost. */
struct node {
    int32_t cost; /* NEVER: not reached yet */
    int32_t previous, next;
    bool is_queued;
};

/* Invariant: a queued node is in the bucket of its cost, which lies less than
 * a ring after the cost that is being worked off. */
struct queue {
    struct node *nodes; /* [height, width], owned */
    int32_t heads[BUCKETS];
    uint32_t count; /* queued */
};

/* The bucket of a cost. Costs a ring apart share it, but are never queued at
 * the same time. */
static int32_t *head_of(struct queue *queue, int32_t cost)
{
    sil_assert(cost >= 0);
    return &queue->heads[cost & (BUCKETS - 1)];
}

/* Unlink a node from its bucket; its cost stays. */
static void take_out(struct queue *queue, int32_t index)
{
    struct node *node = &queue->nodes[index];

    sil_assert(node->is_queued);
    sil_assert(queue->count > 0);
    if (node->previous == NOBODY)
        *head_of(queue, node->cost) = node->next;
    else
        queue->nodes[node->previous].next = node->next;
    if (node->next != NOBODY)
        queue->nodes[node->next].previous = node->previous;
    node->is_queued = false;
    queue->count--;
}

/* Give a node a lower cost and queue it there. */
static void put_in(struct queue *queue, int32_t index, int32_t cost)
{
    struct node *node = &queue->nodes[index];
    int32_t *head = head_of(queue, cost);

    sil_assert(cost < node->cost);
    if (node->is_queued)
        take_out(queue, index);
    node->cost = cost;
    node->previous = NOBODY;
    node->next = *head;
    node->is_queued = true;
    if (*head != NOBODY)
        queue->nodes[*head].previous = index;
    *head = index;
    queue->count++;
}

/* What colours add to a step between two cells. */
static int32_t colour_step(const struct spread_ground *ground, size_t a,
                           size_t b)
{
    const size_t plane = (size_t)ground->width * ground->height;
    float square = 0;

    sil_assert(a < plane && b < plane);
    for (size_t c = 0; c < CHANNELS; c++) {
        float step =
            ground->colours[c * plane + a] - ground->colours[c * plane + b];
        square += step * step;
    }
    return (int32_t)fminf(COLOUR_MAX,
                          sqrtf(square) * ground->colour_cost * STRAIGHT);
}

/* Offer a cell's label to its neighbours, who take it if it comes cheaper; of
 * equal offers the first stays. The order of the neighbours is fixed, and so
 * is the answer. */
static void offer(uint16_t *labels, struct queue *queue,
                  const struct spread_ground *ground, int32_t from)
{
    static const int8_t step[NEIGHBOURS][2] = {
        {-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}};
    int32_t width = (int32_t)ground->width;
    int32_t x = from % width;
    int32_t y = from / width;

    sil_assert(labels[from] != SPREAD_NONE);
    for (int i = 0; i < NEIGHBOURS; i++) {
        int32_t to = from + step[i][1] * width + step[i][0];
        int32_t cost = step[i][0] != 0 && step[i][1] != 0 ? DIAGONAL : STRAIGHT;
        if (x + step[i][0] < 0 || x + step[i][0] >= width ||
            y + step[i][1] < 0 || y + step[i][1] >= (int32_t)ground->height)
            continue;
        cost *= ground->is_dear[to] ? DEAR : 1;
        cost += queue->nodes[from].cost;
        if (cost >= queue->nodes[to].cost)
            continue; /* Before the colours, which take the time. */
        cost += colour_step(ground, (size_t)from, (size_t)to);
        if (cost < queue->nodes[to].cost) {
            put_in(queue, to, cost);
            labels[to] = labels[from];
        }
    }
}

/* Work off the queue, the cheapest first. A node is taken out once, for what is
 * offered later is never cheaper: so the time is that of looking at each
 * cell's neighbours once. Empty buckets between two costs are passed by. */
static void run(uint16_t *labels, struct queue *queue,
                const struct spread_ground *ground)
{
    int32_t cost = 0;

    while (queue->count > 0) {
        int32_t index = *head_of(queue, cost);
        if (index == NOBODY) {
            cost++;
            continue;
        }
        sil_assert(queue->nodes[index].cost == cost);
        take_out(queue, index);
        offer(labels, queue, ground, index);
    }
}

/* Starts that share a cell: the cheapest has it, then the first. */
enum sil_err spread(uint16_t *labels, const struct spread_ground *ground,
                    const struct spread_start *starts, size_t start_count)
{
    const size_t cell_count = (size_t)ground->width * ground->height;
    struct queue queue = {.nodes = NULL};

    sil_assert(cell_count > 0 && cell_count < INT32_MAX / BUCKETS);
    queue.nodes = mem_alloc(cell_count, sizeof *queue.nodes);
    if (queue.nodes == NULL)
        return SIL_E_NO_MEMORY;
    for (size_t i = 0; i < BUCKETS; i++)
        queue.heads[i] = NOBODY;
    for (size_t i = 0; i < cell_count; i++) {
        queue.nodes[i] = (struct node){.cost = NEVER};
        labels[i] = SPREAD_NONE;
    }
    for (size_t i = 0; i < start_count; i++) {
        float cost = fminf(starts[i].cost * STRAIGHT, BUCKETS - 1);
        sil_assert(starts[i].cell < cell_count);
        sil_assert(starts[i].label != SPREAD_NONE && cost >= 0);
        if ((int32_t)cost >= queue.nodes[starts[i].cell].cost)
            continue;
        put_in(&queue, (int32_t)starts[i].cell, (int32_t)cost);
        labels[starts[i].cell] = starts[i].label;
    }
    run(labels, &queue, ground);
    mem_free(queue.nodes);
    return SIL_OK;
}
