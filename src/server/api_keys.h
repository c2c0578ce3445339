/* Who may ask: a list of hashed API keys.
 * Threads: read-only once opened.
 * Only SHA-256 hashes are held: the file is no secret worth stealing. */
#ifndef SIL_SERVER_API_KEYS_H
#define SIL_SERVER_API_KEYS_H

#include "base/err.h"

struct api_keys;

/** Read a file of keys: one SHA-256 (64 hex digits) a line, of the key's
 *  bytes; what follows it on the line, blank lines and lines that begin with
 *  # are for people. *out: yours. Errors: SIL_E_ARGUMENT (the file can't be
 *  read, holds no key, or which line is none), SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err api_keys_open(struct api_keys **out, const char *path,
                                        struct sil_error *error);

/** NULL is fine. */
void api_keys_close(struct api_keys *keys);

/** Is this one of them? Takes as long for each answer: every hash is
 *  compared whole. key: size bytes; NULL: none was sent. */
bool api_keys_allow(const struct api_keys *keys, const char *key, size_t size);

/** How many there are. */
size_t api_keys_count(const struct api_keys *keys);

#endif
