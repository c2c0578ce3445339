/* Lines of a stream in one small buffer.
 * Must not know keys' rules: a bad line is a key too, and told as such.
 * A NUL in a line ends its key there, which would name another picture: it is
 * turned into a byte that no key may have. */
#include "batch/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

/* "s3://", a bucket, a key, and a byte more by which it is seen as too long. */
enum { LINE_SIZE = LIMIT_KEY_BYTES_MAX + 512, NO_KEY_BYTE = 1 };

struct key_file {
    FILE *stream;
    bool is_stdin; /* not ours to close */
    char line[LINE_SIZE];
};

/* "e": not for programs that we might start. */
enum sil_err key_file_open(struct key_file **out, const char *path,
                           struct sil_error *error)
{
    struct key_file *file = mem_zalloc(1, sizeof *file);

    sil_assert(path != NULL);
    if (file == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    file->is_stdin = strcmp(path, "-") == 0;
    file->stream = file->is_stdin ? stdin : fopen(path, "re");
    if (file->stream == NULL) {
        mem_free(file);
        return err_set(error, SIL_E_ARGUMENT, "the list %.120s: %s", path,
                       strerror(errno));
    }
    *out = file;
    return SIL_OK;
}

/* One line; false at the end of the file. What doesn't fit is passed over. A
 * last line that isn't ended is one as well, and so is one of Windows, without
 * its \r. */
static bool read_line(struct key_file *file)
{
    size_t size = 0;
    int byte = getc(file->stream);

    if (byte == EOF)
        return false;
    for (; byte != EOF && byte != '\n'; byte = getc(file->stream))
        if (size < LINE_SIZE - 1)
            file->line[size++] = (char)(byte != 0 ? byte : NO_KEY_BYTE);
    if (size > 0 && file->line[size - 1] == '\r')
        size--;
    sil_assert(size < LINE_SIZE);
    file->line[size] = '\0';
    return true;
}

/* The end of the file and an error look the same to getc(). Empty lines are
 * passed over: they are no keys, and often the last one of a file. */
enum sil_err key_file_next(const char **key, struct key_file *file,
                           struct sil_error *error)
{
    sil_assert(file->stream != NULL);
    *key = NULL;
    while (*key == NULL && read_line(file))
        if (file->line[0] != '\0')
            *key = file->line;
    if (*key == NULL && ferror(file->stream))
        return err_set(error, SIL_E_INTERNAL, "the list can't be read on: %s",
                       strerror(errno));
    return SIL_OK;
}

/* Standard input is the process', and may be read by somebody after us. */
void key_file_close(struct key_file *file)
{
    if (file == NULL)
        return;
    sil_assert(file->stream != NULL);
    if (!file->is_stdin)
        (void)fclose(file->stream);
    mem_free(file);
}
