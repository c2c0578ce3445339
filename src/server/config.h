/* The settings of the service: from flags, the environment, a file.
 * Threads: read-only once loaded.
 * Flags beat the environment, which beats the file, which beats the defaults
 * of config.tbl. */
#ifndef SIL_SERVER_CONFIG_H
#define SIL_SERVER_CONFIG_H

#include "base/buf.h"
#include "base/err.h"

enum { CONFIG_ADDRESS_SIZE = 64 };

/** Where a setting's value comes from; the later one wins. */
enum config_origin {
    CONFIG_BY_DEFAULT,
    CONFIG_BY_FILE,
    CONFIG_BY_VARIABLE,
    CONFIG_BY_FLAG
};

/** The rows of config.tbl by number. */
enum config_row {
#define SIL_TEXT(field, value, form, help) CONFIG_##field,
#define SIL_CHOICE(field, value, choices, help) CONFIG_##field,
#define SIL_NUMBER(field, value, least, most, unit, help) CONFIG_##field,
#include "server/config.tbl"
#undef SIL_TEXT
#undef SIL_CHOICE
#undef SIL_NUMBER
    CONFIG_COUNT
};

/** One field per row of config.tbl; texts are loans of the arguments, the
 *  environment or static memory, or the file's (config_finish()); NULL where
 *  not set and without default. */
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
    enum config_origin origins[CONFIG_COUNT];
    char *file_texts[CONFIG_COUNT]; /* owned: values that the file gave */
};

/** Looks a variable up, as getenv(3): NULL if not set. */
typedef char *(*config_variable_fn)(const char *name);

/** Read the settings out of argv (argc words after "serve"), variables and
 *  the file that one of them may name. An empty variable counts as not set.
 *  *out: yours, config_finish(); untouched on failure. Errors:
 *  SIL_E_ARGUMENT, the detail names the setting, the value and what would do;
 *  SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err config_load(struct config *out, int argc, char **argv,
                                      config_variable_fn variable,
                                      struct sil_error *error);

/** Free what the file gave. Fine for a zeroed one. */
void config_finish(struct config *config);

/** Append a line for each setting: its value and where that comes from. Names
 *  of files are told, keys are in none. */
void config_show(struct buf *to, const struct config *config);

/** Append the lines about all settings, as --help shows them. */
void config_help(struct buf *to);

#endif
