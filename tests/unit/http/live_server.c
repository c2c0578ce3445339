/* The server's thread and handler, and a blocking client.
 * Must not know what a test wants to see.
 * The exchange that waits belongs to the loop's thread: a test releases it
 * through a task, as the workers of the real service do. */
#include "http/live_server.h"

#include <arpa/inet.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

enum { PATIENCE_MS = 2000 };

/* --- the handler -------------------------------------------------------- */

struct zeros {
    struct live_server *live;
    size_t left;
};

static size_t make_zeros(void *payload, uint8_t *bytes, size_t capacity)
{
    struct zeros *zeros = payload;
    size_t size = zeros->left < capacity ? zeros->left : capacity;

    memset(bytes, '0', size);
    zeros->left -= size;
    atomic_fetch_add(&zeros->live->made_bytes, size);
    return size;
}

static void free_zeros(void *payload)
{
    struct zeros *zeros = payload;

    atomic_fetch_add(&zeros->live->finish_count, 1);
    free(zeros);
}

static void answer(struct live_server *live, struct http_exchange *exchange,
                   int status, size_t size)
{
    struct zeros *zeros = malloc(sizeof *zeros);
    struct http_reply reply = {.status = status,
                               .body = {size, make_zeros, free_zeros, zeros}};

    sil_assert(zeros != NULL);
    *zeros = (struct zeros){live, size};
    http_reply(exchange, &reply);
}

static size_t on_head(void *payload, struct http_exchange *exchange)
{
    struct live_server *live = payload;

    (void)snprintf(live->peer, sizeof live->peer, "%s", http_peer(exchange));
    return LIVE_BODY_MAX;
}

static void on_request(void *payload, struct http_exchange *exchange)
{
    struct live_server *live = payload;
    struct http_text path = http_path(exchange);
    char text[32] = "";

    if (path.size < sizeof text)
        memcpy(text, path.bytes, path.size);
    atomic_store(&live->upload_bytes, http_body(exchange).size);
    if (strcmp(text, "/wait") == 0) {
        live->waiting = exchange;
        atomic_fetch_add(&live->wait_count, 1);
    } else if (text[0] == '/' && strspn(text + 1, "0123456789") > 0) {
        answer(live, exchange, 200, strtoul(text + 1, NULL, 10));
    } else {
        answer(live, exchange, 404, 0);
    }
}

static void on_refuse(void *payload, struct http_exchange *exchange,
                      const struct sil_error *error)
{
    answer(payload, exchange, err_row(error->code)->status, 1);
}

static void on_end(void *payload, struct http_exchange *exchange,
                   const struct http_ending *ending)
{
    struct live_server *live = payload;

    if (live->waiting == exchange)
        live->waiting = NULL;
    atomic_fetch_add(&live->complete_count, ending->is_complete);
    atomic_fetch_add(&live->slow_count, ending->is_slow_client);
    atomic_fetch_add(&live->end_count, 1);
}

/* --- the thread --------------------------------------------------------- */

static void *run(void *payload)
{
    struct live_server *live = payload;

    loop_run(live->loop);
    return NULL;
}

void live_start(struct live_server *live, struct http_options options)
{
    struct http_handler handler = {live, on_head, on_request, on_refuse,
                                   on_end};
    struct sil_error error = {0};

    memset(live, 0, sizeof *live);
    if (options.address == NULL)
        options.address = "127.0.0.1";
    sil_assert(loop_create(&live->loop) == SIL_OK);
    sil_assert(http_server_open(&live->server, live->loop, &options, &handler,
                                &error) == SIL_OK);
    live->port = http_server_port(live->server);
    sil_assert(pthread_create(&live->thread, NULL, run, live) == 0);
}

struct call {
    struct loop_task task;
    struct live_server *live;
    loop_fn fn;
    sem_t done;
};

static void run_call(void *payload)
{
    struct call *call = payload;

    call->fn(call->live);
    sil_assert(sem_post(&call->done) == 0);
}

