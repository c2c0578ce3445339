/* coded_size.c: sizes out of made-up headers, and what is refused.
 * Must not know containers.
 * Inputs end at a guard page. */
#include "decode/write_bits.h"

#include "decode/coded_size.h"

typedef bool (*parser)(struct coded_size *largest, const uint8_t *bytes,
                       size_t size);

static bool parsed(parser parse, struct coded_size *largest,
                   const uint8_t *bytes, size_t size)
{
    struct guarded guarded = guarded_copy(bytes, size);
    bool is_fine = parse(largest, guarded.bytes, size);

    guarded_free(&guarded);
    return is_fine;
}

enum {
    OBU_SEQUENCE = 1,
    OBU_FRAME_HEADER = 3,
    OBU_FRAME = 6,
    OBU_PADDING = 15
};

/* Append an OBU with its length. */
static void add_obu(struct buf *to, unsigned type,
                    const struct bit_writer *content)
{
    size_t size = (content->bit_count + 7) / 8;
    uint8_t head[2] = {(uint8_t)(type << 3 | 2), (uint8_t)size};

    buf_add(to, head, sizeof head);
    buf_add(to, content->bytes, size);
}

/* A sequence header of a film, with everything that may be in it. */
static struct bit_writer av1_full(uint32_t width, uint32_t height)
{
    struct bit_writer writer = {0};

    put_bits(&writer, 0, 3);
    put_bits(&writer, 0, 2); /* neither still nor reduced */
    put_bits(&writer, 1, 1); /* timing */
    put_bits(&writer, 1, 32);
    put_bits(&writer, 25, 32);
    put_bits(&writer, 1, 1); /* equal intervals */
    put_bits(&writer, 1, 1); /* uvlc: 0 */
    put_bits(&writer, 1, 1); /* decoder model */
    put_bits(&writer, 9, 5); /* delays of 10 bits */
    put_bits(&writer, 1, 32);
    put_bits(&writer, 3, 5);
    put_bits(&writer, 4, 5);
    put_bits(&writer, 1, 1); /* initial delays */
    put_bits(&writer, 0, 5); /* one operating point */
    put_bits(&writer, 0, 12);
    put_bits(&writer, 8, 5); /* a level that has a tier */
    put_bits(&writer, 1, 1);
    put_bits(&writer, 1, 1); /* with model parameters */
    put_bits(&writer, 5, 10);
    put_bits(&writer, 6, 10);
    put_bits(&writer, 0, 1);
    put_bits(&writer, 1, 1); /* with an initial delay */
    put_bits(&writer, 2, 4);
    put_bits(&writer, 11, 4);
    put_bits(&writer, 12, 4);
    put_bits(&writer, width - 1, 12);
    put_bits(&writer, height - 1, 13);
    put_bits(&writer, 0, 1); /* no frame numbers */
    put_bits(&writer, 0, 7);
    put_bits(&writer, 1, 1); /* order */
    put_bits(&writer, 0, 2);
    put_bits(&writer, 1, 1); /* screen content: frame by frame */
    put_bits(&writer, 1, 1); /* whole motion: frame by frame */
    put_bits(&writer, 0, 8);
    return writer;
}

/* A shown key frame's header up to the flag of a size of its own. */
static struct bit_writer av1_key_frame(bool has_own_size)
{
    struct bit_writer writer = {0};

    put_bits(&writer, 0, 1); /* not one from before */
    put_bits(&writer, 0, 2); /* key */
    put_bits(&writer, 1, 1); /* shown */
    put_bits(&writer, 0, 1);
    put_bits(&writer, 1, 1); /* screen content */
    put_bits(&writer, 0, 1); /* whole motion */
    put_bits(&writer, has_own_size, 1);
    put_bits(&writer, 0xFF, 8);
    return writer;
}

static void av1_headers_are_read(void **state)
{
    struct bit_writer reduced = av1_reduced(65536, 300);
    struct bit_writer full = av1_full(4000, 8000);
    struct bit_writer frame = av1_key_frame(false);
    struct coded_size largest = {0};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    add_obu(&bytes, OBU_SEQUENCE, &reduced);
    add_obu(&bytes, OBU_FRAME, &frame);
    assert_true(parsed(coded_size_av1, &largest, bytes.bytes, bytes.size));
    assert_int_equal(largest.width, 65536);
    assert_int_equal(largest.height, 300);
    add_obu(&bytes, OBU_SEQUENCE, &full);
    add_obu(&bytes, OBU_FRAME_HEADER, &frame);
    add_obu(&bytes, OBU_PADDING, &frame);
    assert_true(parsed(coded_size_av1, &largest, bytes.bytes, bytes.size));
    assert_int_equal(largest.width, 65536);
    assert_int_equal(largest.height, 8000);
    buf_finish(&bytes);
}

