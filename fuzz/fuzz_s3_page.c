/* Fuzzes the reading of a page of a bucket's list.
 * Must not know curl.
 * What was read must be as promised: so many keys, a NUL behind each, and a
 * token where there is a next page. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/s3_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct s3_page page;
    size_t count = 0;
    size_t at = 0;

    s3_page_init(&page);
    if (s3_page_read(&page, data, size, NULL) == SIL_OK) {
        while (at < page.keys.size) {
            const uint8_t *end =
                memchr(page.keys.bytes + at, '\0', page.keys.size - at);

            if (end == NULL || end == page.keys.bytes + at)
                abort();
            at = (size_t)(end - page.keys.bytes) + 1;
            count++;
        }
        if (count != page.key_count)
            abort();
        if (page.is_truncated && page.token.size == 0)
            abort();
    }
    s3_page_finish(&page);
    return 0;
}
