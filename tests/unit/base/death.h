/* Provoking broken promises in a child, whose last words are read.
 * Must not know which promises there are.
 * The child must not return into cmocka: whatever happens, it ends here. */
#ifndef SIL_TESTS_DEATH_H
#define SIL_TESTS_DEATH_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LAST_WORDS_SIZE = 1024 };

/* What a child does that must not survive it. */
typedef void (*deed_fn)(void);

/* Fail unless deed() aborts, having written wanted among its last words on
 * standard error. */
static inline void assert_dies(deed_fn deed, const char *wanted)
{
    char words[LAST_WORDS_SIZE] = "";
    int ends[2];
    int status = 0;
    size_t size = 0;
    ssize_t got = 1;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* cmocka catches SIGABRT otherwise. */
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        deed();
        _exit(0);
    }
    (void)close(ends[1]);
    while (got > 0 && size < sizeof words - 1) {
        got = read(ends[0], words + size, sizeof words - 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    words[size] = '\0';
    assert_non_null(strstr(words, wanted));
}

#endif
