/* An engine's error text made fit to show.
 * Threads: pure functions.
 * Must not know which engine it is.
 *
 * An engine tells where in its own source something arose, line by line, and
 * what it was at the end: only that end is for others. */
#ifndef SIL_INFER_ENGINE_TEXT_H
#define SIL_INFER_ENGINE_TEXT_H

#include <stddef.h>

/** Copy the last line of text, cut to size bytes with its NUL; "" if it names
 *  a path. */
void engine_text_last(char *to, size_t size, const char *text);

#endif
