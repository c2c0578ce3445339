/* The process that forks decoders, and how it is asked to.
 * Must not know pictures.
 * A program with threads can't fork safely: so one process is forked before
 * there are any, and forks the others when asked. It shares its pages with
 * us, so that a decoder is there in a millisecond. */
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sandbox/sandbox_wire.h"

enum { CONTROL_FD = 3 };

/* Set once; only the socket is used by several threads, under the lock. */
struct sandbox {
    struct sandbox_options options;
    int control; /* to the process that forks; -1: not started */
    pid_t pid;   /* of that process */
    pthread_mutex_t lock;
    atomic_uint_fast64_t loss_count;
};

/* What the library does when nobody says anything about limits. */
struct sandbox_options sandbox_options_default(void)
{
    return (struct sandbox_options){.limits = sil_limits_default(),
                                    .answer_ms = LIMIT_DEADLINE_MS,
                                    .info = decode_info,
                                    .read = decode_image};
}

/* A decoder that is taken over must find no keys in its memory. Nothing else
 * secret has been read by the time of the fork. */
static void wipe_environment(void)
{
    sil_assert(environ != NULL);
    for (char **at = environ; *at != NULL; at++)
        explicit_bzero(*at, strlen(*at));
    (void)clearenv();
}

/* Stopping is the main process's business: what a terminal or a supervisor
 * sends to all of us ends nothing here. We go when it goes. */
static void settle(int control)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "decoder", 0, 0, 0);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(nothing, STDOUT_FILENO) < 0 ||
        dup2(control, CONTROL_FD) != CONTROL_FD ||
        syscall(SYS_close_range, CONTROL_FD + 1, ~0U, 0) != 0)
        _exit(1);
    wipe_environment();
}

/* Fork one decoder. *pidfd: how to end it; -1 where that failed. */
static void fork_one(int *pidfd, const struct sandbox_options *options,
                     const int *fds)
{
    pid_t pid = fork();

    sil_assert(options->read != NULL);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        child_run(options, fds);
    }
    *pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    /* One that can't be ended must not begin. */
    if (pid > 0 && *pidfd < 0)
        (void)kill(pid, SIGKILL);
}

/* The whole life of the process that forks. A decoder that dies is collected
 * by the kernel, since SIGCHLD is ignored. */
_Noreturn static void fork_on_demand(const struct sandbox_options *options)
{
    char message;
    int fds[WIRE_FD_COUNT];

    sil_assert(options != NULL);
    while (wire_receive(CONTROL_FD, &message, 1, fds, WIRE_FD_COUNT)) {
        int pidfd;

        fork_one(&pidfd, options, fds);
        for (size_t i = 0; i < WIRE_FD_COUNT; i++)
            (void)close(fds[i]);
        if (!wire_send(CONTROL_FD, &message, 1, &pidfd, pidfd < 0 ? 0 : 1))
            break;
        if (pidfd >= 0)
            (void)close(pidfd);
    }
    _exit(0);
}

/* What is written into a log at this time is written by us alone: nothing is
 * buffered that both of us might write out. */
enum sil_err sandbox_start(struct sandbox **out,
                           const struct sandbox_options *options,
                           struct sil_error *error)
{
    struct sandbox *sandbox = mem_zalloc(1, sizeof *sandbox);
    int pair[2];

    sil_assert(options->info != NULL && options->read != NULL);
    if (sandbox == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the decoders");
    sandbox->options = *options;
    sandbox->control = -1;
    (void)pthread_mutex_init(&sandbox->lock, NULL);
    /* Each side sees when the other is gone. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        sandbox->control = pair[0];
        sandbox->pid = fork();
        if (sandbox->pid == 0) {
            settle(pair[1]);
            fork_on_demand(&sandbox->options);
        }
        (void)close(pair[1]);
    }
    if (sandbox->control < 0 || sandbox->pid < 0) {
        sandbox_stop(sandbox);
        return err_set(error, SIL_E_INTERNAL,
                       "no process can be started for the decoders");
    }
    *out = sandbox;
    return SIL_OK;
}

/* The closed socket ends it, and its end ends what it forked. */
void sandbox_stop(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    if (sandbox->control >= 0)
        (void)close(sandbox->control);
    if (sandbox->pid > 0)
        (void)waitpid(sandbox->pid, NULL, 0);
    (void)pthread_mutex_destroy(&sandbox->lock);
    mem_free(sandbox);
}

/* One at a time: an answer has no name on it. */
bool sandbox_spawn(int *pidfd, struct sandbox *sandbox, const int *fds)
{
    char message = 'f';
    bool is_there;

    sil_assert(sandbox->control >= 0);
    (void)pthread_mutex_lock(&sandbox->lock);
    /* Without a descriptor in the answer there is no decoder. */
    is_there = wire_send(sandbox->control, &message, 1, fds, WIRE_FD_COUNT) &&
               wire_receive(sandbox->control, &message, 1, pidfd, 1);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return is_there;
}

/* Read-only from the start on: no lock. */
const struct sandbox_options *sandbox_options(const struct sandbox *sandbox)
{
    sil_assert(sandbox != NULL);
    return &sandbox->options;
}

/* A counter for whoever watches: one now and then is a strange picture, many
 * are an attack or a broken machine. */
void sandbox_lost(struct sandbox *sandbox)
{
    sil_assert(sandbox != NULL);
    (void)atomic_fetch_add(&sandbox->loss_count, 1);
}

/* Of all ports together. */
uint64_t sandbox_loss_count(const struct sandbox *sandbox)
{
    sil_assert(sandbox != NULL);
    return atomic_load(&sandbox->loss_count);
}
