/* encode_rle.c and columns.c: read back by the rules of COCO's own reader.
 * Must not know strips or bits.
 * A few texts are those that pycocotools writes for the same pixels. */
#include "encode/encode_samples.h"

#include <stdio.h>

#include "base/mem.h"

/* Reads a list or an object from its text. */
struct reader {
    const char *at;
};

/* Eat a text that has to come. */
static void expect(struct reader *reader, const char *text)
{
    size_t size = strlen(text);

    if (strncmp(reader->at, text, size) != 0)
        fail_msg("\"%.40s\" where \"%s\" belongs", reader->at, text);
    reader->at += size;
}

/* The next count, as rleFrString() of COCO's mask API reads it. */
static long next_count(struct reader *reader)
{
    long count = 0;
    int shift = 0;
    bool is_more = true;

    while (is_more) {
        long bits = *reader->at - 48;
        /* JSON has the backslash twice. */
        if (*reader->at++ == '\\')
            assert_int_equal(*reader->at++, '\\');
        assert_in_range(bits, 0, 63);
        assert_true(shift < 60);
        count |= (bits & 31) << shift;
        is_more = (bits & 32) != 0;
        shift += 5;
        if (!is_more && (bits & 16) != 0)
            count |= -1L * (1L << shift);
    }
    return count;
}

/* The object at the reader must be the mask, pixel for pixel. */
static void assert_object_is(struct reader *reader, const struct sil_mask *mask)
{
    long pixel_count = (long)mask->width * (long)mask->height;
    long last[2] = {0, 0};
    long at = 0;
    char head[64];

    (void)snprintf(head, sizeof head, "{\"size\":[%u,%u],\"counts\":\"",
                   mask->height, mask->width);
    expect(reader, head);
    for (int i = 0; *reader->at != '"'; i++) {
        long count = next_count(reader) + (i > 2 ? last[i % 2] : 0);
        /* Only the first one may be nothing. */
        assert_in_range(count, i > 0, pixel_count - at);
        for (long end = at + count; at < end; at++)
            if (sample_pixel(mask, (uint32_t)(at / mask->height),
                             (uint32_t)(at % mask->height)) != (i % 2 == 1))
                fail_msg("pixel %ld of count %d", at, i);
        last[i % 2] = count;
    }
    assert_int_equal(at, pixel_count);
    expect(reader, "\"}");
}

static void assert_comes_back(const struct sil_mask *mask)
{
    struct reader reader;
    struct buf rle;

    encode_mask(&rle, mask, SIL_FORMAT_RLE, ENCODE_IDENTITY);
    reader.at = buf_text(&rle);
    assert_object_is(&reader, mask);
    assert_int_equal(*reader.at, '\0');
    buf_finish(&rle);
}

static void assert_text_is(const char *const *rows, uint32_t height,
                           const char *text)
{
    struct sil_mask *mask = drawn_mask(rows, height);
    struct buf rle;

    encode_mask(&rle, mask, SIL_FORMAT_RLE, ENCODE_IDENTITY);
    assert_string_equal(buf_text(&rle), text);
    buf_finish(&rle);
    mask_destroy(mask);
}

/* Texts of pycocotools 2.0.11, whose backslash JSON writes twice. */
static void texts_are_those_of_coco(void **state)
{
    static const char *const nobody[] = {"...", "..."};
    static const char *const all[] = {"###", "###"};
    static const char *const drawing[] = {"..#", "##.", "##.", ".#."};

    static const char *const late[] = {
        "............................................#"};

    (void)state;
    assert_text_is(late, 1, "{\"size\":[1,45],\"counts\":\"\\\\11\"}");
    assert_text_is(nobody, 2, "{\"size\":[2,3],\"counts\":\"6\"}");
    assert_text_is(all, 2, "{\"size\":[2,3],\"counts\":\"06\"}");
    assert_text_is(drawing, 4, "{\"size\":[4,3],\"counts\":\"12221\"}");
}

/* A count of 2^n - 1 and its neighbours: where a character more begins. */
static void counts_of_every_length(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 16; bits++) {
        for (uint32_t i = 0; i < 3; i++) {
            uint32_t end = (1u << bits) + i;
            struct mask_writer writer;
            struct sil_mask *mask;
            assert_int_equal(mask_begin(&writer, 70000, 3), SIL_OK);
            assert_int_equal(mask_add_run(&writer, i, end), SIL_OK);
            mask_end_row(&writer);
            mask_end_row(&writer);
            assert_int_equal(mask_add_run(&writer, end + 7, 70000), SIL_OK);
            mask_end_row(&writer);
            mask = mask_take(&writer);
            assert_comes_back(mask);
            mask_destroy(mask);
        }
    }
}

