/* Fuzzes the decoding of HEIC and AVIF files.
 * Must not know more than that there are bytes.
 * The AV1 decoder of Debian 12 (dav1d 1.0) loses 40 bytes when libheif 1.15
 * gives up on a bitstream: theirs, and told to LeakSanitizer. */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libdav1d";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_decode(data, size);
}
