/* A program of somebody else: counts the people in a picture.
 * Must not include anything of the project but its public header.
 * Usage: consumer MODELS_DIR PICTURE */
#include <silhouette.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYTES_MAX = 1 << 22 };

int main(int argc, char **argv)
{
    struct sil_error error = {0};
    struct sil_model *model = NULL;
    struct sil_session *session = NULL;
    struct sil_result *result = NULL;
    char *bytes = malloc(BYTES_MAX);
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    size_t size = bytes && file ? fread(bytes, 1, BYTES_MAX, file) : 0;
    const struct sil_picture picture = {bytes, size};
    enum sil_err err = SIL_E_ARGUMENT;

    if (size > 0)
        err = sil_model_open(&model, argv[1], NULL, &error);
    if (!err)
        err = sil_session_create(&session, model, &error);
    if (!err)
        err = sil_segment(&result, session, &picture, NULL, &error);
    if (err)
        printf("%s: %s\n", sil_err_code(err), error.detail);
    else
        printf("%u x %u, %u people\n", sil_mask_width(sil_result_mask(result)),
               sil_mask_height(sil_result_mask(result)),
               sil_result_person_count(result));
    sil_result_destroy(result);
    sil_session_destroy(session);
    sil_model_close(model);
    free(bytes);
    return err ? 1 : 0;
}
