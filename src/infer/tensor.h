/* What crosses the seam to an engine.
 * Threads: plain values.
 * Four dimensions are enough for every network of this project: pictures in,
 * [1, 3, height, width]; planes out, [1, 1, height, width]. */
#ifndef SIL_INFER_TENSOR_H
#define SIL_INFER_TENSOR_H

#include <silhouette.h>

enum { TENSOR_DIMS = 4 };

/** float [shape[0], shape[1], shape[2], shape[3]], dense, row-major. */
struct tensor {
    float *values; /* who owns them is said where a tensor is passed */
    uint32_t shape[TENSOR_DIMS];
};

/** The number of values, not bytes; asserts that it fits. */
size_t tensor_count(const struct tensor *tensor);

#endif
