/* sandbox: the same pixels as without it, and what a decoder can't do there.
 * Must not know formats: "decoders" of the test's own do what an exploit
 * would, chosen by the first bytes of the "picture".
 * They are real processes behind real walls. Nothing here waits for time to
 * pass, save the one hang that is ended by a short deadline. */
#include "decode/pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "decode/write_jpeg.h"
#include "sandbox/sandbox.h"

enum { WIDTH = 640, HEIGHT = 480, SMALL = 8, MEBI = 1 << 20 };

/* What the "picture" asks its decoder to do. */
enum deed {
    DEED_FINE,
    DEED_CRASH,
    DEED_ABORT,
    DEED_HANG,
    DEED_EXIT,
    DEED_EXEC,
    DEED_SOCKET,
    DEED_PTRACE,
    DEED_OPEN,
    DEED_CREATE,
    DEED_FORK,
    DEED_SIGNAL,
    DEED_RUN_MEMORY,
    DEED_DUP,
    DEED_MEMORY_BOMB,
    DEED_WIDE,
    DEED_TURNED,
    DEED_ODD_ERROR,
    DEED_ENVIRONMENT,
    DEED_COUNT
};

/* SIL_OK if the system refused it, else the picture "corrupt": so that a test
 * reads "fine" where the wall held. */
static enum sil_err refused(bool is_refused, struct sil_error *error)
{
    return is_refused ? SIL_OK
                      : err_set(error, SIL_E_UNSUPPORTED_FORMAT, "it worked");
}

/* Much more than it may have, touched so that it is there. */
static enum sil_err bomb(struct sil_error *error)
{
    for (size_t i = 0; i < LIMIT_SANDBOX_MEMORY_MAX / MEBI + 1; i++) {
        char *bytes = mmap(NULL, MEBI, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED)
            return SIL_E_NO_MEMORY;
        bytes[0] = 1;
    }
    return refused(false, error);
}

/* Secrets of the environment, anywhere where it used to be. */
static bool sees_secret(void)
{
    return getenv("SILHOUETTE_TEST_SECRET") != NULL ||
           (environ != NULL && environ[0] != NULL);
}

/* Calls that end the process or are refused. */
static enum sil_err try_call(enum deed deed, struct sil_error *error)
{
    char *const none[] = {NULL};

    switch (deed) {
    case DEED_EXEC:
        return refused(execve("/bin/true", none, none) != 0, error);
    case DEED_SOCKET:
        return refused(socket(AF_INET, SOCK_STREAM, 0) < 0, error);
    case DEED_PTRACE:
        return refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0, error);
    case DEED_OPEN:
        return refused(open("/etc/passwd", O_RDONLY) < 0, error);
    case DEED_CREATE:
        return refused(open("/tmp/x", O_WRONLY | O_CREAT, 0600) < 0, error);
    case DEED_FORK:
        return refused(syscall(SYS_fork) < 0, error);
    case DEED_SIGNAL:
        return refused(kill(getppid(), 0) < 0, error);
    case DEED_RUN_MEMORY:
        return refused(mmap(NULL, MEBI, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
                       error);
    case DEED_DUP:
        return refused(dup(STDERR_FILENO) < 0, error);
    default:
        return refused(!sees_secret(), error);
    }
}

/* Runs inside. */
static enum sil_err do_info(struct decode_info *out,
                            const struct decode_source *source,
                            struct sil_error *error)
{
    enum deed deed = source->bytes[3];

    out->width = SMALL;
    out->height = SMALL;
    out->orientation = 1;
    switch (deed) {
    case DEED_FINE:
        return SIL_OK;
    case DEED_CRASH:
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka's handler otherwise */
        (void)raise(SIGSEGV);
        return SIL_OK;
    case DEED_ABORT:
        (void)signal(SIGABRT, SIG_DFL);
        abort();
    case DEED_HANG:
        while (true)
            ;
    case DEED_EXIT:
        _exit(0);
    case DEED_MEMORY_BOMB:
        return bomb(error);
    case DEED_WIDE:
        out->width = UINT32_MAX;
        return SIL_OK;
    case DEED_TURNED:
        out->orientation = 77;
        return SIL_OK;
    case DEED_ODD_ERROR:
        return SIL_E_UNAUTHORIZED;
    default:
        return try_call(deed, error);
    }
}

