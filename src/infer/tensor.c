/* The size of a tensor.
 * Must not know what a tensor means or who owns its values.
 * A shape whose size doesn't fit was refused before it got here. */
#include "infer/tensor.h"

#include "base/check.h"

/* Of the shape alone: the values need not be there yet. */
size_t tensor_count(const struct tensor *tensor)
{
    size_t count = 1;

    for (size_t i = 0; i < TENSOR_DIMS; i++) {
        bool fits = sil_mul(&count, count, tensor->shape[i]);
        sil_assert(fits);
    }
    return count;
}
