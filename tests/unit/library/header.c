/* The public header, alone and twice.
 * Must not include anything else: that it stands alone is what is tested.
 * Compiled as C11 and as C++17, pedantic; never run. */
/* The formatter would take the second one away. */
/* clang-format off */
#include <silhouette.h>
#include <silhouette.h>
/* clang-format on */

int uses_silhouette(void);

int uses_silhouette(void)
{
    struct sil_options options = sil_options_default();
    struct sil_error error = {SIL_OK, ""};

    return options.quality == SIL_QUALITY_FAST && error.code == SIL_OK ? 0 : 1;
}
