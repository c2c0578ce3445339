/* Fuzzes the decoding of WebP files.
 * Must not know more than that there are bytes.
 * Seeds of the format steer the fuzzer to its decoder. */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_decode(data, size);
}
