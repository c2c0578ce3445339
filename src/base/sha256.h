/* SHA-256 as lower-case hex: of model files, and of keys for the log.
 * Threads: pure functions, callable from anywhere.
 * The arithmetic is OpenSSL's. */
#ifndef SIL_BASE_SHA256_H
#define SIL_BASE_SHA256_H

#include <silhouette.h>

enum { SHA256_TEXT_SIZE = 65 };

/** Hash size bytes. text: [SHA256_TEXT_SIZE], 64 hex digits and a NUL.
 *  Errors: SIL_E_INTERNAL if the crypto library refuses. */
SIL_MUST_USE enum sil_err sha256_text(char *text, const void *bytes,
                                      size_t size);

#endif
