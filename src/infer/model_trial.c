/* sil_model_try(): a network opened in a process of its own.
 * Must not know engines, nor what a network looks like.
 * The child tells how it went through a pipe; one that dies tells nothing,
 * and that is an answer too. Nothing of it comes back but that. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

/* What an engine writes on its way down is not for whoever asked; and a dump
 * of its memory neither. A network that never ends is ended. */
static void settle_child(void)
{
    const struct rlimit no_dump = {0, 0};
    const struct rlimit time = {LIMIT_MODEL_TRIAL_S, LIMIT_MODEL_TRIAL_S};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    static_assert(LIMIT_MODEL_TRIAL_S > 0, "some time must be given");
    if (nowhere >= 0) {
        (void)dup2(nowhere, STDERR_FILENO);
        (void)dup2(nowhere, STDOUT_FILENO);
    }
    (void)setrlimit(RLIMIT_CORE, &no_dump);
    (void)setrlimit(RLIMIT_CPU, &time);
}

/* The child's whole life. It ends without the parent's exit handlers. */
static _Noreturn void live_child(int to, const char *models_dir,
                                 const struct sil_model_options *options)
{
    struct sil_error error = {0};
    struct sil_model *model = NULL;
    ssize_t size;

    settle_child();
    error.code = sil_model_open(&model, models_dir, options, &error);
    sil_assert((model != NULL) == (error.code == SIL_OK));
    /* Closing is a part of it: that may be what it dies of. */
    sil_model_close(model);
    size = write(to, &error, sizeof error);
    _exit(size == (ssize_t)sizeof error ? 0 : 1);
}

/* All that the child has to say: less than a pipe holds at once. false: it
 * said nothing whole. */
static bool hear(struct sil_error *told, int from)
{
    uint8_t bytes[sizeof *told];
    size_t size = 0;

    while (size < sizeof bytes) {
        ssize_t some = read(from, bytes + size, sizeof bytes - size);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return false;
        size += (size_t)some;
    }
    sil_assert(size == sizeof *told);
    memcpy(told, bytes, sizeof *told);
    return true;
}

/* Wait for its end, whatever interrupts. Returns what waitpid() says. */
static int end_of(pid_t child)
{
    int status = 0;

    sil_assert(child > 0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* The writing end is closed here before reading: else the end of a child that
 * died would never be seen. What is read is the child's word about itself: a
 * code that it could have, or we are wrong about it. */
enum sil_err sil_model_try(const char *models_dir,
                           const struct sil_model_options *options,
                           struct sil_error *error)
{
    struct sil_error told = {0};
    int ends[2];
    bool is_told;
    pid_t child;
    int status;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(error, SIL_E_INTERNAL, "no pipe: %s", strerror(errno));
    child = fork();
    if (child == 0)
        live_child(ends[1], models_dir, options);
    (void)close(ends[1]);
    is_told = child > 0 && hear(&told, ends[0]);
    (void)close(ends[0]);
    if (child < 0)
        return err_set(error, SIL_E_INTERNAL, "no process to try a network in");
    status = end_of(child);
    if (!is_told || !WIFEXITED(status))
        return err_set(error, SIL_E_MODEL,
                       "the engine died of the network (signal %d)",
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    sil_assert(told.code >= SIL_OK && told.code <= SIL_E_ARGUMENT);
    if (told.code)
        return err_set(error, told.code, "%s", told.detail);
    return SIL_OK;
}
