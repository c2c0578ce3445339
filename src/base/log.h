/* One JSON object a line, on standard error.
 * Threads: a line is built on its thread's stack and written with one
 * write(2); the level is the only shared state.
 * Values are escaped here, so foreign text can't forge a line. */
#ifndef SIL_BASE_LOG_H
#define SIL_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

/** A line being built. Fields that don't fit are left out whole. */
struct log_line {
    enum log_level level;
    size_t size;                     /* bytes of text in use */
    char text[LIMIT_LOG_LINE_BYTES]; /* "{"time":…", not yet closed */
};

/** Lines below this level are not written. The start value is LOG_INFO. */
void log_set_level(enum log_level level);

/** The level of a name ("debug" … "off"); false if there is none such. */
bool log_level_from_name(enum log_level *out, const char *name);

/** Begin a line: time, level, event. */
void log_begin(struct log_line *line, enum log_level level, const char *event);

/** Add a text field; NULL values are left out. */
void log_text(struct log_line *line, const char *key, const char *value);

/** Add a whole number. */
void log_int(struct log_line *line, const char *key, int64_t value);

/** Add a duration given in nanoseconds, written in ms with 3 decimals. */
void log_ms(struct log_line *line, const char *key, uint64_t value_ns);

/** Write the line out, if its level is wanted. */
void log_end(struct log_line *line);

/** A line with one text: log_event(LOG_WARN, "store", "why"). */
void log_event(enum log_level level, const char *event, const char *detail);

#endif
