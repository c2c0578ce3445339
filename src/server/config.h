/* The settings of the service, from flags and the environment.
 * Threads: read-only once loaded.
 * Flags beat the environment, which beats the defaults of config.tbl. */
#ifndef SIL_SERVER_CONFIG_H
#define SIL_SERVER_CONFIG_H

#include "base/buf.h"
#include "base/err.h"

enum { CONFIG_ADDRESS_SIZE = 64 };

/** One field per row of config.tbl; texts are loans of the arguments, the
 *  environment or static memory; NULL where not set and without default. */
struct config {
#define SIL_TEXT(field, value, form, help) const char *field;
#define SIL_CHOICE(field, value, choices, help) const char *field;
#define SIL_NUMBER(field, value, least, most, unit, help) uint64_t field;
#include "server/config.tbl"
#undef SIL_TEXT
#undef SIL_CHOICE
#undef SIL_NUMBER
    char address[CONFIG_ADDRESS_SIZE]; /* the address in listen, "::1" */
    uint16_t port;                     /* the port in listen; 0: any */
    bool is_help;                      /* --help: nothing else is valid */
};

/** Looks a variable up, as getenv(3): NULL if not set. */
typedef char *(*config_variable_fn)(const char *name);

/** Read the settings out of argv (argc words after "serve") and variables.
 *  An empty variable counts as not set. Errors: SIL_E_ARGUMENT, the detail
 *  names the setting, the value and what would do. */
SIL_MUST_USE enum sil_err config_load(struct config *out, int argc, char **argv,
                                      config_variable_fn variable,
                                      struct sil_error *error);

/** Append the lines about all settings, as --help shows them. */
void config_help(struct buf *to);

#endif
