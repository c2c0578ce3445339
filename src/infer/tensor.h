/* What crosses the seam to an engine.
 * Threads: plain values.
 * Four dimensions are enough for every network of this project: pictures in,
 * [1, 3, height, width] or [1, height, width, 3]; planes, boxes and scores out.
 * What has fewer is filled up with ones: [1, 2254, 12] is [1, 2254, 12, 1]. */
#ifndef SIL_INFER_TENSOR_H
#define SIL_INFER_TENSOR_H

#include <silhouette.h>

enum { TENSOR_DIMS = 4 };

/** float [shape[0], shape[1], shape[2], shape[3]], dense, row-major. */
struct tensor {
    float *values; /* who owns them is said where a tensor is passed */
    uint32_t shape[TENSOR_DIMS];
    uint32_t rank; /* dimensions that are there, 1 .. 4; the others are 1 */
};

/** The number of values, not bytes; asserts that it fits. */
size_t tensor_count(const struct tensor *tensor);

#endif
