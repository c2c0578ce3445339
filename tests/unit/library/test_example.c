/* The example at the top of silhouette.h, run on a sample.
 * Must not know the library but through the example.
 * example.c is made of the header's comment when the tests are built. */
#include "infer/infer_tools.h"

int segment_file(const void *bytes, size_t size);

static void it_segments_a_picture(void **state)
{
    struct buf bytes = file_bytes(SAMPLES_DIR "/astronaut.jpg");

    (void)state;
    assert_int_equal(segment_file(bytes.bytes, bytes.size), 0);
    buf_finish(&bytes);
}

static void it_tells_an_error(void **state)
{
    (void)state;
    assert_int_equal(segment_file("not a picture", 13), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_segments_a_picture),
        cmocka_unit_test(it_tells_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
