/* Looks beside the program, by the link the kernel keeps to it.
 * Must not know what is in the folders.
 * The link may name a file that was replaced since (" (deleted)"): only its
 * folder matters here. */
#include "base/locate.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

/* From the program's own folder: the build tree first, so that a fresh build
 * never takes what an older installation left. */
static const char *const places[] = {"/../", "/../share/silhouette/"};

enum { PLACE_COUNT = sizeof places / sizeof places[0] };

/* Links are followed: models may be one. */
static bool is_folder(const char *path)
{
    struct stat found;

    sil_assert(path[0] == '/');
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* What stood in *to stays in front; without a folder it is as before. */
enum sil_err locate_folder(struct buf *to, const char *name)
{
    char program[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program);
    const char *slash = size > 0 ? memrchr(program, '/', (size_t)size) : NULL;
    size_t start = to->size;

    sil_assert(size <= PATH_MAX);
    sil_assert(name != NULL);
    if (slash == NULL)
        return SIL_E_ARGUMENT;
    for (int i = 0; i < PLACE_COUNT; i++) {
        const char *path;
        to->size = start;
        buf_add(to, program, (size_t)(slash - program));
        buf_add_text(to, places[i]);
        buf_add_text(to, name);
        path = buf_text(to);
        /* Only now: the NUL behind the path needs memory too. */
        if (buf_err(to))
            return SIL_E_NO_MEMORY;
        if (is_folder(path + start))
            return SIL_OK;
    }
    to->size = start;
    return SIL_E_ARGUMENT;
}
