/* loop.c: tasks from other threads, the tick, signals, the end.
 * Must not know HTTP.
 * Run under the thread sanitizer too: posting is the one call from outside. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/loop.h"

enum { THREAD_COUNT = 4, TASK_COUNT = 500, TICK_MS = 5, TICK_COUNT = 3 };

struct fixture {
    struct loop *loop;
    int run_count;
    int last[THREAD_COUNT]; /* the last task of each thread that ran */
    int signal_count;
    int tick_count;
    struct loop_task behind; /* posted by the task that stops */
    pthread_t loop_thread;
};

struct numbered_task {
    struct loop_task task;
    struct fixture *fixture;
    int thread, number;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    assert_int_equal(loop_create(&fixture->loop), SIL_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    loop_destroy(fixture->loop);
    free(fixture);
    return 0;
}

static void run_numbered(void *payload)
{
    struct numbered_task *task = payload;
    struct fixture *fixture = task->fixture;

    assert_true(pthread_equal(pthread_self(), fixture->loop_thread));
    assert_int_equal(task->number, fixture->last[task->thread] + 1);
    fixture->last[task->thread] = task->number;
    fixture->run_count++;
    if (fixture->run_count == THREAD_COUNT * TASK_COUNT)
        loop_stop(fixture->loop);
    free(task); /* lent until it runs */
}

struct poster {
    struct fixture *fixture;
    int thread;
};

static void *post_many(void *payload)
{
    const struct poster *poster = payload;

    for (int i = 1; i <= TASK_COUNT; i++) {
        struct numbered_task *task = calloc(1, sizeof *task);

        if (task == NULL)
            abort();
        *task = (struct numbered_task){.task = {run_numbered, task, NULL},
                                       .fixture = poster->fixture,
                                       .thread = poster->thread,
                                       .number = i};
        loop_post(poster->fixture->loop, &task->task);
    }
    return NULL;
}

static void tasks_of_all_threads_run_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct poster posters[THREAD_COUNT];
    pthread_t threads[THREAD_COUNT];

    fixture->loop_thread = pthread_self();
    for (int i = 0; i < THREAD_COUNT; i++) {
        posters[i] = (struct poster){fixture, i};
        assert_int_equal(
            pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    loop_run(fixture->loop);
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(fixture->run_count, THREAD_COUNT * TASK_COUNT);
}

static void stop_the_loop(void *payload)
{
    struct fixture *fixture = payload;

    fixture->run_count++;
    loop_stop(fixture->loop);
    loop_post(fixture->loop, &fixture->behind);
}

static void count_run(void *payload)
{
    struct fixture *fixture = payload;

    fixture->run_count++;
}

static void what_is_posted_behind_the_stop_still_runs(void **state)
{
    struct fixture *fixture = *state;
    struct loop_task stop = {stop_the_loop, fixture, NULL};

    fixture->behind = (struct loop_task){count_run, fixture, NULL};
    loop_post(fixture->loop, &stop);
    loop_run(fixture->loop);
    assert_int_equal(fixture->run_count, 2);
}

static void count_tick(void *payload)
{
    struct fixture *fixture = payload;

    fixture->tick_count++;
    if (fixture->tick_count == TICK_COUNT)
        loop_stop(fixture->loop);
}

static void the_tick_repeats(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(loop_every(fixture->loop, TICK_MS, count_tick, fixture),
                     SIL_OK);
    loop_run(fixture->loop);
    assert_int_equal(fixture->tick_count, TICK_COUNT);
}

static void count_signal(void *payload)
{
    struct fixture *fixture = payload;

    fixture->signal_count++;
    if (fixture->signal_count == 1)
        (void)kill(getpid(), SIGINT);
    else
        loop_stop(fixture->loop);
}

static void both_stop_signals_are_told(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(loop_on_stop_signal(fixture->loop, count_signal, fixture),
                     SIL_OK);
    (void)kill(getpid(), SIGTERM);
    loop_run(fixture->loop);
    assert_int_equal(fixture->signal_count, 2);
}

/* Not one of those that stop it. */
static void a_hangup_is_told(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(loop_on_hangup(fixture->loop, count_signal, fixture),
                     SIL_OK);
    fixture->signal_count = 1; /* The next one stops the fixture's loop. */
    (void)kill(getpid(), SIGHUP);
    loop_run(fixture->loop);
    assert_int_equal(fixture->signal_count, 2);
}

static void running_out_of_memory_is_told(void **state)
{
    struct loop *loop = NULL;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(loop_create(&loop), SIL_E_NO_MEMORY);
    assert_null(loop);
    mem_fail_at(0);
    loop_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_of_all_threads_run_in_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_posted_behind_the_stop_still_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_tick_repeats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_stop_signals_are_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_hangup_is_told, set_up, tear_down),
        cmocka_unit_test(running_out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
