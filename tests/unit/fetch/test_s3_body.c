/* The body of an answer: caps, announced lengths, and failing memory.
 * Must not know where bytes come from.
 * The cap is small, so that each side of it is tried. */
#include "fetch_tools.h"

#include "base/limits.h"
#include "base/mem.h"
#include "fetch/s3_body.h"

enum { BYTES_MAX = 300 };

static const char piece[BYTES_MAX + 1] = "the bytes of a picture";

static void objects_are_kept_below_their_cap(void **state)
{
    static const struct {
        int64_t announced_bytes;
        size_t pieces[2];
        bool is_taken[2];
        bool is_too_large;
        bool is_complete;
    } rows[] = {
        {300, {100, 200}, {true, true}, false, true},
        {-1, {100, 200}, {true, true}, false, true},
        {-1, {100, 201}, {true, false}, true, true},
        {301, {100, 0}, {false, false}, true, false},
        {INT64_MAX, {1, 0}, {false, false}, true, false},
        {300, {100, 100}, {true, true}, false, false}, /* short */
        {100, {100, 100}, {true, true}, false, false}, /* long */
        {0, {100, 0}, {true, true}, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct s3_head head = {S3_STATUS_OK, rows[i].announced_bytes};
        struct s3_body body;
        struct buf bytes;

        buf_init(&bytes, BYTES_MAX);
        s3_body_init(&body, &bytes);
        for (int k = 0; k < 2; k++)
            if (s3_body_take(&body, &head, piece, rows[i].pieces[k]) !=
                rows[i].is_taken[k])
                fail_msg("row %zu, piece %d", i, k);
        assert_int_equal(body.is_too_large, rows[i].is_too_large);
        assert_int_equal(s3_body_is_complete(&body, &head),
                         rows[i].is_complete);
        assert_true(bytes.size <= BYTES_MAX);
        s3_body_finish(&body);
        buf_finish(&bytes);
    }
}

static void room_is_made_once(void **state)
{
    struct s3_head head = {S3_STATUS_OK, BYTES_MAX};
    struct s3_body body;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, BYTES_MAX);
    s3_body_init(&body, &bytes);
    assert_true(s3_body_take(&body, &head, piece, 1));
    mem_fail_at(1); /* nothing more is allocated */
    assert_true(s3_body_take(&body, &head, piece, BYTES_MAX - 1));
    mem_fail_at(0);
    assert_memory_equal(bytes.bytes, "t", 1);
    assert_memory_equal(bytes.bytes + 1, piece, BYTES_MAX - 1);
    s3_body_finish(&body);
    buf_finish(&bytes);
}

static void errors_are_kept_as_far_as_wanted(void **state)
{
    struct s3_head head = {404, -1};
    struct s3_body body;
    struct buf bytes;
    size_t taken = 0;

    (void)state;
    buf_init(&bytes, BYTES_MAX);
    s3_body_init(&body, &bytes);
    while (s3_body_take(&body, &head, piece, BYTES_MAX))
        taken += BYTES_MAX;
    assert_true(taken <= LIMIT_FETCH_ERROR_BYTES_MAX);
    assert_int_equal(body.trouble.size, LIMIT_FETCH_ERROR_BYTES_MAX);
    assert_int_equal(bytes.size, 0);
    assert_false(body.is_too_large);
    s3_body_finish(&body);
    buf_finish(&bytes);
}

static void each_allocation_may_fail(void **state)
{
    static const int statuses[] = {S3_STATUS_OK, 500};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct s3_head head = {statuses[i], -1};
        struct s3_body body;
        struct buf bytes;

        buf_init(&bytes, BYTES_MAX);
        s3_body_init(&body, &bytes);
        mem_fail_at(1);
        assert_false(s3_body_take(&body, &head, piece, 1));
        mem_fail_at(0);
        assert_int_equal(buf_err(i == 0 ? &bytes : &body.trouble),
                         SIL_E_NO_MEMORY);
        s3_body_finish(&body);
        buf_finish(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_kept_below_their_cap),
        cmocka_unit_test(room_is_made_once),
        cmocka_unit_test(errors_are_kept_as_far_as_wanted),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
