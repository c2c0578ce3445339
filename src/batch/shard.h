/* Which part of all keys is one task's: by a hash of each key.
 * Threads: pure functions, callable from anywhere.
 * The hash is a promise: results that lie about would not fit another one.
 *
 * The same in Python, for whoever wants to know which task has a key:
 *
 *     int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count
 *
 * Parts differ in size by chance only, and in work by their pictures: many more
 * parts than machines even out both, and make what a lost machine costs small.
 * A part that is run twice, one after the other, does nothing the second
 * time. */
#ifndef SIL_BATCH_SHARD_H
#define SIL_BATCH_SHARD_H

#include <silhouette.h>

/** One part of count. Invariant: index < count. */
struct shard {
    uint64_t index;
    uint64_t count; /* 1: all of it */
};

/** Looks up a variable of the environment: getenv(), or a test's. */
typedef char *(*shard_variable_fn)(const char *name);

/** Is the key of this part? The first 8 bytes of its SHA-256, as a big-endian
 *  number, modulo count, is the index. */
bool shard_has(const struct shard *shard, const char *key);

/** Read "I/N" (0 <= I < N), "auto" (the array or indexed job that this is a
 *  task of says both) or "auto/N" (it says which, not of how many, as
 *  Kubernetes does). Errors: SIL_E_ARGUMENT, with what to write instead. */
SIL_MUST_USE enum sil_err shard_read(struct shard *out, const char *text,
                                     shard_variable_fn variable,
                                     struct sil_error *error);

#endif
