/* The event loop on libuv: tasks from other threads, a tick, stop signals.
 * Must not know HTTP.
 * Its own handles don't keep it running once loop_stop() was called; tasks
 * that were posted by then are still run before loop_run() returns. */
#include "http/loop.h"

#include <signal.h>
#include <uv.h>

#include "base/check.h"
#include "base/mem.h"

enum { STOP_SIGNAL_COUNT = 2 };

/* Invariant: tasks_last is NULL exactly if tasks_first is; both under lock. */
struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_timer_t tick;
    uv_signal_t signals[STOP_SIGNAL_COUNT];
    uv_mutex_t lock;
    struct loop_task *tasks_first, *tasks_last; /* posted, not yet run */
    loop_fn on_tick, on_signal;
    void *tick_payload, *signal_payload;
    bool has_tick, has_signals;
    uv_signal_t hangup;
    loop_fn on_hangup;
    void *hangup_payload;
    bool has_hangup;
    bool is_running;
};

/* Take all tasks off the queue and run them, the oldest first. False if there
 * was none. The lock is let go before the first one runs: a task may post
 * another, which is run the next time. */
static bool run_tasks(struct loop *loop)
{
    struct loop_task *task;
    bool has_run;

    uv_mutex_lock(&loop->lock);
    task = loop->tasks_first;
    loop->tasks_first = NULL;
    loop->tasks_last = NULL;
    uv_mutex_unlock(&loop->lock);
    has_run = task != NULL;
    while (task != NULL) {
        struct loop_task *next = task->next; /* running may free the task */

        sil_assert(task->run != NULL);
        task->run(task->payload);
        task = next;
    }
    return has_run;
}

/* libuv may fold several wakes into one; all tasks are run for each. */
static void on_wake(uv_async_t *wake)
{
    sil_assert(wake->data != NULL);
    (void)run_tasks(wake->data);
}

/* data was set before the timer started. */
static void on_tick(uv_timer_t *tick)
{
    const struct loop *loop = tick->data;

    sil_assert(loop->on_tick != NULL);
    loop->on_tick(loop->tick_payload);
}

/* libuv has caught it: this is a callback like any, and may do what it
 * likes. */
static void on_signal(uv_signal_t *handle, int number)
{
    const struct loop *loop = handle->data;

    sil_assert(number == SIGTERM || number == SIGINT);
    loop->on_signal(loop->signal_payload);
}

/* In the order in which it is undone in case of failure. */
enum sil_err loop_create(struct loop **out)
{
    struct loop *loop = mem_zalloc(1, sizeof *loop);
    bool has_uv = loop != NULL && uv_loop_init(&loop->uv) == 0;
    bool has_lock = has_uv && uv_mutex_init(&loop->lock) == 0;
    bool has_wake =
        has_lock && uv_async_init(&loop->uv, &loop->wake, on_wake) == 0;

    if (has_wake) {
        loop->wake.data = loop;
        /* A peer that goes away is an error of write(), not a signal. */
        (void)signal(SIGPIPE, SIG_IGN);
        *out = loop;
        return SIL_OK;
    }
    if (has_lock)
        uv_mutex_destroy(&loop->lock);
    if (has_uv)
        (void)uv_loop_close(&loop->uv);
    mem_free(loop);
    return SIL_E_NO_MEMORY;
}

