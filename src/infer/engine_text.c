/* The last line of an engine's error text.
 * Must not know which engine it is, nor why it failed.
 * A path may be the place of a network: none gets out. */
#include "infer/engine_text.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* From the end backwards: the lines above it are of no use, however many. */
void engine_text_last(char *to, size_t size, const char *text)
{
    size_t end = strlen(text);
    size_t start;

    sil_assert(size > 0);
    to[0] = '\0';
    while (end > 0 && text[end - 1] == '\n')
        end--;
    for (start = end; start > 0 && text[start - 1] != '\n'; start--)
        continue;
    sil_assert(start <= end);
    if (memchr(text + start, '/', end - start) == NULL)
        (void)snprintf(to, size, "%.*s", (int)(end - start), text + start);
}
