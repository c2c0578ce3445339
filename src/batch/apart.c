/* Comparing two places, as the file system or the bucket sees them.
 * Must not open anything.
 * Folders are compared by their real paths: a link may lead from the one into
 * the other. */
#include "batch/apart.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

/* The text without the slashes at its end; "/" itself is "" then. */
static size_t trimmed(const char *text)
{
    size_t size = strlen(text);

    sil_assert(text != NULL);
    while (size > 0 && text[size - 1] == '/')
        size--;
    return size;
}

/* Two names of places in one tree. *inside stays empty where the results are no
 * part of what is read; else it ends in a slash, so that keys of "outside" are
 * not taken for those of "out". */
static enum sil_err compare(struct buf *inside, const char *source,
                            const char *dest, struct sil_error *error)
{
    size_t source_size = trimmed(source);
    size_t dest_size = trimmed(dest);

    sil_assert(source[0] != '\0');
    if (dest_size < source_size || strncmp(source, dest, source_size) != 0)
        return SIL_OK;
    if (dest_size == source_size)
        return err_set(error, SIL_E_ARGUMENT,
                       "results can't go where the pictures are: name a folder "
                       "or prefix of their own");
    if (dest[source_size] != '/')
        return SIL_OK;
    buf_add(inside, dest + source_size + 1, dest_size - source_size - 1);
    buf_add_text(inside, "/");
    return SIL_OK;
}

/* A folder and a bucket are never one in the other. A bucket's text has its
 * prefix in it, so that both are compared like paths. */
enum sil_err apart_find(struct buf *inside, const char *source,
                        const char *dest, struct sil_error *error)
{
    static const char dir[] = "dir:";
    char source_path[PATH_MAX];
    char dest_path[PATH_MAX];
    bool is_dir = strncmp(source, dir, sizeof dir - 1) == 0;

    sil_assert(inside->size == 0);
    if (is_dir != (strncmp(dest, dir, sizeof dir - 1) == 0))
        return SIL_OK;
    if (!is_dir)
        return compare(inside, source, dest, error);
    /* What can't be found is told by whoever opens it. */
    if (realpath(source + sizeof dir - 1, source_path) == NULL ||
        realpath(dest + sizeof dir - 1, dest_path) == NULL)
        return SIL_OK;
    return compare(inside, source_path, dest_path, error);
}
