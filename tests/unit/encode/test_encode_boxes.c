/* encode_boxes.c: texts as they are promised, whatever the pieces.
 * Must not know where boxes come from.
 * A score is rounded to three digits, 1 included. */
#include "base/mem.h"
#include "encode/crowd.h"

static const char *const drawing[] = {"11.22", "11.2.", "11..3"};

static void set_boxes(struct crowd *crowd)
{
    crowd->result.output = SIL_OUTPUT_BOXES;
    crowd->persons[0].box = (struct sil_box){0, 0, 2, 3};
    crowd->persons[0].score = 1;
    crowd->persons[1].box = (struct sil_box){3, 0, 2, 2};
    crowd->persons[1].score = 0.9994F;
    crowd->persons[2].box = (struct sil_box){4, 2, 1, 1};
    crowd->persons[2].score = 0.0996F;
}

static void boxes_come_out_as_promised(void **state)
{
    static const char promised[] =
        "{\"state\":1,\"data\":["
        "{\"box\":[0,0,2,3],\"area\":6,\"score\":1.000},"
        "{\"box\":[3,0,2,2],\"area\":3,\"score\":0.999},"
        "{\"box\":[4,2,1,1],\"area\":1,\"score\":0.100}]}";
    struct crowd crowd;
    struct buf json;

    (void)state;
    crowd_draw(&crowd, drawing, 3, 3);
    set_boxes(&crowd);
    for (size_t capacity = 1; capacity <= 200; capacity++) {
        crowd_encode(&json, &crowd, SIL_FORMAT_JSON, capacity);
        assert_string_equal(buf_text(&json), promised);
        buf_finish(&json);
    }
    crowd_finish(&crowd);
}

/* Everybody's boxes are the same: people is not asked. */
static void all_people_have_boxes_too(void **state)
{
    struct crowd crowd;
    struct buf each;
    struct buf all;

    (void)state;
    crowd_draw(&crowd, drawing, 3, 3);
    set_boxes(&crowd);
    crowd_encode(&each, &crowd, SIL_FORMAT_JSON, 64);
    crowd.result.people = SIL_PEOPLE_ALL;
    crowd_encode(&all, &crowd, SIL_FORMAT_JSON, 64);
    assert_string_equal(buf_text(&all), buf_text(&each));
    buf_finish(&each);
    buf_finish(&all);
    crowd_finish(&crowd);
}

static void nobody_has_no_boxes(void **state)
{
    static const char *const empty[] = {"..."};
    struct crowd crowd;
    struct buf json;

    (void)state;
    crowd_draw(&crowd, empty, 1, 0);
    crowd.result.output = SIL_OUTPUT_BOXES;
    crowd_encode(&json, &crowd, SIL_FORMAT_JSON, 3);
    assert_string_equal(buf_text(&json), "{\"state\":1,\"data\":[]}");
    buf_finish(&json);
    crowd_finish(&crowd);
}

static void other_formats_have_no_boxes(void **state)
{
    struct encoder *encoder = NULL;
    struct crowd crowd;

    (void)state;
    crowd_draw(&crowd, drawing, 3, 3);
    set_boxes(&crowd);
    for (int i = 0; i < 2; i++)
        assert_int_equal(encoder_create(&encoder, &crowd.result,
                                        i ? SIL_FORMAT_PNG : SIL_FORMAT_RLE,
                                        ENCODE_IDENTITY),
                         SIL_E_NOT_ACCEPTABLE);
    assert_null(encoder);
    crowd_finish(&crowd);
}

static void no_memory_is_told(void **state)
{
    struct encoder *encoder = NULL;
    struct crowd crowd;

    (void)state;
    crowd_draw(&crowd, drawing, 3, 3);
    set_boxes(&crowd);
    mem_fail_at(1);
    assert_int_equal(encoder_create(&encoder, &crowd.result, SIL_FORMAT_JSON,
                                    ENCODE_IDENTITY),
                     SIL_E_NO_MEMORY);
    mem_fail_at(0);
    assert_null(encoder);
    crowd_finish(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_come_out_as_promised),
        cmocka_unit_test(all_people_have_boxes_too),
        cmocka_unit_test(nobody_has_no_boxes),
        cmocka_unit_test(other_formats_have_no_boxes),
        cmocka_unit_test(no_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
