/* Files that appear whole or not at all.
 * Must not know what is written.
 * After each test the folder holds exactly what it should, no leftovers. */
#include "cli/out_file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 300, TEXT_SIZE = 64 };

static char folder[] = "/tmp/sil_out_XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int count_files(void)
{
    DIR *dir = opendir(folder);
    int count = 0;

    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL;
         entry = readdir(dir))
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(dir), 0);
    return count;
}

static void a_file_appears_when_it_is_whole(void **state)
{
    char path[PATH_SIZE];
    char text[TEXT_SIZE] = "";
    struct out_file out;
    struct stat found;
    FILE *file;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/mask", folder);
    (void)umask(S_IRWXO);
    assert_int_equal(out_file_open(&out, path, NULL), SIL_OK);
    assert_true(out_file_write(&out, "0,1", 3));
    assert_int_equal(access(path, F_OK), -1); /* not yet */
    assert_int_equal(out_file_close(&out, true, NULL), SIL_OK);
    assert_int_equal(count_files(), 1);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0660); /* as the umask says */
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), 3);
    assert_string_equal(text, "0,1");
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(path), 0);
}

static void a_bad_one_leaves_the_old_file_alone(void **state)
{
    char path[PATH_SIZE];
    struct out_file out;
    struct stat found;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/mask", folder);
    assert_int_equal(out_file_open(&out, path, NULL), SIL_OK);
    assert_int_equal(out_file_close(&out, true, NULL), SIL_OK);
    assert_int_equal(out_file_open(&out, path, NULL), SIL_OK);
    assert_true(out_file_write(&out, "half", 4));
    assert_int_equal(out_file_close(&out, false, NULL), SIL_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 0);
    assert_int_equal(count_files(), 1);
    assert_int_equal(unlink(path), 0);
}

static void places_that_can_not_be_written_are_told(void **state)
{
    char path[PATH_SIZE];
    struct out_file out;
    struct sil_error error = {0};

    (void)state;
    (void)snprintf(path, sizeof path, "%s/none/mask", folder);
    assert_int_equal(out_file_open(&out, path, &error), SIL_E_INTERNAL);
    assert_non_null(strstr(error.detail, "No such file"));
    /* A folder stands where the file should go. */
    (void)snprintf(path, sizeof path, "%s/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(out_file_open(&out, path, &error), SIL_OK);
    assert_int_equal(out_file_close(&out, true, &error), SIL_E_INTERNAL);
    assert_int_equal(count_files(), 1);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_when_it_is_whole),
        cmocka_unit_test(a_bad_one_leaves_the_old_file_alone),
        cmocka_unit_test(places_that_can_not_be_written_are_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
