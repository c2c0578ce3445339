/* The queue and its caps, one thread and many.
 * Must not know jobs.
 * Counts are compared after each move: what is taken is given back. */
#include "server/admission.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

enum { WORKERS = 4, ROUNDS = 2000 };

static struct admission *make(uint32_t places, uint32_t in_flight,
                              uint64_t bytes)
{
    struct admission_limits limits = {places, in_flight, bytes};
    struct admission *admission = NULL;

    assert_int_equal(admission_create(&admission, &limits), SIL_OK);
    return admission;
}

static void check_counts(struct admission *admission, uint32_t places,
                         uint32_t in_flight, uint32_t waiting)
{
    struct admission_counts counts = admission_counts(admission);

    assert_int_equal(counts.place_count, places);
    assert_int_equal(counts.in_flight, in_flight);
    assert_int_equal(counts.waiting, waiting);
}

static void enter(struct admission *admission, struct ticket *ticket)
{
    enum metric_reason reason;

    assert_int_equal(admission_enter(admission, ticket, &reason), SIL_OK);
}

static void refuse(struct admission *admission, struct ticket *ticket,
                   enum metric_reason wanted)
{
    enum metric_reason reason = REASON_COUNT;

    assert_int_equal(admission_enter(admission, ticket, &reason),
                     SIL_E_OVERLOADED);
    assert_int_equal(reason, wanted);
    assert_int_equal(ticket->state, TICKET_OUT);
}

static void places_bound_fetching_and_waiting(void **state)
{
    struct admission *admission = make(2, 9, 100);
    struct ticket a = {0}, b = {0}, c = {0};

    (void)state;
    enter(admission, &a);
    enter(admission, &b);
    refuse(admission, &c, REASON_QUEUE);
    admission_wait(admission, &a); /* waiting still takes its place */
    refuse(admission, &c, REASON_QUEUE);
    check_counts(admission, 2, 2, 1);
    assert_ptr_equal(admission_take(admission), &a);
    check_counts(admission, 1, 2, 0);
    enter(admission, &c);
    admission_leave(admission, &a);
    admission_leave(admission, &b);
    admission_leave(admission, &c);
    admission_leave(admission, &c); /* once more is fine */
    check_counts(admission, 0, 0, 0);
    admission_destroy(admission);
}

static void in_flight_bounds_what_is_not_answered(void **state)
{
    struct admission *admission = make(5, 1, 100);
    struct ticket a = {0}, b = {0};

    (void)state;
    enter(admission, &a);
    admission_wait(admission, &a);
    assert_ptr_equal(admission_take(admission), &a);
    refuse(admission, &b, REASON_IN_FLIGHT);
    admission_leave(admission, &a);
    enter(admission, &b);
    admission_leave(admission, &b);
    admission_destroy(admission);
}

static void bytes_are_counted(void **state)
{
    struct admission *admission = make(5, 5, 100);
    struct ticket a = {0}, b = {0};

    (void)state;
    enter(admission, &a);
    enter(admission, &b);
    assert_int_equal(admission_hold(admission, &a, 60), SIL_OK);
    assert_int_equal(admission_hold(admission, &b, 41), SIL_E_OVERLOADED);
    assert_int_equal(admission_hold(admission, &b, 40), SIL_OK);
    assert_int_equal(admission_counts(admission).bytes_held, 100);
    admission_unhold(admission, &a);
    admission_unhold(admission, &a); /* nothing left: fine */
    assert_int_equal(admission_counts(admission).bytes_held, 40);
    admission_leave(admission, &a);
    admission_leave(admission, &b); /* gives its bytes back */
    assert_int_equal(admission_counts(admission).bytes_held, 0);
    admission_destroy(admission);
}

static void the_queue_is_first_in_first_out(void **state)
{
    struct admission *admission = make(5, 5, 100);
    struct ticket t[4] = {{0}};

    (void)state;
    for (int i = 0; i < 4; i++) {
        enter(admission, &t[i]);
        admission_wait(admission, &t[i]);
    }
    assert_true(admission_withdraw(admission, &t[1])); /* from the middle */
    assert_false(admission_withdraw(admission, &t[1]));
    assert_true(admission_withdraw(admission, &t[3])); /* the last */
    assert_ptr_equal(admission_take(admission), &t[0]);
    assert_false(admission_withdraw(admission, &t[0]));
    assert_ptr_equal(admission_take(admission), &t[2]);
    for (int i = 0; i < 4; i++)
        admission_leave(admission, &t[i]);
    check_counts(admission, 0, 0, 0);
    admission_destroy(admission);
}

/** What one thread of the crowd does. */
struct crowd {
    struct admission *admission;
    uint32_t taken; /* tickets this thread got */
};

static void *take_all(void *payload)
{
    struct crowd *crowd = payload;
    struct ticket *ticket;

    for (ticket = admission_take(crowd->admission); ticket != NULL;
         ticket = admission_take(crowd->admission)) {
        crowd->taken++;
        admission_leave(crowd->admission, ticket);
    }
    return NULL;
}

static void many_workers_share_it_until_it_closes(void **state)
{
    struct admission *admission = make(ROUNDS, ROUNDS, 100);
    struct ticket *tickets = mem_zalloc(ROUNDS, sizeof *tickets);
    struct crowd crowd[WORKERS];
    pthread_t threads[WORKERS];
    uint32_t taken = 0;

    (void)state;
    assert_non_null(tickets);
    for (int i = 0; i < WORKERS; i++) {
        crowd[i] = (struct crowd){admission, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, &crowd[i]),
                         0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        enter(admission, &tickets[i]);
        admission_wait(admission, &tickets[i]);
    }
    while (admission_counts(admission).in_flight > 0)
        (void)sched_yield();
    admission_close(admission);
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        taken += crowd[i].taken;
    }
    assert_int_equal(taken, ROUNDS);
    assert_null(admission_take(admission)); /* closed stays closed */
    admission_destroy(admission);
    mem_free(tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_bound_fetching_and_waiting),
        cmocka_unit_test(in_flight_bounds_what_is_not_answered),
        cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(the_queue_is_first_in_first_out),
        cmocka_unit_test(many_workers_share_it_until_it_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
