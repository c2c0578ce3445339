/* Threads with the real network: they start, test themselves, work, stop.
 * Must not know requests: a ticket's work is to count and to segment.
 * The number of threads is more than one on any machine. */
#include "server/workers.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

enum { THREADS = 2, TICKETS = 6, SIDE = 32 };

/** What all tickets of a test share. */
struct bench {
    struct sil_model *model;
    struct admission *admission;
    atomic_int done_count, failure_count;
};

static void work(struct ticket *ticket, struct sil_session *session)
{
    struct bench *bench = ticket->payload;
    uint8_t rgb[SIDE * SIDE * 3];
    struct sil_pixels pixels = {rgb, SIDE, SIDE, SIDE * 3};
    struct sil_result *result = NULL;

    memset(rgb, 200, sizeof rgb);
    if (sil_segment_pixels(&result, session, &pixels, NULL, NULL))
        atomic_fetch_add(&bench->failure_count, 1);
    sil_result_destroy(result);
    atomic_fetch_add(&bench->done_count, 1);
}

static void tickets_are_worked_off(void **state)
{
    struct bench bench = {0};
    struct admission_limits limits = {TICKETS, TICKETS, 1};
    struct sil_model_options model_options = sil_model_options_default();
    struct worker_options options = {.work = work, .count = THREADS};
    struct ticket tickets[TICKETS] = {{0}};
    struct workers *workers = NULL;
    enum metric_reason reason;

    (void)state;
    model_options.thread_count = THREADS;
    assert_int_equal(sil_model_open(&bench.model, SIL_SOURCE_DIR "/models",
                                    &model_options, NULL),
                     SIL_OK);
    assert_int_equal(admission_create(&bench.admission, &limits), SIL_OK);
    options.model = bench.model;
    options.admission = bench.admission;
    assert_int_equal(workers_start(&workers, &options, NULL), SIL_OK);
    for (int i = 0; i < TICKETS; i++) {
        tickets[i].payload = &bench;
        assert_int_equal(admission_enter(bench.admission, &tickets[i], &reason),
                         SIL_OK);
        admission_wait(bench.admission, &tickets[i]);
    }
    while (atomic_load(&bench.done_count) < TICKETS)
        (void)sched_yield();
    workers_stop(workers);
    for (int i = 0; i < TICKETS; i++)
        admission_leave(bench.admission, &tickets[i]);
    assert_int_equal(atomic_load(&bench.failure_count), 0);
    admission_destroy(bench.admission);
    sil_model_close(bench.model);
}

static void there_is_a_core_to_work_on(void **state)
{
    (void)state;
    assert_in_range(workers_core_count(), 1, LIMIT_THREADS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_are_worked_off),
        cmocka_unit_test(there_is_a_core_to_work_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
