/* How a network wants its input and gives its answer.
 * Threads: pure functions.
 * Must not know engines or files: pixels to tensors, tensors to planes.
 *
 * Colours are counted in the network's own order: of a BGR network factors[0]
 * belongs to blue. Where the geometry is NET_LETTERBOX a view's part lies in
 * the middle of the input, with black around it, and only there of the answer:
 * net_form_inner() says where. */
#ifndef SIL_INFER_NET_FORM_H
#define SIL_INFER_NET_FORM_H

#include "base/err.h"
#include "infer/tensor.h"
#include "infer/view.h"
#include "mask/mask.h"

enum { NET_COLOURS = 3 };

enum net_layout {
    NET_NCHW, /* [1, channels, height, width] */
    NET_NHWC  /* [1, height, width, channels] */
};

/** How a part of a picture is brought to the input's sides. */
enum net_geometry {
    NET_ASPECT,   /* the input takes the part's aspect ratio */
    NET_STRETCH,  /* the part takes the input's */
    NET_LETTERBOX /* both keep theirs, with black between */
};

/** What makes the answer a probability. */
enum net_activation {
    NET_NONE,    /* it is one */
    NET_SIGMOID, /* the network leaves it out */
    NET_SOFTMAX  /* the same, over two channels */
};

/** The input sizes that a network takes. */
struct net_sides {
    uint32_t step;          /* both sides are multiples of it, at least 1 */
    uint32_t min, max;      /* of each side, multiples of step */
    uint32_t width, height; /* fixed; 0: any of the above */
    bool is_square;         /* both sides alike, whatever the part */
};

/** All that a manifest says of it. */
struct net_form {
    struct net_sides sides;
    enum net_geometry geometry;
    enum net_layout layout; /* of the input */
    bool is_bgr;
    float factors[NET_COLOURS]; /* an input value is a colour, 0..1, times */
    float offsets[NET_COLOURS]; /* its factor, plus its offset */
    uint32_t output_index;
    enum net_layout output_layout;
    uint32_t channels; /* of the output: 1 or 2 */
    uint32_t person;   /* which of them is person: 0 or 1 */
    enum net_activation activation;
};

/** Where in the input the view's part lies, whole pixels. */
struct net_inner {
    uint32_t x, y, width, height;
};

/** The whole input unless the geometry is NET_LETTERBOX. */
struct net_inner net_form_inner(const struct net_form *form,
                                const struct view *view);

/** The input's shape for a view. shape: [TENSOR_DIMS]. */
void net_form_shape(uint32_t *shape, const struct net_form *form,
                    const struct view *view);

/** values: float, of that shape, all written. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err net_form_fill(float *values,
                                        const struct net_form *form,
                                        const struct image *image,
                                        const struct view *view);

/** The answer as probabilities of what the view shows. *out: float, of the
 *  size of net_form_inner(), yours, plane_finish(). Errors: SIL_E_MODEL if it
 *  isn't of the input's size, or no probability; SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err net_form_read(struct plane *out,
                                        const struct net_form *form,
                                        const struct tensor *answer,
                                        const struct view *view,
                                        struct sil_error *error);

#endif
