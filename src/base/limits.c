/* The default limits of a picture, for the library's callers.
 * Must not know the service, whose settings may be narrower.
 * All values come from limits.tbl; the relations between them stand here. */
#include "base/limits.h"

#include <silhouette.h>

#include "base/check.h"

static_assert(LIMIT_IMAGE_PIXELS_MAX / LIMIT_IMAGE_SIDE_MAX >= 1,
              "a full row must fit");
static_assert(LIMIT_KEY_BYTES_MAX * 6 < LIMIT_HTTP_JSON_BYTES_MAX,
              "a key with every byte escaped must fit a request");
static_assert(LIMIT_HTTP_URI_BYTES_MAX < LIMIT_HTTP_HEADER_BYTES_MAX,
              "the head holds the request target");

/* A function, not a macro of the header: a newer library may know better. */
struct sil_limits sil_limits_default(void)
{
    return (struct sil_limits){
        .image_bytes_max = LIMIT_IMAGE_BYTES_MAX,
        .image_pixels_max = LIMIT_IMAGE_PIXELS_MAX,
        .image_side_max = LIMIT_IMAGE_SIDE_MAX,
    };
}
