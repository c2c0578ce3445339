/* locate.c: asked by a copy of this program, put where it must look around.
 * Must not know what the folders hold.
 * main() is therefore two programs: with an argument it is the copy. */
#include "base/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/locate.h"
#include "base/mem.h"

enum { PATH_SIZE = 256, PROGRAM_CAP = 1 << 28 };

/* Of the copy: found here, found installed, found nowhere, other trouble. */
enum answer { FOUND_BESIDE = 10, FOUND_INSTALLED, FOUND_NOTHING, FAILED };

/* A folder with a copy of this program in bin/. */
struct place {
    char root[PATH_SIZE / 4];
    char program[PATH_SIZE];
};

static void make_folder(const struct place *place, const char *name)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/%s", place->root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void place_init(struct place *place)
{
    struct buf program;
    FILE *copy;

    (void)snprintf(place->root, sizeof place->root,
                   "/tmp/silhouette-locate-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    make_folder(place, "bin");
    (void)snprintf(place->program, sizeof place->program, "%s/bin/copy",
                   place->root);
    buf_init(&program, PROGRAM_CAP);
    assert_int_equal(file_read(&program, "/proc/self/exe"), SIL_OK);
    copy = fopen(place->program, "wb");
    assert_non_null(copy);
    assert_int_equal(fwrite(program.bytes, 1, program.size, copy),
                     program.size);
    assert_int_equal(fclose(copy), 0);
    assert_int_equal(chmod(place->program, 0700), 0);
    buf_finish(&program);
}

static void place_finish(struct place *place)
{
    static const char *const names[] = {
        "bin/copy",         "bin",   "share/silhouette/models",
        "share/silhouette", "share", "models"};
    char path[PATH_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", place->root, names[i]);
        (void)remove(path);
    }
    assert_int_equal(rmdir(place->root), 0);
}

/* What the copy answers. */
static int ask(const struct place *place)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        (void)execl(place->program, "copy", "models", (char *)NULL);
        _exit(FAILED);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The copy's main(). */
static int answer(const char *name)
{
    enum sil_err err;
    struct buf path;
    int found = FAILED;

    buf_init(&path, PATH_SIZE * 4);
    buf_add_text(&path, "before");
    err = locate_folder(&path, name);
    if (err == SIL_E_ARGUMENT && strcmp(buf_text(&path), "before") == 0)
        found = FOUND_NOTHING;
    else if (!err && strncmp(buf_text(&path), "before/tmp/", 11) == 0)
        found = strstr(buf_text(&path), "/bin/../share/silhouette/models")
                    ? FOUND_INSTALLED
                    : FOUND_BESIDE;
    buf_finish(&path);
    return found;
}

static void folders_are_found_in_order(void **state)
{
    struct place place;

    (void)state;
    place_init(&place);
    assert_int_equal(ask(&place), FOUND_NOTHING);
    make_folder(&place, "share");
    make_folder(&place, "share/silhouette");
    make_folder(&place, "share/silhouette/models");
    assert_int_equal(ask(&place), FOUND_INSTALLED);
    make_folder(&place, "models");
    assert_int_equal(ask(&place), FOUND_BESIDE);
    place_finish(&place);
}

static void a_file_is_no_folder(void **state)
{
    struct place place;
    char path[PATH_SIZE];
    FILE *file;

    (void)state;
    place_init(&place);
    (void)snprintf(path, sizeof path, "%s/models", place.root);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ask(&place), FOUND_NOTHING);
    place_finish(&place);
}

/* The path, and the NUL behind it. */
static void each_allocation_may_fail(void **state)
{
    struct buf path;

    (void)state;
    buf_init(&path, PATH_SIZE * 4);
    mem_fail_at(1);
    assert_int_equal(locate_folder(&path, "models"), SIL_E_NO_MEMORY);
    mem_fail_at(0);
    buf_finish(&path);
    /* A cap that holds nothing is the same to the caller. */
    buf_init(&path, 1);
    assert_int_equal(locate_folder(&path, "models"), SIL_E_NO_MEMORY);
    buf_finish(&path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_found_in_order),
        cmocka_unit_test(a_file_is_no_folder),
        cmocka_unit_test(each_allocation_may_fail),
    };

    if (argc == 2)
        return answer(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
