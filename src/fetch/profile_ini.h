/* The form of ~/.aws/config and ~/.aws/credentials, as the AWS SDKs read it.
 * Threads: pure functions, callable from anywhere.
 * Nothing is allocated: a value points into the text. */
#ifndef SIL_FETCH_PROFILE_INI_H
#define SIL_FETCH_PROFILE_INI_H

#include <stdbool.h>
#include <stddef.h>

/** A piece of a text, not terminated. */
struct ini_slice {
    const char *text;
    size_t size; /* bytes */
};

/** What is looked for. */
struct ini_query {
    const char *kind;  /* "profile" of "[profile name]"; NULL: "[name]" */
    const char *name;  /* of the section */
    const char *group; /* "s3" of an indented block below "s3 ="; NULL: none */
    const char *key;   /* any case */
};

/** The value of the last line that answers the query; false, *out untouched,
 *  if there is none. A value may be empty. */
bool ini_find(struct ini_slice *out, const char *text, size_t size,
              const struct ini_query *query);

#endif
