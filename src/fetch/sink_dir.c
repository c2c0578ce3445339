/* The kind "dir:PATH": files that appear whole or not at all.
 * Must not know S3, or what is written.
 * The unfinished file lies in the same folder under a hidden name: a rename
 * across file systems would be a copy. A process that is killed leaves it
 * behind; lists pass over it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/fetch_sink.h"

enum {
    PATH_SIZE = 4096, /* bytes; the system's longest */
    NAME_TRIES_MAX = 8,
    MODE_FILES = 0666, /* less the umask, as everybody's new files */
    MODE_FOLDERS = 0777
};

/* What may happen, and what is seen of it then:
 *   the process is killed      a hidden file beside the place, or nothing; it
 *                              is never taken for a result
 *   the disk is full           nothing: the hidden file is removed
 *   two tasks do the same key  the result of one of them, whole; their hidden
 *                              files have names that nobody guesses twice
 *   the machine loses power    a result may be empty, where the file system
 *                              orders a rename before what it names: syncing
 *                              each file would cost more than computing it.
 * Paths are taken beneath root_fd, so that the folder may be renamed while a
 * run goes on. */
/* Invariant: root_fd is open. */
struct dir_sink {
    int root_fd;
};

/* What an errno means for a result. What no other picture would fare better
 * with is SIL_E_INTERNAL. */
static enum sil_err fail(const char *what, struct sil_error *error)
{
    int number = errno;

    sil_assert(number != 0);
    if (number == ENAMETOOLONG || number == ENOTDIR || number == EISDIR)
        return err_set(error, SIL_E_BAD_IMG_SRC, "%s: %s", what,
                       strerror(number));
    if (number == ENOMEM)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the result");
    return err_set(error, SIL_E_INTERNAL, "%s: %s", what, strerror(number));
}

/* A folder of that name is no result; writing there will say so. A link is
 * followed: results may have been moved elsewhere. */
static enum sil_err dir_has(bool *out, void *state, const char *key,
                            struct sil_error *error)
{
    struct dir_sink *sink = state;
    struct stat about;

    sil_assert(sink->root_fd >= 0);
    if (fstatat(sink->root_fd, key, &about, 0) == 0)
        *out = S_ISREG(about.st_mode);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
        return fail("results can't be looked for", error);
    return SIL_OK;
}

/* Make the folders in front of the key's last part. Others may be making them
 * too: that one is there already is fine. */
static enum sil_err make_folders(const struct dir_sink *sink, const char *key,
                                 struct sil_error *error)
{
    char path[PATH_SIZE];
    const char *slash = strchr(key, '/');

    sil_assert(sink->root_fd >= 0);
    for (; slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - key);

        if (length >= sizeof path)
            return err_set(error, SIL_E_BAD_IMG_SRC, "the key is too long");
        memcpy(path, key, length);
        path[length] = '\0';
        if (mkdirat(sink->root_fd, path, MODE_FOLDERS) != 0 && errno != EEXIST)
            return fail("a folder for results can't be made", error);
    }
    return SIL_OK;
}

/* A new file beside the key's place. Returns its descriptor, -1: errno. path:
 * [PATH_SIZE], where it is. */
static int open_temporary(char *path, const struct dir_sink *sink,
                          const char *key)
{
    const char *slash = strrchr(key, '/');
    int folder = slash != NULL ? (int)(slash - key) + 1 : 0;
    uint64_t random = 0;
    int fd = -1;

    sil_assert(sink->root_fd >= 0);
    for (int i = 0; i < NAME_TRIES_MAX && fd < 0; i++) {
        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
            return -1;
        (void)snprintf(path, PATH_SIZE, "%.*s" FETCH_TEMPORARY "%016llx",
                       folder, key, (unsigned long long)random);
        fd = openat(sink->root_fd, path,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    MODE_FILES);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

/* All of it; a signal may cut a write short. */
static bool write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;

    sil_assert(fd >= 0);
    while (size > 0) {
        ssize_t put = write(fd, at, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        size -= (size_t)put;
    }
    return true;
}

/* A full disk is often told by close() only: its answer counts. */
static enum sil_err dir_put(void *state, const struct fetch_parcel *parcel,
                            struct sil_error *error)
{
    struct dir_sink *sink = state;
    char path[PATH_SIZE];
    bool is_good;
    enum sil_err err = SIL_OK;
    int fd = open_temporary(path, sink, parcel->key);

    sil_assert(parcel->size > 0);
    /* Mostly the folder is there: it is only made where it turns out not. */
    if (fd < 0 && errno == ENOENT) {
        err = make_folders(sink, parcel->key, error);
        if (err)
            return err;
        fd = open_temporary(path, sink, parcel->key);
    }
    if (fd < 0)
        return fail("a result can't be written", error);
    is_good = write_all(fd, parcel->bytes, parcel->size);
    if (!is_good)
        err = fail("a result can't be written", error);
    if (close(fd) != 0 && is_good)
        err = fail("a result can't be written", error);
    if (!err && renameat(sink->root_fd, path, sink->root_fd, parcel->key) != 0)
        err = fail("a result can't be put in its place", error);
    if (err)
        (void)unlinkat(sink->root_fd, path, 0);
    return err;
}

/* Unfinished files were removed where they failed. */
static void dir_close(void *state)
{
    struct dir_sink *sink = state;

    sil_assert(sink->root_fd >= 0);
    (void)close(sink->root_fd);
    mem_free(sink);
}

/* Its parents must be there: a mistyped path shall not grow a tree. */
static enum sil_err dir_open(void **out, const struct fetch_options *options,
                             struct sil_error *error)
{
    const char *path = options->store + sizeof "dir:" - 1;
    struct dir_sink *sink;
    int fd;

    sil_assert(strncmp(options->store, "dir:", sizeof "dir:" - 1) == 0);
    if (mkdir(path, MODE_FOLDERS) != 0 && errno != EEXIST)
        return err_set(error, SIL_E_ARGUMENT,
                       "the folder \"%.120s\" can't be made: %s", path,
                       strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "the folder \"%.120s\" can't be opened: %s", path,
                       strerror(errno));
    sink = mem_zalloc(1, sizeof *sink);
    if (sink == NULL) {
        (void)close(fd);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the results");
    }
    sink->root_fd = fd;
    *out = sink;
    return SIL_OK;
}

const struct sink_kind sink_dir = {.scheme = "dir:",
                                   .open = dir_open,
                                   .has = dir_has,
                                   .put = dir_put,
                                   .close = dir_close};
