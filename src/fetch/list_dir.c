/* The kind "dir:PATH": a folder and the folders in it, one after the other.
 * Must not know S3, or hold more than one name of each folder on the way.
 * Links are keys, though they are never read: that a picture is behind one is
 * then told as a failure, where silence would pass for success. Links to
 * folders aren't gone into, so that there are no circles. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fetch/fetch_list.h"
#include "fetch/fetch_sink.h"

enum { DIR_KEY_SIZE = 4096 }; /* bytes; the system's longest path */

/* A folder that is being walked. Folders are opened relative to the one they
 * are in, so that one that is moved meanwhile doesn't lead elsewhere. */
struct floor {
    DIR *folder;         /* owned */
    size_t prefix_bytes; /* of its own path in the key, with its slash */
};

/* Invariant: floors[0 .. count - 1] are open, each in the one before. */
struct dir_walk {
    struct floor floors[LIMIT_WALK_DEPTH_MAX];
    size_t count;
    char key[DIR_KEY_SIZE]; /* of the entry that is looked at */
};

/* Why a folder can't be gone through; its name is the operator's own. */
static enum sil_err fail(const struct dir_walk *walk, const char *why,
                         struct sil_error *error)
{
    enum sil_err code =
        errno == EACCES ? SIL_E_IMAGE_FORBIDDEN : SIL_E_STORE_ERROR;

    sil_assert(why != NULL);
    return err_set(error, code, "the folder \"%.120s\" can't be listed: %s",
                   walk->key, why);
}

/* Go into the folder that the key names. No link is followed. A file that takes
 * the place of a folder between the two looks is an error, and no key. */
static enum sil_err enter(struct dir_walk *walk, struct sil_error *error)
{
    const struct floor *above = &walk->floors[walk->count - 1];
    const char *name = walk->key + above->prefix_bytes;
    size_t length = strlen(walk->key);
    int fd;
    DIR *folder;

    sil_assert(walk->count > 0);
    if (walk->count == LIMIT_WALK_DEPTH_MAX || length + 2 > DIR_KEY_SIZE)
        return fail(walk, "it lies too deep", error);
    fd = openat(dirfd(above->folder), name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        (void)fail(walk, strerror(errno), error);
        if (fd >= 0)
            (void)close(fd);
        return error != NULL ? error->code : SIL_E_STORE_ERROR;
    }
    memcpy(walk->key + length, "/", 2);
    walk->floors[walk->count++] = (struct floor){folder, length + 1};
    return SIL_OK;
}

/* What an entry is; some file systems only tell when asked. */
static unsigned char kind_of(const struct floor *floor,
                             const struct dirent *entry)
{
    struct stat about;

    sil_assert(floor->folder != NULL);
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dirfd(floor->folder), entry->d_name, &about,
                AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return (unsigned char)IFTODT(about.st_mode);
}

/* Those of ours that a killed run has left behind are no keys. Nor are the
 * folder itself and the one above it. */
static bool is_own(const char *name)
{
    sil_assert(name != NULL);
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           strncmp(name, FETCH_TEMPORARY, sizeof FETCH_TEMPORARY - 1) == 0;
}

/* The next entry of the innermost folder; NULL: it has no more. */
static enum sil_err read_entry(const struct dirent **entry,
                               struct dir_walk *walk, struct sil_error *error)
{
    struct floor *floor = &walk->floors[walk->count - 1];

    sil_assert(walk->count > 0);
    do {
        errno = 0;
        *entry = readdir(floor->folder);
    } while (*entry != NULL && is_own((*entry)->d_name));
    if (*entry == NULL && errno != 0) {
        walk->key[floor->prefix_bytes] = '\0';
        return fail(walk, strerror(errno), error);
    }
    return SIL_OK;
}

/* One name of each folder on the way is all there is in memory. *key: a loan of
 * the walk, which the next call overwrites; it stays as it was where there is
 * no more. */
static enum sil_err dir_next(const char **key, void *state,
                             struct sil_error *error)
{
    struct dir_walk *walk = state;
    const struct dirent *entry;
    enum sil_err err = SIL_OK;

    while (walk->count > 0 && !err) {
        struct floor *floor = &walk->floors[walk->count - 1];
        unsigned char kind;
        size_t length;

        err = read_entry(&entry, walk, error);
        if (err)
            break;
        if (entry == NULL) {
            (void)closedir(floor->folder);
            walk->count--;
            continue;
        }
        length = strlen(entry->d_name);
        sil_assert(floor->prefix_bytes < DIR_KEY_SIZE);
        if (floor->prefix_bytes + length + 1 > DIR_KEY_SIZE)
            return fail(walk, "a name in it is too long", error);
        memcpy(walk->key + floor->prefix_bytes, entry->d_name, length + 1);
        kind = kind_of(floor, entry);
        if (kind == DT_DIR)
            err = enter(walk, error);
        if (kind == DT_REG || kind == DT_LNK) {
            *key = walk->key;
            break;
        }
    }
    return err;
}

/* Also of a walk that has ended. */
static void dir_close(void *state)
{
    struct dir_walk *walk = state;

    sil_assert(walk->count <= LIMIT_WALK_DEPTH_MAX);
    while (walk->count > 0)
        (void)closedir(walk->floors[--walk->count].folder);
    mem_free(walk);
}

/* The folder itself may be a link: it is the operator's word. */
static enum sil_err dir_open(void **out, const struct fetch_options *options,
                             struct sil_error *error)
{
    const char *path = options->store + sizeof "dir:" - 1;
    struct dir_walk *walk;
    DIR *folder = opendir(path);

    sil_assert(strncmp(options->store, "dir:", sizeof "dir:" - 1) == 0);
    if (folder == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "the folder \"%.120s\" can't be listed: %s", path,
                       strerror(errno));
    walk = mem_zalloc(1, sizeof *walk);
    if (walk == NULL) {
        (void)closedir(folder);
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    }
    walk->floors[0].folder = folder;
    walk->count = 1;
    *out = walk;
    return SIL_OK;
}

const struct list_kind list_dir = {
    .scheme = "dir:", .open = dir_open, .next = dir_next, .close = dir_close};