/* For uv_walk(): our own handles, and those of servers that never ran. */
static void close_handle(uv_handle_t *handle, void *payload)
{
    sil_assert(handle != NULL);
    (void)payload;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Closing takes a turn of the loop: a handle's memory is libuv's until then,
 * and ours lie within the loop itself. */
void loop_destroy(struct loop *loop)
{
    int left;

    if (loop == NULL)
        return;
    sil_assert(!loop->is_running);
    uv_walk(&loop->uv, close_handle, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    left = uv_loop_close(&loop->uv);
    sil_assert(left == 0);
    uv_mutex_destroy(&loop->lock);
    mem_free(loop);
}

/* At the end of the list, so that tasks run in the order of posting. */
void loop_post(struct loop *loop, struct loop_task *task)
{
    sil_assert(task->run != NULL);
    task->next = NULL;
    uv_mutex_lock(&loop->lock);
    if (loop->tasks_last != NULL)
        loop->tasks_last->next = task;
    else
        loop->tasks_first = task;
    loop->tasks_last = task;
    /* Inside the lock: behind it the loop may run the task and be destroyed
     * before this thread wakes it. Fails only on a broken promise. */
    (void)uv_async_send(&loop->wake);
    uv_mutex_unlock(&loop->lock);
}

/* The first one comes after a whole period. */
enum sil_err loop_every(struct loop *loop, uint32_t period_ms, loop_fn tick,
                        void *payload)
{
    sil_assert(!loop->has_tick);
    sil_assert(period_ms > 0);
    if (uv_timer_init(&loop->uv, &loop->tick) != 0)
        return SIL_E_NO_MEMORY;
    loop->tick.data = loop;
    loop->on_tick = tick;
    loop->tick_payload = payload;
    loop->has_tick = true;
    if (uv_timer_start(&loop->tick, on_tick, period_ms, period_ms) != 0)
        return SIL_E_NO_MEMORY;
    return SIL_OK;
}

/* Both mean the same: a service manager sends the one, a terminal the other. */
enum sil_err loop_on_stop_signal(struct loop *loop, loop_fn fn, void *payload)
{
    static const int numbers[STOP_SIGNAL_COUNT] = {SIGTERM, SIGINT};

    sil_assert(!loop->has_signals);
    loop->on_signal = fn;
    loop->signal_payload = payload;
    for (int i = 0; i < STOP_SIGNAL_COUNT; i++) {
        uv_signal_t *handle = &loop->signals[i];

        if (uv_signal_init(&loop->uv, handle) != 0)
            return SIL_E_INTERNAL;
        handle->data = loop;
        if (uv_signal_start(handle, on_signal, numbers[i]) != 0)
            return SIL_E_INTERNAL;
    }
    loop->has_signals = true;
    return SIL_OK;
}

/* A handle of its own: what it means has nothing to do with stopping. */
static void on_hangup(uv_signal_t *handle, int number)
{
    const struct loop *loop = handle->data;

    sil_assert(number == SIGHUP);
    loop->on_hangup(loop->hangup_payload);
}

enum sil_err loop_on_hangup(struct loop *loop, loop_fn fn, void *payload)
{
    sil_assert(!loop->has_hangup);
    loop->on_hangup = fn;
    loop->hangup_payload = payload;
    if (uv_signal_init(&loop->uv, &loop->hangup) != 0)
        return SIL_E_INTERNAL;
    loop->has_hangup = true;
    loop->hangup.data = loop;
    return uv_signal_start(&loop->hangup, on_hangup, SIGHUP) == 0
               ? SIL_OK
               : SIL_E_INTERNAL;
}

/* A task may start something, and something may post a task: only when both
 * have come to an end it is over. */
void loop_run(struct loop *loop)
{
    bool has_more = true;

    sil_assert(!loop->is_running);
    loop->is_running = true;
    while (has_more) {
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
        has_more = run_tasks(loop);
        has_more |= uv_loop_alive(&loop->uv) != 0;
    }
    loop->is_running = false;
}

/* libuv ends when nothing referenced is left; ours are needed until then. */
void loop_stop(struct loop *loop)
{
    uv_unref((uv_handle_t *)&loop->wake);
    if (loop->has_tick)
        uv_unref((uv_handle_t *)&loop->tick);
    if (loop->has_hangup)
        uv_unref((uv_handle_t *)&loop->hangup);
    for (int i = 0; i < STOP_SIGNAL_COUNT && loop->has_signals; i++)
        uv_unref((uv_handle_t *)&loop->signals[i]);
    sil_assert(!uv_has_ref((uv_handle_t *)&loop->wake));
}

/* A server's sockets live on it, too. */
struct uv_loop_s *loop_uv(struct loop *loop)
{
    sil_assert(loop != NULL);
    return &loop->uv;
}
