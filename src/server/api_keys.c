/* A file of SHA-256 hashes, and the comparison that tells nothing by its time.
 * Must not know where in a request a key was found.
 * Hashing what was sent first also makes all comparisons of one length. */
#include "server/api_keys.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"

enum { HASH_SIZE = SHA256_TEXT_SIZE - 1 };

struct api_keys {
    size_t count;                     /* at least 1 */
    char (*hashes)[SHA256_TEXT_SIZE]; /* [count], lower-case hex, owned */
};

/* Copy the hash that a line begins with, in lower case; false if there is
 * none. */
static bool hash_of_line(char *hash, const char *line, size_t size)
{
    sil_assert(hash != NULL);
    if (size < HASH_SIZE)
        return false;
    if (size > HASH_SIZE && !isspace((unsigned char)line[HASH_SIZE]))
        return false;
    for (size_t i = 0; i < HASH_SIZE; i++) {
        if (!isxdigit((unsigned char)line[i]))
            return false;
        hash[i] = (char)tolower((unsigned char)line[i]);
    }
    hash[HASH_SIZE] = '\0';
    return true;
}

/* Length of the line at text, and of it plus its line feed. */
static size_t line_size(size_t *step, const char *text, size_t size)
{
    const char *end = memchr(text, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - text);

    sil_assert(length <= size);
    *step = end == NULL ? size : length + 1;
    /* A carriage return is trimmed with the blanks: the file may come from
     * another system. */
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return length;
}

/* Read all lines; keys->hashes has room for as many as there are lines. */
static enum sil_err read_lines(struct api_keys *keys, const struct buf *file,
                               struct sil_error *error)
{
    const char *text = (const char *)file->bytes;
    size_t step = 0;
    int number = 1;

    sil_assert(keys->count == 0);
    for (size_t at = 0; at < file->size; at += step, number++) {
        size_t size = line_size(&step, text + at, file->size - at);
        if (size == 0 || text[at] == '#')
            continue;
        /* The line's number, never its text: someone may have written the
         * key itself there. */
        if (!hash_of_line(keys->hashes[keys->count], text + at, size))
            return err_set(error, SIL_E_ARGUMENT,
                           "API keys: line %d is no SHA-256 in hex", number);
        keys->count++;
    }
    if (keys->count == 0)
        return err_set(error, SIL_E_ARGUMENT, "API keys: the file has none");
    return SIL_OK;
}

/* At least as many as there will be keys; 1 for an empty file, as nothing
 * can't be allocated. */
static size_t count_lines(const struct buf *file)
{
    size_t lines = 1;

    sil_assert(file->size <= LIMIT_API_KEYS_BYTES_MAX);
    for (size_t i = 0; i < file->size; i++)
        lines += file->bytes[i] == '\n';
    return lines;
}

/* Read at the start and again when told to: whoever edits the list decides when
 * it is whole. */
enum sil_err api_keys_open(struct api_keys **out, const char *path,
                           struct sil_error *error)
{
    struct buf file;
    struct api_keys *keys = NULL;
    enum sil_err err;

    sil_assert(out != NULL);
    buf_init(&file, LIMIT_API_KEYS_BYTES_MAX);
    err = file_read(&file, path);
    if (err == SIL_E_NO_MEMORY)
        goto done;
    if (err) {
        err = err_set(error, SIL_E_ARGUMENT,
                      "API keys: the file can't be read (%s)",
                      err == SIL_E_STATE ? "too large" : "missing or private");
        goto done;
    }
    err = SIL_E_NO_MEMORY;
    keys = mem_zalloc(1, sizeof *keys);
    if (keys == NULL)
        goto done;
    keys->hashes = mem_zalloc(count_lines(&file), sizeof *keys->hashes);
    if (keys->hashes == NULL)
        goto done;
    err = read_lines(keys, &file, error);
    if (err)
        goto done;
    *out = keys;
    keys = NULL;
done:
    api_keys_close(keys);
    buf_finish(&file);
    return err;
}

/* Also ends what api_keys_open() began and could not finish. */
void api_keys_close(struct api_keys *keys)
{
    if (keys == NULL)
        return;
    mem_free(keys->hashes);
    mem_free(keys);
}

/* No early exit anywhere: neither which key matched, nor how much of one,
 * can be told from the time. Without a key an empty one is hashed, for the
 * same reason, and refused. */
bool api_keys_allow(const struct api_keys *keys, const char *key, size_t size)
{
    char hash[SHA256_TEXT_SIZE];
    unsigned found = 0;

    sil_assert(keys->count > 0);
    if (sha256_text(hash, key == NULL ? "" : key, key == NULL ? 0 : size))
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        unsigned differs = 0;
        for (size_t at = 0; at < HASH_SIZE; at++)
            differs |= (unsigned char)(hash[at] ^ keys->hashes[i][at]);
        found |= differs == 0;
    }
    return found != 0 && key != NULL;
}

/* Tests compare it with their file. */
size_t api_keys_count(const struct api_keys *keys)
{
    sil_assert(keys != NULL);
    return keys->count;
}
