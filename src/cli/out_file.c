/* Writes beside the place, then renames into it.
 * Must not know what is written.
 * mkstemp() makes files for the owner only: the mode is set to what a plain
 * open() would have given. */
#include "cli/out_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

/* What open(2) is usually given for a file: read and write, for all. */
enum { MODE_ALL = 0666 };

/* 0666 less the umask, which can only be read by setting it. */
static mode_t mode_of_new_files(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    sil_assert(mask <= 0777);
    return MODE_ALL & ~mask;
}

/* The temporary file lies in the same folder: a rename across file systems
 * would be a copy. */
enum sil_err out_file_open(struct out_file *out, const char *path,
                           struct sil_error *error)
{
    int length;
    int fd;

    *out = (struct out_file){.is_stdout = path == NULL};
    if (path == NULL) {
        out->stream = stdout;
        return SIL_OK;
    }
    /* Both names are kept: the caller's text may be gone when it is closed. */
    length = snprintf(out->path, sizeof out->path, "%s", path);
    sil_assert(length > 0);
    length = snprintf(out->temporary, sizeof out->temporary, "%s.XXXXXX", path);
    if ((size_t)length >= sizeof out->temporary)
        return err_set(error, SIL_E_INTERNAL, "the output's path is too long");
    /* A name that nobody else has: two runs may write the same result. */
    fd = mkstemp(out->temporary);
    if (fd < 0)
        return err_set(error, SIL_E_INTERNAL, "can't write %.120s: %s", path,
                       strerror(errno));
    /* If it fails the file is the owner's alone: less than asked, not more. */
    (void)fchmod(fd, mode_of_new_files());
    out->stream = fdopen(fd, "wb");
    if (out->stream != NULL)
        return SIL_OK;
    (void)close(fd);
    (void)unlink(out->temporary);
    return err_set(error, SIL_E_INTERNAL, "can't write %.120s", path);
}

/* A short write is told now, though its reason is known at the end only. */
bool out_file_write(void *payload, const void *bytes, size_t size)
{
    struct out_file *out = payload;

    sil_assert(out->stream != NULL);
    return fwrite(bytes, 1, size, out->stream) == size;
}

/* A full disk is often told only by close(): its answer counts. */
enum sil_err out_file_close(struct out_file *out, bool is_good,
                            struct sil_error *error)
{
    bool is_written;

    sil_assert(out->stream != NULL);
    is_written = fflush(out->stream) == 0 && !ferror(out->stream);
    /* Standard output stays open: it is the process', and may be a pipe. */
    if (out->is_stdout) {
        out->stream = NULL;
        return is_written ? SIL_OK
                          : err_set(error, SIL_E_INTERNAL,
                                    "can't write to standard output: %s",
                                    strerror(errno));
    }
    /* Closed before it gets its name: who sees the name sees all of it. */
    is_written = fclose(out->stream) == 0 && is_written;
    out->stream = NULL;
    if (is_good && is_written && rename(out->temporary, out->path) == 0)
        return SIL_OK;
    if (is_good)
        (void)err_set(error, SIL_E_INTERNAL, "can't write %.120s: %s",
                      out->path, strerror(errno));
    /* A failure leaves nothing behind; what was there before stays. */
    (void)unlink(out->temporary);
    return is_good ? SIL_E_INTERNAL : SIL_OK;
}
