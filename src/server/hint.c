/* The address and a curl line for whoever started the service by hand.
 * Must not be read by programs: they ask /readyz.
 * Only a picture with a plain name is proposed: it goes into JSON inside
 * shell quotes, and nothing in it may need escaping in either. */
#include "server/hint.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* Bytes of a sample's name with its NUL: longer ones make no good line. */
enum { NAME_SIZE = 64 };

/* Stands where no sample is known: nobody has it, so the answer is a 404 that
 * says so. */
static const char no_name[] = "path/to/your/image.jpg";
static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
static const char *const suffixes[] = {".jpg",  ".jpeg", ".png",
                                       ".webp", ".heic", ".avif"};

enum { SUFFIX_COUNT = sizeof suffixes / sizeof suffixes[0] };

/* A picture's plain name, short enough. */
static bool is_sample(const char *name)
{
    const char *dot = strrchr(name, '.');

    sil_assert(name != NULL);
    if (dot == NULL || dot == name || strlen(name) >= NAME_SIZE ||
        name[strspn(name, plain)] != '\0')
        return false;
    for (int i = 0; i < SUFFIX_COUNT; i++)
        if (strcmp(dot, suffixes[i]) == 0)
            return true;
    return false;
}

/* The first picture of a folder by name; best stays "" if there is none.
 * best: [NAME_SIZE]. */
static void find_sample(char *best, const char *path)
{
    DIR *folder = opendir(path);

    sil_assert(best[0] == '\0');
    if (folder == NULL)
        return;
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder))
        if (is_sample(entry->d_name) &&
            (best[0] == '\0' || strcmp(entry->d_name, best) < 0))
            memcpy(best, entry->d_name, strlen(entry->d_name) + 1);
    (void)closedir(folder);
}

/* 0.0.0.0 is no address to ask at: the line then names this machine. */
void hint_print(const struct service *service, uint16_t port)
{
    const struct config *config = &service->config;
    bool is_ipv6 = strchr(config->address, ':') != NULL;
    bool is_any = strcmp(config->address, "0.0.0.0") == 0 ||
                  strcmp(config->address, "::") == 0;
    const char *host = is_any ? "127.0.0.1" : config->address;
    char sample[NAME_SIZE] = "";
    char url[2 * NAME_SIZE];

    sil_assert(config->store != NULL);
    if (strncmp(config->store, "dir:", 4) == 0)
        find_sample(sample, config->store + 4);
    (void)snprintf(url, sizeof url, is_ipv6 && !is_any ? "[%s]:%u" : "%s:%u",
                   host, port);
    printf("silhouette %s listens on http://%s\n\n"
           "  to try it with a picture: http://%s/\n"
           "  to read about the API:    http://%s/docs\n\n"
           "  curl -s -X POST http://%s%s "
           "-H 'Content-Type: application/json' -d '{\"imgSrc\":\"%s\"}'\n"
           "\n",
           sil_version(), url, url, url, url, route_row(ROUTE_ANALYZE)->path,
           sample[0] != '\0' ? sample : no_name);
    /* Standard output may be a pipe, which is written only when full. */
    (void)fflush(stdout);
}
