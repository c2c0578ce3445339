/* What happens when a promise of ours is broken: say which, and stop.
 * Must not know anything else, allocate, or log through the log.
 * write(2) is used because stdio may be what is broken. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 512 };

/* abort() and not exit(): nothing that runs at exit may be trusted now, and a
 * core file shows how it came about. */
_Noreturn void check_failed(const char *promise, const char *file, int line)
{
    char text[TEXT_SIZE];
    ssize_t written;

    /* What doesn't fit is cut; a path of the source tree does. */
    (void)snprintf(text, sizeof text,
                   "silhouette: broken promise: %s (%s:%d)\n", promise, file,
                   line);
    written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* Nobody is left to be told. */
    abort();
}
