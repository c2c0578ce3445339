/* Fuzzes the reading of the AWS files' form.
 * Must not know what a key is for.
 * The same text is asked in all the ways that the service asks. */
#include <stdbool.h>
#include <stdlib.h>

#include "fetch/profile_ini.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const struct ini_query queries[] = {
        {NULL, "default", NULL, "aws_access_key_id"},
        {NULL, "default", NULL, "aws_secret_access_key"},
        {"profile", "dev", NULL, "region"},
        {"profile", "dev", "s3", "addressing_style"},
        {"services", "mine", "s3", "endpoint_url"},
    };
    const char *text = (const char *)data;

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct ini_slice slice = {0};

        if (!ini_find(&slice, text, size, &queries[i]))
            continue;
        if (slice.text < text || slice.text + slice.size > text + size)
            abort();
        for (size_t at = 0; at < slice.size; at++)
            if (slice.text[at] == '\n')
                abort();
    }
    return 0;
}
