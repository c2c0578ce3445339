/* Fuzzes the decoding of PNG files, as they are and with mended checksums.
 * Must not know more of the format than where a checksum stands.
 * Without the mending nearly each mutation would end at a checksum. */
#include <string.h>

#include <zlib.h>

#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIGNATURE = 8, HEAD = 8, CRC = 4 };

static void mend(uint8_t *bytes, size_t size)
{
    size_t at = SIGNATURE;

    while (at + HEAD + CRC <= size) {
        uint8_t *chunk = bytes + at;
        size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 |
                        (size_t)chunk[2] << 8 | chunk[3];
        uLong crc;
        if (length > size - at - HEAD - CRC)
            return;
        crc = crc32(0, chunk + 4, (uInt)(length + 4));
        for (size_t i = 0; i < CRC; i++)
            chunk[HEAD + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += HEAD + length + CRC;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    (void)fuzz_decode(data, size);
    if (copy != NULL && size > 0) {
        memcpy(copy, data, size);
        mend(copy, size);
        (void)fuzz_decode(copy, size);
    }
    free(copy);
    return 0;
}
