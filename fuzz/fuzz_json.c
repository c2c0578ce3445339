/* Any bytes as a JSON document, and any bytes as a JSON string.
 * Must not know requests.
 * A string that was written must be read back: json.c against itself. */
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Look at a document's first values, as a request's reader would. */
static void look_around(const struct json *value)
{
    for (int depth = 0; depth < LIMIT_JSON_DEPTH_MAX; depth++) {
        const char *text = json_text(value);
        if (text != NULL)
            sil_assert(strlen(text) < SIZE_MAX);
        (void)json_number(value, 0);
        if (json_kind(value) == JSON_MAP)
            value = json_member(value, "a");
        else
            value = json_element(value, 0);
    }
    sil_assert(json_kind(NULL) == JSON_ABSENT);
}

/* Written between quotes, anything is text, and valid. */
static void write_and_read(const uint8_t *data, size_t size)
{
    struct json *json = NULL;
    struct buf buf;
    enum sil_err err;

    buf_init(&buf, (size_t)1 << 26);
    buf_add_text(&buf, "{\"a\":");
    json_add_text(&buf, (const char *)data, size);
    buf_add_text(&buf, "}");
    sil_assert(buf_err(&buf) == SIL_OK);
    err = json_parse(&json, buf.bytes, buf.size, NULL);
    /* Only a NUL is refused, in whatever way it is written. */
    sil_assert((err == SIL_OK) == (memchr(data, 0, size) == NULL));
    json_destroy(json);
    buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sil_error error = {0};
    struct json *json = NULL;
    enum sil_err err = json_parse(&json, data, size, &error);

    sil_assert(err == SIL_OK || err == SIL_E_BAD_JSON);
    sil_assert((json != NULL) == (err == SIL_OK));
    sil_assert(error.code == err);
    look_around(json);
    json_destroy(json);
    if (size > 0)
        write_and_read(data, size);
    return 0;
}
