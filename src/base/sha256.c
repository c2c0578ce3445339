/* One call of OpenSSL's digest, written out as hex.
 * Must not know what is hashed.
 * The provider may be missing on a broken installation: hence an error. */
#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

/* Bytes; two digits each. */
enum { DIGEST_SIZE = (SHA256_TEXT_SIZE - 1) / 2 };

/* In one call: what is hashed here lies whole in memory. */
enum sil_err sha256_text(char *text, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(bytes, size, digest, &length, EVP_sha256(), NULL) != 1)
        return SIL_E_INTERNAL;
    /* Or the text would be longer than its caller's room. */
    sil_assert(length == DIGEST_SIZE);
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[SHA256_TEXT_SIZE - 1] = '\0';
    return SIL_OK;
}
