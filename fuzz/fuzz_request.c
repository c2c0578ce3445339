/* Fuzzes what a client may send inside HTTP: the JSON of a request, a query,
 * a form, and the header values that are read as lists and names.
 * Must not know connections.
 * Whatever comes out must hold what request.h promises. */
#include <stdint.h>

#include "base/check.h"
#include "server/ids.h"
#include "server/multipart.h"
#include "server/negotiate.h"
#include "server/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct request *request)
{
    sil_assert(request->options.threshold >= 0);
    sil_assert(request->options.threshold < 1);
    sil_assert(request->options.quality <= SIL_QUALITY_BEST);
    sil_assert(request->options.output <= SIL_OUTPUT_BOXES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_text text = {(const char *)data, size};
    const struct sil_options standard = sil_options_default();
    struct request request = {0};
    struct sil_error error = {0};
    enum content content;
    enum sil_format format;
    struct http_text form = {"multipart/form-data; boundary=b", 31};
    struct http_text image;
    char id[ID_SIZE];
    char trace[TRACE_SIZE];

    if (request_parse(&request, data, size, &standard, &error) == SIL_OK) {
        sil_assert(request.img_src != NULL);
        sil_assert(request.img_src[0] != '\0');
        check(&request);
    }
    request_finish(&request);
    if (request_parse_query(&request, text.bytes, size, &standard, &error) ==
        SIL_OK)
        check(&request);
    request_finish(&request);
    (void)!negotiate_content(&content, text, &error);
    (void)!negotiate_format(&format, text, &standard, &error);
    (void)negotiate_coding(text);
    if (multipart_image(&image, text, form, &error) == SIL_OK) {
        sil_assert(image.bytes >= text.bytes);
        sil_assert(image.bytes + image.size <= text.bytes + text.size);
    }
    (void)!multipart_image(&image, form, text, &error);
    id_from(id, text);
    sil_assert(id[0] != '\0');
    trace_from(trace, text);
    sil_assert(trace[TRACE_SIZE - 1] == '\0');
    return 0;
}
