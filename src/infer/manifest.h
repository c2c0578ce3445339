/* What a model folder says about a network.
 * Threads: pure functions.
 * A manifest is a file of the operator, but it is read as strictly as any
 * foreign bytes.
 *
 * It is the file NAME.json of the models folder, an object of at least "name",
 * "version", "file", "sha256", "threshold", "input" and "looks"; what each has
 * to be stands at the field that it fills. */
#ifndef SIL_INFER_MANIFEST_H
#define SIL_INFER_MANIFEST_H

#include "base/limits.h"
#include "base/sha256.h"
#include "infer/person.h"

/** A network, its file and how it is run. */
struct manifest {
    char file[LIMIT_MODEL_NAME_MAX + 1];  /* beside the manifest, no path */
    char label[LIMIT_MODEL_NAME_MAX + 1]; /* "NAME-VERSION" */
    char sha256[SHA256_TEXT_SIZE];        /* of the file, lower-case hex */
    struct person_sides sides;            /* what its input may be */
    uint32_t first_side;  /* the first look has about side * side pixels */
    uint32_t second_side; /* and so the second */
    float threshold;      /* above it is person, 0 < t < 1 */
};

/** True for 1 .. LIMIT_MODEL_NAME_MAX characters of A-Z a-z 0-9 . _ -, the
 *  first one not a dot: neither a path nor anything hidden. */
bool manifest_is_name(const char *text);

/** Read a manifest. bytes: lent for the call. *out: plain values, untouched on
 *  failure. Errors: SIL_E_MODEL, with the member that is wrong,
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err manifest_parse(struct manifest *out,
                                         const void *bytes, size_t size,
                                         struct sil_error *error);

#endif
