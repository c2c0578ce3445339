/* The limits as constants, made from limits.tbl.
 * Threads: constants only.
 * No code holds a bare number where one of these is meant. */
#ifndef SIL_BASE_LIMITS_H
#define SIL_BASE_LIMITS_H

/** LIMIT_IMAGE_BYTES_MAX and so on; unit and reason are in limits.tbl. */
enum limit {
#define SIL_LIMIT(name, value, unit, why) LIMIT_##name = (value),
#include "base/limits.tbl"
#undef SIL_LIMIT
};

#endif
