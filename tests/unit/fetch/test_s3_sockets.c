/* The set of sockets: found by port, peeked at, never read.
 * Must not know curl.
 * Both ends of each connection are the test's own, on 127.0.0.1. */
#include "fetch_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "fetch/s3_sockets.h"

struct pair {
    int near_fd, far_fd;
    int near_port;
};

static void pair_init(struct pair *pair)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listen_fd, (void *)&address, size), 0);
    assert_int_equal(listen(listen_fd, 1), 0);
    assert_int_equal(getsockname(listen_fd, (void *)&address, &size), 0);
    pair->near_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair->near_fd, (void *)&address, size), 0);
    pair->far_fd = accept(listen_fd, NULL, NULL);
    assert_true(pair->far_fd >= 0);
    assert_int_equal(getsockname(pair->near_fd, (void *)&address, &size), 0);
    pair->near_port = ntohs(address.sin_port);
    (void)close(listen_fd);
}

static void pair_finish(struct pair *pair)
{
    (void)close(pair->near_fd);
    (void)close(pair->far_fd);
}

static void left_over_bytes_are_seen(void **state)
{
    struct s3_sockets sockets = {0};
    struct pair pairs[2];
    char byte = 'x';

    (void)state;
    for (int i = 0; i < 2; i++) {
        pair_init(&pairs[i]);
        s3_sockets_add(&sockets, pairs[i].near_fd);
    }
    assert_false(s3_sockets_has_more(&sockets, pairs[1].near_port));
    assert_int_equal(write(pairs[1].far_fd, &byte, 1), 1);
    assert_int_equal(recv(pairs[1].near_fd, &byte, 1, MSG_PEEK), 1);
    assert_true(s3_sockets_has_more(&sockets, pairs[1].near_port));
    assert_true(s3_sockets_has_more(&sockets, pairs[1].near_port));
    assert_false(s3_sockets_has_more(&sockets, pairs[0].near_port));
    assert_false(s3_sockets_has_more(&sockets, 0));
    (void)close(pairs[0].far_fd); /* an end is no byte */
    pairs[0].far_fd = -1;
    assert_false(s3_sockets_has_more(&sockets, pairs[0].near_port));
    s3_sockets_remove(&sockets, pairs[1].near_fd);
    s3_sockets_remove(&sockets, pairs[1].near_fd); /* not there: fine */
    assert_false(s3_sockets_has_more(&sockets, pairs[1].near_port));
    assert_int_equal(sockets.count, 1);
    pair_finish(&pairs[0]);
    pair_finish(&pairs[1]);
}

static void too_many_are_not_remembered(void **state)
{
    struct s3_sockets *sockets = calloc(1, sizeof *sockets);

    (void)state;
    for (int fd = 0; fd <= S3_SOCKETS_MAX; fd++)
        s3_sockets_add(sockets, fd);
    assert_int_equal(sockets->count, S3_SOCKETS_MAX);
    s3_sockets_remove(sockets, 0);
    assert_int_equal(sockets->count, S3_SOCKETS_MAX - 1);
    assert_int_equal(sockets->fds[0], S3_SOCKETS_MAX - 1); /* the last one */
    free(sockets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(left_over_bytes_are_seen),
        cmocka_unit_test(too_many_are_not_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