/* Runs inside: pixels that aren't as many as the header said. */
static enum sil_err read_lies(struct image *out,
                              const struct decode_source *source,
                              uint32_t shrink, struct sil_error *error)
{
    (void)source;
    (void)error;
    return image_init(out, SMALL + shrink, SMALL);
}

/* A sandbox and one decoder in it. */
struct cell {
    struct sandbox *sandbox;
    struct decode_port *port;
};

static struct cell open_cell(const struct sandbox_options *options)
{
    struct cell cell = {0};
    struct sil_error error = {0};

    assert_int_equal(sandbox_start(&cell.sandbox, options, &error), SIL_OK);
    assert_int_equal(sandbox_port_open(&cell.port, cell.sandbox, &error),
                     SIL_OK);
    return cell;
}

static void close_cell(struct cell *cell)
{
    sandbox_port_close(cell->port);
    sandbox_stop(cell->sandbox);
}

static struct cell open_deeds(void)
{
    struct sandbox_options options = sandbox_options_default();

    options.info = do_info;
    options.read = read_lies;
    options.answer_ms = 100;
    return open_cell(&options);
}

/* A picture, as far as its first bytes go, that asks for a deed. */
static enum sil_err do_deed(struct decode_info *info, const struct cell *cell,
                            enum deed deed)
{
    const uint8_t bytes[] = {0xff, 0xd8, 0xff, (uint8_t)deed};
    struct decode_source source = {.bytes = bytes,
                                   .size = sizeof bytes,
                                   .limits = sil_limits_default(),
                                   .port = cell->port};
    struct sil_error error = {0};
    enum sil_err err = decode_info(info, &source, &error);

    assert_true(error.code == SIL_OK || error.code == err);
    return err;
}

/* A real picture, decoded there and here, at each scale: not a byte differs. */
static void test_same_pixels(void **state)
{
    struct sandbox_options options = sandbox_options_default();
    struct cell cell = open_cell(&options);
    struct jpeg_kind kind = {.quality = 80};
    struct image drawn = picture_draw(WIDTH, HEIGHT);
    struct buf bytes;
    struct decode_source source;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_jpeg(&bytes, &drawn, &kind);
    source = (struct decode_source){.bytes = bytes.bytes,
                                    .size = bytes.size,
                                    .limits = sil_limits_default(),
                                    .port = cell.port};
    for (uint32_t shrink = 1; shrink <= DECODE_SHRINK_MAX; shrink *= 2) {
        struct image here = {0};
        struct image there = {0};
        struct decode_info info;

        assert_int_equal(decode_info(&info, &source, NULL), SIL_OK);
        assert_int_equal(info.width, WIDTH);
        assert_string_equal(info.format, "jpeg");
        assert_int_equal(decode_image(&there, &source, shrink, NULL), SIL_OK);
        assert_false(there.is_owned);
        assert_int_equal(picture_decode(&here, bytes.bytes, bytes.size, shrink),
                         SIL_OK);
        assert_int_equal(picture_largest_difference(&here, &there), 0);
        image_finish(&here);
        image_finish(&there);
        cell.port->rest(cell.port);
    }
    assert_int_equal(sandbox_loss_count(cell.sandbox), 0);
    image_finish(&drawn);
    buf_finish(&bytes);
    close_cell(&cell);
}

