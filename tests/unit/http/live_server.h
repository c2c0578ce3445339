/* A real server on a free port of 127.0.0.1, on a thread of its own, and a
 * plain client.
 * Threads: the test's; what the handler counts is atomic.
 * Must not know the connection's inside. */
#ifndef SIL_TESTS_LIVE_SERVER_H
#define SIL_TESTS_LIVE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"

enum { LIVE_TEXT_SIZE = 8192, LIVE_BODY_MAX = 65536 };

/** The handler answers by path: "/N" with N bytes of '0'; "/wait" when
 *  live_release() is called; anything else is 404. */
struct live_server {
    struct loop *loop;
    struct http_server *server;
    uint16_t port;
    pthread_t thread;
    struct http_exchange *waiting; /* the loop's thread alone */
    atomic_int wait_count;         /* exchanges that got to wait */
    atomic_int end_count, complete_count, slow_count;
    atomic_int finish_count;    /* bodies */
    atomic_size_t made_bytes;   /* of all bodies */
    atomic_size_t upload_bytes; /* of the last request's body */
    char peer[64];              /* of the last request */
    struct http_counts counts;  /* see live_count() */
    uint32_t busy_count;
    bool is_drained;
    bool is_closed; /* http_server_close() was called */
};

/** Start, on 127.0.0.1 if no address is given. */
void live_start(struct live_server *live, struct http_options options);

/** Close, if not closed yet, and wait for the thread's end. */
void live_stop(struct live_server *live);

/** Run fn on the loop's thread and wait for it. */
void live_call(struct live_server *live, loop_fn fn);

/** Answer the one that waits, with 3 bytes. */
void live_release(struct live_server *live);

/** Bring counts, busy_count and is_drained up to date. */
void live_count(struct live_server *live);

/** http_server_drain() and http_server_close(), on the loop's thread. */
void live_drain(struct live_server *live);
void live_close(struct live_server *live);

/** Wait until *value is wanted, for 2 s at most; false: it was not. */
bool live_wait(atomic_int *value, int wanted);

/** A socket whose calls give up after 2 s. */
int client_socket(void);

/** Connect it; false if nobody listens. */
bool client_connect(int client, const struct live_server *live);

/** Both; -1 if nobody listens. receive_bytes: the socket's buffer, 0: the
 *  system's choice. */
int client_open(const struct live_server *live, int receive_bytes);

/** Send all of it; false if the server would not have it. */
bool client_send(int client, const void *bytes, size_t size);
bool client_say(int client, const char *text);

/** Read one reply into text, and throw the rest of a body of a known length
 *  away. Returns the body's length; -1: the connection ended before. */
long client_hear(int client, char *text);

/** True if the server closed the connection (and not by a reset). */
bool client_is_ended(int client);

#endif
