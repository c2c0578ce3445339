/* main() of a fuzz target under a plain compiler: run each file once.
 * Must not know what the target parses.
 * An empty or missing corpus is a failure: a test that ran nothing is none. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_SIZE = 4096, INPUT_MAX = 1 << 24 };

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX);
    uint8_t *exact = NULL;
    size_t size = 0;
    int failed = file == NULL || bytes == NULL;

    if (!failed)
        size = fread(bytes, 1, INPUT_MAX, file);
    if (!failed) {
        /* Exactly as large as the input, so that ASan sees an over-read. */
        exact = malloc(size > 0 ? size : 1);
        failed = exact == NULL;
    }
    if (!failed) {
        for (size_t i = 0; i < size; i++)
            exact[i] = bytes[i];
        (void)LLVMFuzzerTestOneInput(exact, size);
    }
    if (file != NULL)
        (void)fclose(file);
    free(bytes);
    free(exact);
    return failed;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int run_count = 0;
    int failed = 0;

    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[PATH_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        failed |= replay_file(path);
        run_count++;
    }
    (void)closedir(folder);
    printf("%d inputs\n", run_count);
    return failed || run_count == 0;
}
