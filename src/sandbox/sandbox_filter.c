/* The walls of a decoder's process: resource limits and a list of calls.
 * Must not know what a decoder is.
 * The list says what decoding needs: memory, its socket, threads of its own
 * (some video decoders start them), the clock. What isn't on it is refused
 * with EPERM, as libraries cope with that; what only an intruder would ask
 * for ends the process. */
#include "sandbox/sandbox_wire.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/check.h"

/* AddressSanitizer reserves terabytes and looks into /proc by itself: its
 * builds test everything but the limit of memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif
#else
enum { IS_SANITIZED = 0 };
#endif

/* Whatever their arguments. None of them opens, names or reaches anything:
 * the descriptors that exist are the socket and the standard three. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(close),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(sched_yield),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
};

/* Nobody who decodes asks for these. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(kexec_load),
};

/* What only an intruder would do in the service itself, too. Its threads start
 * others, open files and sockets, and compile the network to machine code: a
 * list of what is allowed would be long, and wrong with the next library. */
static const int foreign[] = {
    SCMP_SYS(execve),        SCMP_SYS(execveat),
    SCMP_SYS(ptrace),        SCMP_SYS(process_vm_readv),
    SCMP_SYS(bpf),           SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),         SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),    SCMP_SYS(chroot),
    SCMP_SYS(setns),         SCMP_SYS(unshare),
    SCMP_SYS(init_module),   SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(reboot),        SCMP_SYS(swapon),
    SCMP_SYS(setuid),        SCMP_SYS(setgid),
    SCMP_SYS(keyctl),        SCMP_SYS(add_key),
    SCMP_SYS(settimeofday),  SCMP_SYS(clock_settime),
    SCMP_SYS(userfaultfd),   SCMP_SYS(perf_event_open),
};

/* Memory that can be run is never asked for again; threads are fine, processes
 * aren't; signals go to oneself, which is how abort() works. */
static int add_conditional(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_exec = {
        .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
    const struct scmp_arg_cmp thread = {.arg = 0,
                                        .op = SCMP_CMP_MASKED_EQ,
                                        .datum_a = CLONE_THREAD,
                                        .datum_b = CLONE_THREAD};
    const struct scmp_arg_cmp self = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid()};
    int failed = 0;

    sil_assert(filter != NULL);
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                     &no_exec);
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
                                     1, &no_exec);
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                     &thread);
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
                                     1, &self);
    /* Its flags are in memory, where a filter can't look: libraries then take
     * clone(). */
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS),
                                     SCMP_SYS(clone3), 0, NULL);
    return failed;
}

/* From here on the kernel decides. Rules that the processor doesn't have are
 * told as errors, too: better no decoder than one with a wall missing. */
static bool load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = 0;

    if (filter == NULL)
        return false;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    failed |= add_conditional(filter);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return failed == 0;
}

/* All threads at once: the engine has started some. A leak sanitizer looks
 * into its own process at the end. */
bool sandbox_harden(void)
{
    scmp_filter_ctx filter;
    int failed = 0;

    if (IS_SANITIZED)
        return true;
    filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return false;
    failed |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, foreign[i], 0);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return failed == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* Both the limit and what it could be raised to. False: the system
 * wouldn't. */
static bool limit(__rlimit_resource_t what, size_t most)
{
    struct rlimit both = {most, most};

    return setrlimit(what, &both) == 0;
}

/* RLIMIT_DATA bounds private memory, however it is asked for; what is shared
 * with us, and what the program has loaded, doesn't count. */
static bool limit_memory(size_t memory_bytes)
{
    struct rlimit now;
    size_t most;

    sil_assert(memory_bytes > 0);
    if (IS_SANITIZED)
        return true;
    if (getrlimit(RLIMIT_DATA, &now) != 0)
        return false;
    most = memory_bytes;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
        most = (size_t)now.rlim_max;
    return limit(RLIMIT_DATA, most);
}

/* Descriptors that exist stay usable; no further one can be made. */
bool filter_shut(size_t memory_bytes)
{
    return limit_memory(memory_bytes) && limit(RLIMIT_NOFILE, 0) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && load_filter();
}
