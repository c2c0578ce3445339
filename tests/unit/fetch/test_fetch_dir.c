/* A folder as a store: what is found, what is refused, what is never touched.
 * Must not know how the store's thread works.
 * Root may read everything, so the test of permissions runs as nobody. */
#include "fetch_tools.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "base/mem.h"

enum { BYTES_MAX = 3 * LIMIT_FETCH_PIECE_BYTES, NOBODY = 65534 };

/* A folder: /tmp/x/{root/…, secret}. */
struct world {
    char path[64];  /* of the whole */
    char store[96]; /* "dir:" and the root inside it */
};

static void put_file(const struct world *world, const char *name, size_t size)
{
    char path[256];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", world->path, name);
    fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(i * 7 + i / 251);
        uint8_t piece[4096];
        size_t count = size - i < sizeof piece ? size - i : sizeof piece;

        memset(piece, byte, count);
        assert_int_equal(write(fd, piece, count), (ssize_t)count);
        i += count - 1;
    }
    (void)close(fd);
}

static void in_world(char *path, size_t size, const struct world *world,
                     const char *name)
{
    assert_true((size_t)snprintf(path, size, "%s/%s", world->path, name) <
                size);
}

static void world_init(struct world *world)
{
    char path[256];

    (void)snprintf(world->path, sizeof world->path, "/tmp/sil-dir-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    assert_int_equal(chmod(world->path, 0755), 0);
    (void)snprintf(world->store, sizeof world->store, "dir:%s/root",
                   world->path);
    in_world(path, sizeof path, world, "root");
    assert_int_equal(mkdir(path, 0755), 0);
    in_world(path, sizeof path, world, "root/sub");
    assert_int_equal(mkdir(path, 0755), 0);
    put_file(world, "secret", 6);
    put_file(world, "root/a.jpg", 5000);
    put_file(world, "root/sub/\xED\x95\x9C +#?%41.jpg", 3);
    put_file(world, "root/empty", 0);
    put_file(world, "root/full", BYTES_MAX);
    put_file(world, "root/over", BYTES_MAX + 1);
}

static void world_finish(struct world *world)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        (void)execl("/bin/rm", "rm", "-rf", world->path, (char *)NULL);
        _exit(1);
    }
    (void)waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static struct fetch_store *open_store(const struct world *world)
{
    struct fetch_options options = {.store = world->store,
                                    .bytes_max = BYTES_MAX};
    struct fetch_store *store = NULL;
    struct sil_error error = {0};

    if (fetch_store_open(&store, &options, &error))
        fail_msg("%s", error.detail);
    return store;
}

static void files_are_found(void **state)
{
    static const struct {
        const char *key;
        size_t size;
    } rows[] = {
        {"a.jpg", 5000},
        {"sub/\xED\x95\x9C +#?%41.jpg", 3}, /* literally */
        {"empty", 0},
        {"full", BYTES_MAX}, /* exactly the limit */
    };
    struct world world;
    struct fetch_store *store;
    struct answer answer;

    (void)state;
    world_init(&world);
    store = open_store(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum sil_err err = fetch_and_wait(&answer, store, rows[i].key, 0);

        assert_int_equal(err, SIL_OK);
        assert_int_equal(answer.bytes.size, rows[i].size);
        if (rows[i].size > 4096)
            assert_int_equal(answer.bytes.bytes[4096],
                             (uint8_t)(4096 * 7 + 4096 / 251));
        assert_int_equal(answer.stats.try_count, 1);
        assert_true(answer.stats.elapsed_ns > 0);
        answer_finish(&answer);
    }
    fetch_store_close(store);
    world_finish(&world);
}

static void check_ends(struct fetch_store *store, const char *key,
                       enum sil_err expected)
{
    struct answer answer;
    enum sil_err err = fetch_and_wait(&answer, store, key, 0);

    if (err != expected)
        fail_msg("%s: %s, not %s", key, sil_err_code(err),
                 sil_err_code(expected));
    assert_int_equal(answer.error.code, expected);
    assert_true(answer.error.detail[0] != '\0');
    assert_null(strstr(answer.error.detail, "/tmp"));
    assert_int_equal(answer.bytes.size, 0);
    answer_finish(&answer);
}

