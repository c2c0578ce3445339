/* encode_json.c: against a writer that looks at each pixel.
 * Must not know patterns or pieces.
 * Every capacity is tried on small masks: it may stop at any byte. */
#include "encode/crowd.h"

/* The contract's text, the slow way. */
static void slow_json(struct buf *to, const struct sil_mask *mask)
{
    buf_add_text(to, "{\"state\":1,\"data\":[");
    for (uint32_t y = 0; y < mask->height; y++) {
        buf_add_text(to, y == 0 ? "[" : ",[");
        for (uint32_t x = 0; x < mask->width; x++) {
            if (x > 0)
                buf_add_text(to, ",");
            buf_add_text(to, sample_pixel(mask, x, y) ? "1" : "0");
        }
        buf_add_text(to, "]");
    }
    buf_add_text(to, "]}");
}

static void assert_same_as_slow(const struct sil_mask *mask)
{
    struct buf slow;
    struct buf fast;

    buf_init(&slow, ENCODED_CAP);
    slow_json(&slow, mask);
    encode_mask(&fast, mask, SIL_FORMAT_JSON, ENCODE_IDENTITY);
    assert_int_equal(fast.size, slow.size);
    assert_memory_equal(fast.bytes, slow.bytes, slow.size);
    buf_finish(&slow);
    buf_finish(&fast);
}

struct example {
    const char *why;
    const char *rows[3];
    uint32_t height;
    const char *json;
};

static const struct example examples[] = {
    {"one pixel, nobody", {"."}, 1, "{\"state\":1,\"data\":[[0]]}"},
    {"one pixel, person", {"#"}, 1, "{\"state\":1,\"data\":[[1]]}"},
    {"a row", {"..#"}, 1, "{\"state\":1,\"data\":[[0,0,1]]}"},
    {"a column", {"#", ".", "#"}, 3, "{\"state\":1,\"data\":[[1],[0],[1]]}"},
    {"runs at both ends",
     {"#.#", "..."},
     2,
     "{\"state\":1,\"data\":[[1,0,1],[0,0,0]]}"},
    {"full rows", {"##", "##"}, 2, "{\"state\":1,\"data\":[[1,1],[1,1]]}"},
};

static void examples_come_out_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct sil_mask *mask =
            drawn_mask(examples[i].rows, examples[i].height);
        struct buf json;
        encode_mask(&json, mask, SIL_FORMAT_JSON, ENCODE_IDENTITY);
        if (strcmp(buf_text(&json), examples[i].json) != 0)
            fail_msg("%s: %s", examples[i].why, buf_text(&json));
        buf_finish(&json);
        mask_destroy(mask);
    }
}

static void random_masks_agree(void **state)
{
    struct dice dice = {11};

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, 1 + dice_roll(&dice, 70),
                        1 + dice_roll(&dice, 20), 1 + dice_roll(&dice, 30));
        assert_same_as_slow(mask);
        mask_destroy(mask);
    }
}

static void every_capacity_gives_the_same(void **state)
{
    struct dice dice = {12};

    (void)state;
    for (size_t capacity = 1; capacity <= 64; capacity++) {
        struct asking asking = {capacity, NULL};
        for (int i = 0; i < 10; i++) {
            struct sil_mask *mask = sample_mask(&dice, 1 + dice_roll(&dice, 40),
                                                1 + dice_roll(&dice, 5), 8);
            assert_resumable(mask, SIL_FORMAT_JSON, ENCODE_IDENTITY, &asking);
            mask_destroy(mask);
        }
    }
}

/* Rows longer than the patterns, resumed at odd bytes. */
static void the_widest_rows(void **state)
{
    struct dice dice = {13};
    static const uint32_t widths[] = {8191, 8192, 8193, 16383, 16384, 65500};
    static const uint32_t longest[] = {1, 100, 5000, 65500};
    struct asking asking = {40000, &dice};

    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        for (size_t k = 0; k < sizeof longest / sizeof longest[0]; k++) {
            struct sil_mask *mask =
                sample_mask(&dice, widths[i], 2, longest[k]);
            struct buf json;
            encode_mask(&json, mask, SIL_FORMAT_JSON, ENCODE_IDENTITY);
            assert_int_equal(json.size, 20 + 2 * (2 * widths[i] + 2));
            buf_finish(&json);
            assert_resumable(mask, SIL_FORMAT_JSON, ENCODE_IDENTITY, &asking);
            if (longest[k] > 1)
                assert_same_as_slow(mask);
            mask_destroy(mask);
        }
    }
}

static void the_tallest_column(void **state)
{
    struct dice dice = {14};
    struct sil_mask *mask = sample_mask(&dice, 1, 65500, 1);
    struct asking asking = {7, NULL};

    (void)state;
    assert_same_as_slow(mask);
    assert_resumable(mask, SIL_FORMAT_JSON, ENCODE_IDENTITY, &asking);
    mask_destroy(mask);
}

struct list_example {
    const char *why;
    const char *rows[2];
    uint32_t height, person_count;
    const char *json;
};

static const struct list_example lists[] = {
    {"nobody", {".."}, 1, 0, "{\"state\":1,\"data\":[]}"},
    {"one", {"1."}, 1, 1, "{\"state\":1,\"data\":[[[1,0]]]}"},
    {"two",
     {"11", "12"},
     2,
     2,
     "{\"state\":1,\"data\":[[[1,1],[1,0]],[[0,0],[0,1]]]}"},
    {"three in a row",
     {"1123"},
     1,
     3,
     "{\"state\":1,\"data\":[[[1,1,0,0]],[[0,0,1,0]],[[0,0,0,1]]]}"},
};

/* Each person's mask, in the order of the result, whatever the pieces. */
static void people_come_out_as_a_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct crowd crowd;
        crowd_draw(&crowd, lists[i].rows, lists[i].height,
                   lists[i].person_count);
        for (size_t capacity = 1; capacity < 70; capacity++) {
            struct buf json;
            crowd_encode(&json, &crowd, SIL_FORMAT_JSON, capacity);
            if (strcmp(buf_text(&json), lists[i].json) != 0)
                fail_msg("%s: %s", lists[i].why, buf_text(&json));
            buf_finish(&json);
        }
        crowd_finish(&crowd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_come_out_as_written),
        cmocka_unit_test(random_masks_agree),
        cmocka_unit_test(every_capacity_gives_the_same),
        cmocka_unit_test(the_widest_rows),
        cmocka_unit_test(the_tallest_column),
        cmocka_unit_test(people_come_out_as_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
