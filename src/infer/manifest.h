/* What a model folder says about a network.
 * Threads: pure functions.
 * A manifest is a file of the operator, but it is read as strictly as any
 * foreign bytes.
 *
 * It is the file NAME.json of the models folder; docs/MODELS.md tells of its
 * members. Everything that the engine and a look need of a network is in
 * here: no other part knows one network from another. */
#ifndef SIL_INFER_MANIFEST_H
#define SIL_INFER_MANIFEST_H

#include "base/limits.h"
#include "base/sha256.h"
#include "infer/engine.h"
#include "infer/net_form.h"

enum { MANIFEST_SCHEMA = 1 };

/** A file beside the manifest. */
struct manifest_file {
    char name[LIMIT_MODEL_NAME_MAX + 1]; /* no path; "": there is none */
    char sha256[SHA256_TEXT_SIZE];       /* lower-case hex */
};

/** An input that is no picture. */
struct manifest_constant {
    char name[LIMIT_MODEL_PORT_MAX + 1];
    uint32_t shape[TENSOR_DIMS]; /* the first rank of them */
    uint32_t rank;
    float value; /* of all its elements */
};

/** A network, its files and how it is run. */
struct manifest {
    char label[LIMIT_MODEL_NAME_MAX + 1];   /* "NAME-VERSION" */
    char licence[LIMIT_MODEL_NAME_MAX + 1]; /* a text, as an SPDX name */
    enum engine_format format;              /* as the file's name ends */
    struct manifest_file file;
    struct manifest_file weights; /* of IR, and only of it */
    struct net_form form;
    char input_name[LIMIT_MODEL_PORT_MAX + 1];  /* "": the only input */
    char output_name[LIMIT_MODEL_PORT_MAX + 1]; /* "": form.output_index */
    struct manifest_constant constants[LIMIT_MODEL_CONSTANTS_MAX];
    uint32_t constant_count;
    uint32_t first_side;  /* the first look has about side * side pixels */
    uint32_t second_side; /* and so the second; 0: one look is all */
    float threshold;      /* above it is person, 0 < t < 1 */
};

/** True for 1 .. LIMIT_MODEL_NAME_MAX characters of A-Z a-z 0-9 . _ -, the
 *  first one not a dot: neither a path nor anything hidden. */
bool manifest_is_name(const char *text);

/** Read a manifest. bytes: lent for the call. *out: plain values, untouched on
 *  failure. Errors: SIL_E_MODEL, with the member that is wrong and what it
 *  must be; SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err manifest_parse(struct manifest *out,
                                         const void *bytes, size_t size,
                                         struct sil_error *error);

#endif