static void random_masks_come_back(void **state)
{
    struct dice dice = {21};

    (void)state;
    for (int i = 0; i < 400; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, 1 + dice_roll(&dice, 200),
                        1 + dice_roll(&dice, 200), 1 + dice_roll(&dice, 90));
        assert_comes_back(mask);
        mask_destroy(mask);
    }
}

/* One pixel more or less than a strip or a word has. */
static void sizes_around_a_strip(void **state)
{
    static const uint32_t sides[] = {1, 2, 63, 64, 65, 127, 128, 129};
    struct dice dice = {22};

    (void)state;
    for (size_t i = 0; i < 8 * 8; i++) {
        struct sil_mask *mask =
            sample_mask(&dice, sides[i / 8], sides[i % 8], 3);
        assert_comes_back(mask);
        mask_destroy(mask);
    }
}

static void the_longest_sides(void **state)
{
    struct dice dice = {23};
    struct sil_mask *wide = sample_mask(&dice, 65500, 2, 3000);
    struct sil_mask *high = sample_mask(&dice, 2, 65500, 1);

    (void)state;
    assert_comes_back(wide);
    assert_comes_back(high);
    mask_destroy(wide);
    mask_destroy(high);
}

static void any_piece_size_gives_the_same(void **state)
{
    struct dice dice = {24};
    struct asking asking = {5, &dice};
    struct sil_mask *mask = sample_mask(&dice, 150, 99, 6);

    (void)state;
    assert_resumable(mask, SIL_FORMAT_RLE, ENCODE_IDENTITY, &asking);
    assert_resumable(mask, SIL_FORMAT_RLE, ENCODE_GZIP, &asking);
    mask_destroy(mask);
}

/* Each person's object, in the order of the result. */
static void each_person_is_an_object(void **state)
{
    enum { PERSON_COUNT = 3 };
    struct dice dice = {25};
    struct asking asking = {7, NULL};
    struct person persons[PERSON_COUNT] = {0};

    (void)state;
    for (uint32_t i = 0; i < PERSON_COUNT; i++)
        persons[i].mask = sample_mask(&dice, 130, 70, 20);
    for (uint32_t count = 0; count <= PERSON_COUNT; count++) {
        struct sil_result result = {.people = SIL_PEOPLE_EACH,
                                    .mask = persons[0].mask,
                                    .person_count = count,
                                    .persons = persons};
        struct encoder *encoder = NULL;
        struct reader reader;
        struct buf rle;
        buf_init(&rle, ENCODED_CAP);
        assert_int_equal(
            encoder_create(&encoder, &result, SIL_FORMAT_RLE, ENCODE_IDENTITY),
            SIL_OK);
        empty_encoder(&rle, encoder, &asking);
        encoder_destroy(encoder);
        reader.at = buf_text(&rle);
        expect(&reader, "[");
        for (uint32_t i = 0; i < count; i++) {
            expect(&reader, i > 0 ? "," : "");
            assert_object_is(&reader, persons[i].mask);
        }
        expect(&reader, "]");
        assert_int_equal(*reader.at, '\0');
        buf_finish(&rle);
    }
    for (uint32_t i = 0; i < PERSON_COUNT; i++)
        mask_destroy(persons[i].mask);
}

static void each_allocation_may_fail(void **state)
{
    struct dice dice = {26};
    struct sil_mask *mask = sample_mask(&dice, 30, 30, 5);
    struct sil_result result = result_of(mask);
    struct encoder *encoder = NULL;

    (void)state;
    /* The encoder, the rows' cursors, the bits. */
    for (size_t i = 1; i <= 3; i++) {
        mem_fail_at(i);
        assert_int_equal(
            encoder_create(&encoder, &result, SIL_FORMAT_RLE, ENCODE_IDENTITY),
            SIL_E_NO_MEMORY);
        mem_fail_at(0);
        assert_null(encoder);
    }
    mask_destroy(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_those_of_coco),
        cmocka_unit_test(counts_of_every_length),
        cmocka_unit_test(random_masks_come_back),
        cmocka_unit_test(sizes_around_a_strip),
        cmocka_unit_test(the_longest_sides),
        cmocka_unit_test(any_piece_size_gives_the_same),
        cmocka_unit_test(each_person_is_an_object),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
