/* One stream of keys from whichever place they come, with all its sieves.
 * Must not know folders, S3 or tasks.
 * Who gives a list has chosen: its lines are taken whatever they end in. */
#include "batch/picture_keys.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "batch/key_file.h"
#include "fetch/fetch_list.h"

/* Invariant: exactly one of file and list is there. */
struct picture_keys {
    struct picture_keys_options options;
    struct key_file *file;
    struct fetch_list *list;
};

/* Of the formats that are decoded, with their rarer spellings. What a file is
 * shows after it was fetched: this spares fetching what nobody meant. */
static const char *const suffixes[] = {".jpg",  ".jpeg", ".jpe",  ".jfif",
                                       ".png",  ".webp", ".heic", ".heif",
                                       ".avif", ".hif"};

/* By its end, of any case. */
static bool is_picture(const char *key)
{
    size_t length = strlen(key);

    sil_assert(key != NULL);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t size = strlen(suffixes[i]);

        if (length > size && strcasecmp(key + length - size, suffixes[i]) == 0)
            return true;
    }
    return false;
}

/* Is it wanted by this run? The cheap questions first. A list's lines pass all
 * but the last one. */
static bool is_wanted(const struct picture_keys *keys, const char *key)
{
    const struct picture_keys_options *options = &keys->options;
    size_t inside_size = strlen(options->inside);

    sil_assert(key != NULL);
    if (keys->list != NULL && !options->takes_all && !is_picture(key))
        return false;
    if (keys->list != NULL && inside_size > 0 &&
        strncmp(key, options->inside, inside_size) == 0)
        return false;
    return shard_has(&options->shard, key);
}

/* The list that was given decides; the store is asked only without one. */
enum sil_err picture_keys_open(struct picture_keys **out,
                               const struct picture_keys_options *options,
                               struct sil_error *error)
{
    struct fetch_options store = {.store = options->source,
                                  .bytes_max = LIMIT_IMAGE_BYTES_MAX};
    struct picture_keys *keys = mem_zalloc(1, sizeof *keys);
    enum sil_err err;

    sil_assert(options->inside != NULL);
    if (keys == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    keys->options = *options;
    err = options->list != NULL
              ? key_file_open(&keys->file, options->list, error)
              : fetch_list_open(&keys->list, &store, error);
    if (err)
        mem_free(keys);
    else
        *out = keys;
    return err;
}

/* A part of a thousandth passes over a thousand keys for each that it takes:
 * they cost a hash each, and nothing is kept of them. */
enum sil_err picture_keys_next(const char **key, struct picture_keys *keys,
                               struct sil_error *error)
{
    enum sil_err err;

    sil_assert((keys->file == NULL) != (keys->list == NULL));
    do
        err = keys->file != NULL ? key_file_next(key, keys->file, error)
                                 : fetch_list_next(key, keys->list, error);
    while (!err && *key != NULL && !is_wanted(keys, *key));
    return err;
}

/* Both accept NULL. */
void picture_keys_close(struct picture_keys *keys)
{
    if (keys == NULL)
        return;
    sil_assert(keys->file == NULL || keys->list == NULL);
    key_file_close(keys->file);
    fetch_list_close(keys->list);
    mem_free(keys);
}
