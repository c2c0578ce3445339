/* Any bytes as a network's manifest.
 * Must not know engines or files.
 * What was read must keep the promises that the code behind it asserts. */
#include <string.h>

#include "base/check.h"
#include "infer/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What model.c, person.c and net_form.c rely on. */
static void check_manifest(const struct manifest *manifest)
{
    const struct net_sides *sides = &manifest->form.sides;

    sil_assert(manifest_is_name(manifest->file.name));
    sil_assert((manifest->format == ENGINE_IR) ==
               (manifest->weights.name[0] != '\0'));
    sil_assert(manifest->threshold > 0 && manifest->threshold < 1);
    sil_assert(manifest->first_side > 0);
    sil_assert(manifest->form.person < manifest->form.channels);
    sil_assert(sides->width > 0 || sides->min >= sides->step);
    sil_assert(sides->width > 0 || sides->min % sides->step == 0);
    sil_assert((sides->width > 0) == (sides->height > 0));
    for (uint32_t i = 0; i < manifest->constant_count; i++) {
        const struct manifest_constant *constant = &manifest->constants[i];
        sil_assert(constant->rank >= 1 && constant->rank <= TENSOR_DIMS);
        for (uint32_t k = 0; k < constant->rank; k++)
            sil_assert(constant->shape[k] >= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest = {0};
    struct sil_error error = {0};
    enum sil_err err = manifest_parse(&manifest, data, size, &error);

    sil_assert(err == SIL_OK || err == SIL_E_MODEL);
    sil_assert(error.code == err);
    sil_assert(memchr(error.detail, 0, sizeof error.detail) != NULL);
    if (!err)
        check_manifest(&manifest);
    return 0;
}
