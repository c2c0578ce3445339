/* A scripted S3 for tests: for each path a list of answers, byte by byte.
 * Threads: one for accepting, one for each connection; what is recorded is
 * read after stub_stop() or through its functions.
 * Listens on 127.0.0.1 only. */
#ifndef TESTS_FETCH_S3_STUB_H
#define TESTS_FETCH_S3_STUB_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    STUB_ANSWERS_MAX = 4,
    STUB_REQUESTS_MAX = 64,
    STUB_REQUEST_SIZE = 4096,
    STUB_CONNECTIONS_MAX = 512
};

/** What happens behind an answer. */
enum stub_then { STUB_KEEP, STUB_CLOSE, STUB_RESET, STUB_HANG };

struct stub_answer {
    const char *text; /* status line, headers, body; NULL: nothing at all */
    size_t fill;      /* so many bytes 'x' behind the text */
    enum stub_then then;
};

/** The answers to a request target; the last one is repeated. */
struct stub_row {
    const char *target; /* as in the request line: "/bucket/key" */
    struct stub_answer answers[STUB_ANSWERS_MAX];
    int answer_count;
};

struct stub {
    const struct stub_row *rows;
    size_t row_count;
    int listen_fd;
    int port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards all below */
    bool is_stopping;
    pthread_t threads[STUB_CONNECTIONS_MAX];
    int fds[STUB_CONNECTIONS_MAX]; /* -1: closed */
    int connection_count;
    char requests[STUB_REQUESTS_MAX][STUB_REQUEST_SIZE];
    int request_count;
};

/** Start serving the rows, which are lent. */
void stub_start(struct stub *stub, const struct stub_row *rows,
                size_t row_count);

/** Stop, and wait for its threads. */
void stub_stop(struct stub *stub);

/** How many requests came for a target so far. */
int stub_count(struct stub *stub, const char *target);

/** A copy of the index-th request. text: [STUB_REQUEST_SIZE]. */
void stub_request(char *text, struct stub *stub, int index);

/** Is the request signed rightly with this secret? Recomputed from its own
 *  headers, with nothing of the code under test. */
bool stub_is_signed(const char *request, const char *secret);

#endif
