/* A job's memory: each allocation made to fail in turn.
 * Must not know stores.
 * Leaks are AddressSanitizer's to see. */
#include "fetch_tools.h"

#include "base/mem.h"
#include "fetch/fetch_job.h"

enum { BYTES_MAX = 100, TRIES_MAX = 100 };

static void a_wish_is_copied(void **state)
{
    char text[] = "s3://bucket/a/key";
    struct fetch_wish wish = {
        .img_src = text, .deadline_ns = 5, .done = answer_done};
    struct fetch_job *job = NULL;

    (void)state;
    assert_int_equal(fetch_job_create(&job, &wish, BYTES_MAX, NULL), SIL_OK);
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(job->bucket, "bucket");
    assert_string_equal(job->key, "a/key");
    assert_int_equal(job->bytes.cap, BYTES_MAX);
    assert_true(fetch_job_is_over(job)); /* its deadline is long past */
    fetch_job_destroy(job);
    fetch_job_destroy(NULL);
}

static void a_probe_has_no_key(void **state)
{
    struct fetch_wish wish = {.done = answer_done};
    struct fetch_job *job = NULL;

    (void)state;
    assert_int_equal(fetch_job_create(&job, &wish, BYTES_MAX, NULL), SIL_OK);
    assert_null(job->key);
    assert_null(job->bucket);
    assert_false(fetch_job_is_over(job));
    atomic_store(&job->is_cancelled, true);
    assert_true(fetch_job_is_over(job));
    fetch_job_destroy(job);
}

static void a_bad_key_makes_no_job(void **state)
{
    struct fetch_wish wish = {.img_src = "/a", .done = answer_done};
    struct fetch_job *job = NULL;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(fetch_job_create(&job, &wish, BYTES_MAX, &error),
                     SIL_E_BAD_IMG_SRC);
    assert_null(job);
}

static void each_allocation_may_fail(void **state)
{
    struct fetch_wish wish = {.img_src = "s3://b/k", .done = answer_done};
    struct fetch_job *job = NULL;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    (void)state;
    for (n = 1; err && n < TRIES_MAX; n++) {
        mem_fail_at(n);
        err = fetch_job_create(&job, &wish, BYTES_MAX, NULL);
        mem_fail_at(0);
        if (err)
            assert_int_equal(err, SIL_E_NO_MEMORY);
        assert_true(err == SIL_OK || job == NULL);
    }
    assert_true(n > 3); /* the job, its key, its bucket */
    assert_int_equal(err, SIL_OK);
    fetch_job_destroy(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wish_is_copied),
        cmocka_unit_test(a_probe_has_no_key),
        cmocka_unit_test(a_bad_key_makes_no_job),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