static void nothing_else_is_touched(void **state)
{
    struct world world;
    struct fetch_store *store;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char path[256];
    char target[256];
    char long_key[LIMIT_KEY_BYTES_MAX + 1];
    int server = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    world_init(&world);
    in_world(path, sizeof path, &world, "root/fifo");
    assert_int_equal(mkfifo(path, 0644), 0);
    in_world(name.sun_path, sizeof name.sun_path, &world, "root/socket");
    assert_int_equal(bind(server, (void *)&name, sizeof name), 0);
    in_world(path, sizeof path, &world, "root/out");
    assert_int_equal(symlink("../secret", path), 0);
    in_world(path, sizeof path, &world, "root/in");
    assert_int_equal(symlink("a.jpg", path), 0);
    in_world(path, sizeof path, &world, "root/absolute");
    in_world(target, sizeof target, &world, "secret");
    assert_int_equal(symlink(target, path), 0);
    in_world(path, sizeof path, &world, "root/door");
    assert_int_equal(symlink("/proc/self/root", path), 0);
    if (geteuid() == 0) {
        in_world(path, sizeof path, &world, "root/device");
        if (mknod(path, S_IFCHR | 0666, (dev_t)(1 << 8 | 5)) != 0)
            put_file(&world, "unused", 0);
    }
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    store = open_store(&world);
    check_ends(store, "fifo", SIL_E_IMAGE_NOT_FOUND); /* and doesn't hang */
    check_ends(store, "socket", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "out", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "in", SIL_E_IMAGE_NOT_FOUND); /* even inside */
    check_ends(store, "absolute", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "door/etc/passwd", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "device", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "sub", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "sub/", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "a.jpg/", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "a.jpg/b", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, "nothing", SIL_E_IMAGE_NOT_FOUND);
    check_ends(store, long_key, SIL_E_IMAGE_NOT_FOUND); /* a name too long */
    check_ends(store, "over", SIL_E_IMAGE_TOO_LARGE);
    check_ends(store, "s3://bucket/a.jpg", SIL_E_IMAGE_FORBIDDEN);
    check_ends(store, "../secret", SIL_E_BAD_IMG_SRC);
    fetch_store_close(store);
    (void)close(server);
    world_finish(&world);
}

static void the_size_is_told(void **state)
{
    struct world world;
    struct fetch_store *store;
    struct answer answer;
    char expected[128];

    (void)state;
    world_init(&world);
    store = open_store(&world);
    (void)fetch_and_wait(&answer, store, "over", 0);
    (void)snprintf(expected, sizeof expected,
                   "the image has %d bytes; at most %d are taken",
                   BYTES_MAX + 1, BYTES_MAX);
    assert_string_equal(answer.error.detail, expected);
    answer_finish(&answer);
    fetch_store_close(store);
    world_finish(&world);
}

/* The child's part: what nobody sees of a file that only root may read. */
static int ask_as_nobody(const struct world *world)
{
    struct fetch_store *store;
    struct answer answer;
    enum sil_err err;

    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 2;
    store = open_store(world);
    err = fetch_and_wait(&answer, store, "a.jpg", 0);
    answer_finish(&answer);
    fetch_store_close(store);
    return err == SIL_E_IMAGE_FORBIDDEN ? 0 : 1;
}

static void permissions_are_told(void **state)
{
    struct world world;
    char path[256];
    pid_t child;
    int status = -1;

    (void)state;
    world_init(&world);
    in_world(path, sizeof path, &world, "root/a.jpg");
    assert_int_equal(chmod(path, 0), 0);
    child = fork();
    if (child == 0)
        _exit(ask_as_nobody(&world));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    world_finish(&world);
}

static void a_store_must_be_a_folder(void **state)
{
    struct world world;
    struct fetch_options options = {.bytes_max = BYTES_MAX};
    struct fetch_store *store = NULL;
    struct sil_error error = {0};
    char text[128];

    (void)state;
    world_init(&world);
    options.store = "dir:/nonexistent/folder";
    assert_int_equal(fetch_store_open(&store, &options, &error),
                     SIL_E_ARGUMENT);
    (void)snprintf(text, sizeof text, "%s/a.jpg", world.store);
    options.store = text;
    assert_int_equal(fetch_store_open(&store, &options, &error),
                     SIL_E_ARGUMENT);
    options.store = world.store;
    options.buckets = "other";
    assert_int_equal(fetch_store_open(&store, &options, &error),
                     SIL_E_ARGUMENT);
    assert_non_null(strstr(error.detail, "no buckets"));
    assert_null(store);
    world_finish(&world);
}

static void a_probe_sees_the_folder(void **state)
{
    struct world world;
    struct fetch_store *store;
    struct sil_error error = {0};

    (void)state;
    world_init(&world);
    store = open_store(&world);
    assert_int_equal(fetch_store_probe(store, clock_ns() + NS_PER_S, &error),
                     SIL_OK);
    assert_int_equal(fetch_store_probe(store, 1, &error),
                     SIL_E_STORE_UNAVAILABLE);
    fetch_store_close(store);
    world_finish(&world);
}

/* Both of opening and of fetching: the store's thread allocates too. */
static void each_allocation_may_fail(void **state)
{
    struct world world;
    struct fetch_options options = {.bytes_max = BYTES_MAX};
    struct fetch_store *store = NULL;
    struct answer answer;
    enum sil_err err = SIL_E_NO_MEMORY;
    size_t n;

    (void)state;
    world_init(&world);
    options.store = world.store;
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = fetch_store_open(&store, &options, NULL);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
    }
    assert_int_equal(n, 4); /* the store, its state, then none */
    err = SIL_E_NO_MEMORY;
    for (n = 1; err; n++) {
        mem_fail_at(n);
        err = fetch_and_wait(&answer, store, "a.jpg", 0);
        mem_fail_at(0);
        assert_true(err == SIL_OK || err == SIL_E_NO_MEMORY);
        answer_finish(&answer);
    }
    assert_int_equal(n, 5); /* the job, its key, the picture, then none */
    fetch_store_close(store);
    world_finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found),
        cmocka_unit_test(nothing_else_is_touched),
        cmocka_unit_test(the_size_is_told),
        cmocka_unit_test(permissions_are_told),
        cmocka_unit_test(a_store_must_be_a_folder),
        cmocka_unit_test(a_probe_sees_the_folder),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
