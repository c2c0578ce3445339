/* Two folders' names, matched by stem.
 * Must not open a file.
 * Names that begin with a dot are nobody's; so are those without an ending
 * that a picture may have. */
#include "eval/pairs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"

/* Endings of any case: cameras write .JPG. Truth is of no format with
 * losses. */
static const char *const PICTURES[] = {".jpg",  ".jpeg", ".png",  ".webp",
                                       ".heic", ".heif", ".avif", NULL};
static const char *const MASKS[] = {".png", NULL};

/* File names of a folder, sorted by stem. */
struct names {
    char **texts; /* owned, each too */
    size_t count, capacity;
};

/* Bytes of a name before its ending; 0 if that is none of the list. */
static size_t stem_length(const char *name, const char *const *endings)
{
    const char *dot = strrchr(name, '.');

    sil_assert(endings[0] != NULL);
    if (dot == NULL || name[0] == '.')
        return 0;
    for (size_t i = 0; endings[i] != NULL; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return (size_t)(dot - name);
    return 0;
}

/* Names that moved elsewhere are NULL, which is fine. */
static void names_finish(struct names *names)
{
    sil_assert(names->count <= names->capacity);
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->texts[i]);
    mem_free(names->texts);
    *names = (struct names){0};
}

/* Keep a name; the list grows by doubling. SIL_E_STATE: one more than there may
 * be. */
static enum sil_err add_name(struct names *names, const char *text)
{
    if (names->count == LIMIT_EVAL_PICTURES_MAX)
        return SIL_E_STATE;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? 2 * names->capacity : 64;
        char **texts = mem_realloc(names->texts, capacity, sizeof *texts);

        if (texts == NULL)
            return SIL_E_NO_MEMORY;
        names->texts = texts;
        names->capacity = capacity;
    }
    sil_assert(names->count < names->capacity);
    names->texts[names->count] = mem_strdup(text);
    if (names->texts[names->count] == NULL)
        return SIL_E_NO_MEMORY;
    names->count++;
    return SIL_OK;
}

/* By the bytes before the last dot, which all names have. For qsort() and
 * bsearch(). With their endings a mask and its picture would never be equal. */
static int compare(const void *a, const void *b)
{
    const char *one = *(const char *const *)a;
    const char *other = *(const char *const *)b;
    size_t length = (size_t)(strrchr(one, '.') - one);
    size_t other_length = (size_t)(strrchr(other, '.') - other);
    int order =
        memcmp(one, other, length < other_length ? length : other_length);

    sil_assert(length > 0 && other_length > 0);
    if (order != 0)
        return order;
    return (length > other_length) - (length < other_length);
}

/* names_finish() in either case. */
static enum sil_err read_names(struct names *names, const char *folder,
                               const char *const *endings,
                               struct sil_error *error)
{
    DIR *opened = opendir(folder);
    const struct dirent *entry;
    enum sil_err err = SIL_OK;

    sil_assert(names->count == 0);
    if (opened == NULL)
        return err_set(error, SIL_E_IMAGE_NOT_FOUND, "%.160s: %s", folder,
                       strerror(errno));
    for (entry = readdir(opened); !err && entry != NULL;
         entry = readdir(opened))
        if (stem_length(entry->d_name, endings) > 0)
            err = add_name(names, entry->d_name);
    (void)closedir(opened);
    if (err)
        return err_set(error, err, "%.160s has too many files", folder);
    if (names->count > 0)
        qsort(names->texts, names->count, sizeof *names->texts, compare);
    return SIL_OK;
}

/* Two pictures of one stem: nobody could tell which one was measured. */
static enum sil_err check_apart(const struct names *names,
                                struct sil_error *error)
{
    for (size_t i = 1; i < names->count; i++) {
        sil_assert(compare(&names->texts[i - 1], &names->texts[i]) <= 0);
        if (compare(&names->texts[i - 1], &names->texts[i]) == 0)
            return err_set(error, SIL_E_IMAGE_NOT_FOUND,
                           "%.100s and %.100s: which one?", names->texts[i - 1],
                           names->texts[i]);
    }
    return SIL_OK;
}

/* The masks in their order, each with its picture; both lists are sorted. A
 * mask without a picture keeps NULL, and is told of when it is its turn: the
 * others are worth comparing. */
static enum sil_err join(struct pairs *out, struct names *masks,
                         struct names *pictures)
{
    sil_assert(masks->count > 0);
    out->items = mem_zalloc(masks->count, sizeof *out->items);
    if (out->items == NULL)
        return SIL_E_NO_MEMORY;
    for (size_t i = 0; i < masks->count; i++) {
        struct pair *pair = &out->items[out->count++];
        char **found = NULL;

        if (pictures->count > 0)
            found = bsearch(&masks->texts[i], pictures->texts, pictures->count,
                            sizeof *pictures->texts, compare);
        pair->stem = masks->texts[i];
        masks->texts[i] = NULL; /* It is the pair's now. */
        if (found != NULL)
            pair->picture = mem_strdup(*found);
        if (found != NULL && pair->picture == NULL)
            return SIL_E_NO_MEMORY;
    }
    /* Until now the names were whole, for comparing. */
    for (size_t i = 0; i < out->count; i++)
        *strrchr(out->items[i].stem, '.') = '\0';
    return SIL_OK;
}

/* Only names are looked at: what is in the files shows later, one by one. */
enum sil_err pairs_read(struct pairs *out, const char *images,
                        const char *truth, struct sil_error *error)
{
    struct names masks = {0};
    struct names pictures = {0};
    enum sil_err err;

    *out = (struct pairs){0};
    err = read_names(&masks, truth, MASKS, error);
    if (!err)
        err = read_names(&pictures, images, PICTURES, error);
    if (!err)
        err = check_apart(&pictures, error);
    if (!err && masks.count == 0)
        err = err_set(error, SIL_E_IMAGE_NOT_FOUND, "%.160s has no PNG", truth);
    if (!err) {
        err = join(out, &masks, &pictures);
        if (err)
            (void)err_set(error, err, "no memory for the names");
    }
    sil_assert(err || out->count == masks.count);
    names_finish(&masks);
    names_finish(&pictures);
    return err;
}

/* Also of a list that was joined in part. */
void pairs_finish(struct pairs *pairs)
{
    sil_assert(pairs->count == 0 || pairs->items != NULL);
    for (size_t i = 0; i < pairs->count; i++) {
        mem_free(pairs->items[i].stem);
        mem_free(pairs->items[i].picture);
    }
    mem_free(pairs->items);
    *pairs = (struct pairs){0};
}
