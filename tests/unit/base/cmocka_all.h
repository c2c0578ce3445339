/* cmocka with the headers that it wants before itself.
 * Must not know any test.
 * Its own header doesn't include them. */
#ifndef SIL_TESTS_CMOCKA_ALL_H
#define SIL_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
