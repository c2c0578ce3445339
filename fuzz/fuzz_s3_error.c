/* Fuzzes the reading of an S3 error's body, and the judging of its code.
 * Must not know curl.
 * The first byte chooses the status, so that all of the table is met. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/s3_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char code[S3_CODE_SIZE];
    struct s3_verdict verdict;
    int status;

    if (size == 0)
        return 0;
    status = 200 + data[0] * 2;
    s3_error_code(code, data + 1, size - 1);
    if (memchr(code, '\0', sizeof code) == NULL)
        abort();
    verdict = s3_judge_answer(status, code);
    if ((verdict.action == S3_DELIVER) != (status == 200))
        abort();
    if ((verdict.err == SIL_OK) != (verdict.detail == NULL))
        abort();
    return 0;
}
