/* Fuzzes the rule for imgSrc, and the address made of what it lets pass.
 * Must not know any store.
 * An accepted key is held to the contract in words of our own: the check
 * below shares no code with the rule. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fetch/fetch_key.h"
#include "fetch/s3_sign_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
    if (!is_so)
        abort();
}

/* What no accepted key may hold. */
static void check_key(const char *key, size_t size)
{
    demand(size > 0 && size <= LIMIT_KEY_BYTES_MAX);
    demand(key[0] != '/');
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)key[i];

        demand(c >= 0x20 && c != 0x7F && c != '\\');
        demand(!(c == '/' && i + 1 < size && key[i + 1] == '/'));
    }
    demand(memmem(key, size, "/../", 4) == NULL);
    demand(size < 2 || memcmp(key, "..", 2) != 0 ||
           (size > 2 && key[2] != '/'));
    demand(size < 7 || strncasecmp(key, "http://", 7) != 0);
}

/* A URL must be plain ASCII, with nothing that ends a line or a path. */
static void check_url(const char *key)
{
    struct s3_endpoint endpoint;
    struct s3_object object = {&endpoint, S3_PATH, "bucket", "", key};
    struct buf url;
    size_t start = sizeof "http://host/bucket/" - 1;

    demand(s3_endpoint_parse(&endpoint, "http://host", NULL) == SIL_OK);
    buf_init(&url, LIMIT_FETCH_URL_BYTES_MAX);
    s3_add_object_url(&url, &object);
    demand(buf_err(&url) == SIL_OK);
    demand(url.size - start <= 3 * strlen(key));
    for (size_t i = start; i < url.size; i++)
        demand(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_.~/%",
                      url.bytes[i]) != NULL &&
               url.bytes[i] != '\0');
    buf_finish(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_place place = {0};
    struct sil_error error = {0};
    const char *img_src = (const char *)data;
    char *key;
    size_t key_size;

    if (fetch_key_split(&place, img_src, size, &error) != SIL_OK) {
        demand(error.code == SIL_E_BAD_IMG_SRC && error.detail[0] != '\0');
        return 0;
    }
    demand(place.key >= img_src && place.key < img_src + size);
    key_size = size - (size_t)(place.key - img_src);
    check_key(place.key, key_size);
    key = malloc(key_size + 1);
    if (key == NULL)
        return 0;
    memcpy(key, place.key, key_size);
    key[key_size] = '\0';
    check_url(key);
    free(key);
    return 0;
}