void live_call(struct live_server *live, loop_fn fn)
{
    struct call call = {.live = live, .fn = fn};

    call.task = (struct loop_task){run_call, &call, NULL};
    sil_assert(sem_init(&call.done, 0, 0) == 0);
    loop_post(live->loop, &call.task);
    while (sem_wait(&call.done) != 0)
        continue;
    (void)sem_destroy(&call.done);
}

static void do_release(void *payload)
{
    struct live_server *live = payload;
    struct http_exchange *exchange = live->waiting;

    sil_assert(exchange != NULL);
    live->waiting = NULL;
    answer(live, exchange, 200, 3);
}

void live_release(struct live_server *live)
{
    live_call(live, do_release);
}

static void do_count(void *payload)
{
    struct live_server *live = payload;

    live->counts = http_server_counts(live->server);
    live->busy_count = http_server_busy_count(live->server);
    live->is_drained = http_server_is_drained(live->server);
}

void live_count(struct live_server *live)
{
    live_call(live, do_count);
}

static void do_drain(void *payload)
{
    struct live_server *live = payload;

    http_server_drain(live->server);
}

void live_drain(struct live_server *live)
{
    live_call(live, do_drain);
}

static void do_close(void *payload)
{
    struct live_server *live = payload;

    if (!live->is_closed)
        http_server_close(live->server);
    live->is_closed = true;
}

void live_close(struct live_server *live)
{
    live_call(live, do_close);
}

static void do_stop(void *payload)
{
    struct live_server *live = payload;

    do_close(live);
    loop_stop(live->loop);
}

void live_stop(struct live_server *live)
{
    live_call(live, do_stop);
    sil_assert(pthread_join(live->thread, NULL) == 0);
    loop_destroy(live->loop);
}

bool live_wait(atomic_int *value, int wanted)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (atomic_load(value) == wanted)
            return true;
        (void)nanosleep(&moment, NULL);
    }
    return false;
}

/* --- the client --------------------------------------------------------- */

int client_socket(void)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int client = socket(AF_INET, SOCK_STREAM, 0);

    sil_assert(client >= 0);
    sil_assert(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience,
                          sizeof patience) == 0);
    sil_assert(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience,
                          sizeof patience) == 0);
    return client;
}

bool client_connect(int client, const struct live_server *live)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(live->port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(client, (struct sockaddr *)&address, sizeof address) == 0;
}

int client_open(const struct live_server *live, int receive_bytes)
{
    int client = client_socket();

    if (receive_bytes > 0)
        sil_assert(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
                              sizeof receive_bytes) == 0);
    if (client_connect(client, live))
        return client;
    (void)close(client);
    return -1;
}

bool client_send(int client, const void *bytes, size_t size)
{
    const char *from = bytes;
    size_t done = 0;

    while (done < size) {
        ssize_t sent = send(client, from + done, size - done, MSG_NOSIGNAL);

        if (sent < 0)
            return false;
        done += (size_t)sent;
    }
    return true;
}

bool client_say(int client, const char *text)
{
    return client_send(client, text, strlen(text));
}

/* Throw size bytes away; false if there are not as many. */
static bool skip(int client, size_t size)
{
    static _Thread_local char room[1 << 16];

    while (size > 0) {
        ssize_t got =
            recv(client, room, size < sizeof room ? size : sizeof room, 0);

        if (got <= 0)
            return false;
        size -= (size_t)got;
    }
    return true;
}

long client_hear(int client, char *text)
{
    const char *length;
    size_t size = 0;
    long body_bytes = 0;

    text[0] = '\0';
    while (strstr(text, "\r\n\r\n") == NULL) {
        if (size + 1 >= LIVE_TEXT_SIZE || recv(client, text + size, 1, 0) != 1)
            return -1;
        size++;
        text[size] = '\0';
    }
    length = strstr(text, "Content-Length: ");
    if (length != NULL)
        body_bytes = strtol(length + strlen("Content-Length: "), NULL, 10);
    return skip(client, (size_t)body_bytes) ? body_bytes : -1;
}

bool client_is_ended(int client)
{
    char byte;

    return recv(client, &byte, 1, 0) == 0;
}