/* Pixels without a look at the header first: the port has one by itself. */
static void test_pixels_at_once(void **state)
{
    struct sandbox_options options = sandbox_options_default();
    struct cell cell = open_cell(&options);
    struct jpeg_kind kind = {.quality = 80};
    struct image drawn = picture_draw(WIDTH, HEIGHT);
    struct image there = {0};
    struct sil_error error = {0};
    struct buf bytes;
    struct decode_source source;

    (void)state;
    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_jpeg(&bytes, &drawn, &kind);
    source = (struct decode_source){.bytes = bytes.bytes,
                                    .size = bytes.size,
                                    .limits = sil_limits_default(),
                                    .port = cell.port};
    assert_int_equal(decode_image(&there, &source, 2, NULL), SIL_OK);
    assert_int_equal(there.width, WIDTH / 2);
    /* An error inside comes with its words. */
    source.size /= 2;
    assert_int_equal(decode_image(&there, &source, 2, &error),
                     SIL_E_IMAGE_CORRUPT);
    assert_non_null(strstr(error.detail, "JPEG"));
    image_finish(&drawn);
    buf_finish(&bytes);
    close_cell(&cell);
}

/* What it did, how that is told, and whether a decoder is lost by it. */
static const struct {
    enum deed deed;
    enum sil_err err;
    bool is_lost;
} DEEDS[] = {
    {DEED_FINE, SIL_OK, false},
    {DEED_CRASH, SIL_E_IMAGE_CORRUPT, true},
    {DEED_ABORT, SIL_E_IMAGE_CORRUPT, true},
    {DEED_HANG, SIL_E_IMAGE_CORRUPT, true},
    {DEED_EXIT, SIL_E_IMAGE_CORRUPT, true},
    {DEED_EXEC, SIL_E_IMAGE_CORRUPT, true},
    {DEED_SOCKET, SIL_E_IMAGE_CORRUPT, true},
    {DEED_PTRACE, SIL_E_IMAGE_CORRUPT, true},
    {DEED_OPEN, SIL_OK, false},
    {DEED_CREATE, SIL_OK, false},
    {DEED_FORK, SIL_OK, false},
    {DEED_SIGNAL, SIL_OK, false},
    {DEED_RUN_MEMORY, SIL_OK, false},
    {DEED_DUP, SIL_OK, false},
    {DEED_ENVIRONMENT, SIL_OK, false},
    {DEED_WIDE, SIL_E_IMAGE_TOO_MANY_PIXELS, false},
    {DEED_TURNED, SIL_E_IMAGE_CORRUPT, true},
    {DEED_ODD_ERROR, SIL_E_IMAGE_CORRUPT, true},
};

