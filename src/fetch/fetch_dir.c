/* The kind "dir:PATH": a key is a file beneath one folder.
 * Must not know S3, or follow anything out of the folder.
 * A file is looked at through O_PATH before it is opened for reading, so that
 * opening a device or a FIFO never has an effect on it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "fetch/fetch_kind.h"

static const char scheme[] = "dir:";
enum {
    SCHEME_SIZE = sizeof scheme - 1,
    OPEN_TRIES_MAX = 8,
    BESIDE_SIZE = 4096
};

/* Invariant: both descriptors are open. */
struct dir_state {
    int root_fd; /* O_PATH of the folder */
    int wake_fd; /* an eventfd: readable when there is something to do */
};

/* What may not happen, and what keeps it from happening:
 *   a path out of the folder  RESOLVE_BENEATH: the kernel refuses "..", "/" and
 *                             whatever a race between two renames would make
 *   a link anywhere in it     RESOLVE_NO_SYMLINKS, and for those of /proc
 *                             RESOLVE_NO_MAGICLINKS
 *   waiting for a FIFO        seen through O_PATH, which opens nothing; and
 *                             O_NONBLOCK, should it change in between
 *   waking a device           the same
 *   reading without end       the size is compared first, and the buffer's cap
 *                             holds while reading. */

/* openat2(2) has no wrapper in the C library. The flags say: beneath the
 * folder, through no symbolic link. A rename under way makes it answer
 * EAGAIN, rarely. */
