/* The event loop: what the server waits with.
 * Threads: all on the loop's thread but loop_post(), which any may call.
 * Must not know HTTP. */
#ifndef SIL_HTTP_LOOP_H
#define SIL_HTTP_LOOP_H

#include <silhouette.h>

struct loop;

/* A program's life around it:
 *
 *     loop_create(&loop);
 *     http_server_open(&server, loop, …);   what keeps it running
 *     loop_run(loop);                       until, in some callback:
 *         http_server_close(server);
 *         loop_stop(loop);
 *     (end all threads that post)
 *     loop_destroy(loop); */

/** Called on the loop's thread. */
typedef void (*loop_fn)(void *payload);

/** *out: yours, loop_destroy(). Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err loop_create(struct loop **out);

/** After loop_run() has returned. NULL is fine. */
void loop_destroy(struct loop *loop);

/** One piece of work for the loop; the caller embeds it where it is needed,
 *  so that posting can't fail for want of memory. */
struct loop_task {
    loop_fn run;
    void *payload;
    struct loop_task *next; /* the loop's own; NULL: last */
};

/** Run the task on the loop's thread, in the order of posting. The task is
 *  lent until it runs. Any thread. */
void loop_post(struct loop *loop, struct loop_task *task);

/** Call tick every period_ms on the loop's thread. At most once per loop.
 *  Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err loop_every(struct loop *loop, uint32_t period_ms,
                                     loop_fn tick, void *payload);

/** Call fn, once for each SIGTERM and SIGINT. Errors: SIL_E_INTERNAL. */
SIL_MUST_USE enum sil_err loop_on_stop_signal(struct loop *loop, loop_fn fn,
                                              void *payload);

/** Call fn for each SIGHUP, which otherwise ends the process. At most once per
 *  loop. Errors: SIL_E_INTERNAL. */
SIL_MUST_USE enum sil_err loop_on_hangup(struct loop *loop, loop_fn fn,
                                         void *payload);

/** Run until loop_stop() and until nothing is open any more. */
void loop_run(struct loop *loop);

/** Let loop_run() return once the servers on it are closed. */
void loop_stop(struct loop *loop);

/** For src/http alone: the uv_loop_t inside. A loan. */
struct uv_loop_s *loop_uv(struct loop *loop);

#endif
