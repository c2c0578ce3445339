/* Reading the members of a manifest one by one, strictly.
 * Threads: a reading belongs to one thread at a time.
 * Must not know what the members mean.
 *
 * The first member that is wrong ends it: it is named with what it must be,
 * and everything read afterwards is of no meaning. So members can be read one
 * after the other, and asked once, at the end, whether all were right. */
#ifndef SIL_INFER_MANIFEST_READ_H
#define SIL_INFER_MANIFEST_READ_H

#include "base/err.h"
#include "base/json.h"

/** An object that is being read. */
struct reading {
    const struct json *object; /* lent; NULL: it isn't there */
    const char *prefix;        /* of its members' names: "input." or "" */
    struct sil_error *error;   /* the caller's; may be NULL */
    enum sil_err err;          /* of the first member that was wrong */
};

/** What a number has to be. */
struct number_range {
    double least, most; /* both are allowed */
    bool is_whole;
    double absent; /* taken where the member isn't there; NAN: it must be */
};

/** True if the object has that member. */
bool reading_has(const struct reading *reading, const char *key);

/** Say that a member isn't `wanted`, unless another one was wrong before. */
void reading_fail(struct reading *reading, const char *key, const char *wanted);

/** Refuse members whose names aren't in the list, which ends with NULL. */
void reading_only(struct reading *reading, const char *const *keys);

/** A member that is an object; its `prefix` is a literal. */
struct reading reading_object(struct reading *reading, const char *key,
                              const char *prefix);

/** Go on with the outer object: what was wrong inside is wrong here. */
void reading_leave(struct reading *outer, const struct reading *inner);

/** The index in `words`, which ends with NULL; wanted: all of them in words
 *  of a message. */
uint32_t reading_word(struct reading *reading, const char *key,
                      const char *const *words, const char *wanted);

/** A number; `wanted` says in words what the range is. */
double reading_number(struct reading *reading, const char *key,
                      const struct number_range *range, const char *wanted);

/** values: [count], a list of exactly so many numbers, all in the range. All
 *  are `range->absent` where the member isn't there. */
void reading_numbers(struct reading *reading, const char *key, double *values,
                     size_t count, const struct number_range *range);

/** Copy a text of 1 .. size - 1 bytes without control characters. */
void reading_text(struct reading *reading, const char *key, char *to,
                  size_t size);

#endif
