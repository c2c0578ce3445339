/* Fuzzes the reading of answers that hold keys: JSON, XML and times.
 * Must not know who answers.
 * What is given is whole and clean, or nothing is. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/credentials_answer.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A text that may go into a header. */
static void check_clean(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            abort();
}

static void check(struct credential *found, enum sil_err err)
{
    if ((err == SIL_OK) != (found->key_id != NULL) ||
        (found->key_id == NULL) != (found->secret == NULL))
        abort();
    check_clean(found->key_id);
    check_clean(found->secret);
    check_clean(found->token);
    credential_finish(found);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct credential found = {0};
    char time[64] = "";

    check(&found, credential_from_json(&found, data, size));
    check(&found, credential_from_xml(&found, data, size));
    memcpy(time, data, size < sizeof time ? size : sizeof time - 1);
    (void)credential_time(time);
    return 0;
}
