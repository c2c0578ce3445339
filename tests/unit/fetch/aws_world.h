/* An environment of AWS's own for a test: no variable set, and a folder as
 * HOME whose two files the test writes.
 * Threads: one.
 * All functions are static inline: each test is its own program. */
#ifndef TESTS_FETCH_AWS_WORLD_H
#define TESTS_FETCH_AWS_WORLD_H

#include "fetch_tools.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { AWS_PATH_SIZE = 256 };

struct aws_world {
    char home[64];
    char credentials[AWS_PATH_SIZE];
    char config[AWS_PATH_SIZE];
};

static inline void aws_forget(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_CA_BUNDLE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unsetenv(names[i]);
}

/* Replaced as a whole, as tools that renew credentials do it. */
static inline void aws_write(const char *path, const char *text)
{
    char other[AWS_PATH_SIZE + 8];
    FILE *file;

    (void)snprintf(other, sizeof other, "%s.new", path);
    file = fopen(other, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
}

static inline void aws_init(struct aws_world *world)
{
    char folder[AWS_PATH_SIZE];

    aws_forget();
    (void)snprintf(world->home, sizeof world->home, "/tmp/sil-aws-XXXXXX");
    assert_non_null(mkdtemp(world->home));
    (void)snprintf(folder, sizeof folder, "%s/.aws", world->home);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(world->credentials, AWS_PATH_SIZE, "%s/.aws/credentials",
                   world->home);
    (void)snprintf(world->config, AWS_PATH_SIZE, "%s/.aws/config", world->home);
    (void)setenv("HOME", world->home, 1);
}

static inline void aws_finish(struct aws_world *world)
{
    char folder[AWS_PATH_SIZE];

    (void)unlink(world->credentials);
    (void)unlink(world->config);
    (void)snprintf(folder, sizeof folder, "%s/.aws", world->home);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(world->home), 0);
    aws_forget();
}

#endif