/* Each costs its own picture at most: the next one is fine. */
static void test_deeds(void **state)
{
    struct cell cell;
    uint64_t lost = 0;

    (void)state;
    assert_int_equal(setenv("SILHOUETTE_TEST_SECRET", "secret", 1), 0);
    cell = open_deeds();
    for (size_t i = 0; i < ROW_COUNT(DEEDS); i++) {
        struct decode_info info;

        assert_int_equal(do_deed(&info, &cell, DEEDS[i].deed), DEEDS[i].err);
        lost += DEEDS[i].is_lost;
        assert_int_equal(sandbox_loss_count(cell.sandbox), lost);
        assert_int_equal(do_deed(&info, &cell, DEED_FINE), SIL_OK);
        assert_int_equal(info.width, SMALL);
    }
    close_cell(&cell);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* Its memory ends before the machine's does. */
static void test_memory_bomb(void **state)
{
    struct cell cell = open_deeds();
    struct decode_info info;

    (void)state;
    assert_int_equal(do_deed(&info, &cell, DEED_MEMORY_BOMB), SIL_E_NO_MEMORY);
    close_cell(&cell);
}
#endif

/* Sizes that contradict the header are never used. */
static void test_lies_about_pixels(void **state)
{
    const uint8_t bytes[] = {0xff, 0xd8, 0xff, DEED_FINE};
    struct cell cell = open_deeds();
    struct decode_source source = {.bytes = bytes,
                                   .size = sizeof bytes,
                                   .limits = sil_limits_default(),
                                   .port = cell.port};
    struct image image = {0};

    (void)state;
    assert_int_equal(decode_image(&image, &source, 1, NULL),
                     SIL_E_IMAGE_CORRUPT);
    assert_null(image.rgb);
    assert_int_equal(sandbox_loss_count(cell.sandbox), 1);
    close_cell(&cell);
}

/* A decoder that ignores the deadline is ended, and the reason is that. */
static void test_deadline(void **state)
{
    const uint8_t bytes[] = {0xff, 0xd8, 0xff, DEED_HANG};
    struct cell cell = open_deeds();
    struct decode_source source = {.bytes = bytes,
                                   .size = sizeof bytes,
                                   .limits = sil_limits_default(),
                                   .deadline_ns = clock_ns() + NS_PER_MS,
                                   .port = cell.port};
    struct decode_info info;

    (void)state;
    assert_int_equal(decode_info(&info, &source, NULL),
                     SIL_E_DEADLINE_EXCEEDED);
    close_cell(&cell);
}

/* Hundreds of losses leave no descriptor and no process behind. */
static void test_no_leak(void **state)
{
    struct cell cell = open_deeds();
    struct decode_info info;
    int before;
    int after;

    (void)state;
    assert_int_equal(do_deed(&info, &cell, DEED_FINE), SIL_OK);
    before = dup(STDERR_FILENO);
    (void)close(before);
    for (int i = 0; i < 200; i++)
        assert_int_equal(do_deed(&info, &cell, DEED_EXIT), SIL_E_IMAGE_CORRUPT);
    assert_int_equal(do_deed(&info, &cell, DEED_FINE), SIL_OK);
    after = dup(STDERR_FILENO);
    (void)close(after);
    assert_int_equal(after, before);
    assert_int_equal(sandbox_loss_count(cell.sandbox), 200);
    close_cell(&cell);
    /* The process that forks was waited for, and had no child left. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* In a child, as there is no way back. */
static int status_of_hardened(bool does_exec)
{
    char *const none[] = {NULL};
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (!sandbox_harden())
            _exit(2);
        if (does_exec)
            (void)execve("/bin/true", none, none);
        _exit(open("/proc/self/statm", O_RDONLY) < 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* The service goes on working, and runs no program. */
static void test_hardened(void **state)
{
    int status = status_of_hardened(false);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    status = status_of_hardened(true);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}
#endif

/* Memory that can't be had is told, and nothing is left behind. */
static void test_no_memory(void **state)
{
    struct sandbox_options options = sandbox_options_default();
    struct sandbox *sandbox = NULL;
    struct decode_port *port = NULL;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(sandbox_start(&sandbox, &options, NULL), SIL_E_NO_MEMORY);
    assert_int_equal(sandbox_start(&sandbox, &options, NULL), SIL_OK);
    mem_fail_at(1);
    assert_int_equal(sandbox_port_open(&port, sandbox, NULL), SIL_E_NO_MEMORY);
    assert_null(port);
    sandbox_port_close(port);
    sandbox_stop(sandbox);
    sandbox_stop(NULL);
}

/* Limits that no memory can serve are refused, not served. */
static void test_refused_by_the_system(void **state)
{
    struct sandbox_options options = sandbox_options_default();
    struct sandbox *sandbox = NULL;
    struct decode_port *port = NULL;

    (void)state;
    options.limits.image_pixels_max = UINT64_MAX / 4;
    assert_int_equal(sandbox_start(&sandbox, &options, NULL), SIL_OK);
    assert_int_equal(sandbox_port_open(&port, sandbox, NULL), SIL_E_INTERNAL);
    sandbox_stop(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_pixels),
        cmocka_unit_test(test_pixels_at_once),
        cmocka_unit_test(test_deeds),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(test_memory_bomb),
        cmocka_unit_test(test_hardened),
#endif
        cmocka_unit_test(test_lies_about_pixels),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_no_leak),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_refused_by_the_system),
    };

    log_set_level(LOG_OFF); /* Hundreds of lost decoders. */
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
