/* Fuzzes the search for the orientation: in a block and in three containers.
 * Must not know what the right answer is, only that it is one of eight.
 * Each parser gets the same bytes: they share no signature that is checked. */
#include <stdlib.h>

#include "decode/exif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_promise(uint8_t orientation)
{
    if (orientation < 1 || orientation > 8)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_promise(exif_orientation(data, size));
    fuzz_promise(exif_of_jpeg(data, size));
    fuzz_promise(exif_of_png(data, size));
    fuzz_promise(exif_of_webp(data, size));
    return 0;
}
