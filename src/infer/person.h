/* Looking at a part of a picture with a network that finds people.
 * Threads: pure functions; a runner belongs to one thread at a time.
 * Must not know of masks' runs, files or requests: pixels in, plane out.
 *
 * Use: choose a part of the picture, ask person_input_size() for the view's
 * size, person_look(). The plane covers exactly the view's part: its value
 * (x, y) is the probability at the centre of that sample. */
#ifndef SIL_INFER_PERSON_H
#define SIL_INFER_PERSON_H

#include "base/err.h"
#include "decode/image.h"
#include "infer/engine.h"
#include "infer/net_form.h"

/** Width and height of the network's input for a part of that size: about
 *  side * side pixels at the part's aspect ratio, unless the network wants
 *  them square or fixed. */
void person_input_size(uint32_t *width, uint32_t *height,
                       const struct net_sides *sides, const struct box *part,
                       uint32_t side);

/** A network to look with, both lent for the call. */
struct person_net {
    struct engine_runner *runner;
    const struct net_form *form;
};

/** Look at what the view shows. *out: float [view height, view width],
 *  probabilities of person, yours, plane_finish(); smaller where the form
 *  leaves a border (net_form_inner()), but always of all that the view shows.
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err person_look(struct plane *out,
                                      const struct person_net *net,
                                      const struct image *image,
                                      const struct view *view,
                                      struct sil_error *error);

#endif
