/* The whole service in this process, with each allocation of a request made
 * to fail in turn.
 * Must not know what is inside: it speaks HTTP over a socket.
 * A refused request gets a whole answer or a closed connection, never half a
 * mask, and the next one is served. A sanitizer build also sees leaks. */
#include "server/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

enum {
    ALLOCATIONS = 120, /* more than a request makes */
    ANSWER_MAX = 1 << 20,
    TEXT_SIZE = 256,
    TRIES = 3000,
    PAUSE_US = 10000
};

#define BODY "{\"imgSrc\":\"astronaut.jpg\"}"
#define HEAD                                                                   \
    "POST /analyze/segmentation-v2 HTTP/1.1\r\nHost: a\r\n"                    \
    "Content-Type: application/json\r\nConnection: close\r\n"                  \
    "Content-Length: 26\r\n"

static const char plain[] = HEAD "\r\n" BODY;
static const char packed[] = HEAD "Accept-Encoding: gzip\r\n\r\n" BODY;

static uint16_t port;
static char answer[ANSWER_MAX + 1];

static struct sockaddr_in address_of(uint16_t number)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(number),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* A port that is free now. */
static uint16_t find_port(void)
{
    struct sockaddr_in address = address_of(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(close(fd), 0);
    return ntohs(address.sin_port);
}

/* Send a request and read until the end. Returns the size of the answer, -1
 * if nobody listens. */
static ssize_t ask(const char *request)
{
    struct sockaddr_in address = address_of(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t size = 0;
    ssize_t got = 1;

    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    (void)!send(fd, request, strlen(request), MSG_NOSIGNAL);
    while (got > 0 && size < ANSWER_MAX) {
        got = recv(fd, answer + size, ANSWER_MAX - size, 0);
        size += got > 0 ? (size_t)got : 0;
    }
    answer[size] = '\0';
    (void)close(fd);
    return (ssize_t)size;
}

/* The body's bytes in an answer of size bytes. */
static size_t body_size(ssize_t size)
{
    const char *body = strstr(answer, "\r\n\r\n");

    return body == NULL ? 0 : (size_t)size - (size_t)(body + 4 - answer);
}

static bool is_status(const char *status)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 &&
           strncmp(answer + 9, status, 3) == 0;
}

/* Is the body, not empty, as long as the head says it is? A chunked one is
 * the HTTP layer's to test. */
static bool is_whole(ssize_t size)
{
    const char *length = strstr(answer, "Content-Length: ");

    if (length == NULL)
        return strstr(answer, "chunked") != NULL;
    return body_size(size) > 0 &&
           body_size(size) == strtoul(length + 16, NULL, 10);
}

/* Whatever failed: a whole answer of a fitting status, or none at all. */
static bool has_failed_well(ssize_t size)
{
    if (size <= 0)
        return size == 0;
    return is_whole(size) &&
           (is_status("200") || is_status("500") || is_status("503"));
}

/* The client's thread: the service wants the main one. Returns NULL, or what
 * went wrong. */
static void *ask_all(void *payload)
{
    static const char health[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                                 "Connection: close\r\n\r\n";
    static char failure[TEXT_SIZE] = "";
    size_t mask_size;

    (void)payload;
    for (int i = 0; i < TRIES && ask(health) <= 0; i++)
        (void)usleep(PAUSE_US);
    mask_size = body_size(ask(plain));
    if (!is_status("200"))
        (void)snprintf(failure, sizeof failure, "no mask at first");
    for (size_t i = 1; i <= ALLOCATIONS && failure[0] == '\0'; i++) {
        mem_fail_at(i);
        if (!has_failed_well(ask(i % 2 == 0 ? plain : packed)))
            (void)snprintf(failure, sizeof failure, "allocation %zu: %.200s", i,
                           answer);
        mem_fail_at(0);
        if (i % 10 == 0 &&
            (body_size(ask(plain)) != mask_size || !is_status("200")))
            (void)snprintf(failure, sizeof failure, "not served after %zu", i);
    }
    (void)kill(getpid(), SIGTERM);
    return failure[0] == '\0' ? NULL : failure;
}

static void every_allocation_may_fail(void **state)
{
    char listen_on[TEXT_SIZE];
    char listen_flag[] = "--listen";
    char store[] = "--store=dir:" SIL_SOURCE_DIR "/samples";
    char models[] = "--models=" SIL_SOURCE_DIR "/models";
    char workers[] = "--workers=1";
    char sandbox[] = "--sandbox=off"; /* decoding's allocations are ours then */
    char quiet[] = "--log-level=off";
    char *argv[] = {listen_flag, listen_on, store, models,
                    workers,     sandbox,   quiet, NULL};
    void *failure = NULL;
    pthread_t thread;

    (void)state;
    port = find_port();
    (void)snprintf(listen_on, sizeof listen_on, "127.0.0.1:%u", port);
    assert_int_equal(pthread_create(&thread, NULL, ask_all, NULL), 0);
    assert_int_equal(server_main(7, argv), 0);
    assert_int_equal(pthread_join(thread, &failure), 0);
    if (failure != NULL)
        fail_msg("%s", (const char *)failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
