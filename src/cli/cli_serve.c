/* `silhouette serve` and `check`: the service, whole, behind its entries.
 * Must not know anything inside the server.
 * A build without the service says so instead. */
#include "cli/cli.h"

#include <stdio.h>

#include "base/check.h"

#ifdef SIL_WITH_SERVICE
#include "server/server.h"
#endif

/* The words are the server's own: they are not looked at here. */
int cli_serve(int argc, char **argv)
{
    sil_assert(argc >= 0);
    sil_assert(argv != NULL);
#ifdef SIL_WITH_SERVICE
    return server_main(argc, argv);
#else
    fputs("silhouette: this build is without the service\n", stderr);
    return CLI_USAGE;
#endif
}

/* As above, for the settings of serve alone. */
int cli_check(int argc, char **argv)
{
    sil_assert(argc >= 0);
    sil_assert(argv != NULL);
#ifdef SIL_WITH_SERVICE
    return server_check(argc, argv);
#else
    fputs("silhouette: this build is without the service\n", stderr);
    return CLI_USAGE;
#endif
}
