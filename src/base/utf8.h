/* What is a character of UTF-8 and what is not.
 * Threads: pure functions, callable from anywhere.
 * Overlong forms, surrogates and what lies past U+10FFFF are none. */
#ifndef SIL_BASE_UTF8_H
#define SIL_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX = 4 }; /* bytes of a character */

/** How many bytes the character at the beginning of size bytes takes; 0 if
 *  there is none. */
size_t utf8_length(const uint8_t *bytes, size_t size);

#endif