/* A frame without a sequence, one with a size of its own, cut headers. */
static void odd_av1_is_refused(void **state)
{
    struct bit_writer full = av1_full(4000, 8000);
    struct bit_writer plain = av1_key_frame(false);
    struct bit_writer own = av1_key_frame(true);
    struct coded_size largest = {0};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    add_obu(&bytes, OBU_FRAME, &plain);
    assert_false(parsed(coded_size_av1, &largest, bytes.bytes, bytes.size));
    buf_clear(&bytes);
    add_obu(&bytes, OBU_SEQUENCE, &full);
    for (size_t size = 1; size < bytes.size; size++)
        assert_false(parsed(coded_size_av1, &largest, bytes.bytes, size));
    add_obu(&bytes, OBU_FRAME, &own);
    assert_false(parsed(coded_size_av1, &largest, bytes.bytes, bytes.size));
    buf_finish(&bytes);
}

/* Append a unit with its length. */
static void add_nal(struct buf *to, unsigned type, unsigned layer,
                    const struct bit_writer *content)
{
    size_t size = (content->bit_count + 7) / 8;
    uint8_t head[6] = {0, 0, 0, (uint8_t)(size + 2)};

    head[4] = (uint8_t)(type << 1 | layer >> 5);
    head[5] = (uint8_t)(layer << 3 | 1);
    buf_add(to, head, sizeof head);
    buf_add(to, content->bytes, size);
}

enum { NAL_VPS = 32, NAL_SPS = 33 };

static void hevc_sets_are_read(void **state)
{
    struct bit_writer gray = hevc_sps(65535, 64, 0);
    struct bit_writer full = hevc_sps(64, 70000, 3);
    struct bit_writer other = hevc_sps(1 << 20, 1 << 20, 1);
    struct coded_size largest = {0};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    add_nal(&bytes, NAL_VPS, 0, &other);
    add_nal(&bytes, NAL_SPS, 0, &gray);
    add_nal(&bytes, NAL_SPS, 0, &full);
    add_nal(&bytes, NAL_SPS, 1, &other); /* no decoder here reads layer 1 */
    assert_true(parsed(coded_size_hevc, &largest, bytes.bytes, bytes.size));
    assert_int_equal(largest.width, 65535);
    assert_int_equal(largest.height, 70000);
    for (size_t size = 4; size < 40; size++) {
        struct coded_size cut = {0};
        (void)parsed(coded_size_hevc, &cut, bytes.bytes, size);
        assert_int_equal(cut.width, 0);
    }
    buf_finish(&bytes);
}

static void hevc_without_size_is_refused(void **state)
{
    struct bit_writer no_width = hevc_sps(0, 64, 1);
    struct bit_writer no_height = hevc_sps(64, 0, 1);
    const struct bit_writer *const sets[] = {&no_width, &no_height};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(sets); i++) {
        struct coded_size largest = {0};
        struct buf bytes;
        buf_init(&bytes, PICTURE_BYTES_MAX);
        add_nal(&bytes, NAL_SPS, 0, sets[i]);
        assert_false(
            parsed(coded_size_hevc, &largest, bytes.bytes, bytes.size));
        assert_int_equal(largest.width + largest.height, 0);
        buf_finish(&bytes);
    }
}

/* Zeros in a set are escaped by a 3, which is no part of it. */
static void hevc_escapes_are_undone(void **state)
{
    struct bit_writer sps = hevc_sps(3000, 2000, 1);
    struct bit_writer escaped = {0};
    struct coded_size largest = {0};
    struct buf bytes;

    (void)state;
    memset(sps.bytes + 1, 0, 12); /* the profile */
    for (size_t i = 0; i < (sps.bit_count + 7) / 8; i++) {
        if (i >= 3 && i < 13 && i % 2 == 1)
            put_bits(&escaped, 3, 8);
        put_bits(&escaped, sps.bytes[i], 8);
    }
    buf_init(&bytes, PICTURE_BYTES_MAX);
    add_nal(&bytes, NAL_SPS, 0, &escaped);
    assert_true(parsed(coded_size_hevc, &largest, bytes.bytes, bytes.size));
    assert_int_equal(largest.width, 3000);
    assert_int_equal(largest.height, 2000);
    buf_finish(&bytes);
}

static void hevc_configurations_are_read(void **state)
{
    struct bit_writer sps = hevc_sps(3000, 2000, 1);
    size_t size = (sps.bit_count + 7) / 8;
    struct coded_size largest = {0};
    uint8_t head[22 + 1 + 3 + 2 + 2] = {1};
    struct buf bytes;

    (void)state;
    head[22] = 1;       /* one array */
    head[23] = NAL_SPS; /* of parameter sets */
    head[25] = 1;       /* one unit */
    head[27] = (uint8_t)(size + 2);
    head[28] = NAL_SPS << 1;
    head[29] = 1;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    buf_add(&bytes, head, sizeof head);
    buf_add(&bytes, sps.bytes, size);
    assert_true(
        parsed(coded_size_hevc_config, &largest, bytes.bytes, bytes.size));
    assert_int_equal(largest.width, 3000);
    assert_int_equal(largest.height, 2000);
    for (size_t cut = 0; cut < bytes.size; cut++)
        assert_false(
            parsed(coded_size_hevc_config, &largest, bytes.bytes, cut));
    buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(av1_headers_are_read),
        cmocka_unit_test(odd_av1_is_refused),
        cmocka_unit_test(hevc_sets_are_read),
        cmocka_unit_test(hevc_without_size_is_refused),
        cmocka_unit_test(hevc_escapes_are_undone),
        cmocka_unit_test(hevc_configurations_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