static int open_beneath(int root_fd, const char *key, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS};
    long fd = -1;

    sil_assert(root_fd >= 0);
    sil_assert(key[0] != '\0');
    for (int i = 0; i < OPEN_TRIES_MAX; i++) {
        fd = syscall(SYS_openat2, root_fd, key, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

/* What an errno of openat2 means for the caller. Whatever says that no such
 * picture can be there is "not found", links and odd files included: that
 * they are there is nobody's business. The rest is the machine's trouble, and
 * the operator's to know. */
static enum sil_err fail_open(struct fetch_job *job, int number)
{
    struct log_line line;

    sil_assert(number > 0);
    if (number == EACCES || number == EPERM)
        return err_set(&job->error, SIL_E_IMAGE_FORBIDDEN,
                       "the store may not read that image");
    if (number == ENOENT || number == ENOTDIR || number == ELOOP ||
        number == EXDEV || number == ENAMETOOLONG || number == EISDIR ||
        number == ENXIO || number == ENODEV)
        return err_set(&job->error, SIL_E_IMAGE_NOT_FOUND,
                       "the store has no image of that key");
    log_begin(&line, LOG_WARN, "store_open_failed");
    log_int(&line, "errno", number);
    log_end(&line);
    return err_set(&job->error, SIL_E_STORE_UNAVAILABLE,
                   "the store can't open images at the moment");
}

/* Only a regular file is a picture; its size is compared before reading. */
static enum sil_err check_file(struct fetch_job *job, int fd, size_t *size)
{
    struct stat about;

    sil_assert(fd >= 0);
    if (fstat(fd, &about) != 0)
        return fail_open(job, errno);
    if (!S_ISREG(about.st_mode))
        return err_set(&job->error, SIL_E_IMAGE_NOT_FOUND,
                       "the store has no image of that key");
    if ((uint64_t)about.st_size > job->bytes.cap)
        return err_set(&job->error, SIL_E_IMAGE_TOO_LARGE,
                       "the image has %lld bytes; at most %zu are taken",
                       (long long)about.st_size, job->bytes.cap);
    *size = (size_t)about.st_size;
    return SIL_OK;
}

/* Why the picture's buffer refused. */
static enum sil_err fail_buf(struct fetch_job *job)
{
    sil_assert(buf_err(&job->bytes) != SIL_OK);
    if (buf_err(&job->bytes) == SIL_E_STATE)
        return err_set(&job->error, SIL_E_IMAGE_TOO_LARGE,
                       "the image has more than the %zu bytes that are taken",
                       job->bytes.cap);
    return err_set(&job->error, SIL_E_NO_MEMORY, "no memory for the image");
}

/* Read what fits the room there is, or, where there is none, a little beside
 * it: that is the end of the file, or one that grew. Negative: errno. */
static ssize_t read_piece(struct buf *bytes, int fd)
{
    size_t end = bytes->capacity < bytes->cap ? bytes->capacity : bytes->cap;
    size_t room = end - bytes->size;
    uint8_t beside[BESIDE_SIZE];
    ssize_t got;

    sil_assert(bytes->cap > 0);
    sil_assert(bytes->size <= end);
    if (room == 0) {
        got = read(fd, beside, sizeof beside);
        if (got > 0)
            buf_add(bytes, beside, (size_t)got);
        return got;
    }
    if (room > LIMIT_FETCH_PIECE_BYTES)
        room = LIMIT_FETCH_PIECE_BYTES;
    got = read(fd, bytes->bytes + bytes->size, room);
    if (got > 0)
        bytes->size += (size_t)got;
    return got;
}

/* Read to the end, in pieces, so that nobody waits for a cancelled job. The
 * cap holds also if the file grows meanwhile. */
static enum sil_err read_all(struct fetch_job *job, int fd)
{
    ssize_t got = 1;

    sil_assert(fd >= 0);
    sil_assert(job->bytes.size == 0);
    while (got != 0) {
        if (fetch_job_is_over(job))
            return SIL_E_DEADLINE_EXCEEDED;
        got = read_piece(&job->bytes, fd);
        if (got < 0 && errno != EINTR)
            return err_set(&job->error, SIL_E_STORE_ERROR,
                           "the store failed while the image was read");
        if (buf_err(&job->bytes))
            return fail_buf(job);
    }
    return SIL_OK;
}

/* One picture, from its key to its bytes. The second opening may meet another
 * file than the first: it is checked again, and opened so that it can't
 * block. */
static enum sil_err fetch_file(const struct dir_state *state,
                               struct fetch_job *job)
{
    enum sil_err err;
    size_t size = 0;
    int look_fd = open_beneath(state->root_fd, job->key, O_PATH);
    int fd = -1;

    sil_assert(job->key != NULL);
    if (look_fd < 0)
        return fail_open(job, errno);
    err = check_file(job, look_fd, &size);
    if (err)
        goto done;
    fd = open_beneath(state->root_fd, job->key,
                      O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        err = fail_open(job, errno);
        goto done;
    }
    err = check_file(job, fd, &size);
    if (err)
        goto done;
    if (size > 0 && buf_reserve(&job->bytes, size)) {
        err = fail_buf(job);
        goto done;
    }
    err = read_all(job, fd);
done:
    if (fd >= 0)
        (void)close(fd);
    (void)close(look_fd);
    return err;
}

/* Is the folder still one that can be looked into? */
static enum sil_err probe(const struct dir_state *state, struct fetch_job *job)
{
    int fd = open_beneath(state->root_fd, ".", O_RDONLY | O_DIRECTORY);

    sil_assert(job->key == NULL);
    if (fd < 0)
        return err_set(&job->error, SIL_E_STORE_UNAVAILABLE,
                       "the store's folder can't be read");
    (void)close(fd);
    return SIL_OK;
}

/* A file is read here and now: a local disk is no network, and one thread
 * reads as fast as several. */
static void dir_start(void *state_any, struct fetch_job *job)
{
    struct dir_state *state = state_any;
    enum sil_err err;

    sil_assert(job->is_started);
    job->stats.try_count = 1;
    if (fetch_job_is_over(job))
        err = SIL_E_DEADLINE_EXCEEDED;
    else if (job->key == NULL)
        err = probe(state, job);
    else
        err = fetch_file(state, job);
    fetch_job_end(job, err);
}

/* A job ends before dir_start() returns, so none is ever under way here. */
static void dir_stop(void *state, struct fetch_job *job)
{
    sil_assert(state != NULL);
    sil_assert(job == NULL);
}

/* Nothing is ever under way, so all there is to wait for is being woken. */
static void dir_step(void *state_any)
{
    struct dir_state *state = state_any;
    struct pollfd ready = {.fd = state->wake_fd, .events = POLLIN};
    uint64_t count;
    ssize_t got;

    sil_assert(state->wake_fd >= 0);
    (void)poll(&ready, 1, -1);
    got = read(state->wake_fd, &count, sizeof count);
    sil_assert(got == (ssize_t)sizeof count || errno == EAGAIN ||
               errno == EINTR);
}

/* The counter can be full only if the thread hasn't looked for ages: then it
 * will anyway. */
static void dir_wake(void *state_any)
{
    struct dir_state *state = state_any;
    uint64_t one = 1;
    ssize_t put = write(state->wake_fd, &one, sizeof one);

    sil_assert(state->wake_fd >= 0);
    sil_assert(put == (ssize_t)sizeof one || errno == EAGAIN);
}

/* All of the folder is one store: nothing in it has a bucket. */
static enum sil_err dir_admit(const void *state, const struct fetch_job *job,
                              struct sil_error *error)
{
    sil_assert(job->key != NULL);
    sil_assert(state != NULL);
    if (job->bucket != NULL)
        return err_set(error, SIL_E_IMAGE_FORBIDDEN,
                       "imgSrc names a bucket, and this store has none");
    return SIL_OK;
}

/* Also of a state that was opened half-way. */
static void dir_close(void *state_any)
{
    struct dir_state *state = state_any;

    sil_assert(state->root_fd != state->wake_fd || state->root_fd < 0);
    if (state == NULL)
        return;
    if (state->root_fd >= 0)
        (void)close(state->root_fd);
    if (state->wake_fd >= 0)
        (void)close(state->wake_fd);
    mem_free(state);
}

/* Does the kernel know openat2 and let us use it? */
static enum sil_err check_root(const struct dir_state *state,
                               struct sil_error *error)
{
    int fd = open_beneath(state->root_fd, ".", O_RDONLY | O_DIRECTORY);

    sil_assert(state->root_fd >= 0);
    if (fd < 0 && errno == ENOSYS)
        return err_set(error, SIL_E_ARGUMENT,
                       "a dir: store needs Linux 5.6 or newer (openat2)");
    if (fd < 0)
        return err_set(error, SIL_E_ARGUMENT,
                       "the store's folder can't be read: %s; give dir:PATH "
                       "of a folder that this user may read",
                       strerrordesc_np(errno));
    (void)close(fd);
    return SIL_OK;
}

/* PATH is the operator's, so it may be any path, links included; only what
 * lies beneath it is held to the rules. */
static enum sil_err dir_open(void **out, const struct fetch_options *options,
                             struct sil_error *error)
{
    const char *path = options->store + SCHEME_SIZE;
    struct dir_state *state;
    enum sil_err err;

    sil_assert(out != NULL);
    sil_assert(strncmp(options->store, scheme, SCHEME_SIZE) == 0);
    if (options->buckets != NULL && options->buckets[0] != '\0')
        return err_set(error, SIL_E_ARGUMENT,
                       "a dir: store has no buckets: leave the list of them "
                       "out, or give an s3:// store");
    state = mem_zalloc(1, sizeof *state);
    if (state == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the store");
    state->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    state->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (state->root_fd < 0)
        err = err_set(error, SIL_E_ARGUMENT,
                      "the store's folder can't be opened: give dir:PATH of "
                      "a folder that is there");
    else if (state->wake_fd < 0)
        err = err_set(error, SIL_E_NO_MEMORY, "no event descriptor is left");
    else
        err = check_root(state, error);
    if (err)
        dir_close(state);
    else
        *out = state;
    return err;
}

const struct fetch_kind fetch_dir = {.scheme = scheme,
                                     .open = dir_open,
                                     .close = dir_close,
                                     .admit = dir_admit,
                                     .start = dir_start,
                                     .stop = dir_stop,
                                     .step = dir_step,
                                     .wake = dir_wake};
