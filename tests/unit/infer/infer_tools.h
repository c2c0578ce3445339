/* What the tests of infer and of the whole library share.
 * Must not know any one test.
 * All helpers end the test when they themselves fail. */
#ifndef SIL_TESTS_INFER_TOOLS_H
#define SIL_TESTS_INFER_TOOLS_H

#include "base/cmocka_all.h"

#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"

#define MODELS_DIR SIL_SOURCE_DIR "/models"
#define SAMPLES_DIR SIL_SOURCE_DIR "/samples"

/* Number of rows of a table of the test. */
#define ROW_COUNT(table) (sizeof(table) / sizeof(table)[0])

/** The whole file; buf_finish(). */
static inline struct buf file_bytes(const char *path)
{
    struct buf bytes;

    buf_init(&bytes, LIMIT_MODEL_BYTES_MAX);
    assert_int_equal(file_read(&bytes, path), SIL_OK);
    return bytes;
}

/** Bytes that look like a picture's, the same each time. */
static inline uint8_t noise_byte(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761U;

    return (uint8_t)((x >> 24) ^ (x >> 13));
}

#endif
