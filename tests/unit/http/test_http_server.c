/* listen.c, wire.c: the server over real sockets.
 * Must not know the connection's inside: test_http_conn.c does.
 * Limits are set small, so that nothing waits long for them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "http/live_server.h"

#define HOST "Host: a\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

enum {
    SHORT_MS = 100,
    LARGE_BYTES = 24000000,
    UPLOAD_BYTES = 50000000,
    SMALL_BUFFER = 4096,
    CLIENT_COUNT = 20,
    REQUEST_COUNT = 4000 /* 140 KB */
};

static int late_client; /* see connect_and_drain() */

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void requests_are_answered_on_one_connection(void **state)
{
    static const char slowly[] = "GET /7 HTTP/1.1\r\n" HOST "\r\n";
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(client_say(client, GET("/5") GET("/6")));
    assert_int_equal(client_hear(client, text), 5);
    assert_int_equal(client_hear(client, text), 6);
    for (size_t i = 0; i < sizeof slowly - 1; i++)
        assert_true(client_send(client, slowly + i, 1));
    assert_int_equal(client_hear(client, text), 7);
    assert_string_equal(live.peer, "127.0.0.1");
    live_count(&live);
    assert_int_equal(live.counts.connections_total, 1);
    assert_int_equal(live.counts.connections_open, 1);
    assert_int_equal(live.complete_count, 3);
    (void)close(client);
    live_stop(&live);
}

static void a_large_answer_arrives_whole(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    uint64_t start_ns;
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    start_ns = clock_ns();
    assert_true(client_say(client, GET("/24000000")));
    assert_int_equal(client_hear(client, text), LARGE_BYTES);
    print_message("24 MB at %.0f MB/s\n",
                  LARGE_BYTES * 1e3 / (double)(clock_ns() - start_ns));
    assert_true(client_say(client, GET("/1")));
    assert_int_equal(client_hear(client, text), 1);
    (void)close(client);
    live_stop(&live);
}

/* What a reader does not take is not made: the kernel's two buffers, twice
 * what was asked for, and one piece are all there is. */
static void a_slow_reader_costs_little(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    size_t made_bytes = 1;
    size_t made_before = 0;
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, SMALL_BUFFER);
    assert_true(client_say(client, GET("/24000000")));
    while (made_bytes != made_before || made_bytes == 0) {
        made_before = made_bytes;
        (void)usleep(50000);
        made_bytes = atomic_load(&live.made_bytes);
    }
    assert_true(made_bytes <
                2 * LIMIT_HTTP_SNDBUF_BYTES + 4 * LIMIT_HTTP_WRITE_BYTES);
    assert_int_equal(client_hear(client, text), LARGE_BYTES);
    assert_true(live_wait(&live.complete_count, 1));
    (void)close(client);
    live_stop(&live);
}

/* Read what there is: does it end with a reset? */
static bool is_reset(int client)
{
    char room[SMALL_BUFFER];
    ssize_t got = 1;

    while (got > 0)
        got = recv(client, room, sizeof room, 0);
    return got < 0 && errno == ECONNRESET;
}

static void a_reader_that_stops_is_cut_off(void **state)
{
    struct live_server live;
    int client;

    (void)state;
    live_start(&live, (struct http_options){.write_stall_ms = SHORT_MS});
    client = client_open(&live, SMALL_BUFFER);
    assert_true(client_say(client, GET("/24000000")));
    assert_true(live_wait(&live.end_count, 1));
    assert_int_equal(live.slow_count, 1);
    assert_int_equal(live.complete_count, 0);
    assert_int_equal(live.finish_count, 1);
    live_count(&live);
    assert_int_equal(live.counts.slow_write_total, 1);
    assert_true(is_reset(client)); /* the kernel keeps nothing for it */
    (void)close(client);
    live_stop(&live);
}

static void slow_requests_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        const char *status; /* NULL: closed without a word */
    } rows[] = {
        {"", NULL},
        {"GET / HT", "HTTP/1.1 408 "},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nx",
         "HTTP/1.1 408 "},
    };
    struct live_server live;
    char text[LIVE_TEXT_SIZE];

    (void)state;
    live_start(&live, (struct http_options){.header_ms = SHORT_MS,
                                            .body_ms = SHORT_MS,
                                            .idle_ms = SHORT_MS});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int client = client_open(&live, 0);
        uint64_t start_ns = clock_ns();

        assert_true(client_say(client, rows[i].bytes));
        if (rows[i].status != NULL) {
            assert_int_equal(client_hear(client, text), 1);
            assert_true(has(text, rows[i].status));
            assert_true(has(text, "Connection: close\r\n"));
        }
        assert_true(client_is_ended(client));
        assert_true(clock_ns() - start_ns >= SHORT_MS * NS_PER_MS / 2);
        (void)close(client);
    }
    live_count(&live);
    assert_int_equal(live.counts.slow_header_total, 1);
    assert_int_equal(live.counts.slow_body_total, 1);
    live_stop(&live);
}

static void idle_connections_are_closed(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){.idle_ms = SHORT_MS});
    client = client_open(&live, 0);
    assert_true(client_say(client, GET("/1")));
    assert_int_equal(client_hear(client, text), 1);
    assert_true(client_is_ended(client));
    (void)close(client);
    live_stop(&live);
}

static void work_ends_when_its_client_leaves(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct live_server live;

    (void)state;
    live_start(&live, (struct http_options){0});
    for (int i = 0; i < CLIENT_COUNT; i++) {
        int client = client_open(&live, 0);

        assert_true(client_say(client, GET("/wait")));
        assert_true(live_wait(&live.wait_count, i + 1));
        if (i % 2 == 1) /* a reset instead of an end */
            assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
                                        sizeof at_once),
                             0);
        (void)close(client);
        assert_true(live_wait(&live.end_count, i + 1));
    }
    live_count(&live);
    assert_int_equal(live.busy_count, 0);
    assert_int_equal(live.complete_count, 0);
    live_stop(&live);
}

static void a_client_that_leaves_its_answer_behind_ends_it(void **state)
{
    struct live_server live;

    (void)state;
    live_start(&live, (struct http_options){0});
    for (int i = 0; i < CLIENT_COUNT; i++) {
        int client = client_open(&live, SMALL_BUFFER);

        assert_true(client_say(client, GET("/24000000")));
        (void)close(client);
        assert_true(live_wait(&live.end_count, i + 1));
    }
    assert_int_equal(live.complete_count, 0);
    assert_int_equal(live.finish_count, CLIENT_COUNT);
    live_stop(&live);
}

static void a_large_upload_is_refused_early(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    char *upload = calloc(UPLOAD_BYTES, 1);
    int client;

    (void)state;
    assert_non_null(upload);
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(client_say(client, "POST /1 HTTP/1.1\r\n" HOST
                                   "Content-Length: 50000000\r\n\r\n"));
    assert_true(client_send(client, upload, UPLOAD_BYTES));
    assert_int_equal(client_hear(client, text), 1);
    assert_true(has(text, "HTTP/1.1 413 "));
    assert_true(client_is_ended(client));
    (void)close(client);
    live_stop(&live);
    free(upload);
}

static void uploads_arrive(void **state)
{
    static char upload[LIVE_BODY_MAX];
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(client_say(client, "POST /1 HTTP/1.1\r\n" HOST
                                   "Expect: 100-continue\r\n"
                                   "Content-Length: 65536\r\n\r\n"));
    assert_int_equal(client_hear(client, text), 0);
    assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(client_send(client, upload, sizeof upload));
    assert_int_equal(client_hear(client, text), 1);
    assert_int_equal(live.upload_bytes, LIVE_BODY_MAX);
    assert_true(client_say(client, "POST /1 HTTP/1.1\r\n" HOST
                                   "Transfer-Encoding: chunked\r\n\r\n"
                                   "1000\r\n"));
    assert_true(client_send(client, upload, 0x1000));
    assert_true(client_say(client, "\r\n1\r\nx\r\n0\r\n\r\n"));
    assert_int_equal(client_hear(client, text), 1);
    assert_int_equal(live.upload_bytes, 0x1001);
    (void)close(client);
    live_stop(&live);
}

/* More than is read ahead: the rest waits in the kernel, and none is lost. */
static void many_requests_wait_behind_one(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(client_say(client, GET("/wait")));
    assert_true(live_wait(&live.wait_count, 1));
    for (int i = 0; i < REQUEST_COUNT; i++)
        assert_true(client_say(client, GET("/7")));
    live_release(&live);
    assert_int_equal(client_hear(client, text), 3);
    for (int i = 0; i < REQUEST_COUNT; i++)
        assert_int_equal(client_hear(client, text), 7);
    (void)close(client);
    live_stop(&live);
}

static void fail_next_allocation(void *payload)
{
    (void)payload;
    mem_fail_at(1);
}

static void running_out_of_memory_costs_one_connection(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int first;
    int second;
    int third;

    (void)state;
    live_start(&live, (struct http_options){0});
    first = client_open(&live, 0);
    assert_true(client_say(first, GET("/1")));
    assert_int_equal(client_hear(first, text), 1);
    live_call(&live, fail_next_allocation);
    second = client_open(&live, 0);
    assert_true(is_reset(second) || client_is_ended(second));
    third = client_open(&live, 0);
    assert_true(client_say(third, GET("/3")));
    assert_int_equal(client_hear(third, text), 3);
    assert_true(client_say(first, GET("/1")));
    assert_int_equal(client_hear(first, text), 1);
    (void)close(first);
    (void)close(second);
    (void)close(third);
    live_stop(&live);
}

static void a_malformed_request_ends_the_connection(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(
        client_say(client, GET("/1") "GET /1 HTTP/1.1\r\n\r\n" GET("/1")));
    assert_int_equal(client_hear(client, text), 1);
    assert_int_equal(client_hear(client, text), 1);
    assert_true(has(text, "HTTP/1.1 400 "));
    assert_true(client_is_ended(client));
    (void)close(client);
    live_stop(&live);
}

/* --- accepting ---------------------------------------------------------- */

static void connections_have_a_limit(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int busy[2];
    int third;

    (void)state;
    live_start(&live, (struct http_options){.connections_max = 2});
    busy[0] = client_open(&live, SMALL_BUFFER);
    assert_true(client_say(busy[0], GET("/24000000")));
    busy[1] = client_open(&live, 0);
    assert_true(client_say(busy[1], GET("/wait")));
    assert_true(live_wait(&live.wait_count, 1));
    third = client_open(&live, 0); /* waits in the kernel's queue */
    assert_true(client_say(third, GET("/3")));
    (void)usleep(50000);
    live_count(&live);
    assert_int_equal(live.counts.connections_total, 2);
    assert_int_equal(live.counts.connections_open, 2);
    (void)close(busy[0]);
    assert_int_equal(client_hear(third, text), 3);
    /* An idle one makes room at once. */
    busy[0] = client_open(&live, 0);
    assert_true(client_say(busy[0], GET("/4")));
    assert_int_equal(client_hear(busy[0], text), 4);
    assert_true(client_is_ended(third));
    live_release(&live);
    assert_int_equal(client_hear(busy[1], text), 3);
    (void)close(busy[0]);
    (void)close(busy[1]);
    (void)close(third);
    live_stop(&live);
}

/* The time that the server's thread has computed. */
static uint64_t cpu_ns(const struct live_server *live)
{
    clockid_t clock;
    struct timespec time;

    assert_int_equal(pthread_getcpuclockid(live->thread, &clock), 0);
    assert_int_equal(clock_gettime(clock, &time), 0);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static void accepting_pauses_without_descriptors(void **state)
{
    uint64_t before_ns;
    struct live_server live;
    struct rlimit limit;
    struct rlimit none;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 1; /* all below are taken: not one more */
    live_start(&live, (struct http_options){0});
    client = client_socket();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_true(client_connect(client, &live));
    assert_true(client_say(client, GET("/2")));
    before_ns = cpu_ns(&live);
    (void)usleep(50000);
    /* It waits, it does not ask again and again. */
    assert_true(cpu_ns(&live) - before_ns < 5 * NS_PER_MS);
    live_count(&live);
    assert_int_equal(live.counts.connections_total, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(client_hear(client, text), 2);
    (void)close(client);
    live_stop(&live);
}

/* All addresses of both families; the client comes by IPv4. */
static void an_ipv4_client_is_the_same_over_ipv6(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    if (access("/proc/net/if_inet6", F_OK) != 0)
        skip(); /* a machine without IPv6 */
    live_start(&live, (struct http_options){.address = "::"});
    client = client_open(&live, 0);
    assert_true(client_say(client, GET("/5")));
    assert_int_equal(client_hear(client, text), 5);
    assert_string_equal(live.peer, "127.0.0.1");
    (void)close(client);
    live_stop(&live);
}

static void where_nobody_can_listen_is_told(void **state)
{
    struct http_options options = {.address = "localhost"};
    struct http_handler handler = {0};
    struct http_server *server = NULL;
    struct live_server live;
    struct sil_error error = {0};

    (void)state;
    live_start(&live, (struct http_options){0});
    assert_int_equal(
        http_server_open(&server, live.loop, &options, &handler, &error),
        SIL_E_ARGUMENT);
    assert_true(has(error.detail, "localhost"));
    options = (struct http_options){.address = "127.0.0.1", .port = live.port};
    assert_int_equal(
        http_server_open(&server, live.loop, &options, &handler, &error),
        SIL_E_ARGUMENT);
    assert_true(has(error.detail, strerror(EADDRINUSE)));
    assert_null(server);
    live_stop(&live);
}

/* --- the end ------------------------------------------------------------ */

static void draining_finishes_what_is_under_way(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    uint64_t start_ns;
    int busy;
    int idle;

    (void)state;
    live_start(&live, (struct http_options){0});
    busy = client_open(&live, 0);
    assert_true(client_say(busy, GET("/wait")));
    assert_true(live_wait(&live.wait_count, 1));
    idle = client_open(&live, 0);
    assert_true(client_say(idle, GET("/1")));
    assert_int_equal(client_hear(idle, text), 1);
    start_ns = clock_ns();
    live_drain(&live);
    assert_int_equal(client_open(&live, 0), -1);
    assert_true(client_is_ended(idle));
    assert_true(clock_ns() - start_ns < NS_PER_S);
    live_count(&live);
    assert_false(live.is_drained);
    live_release(&live);
    assert_int_equal(client_hear(busy, text), 3);
    assert_true(has(text, "Connection: close\r\n"));
    live_count(&live);
    assert_true(live.is_drained);
    assert_true(client_is_ended(busy));
    (void)close(busy);
    (void)close(idle);
    live_stop(&live);
}

/* A client on a kept connection can't know of the draining: what it has
 * just sent is answered, not cut off. */
static void draining_answers_who_was_about_to_ask(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int client;

    (void)state;
    live_start(&live, (struct http_options){0});
    client = client_open(&live, 0);
    assert_true(client_say(client, GET("/1")));
    assert_int_equal(client_hear(client, text), 1);
    live_drain(&live);
    live_count(&live);
    assert_int_equal(live.busy_count, 0);
    assert_false(live.is_drained);
    assert_true(client_say(client, GET("/2")));
    assert_int_equal(client_hear(client, text), 2);
    assert_true(has(text, "Connection: close\r\n"));
    live_count(&live);
    assert_true(live.is_drained);
    (void)close(client);
    live_stop(&live);
}

/* Connected as far as the client knows, but not accepted yet. */
static void connect_and_drain(void *payload)
{
    struct live_server *live = payload;

    late_client = client_open(live, 0);
    http_server_drain(live->server);
}

static void draining_takes_who_waits_in_the_queue(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];

    (void)state;
    live_start(&live, (struct http_options){0});
    live_call(&live, connect_and_drain);
    assert_true(late_client >= 0);
    assert_true(client_say(late_client, GET("/2")));
    assert_int_equal(client_hear(late_client, text), 2);
    (void)close(late_client);
    live_stop(&live);
}

static void closing_ends_everything(void **state)
{
    struct live_server live;
    char text[LIVE_TEXT_SIZE];
    int working;
    int sending;

    (void)state;
    live_start(&live, (struct http_options){0});
    working = client_open(&live, 0);
    assert_true(client_say(working, GET("/wait")));
    assert_true(live_wait(&live.wait_count, 1));
    sending = client_open(&live, SMALL_BUFFER);
    assert_true(client_say(sending, GET("/24000000")));
    live_close(&live);
    assert_true(
        live_wait(&live.end_count, atomic_load(&live.finish_count) + 1));
    assert_int_equal(live.complete_count, 0);
    assert_int_equal(client_hear(working, text), -1);
    (void)close(working);
    (void)close(sending);
    live_stop(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_on_one_connection),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(a_slow_reader_costs_little),
        cmocka_unit_test(a_reader_that_stops_is_cut_off),
        cmocka_unit_test(slow_requests_are_refused),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(work_ends_when_its_client_leaves),
        cmocka_unit_test(a_client_that_leaves_its_answer_behind_ends_it),
        cmocka_unit_test(a_large_upload_is_refused_early),
        cmocka_unit_test(uploads_arrive),
        cmocka_unit_test(many_requests_wait_behind_one),
        cmocka_unit_test(running_out_of_memory_costs_one_connection),
        cmocka_unit_test(a_malformed_request_ends_the_connection),
        cmocka_unit_test(connections_have_a_limit),
        cmocka_unit_test(accepting_pauses_without_descriptors),
        cmocka_unit_test(an_ipv4_client_is_the_same_over_ipv6),
        cmocka_unit_test(where_nobody_can_listen_is_told),
        cmocka_unit_test(draining_finishes_what_is_under_way),
        cmocka_unit_test(draining_answers_who_was_about_to_ask),
        cmocka_unit_test(draining_takes_who_waits_in_the_queue),
        cmocka_unit_test(closing_ends_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
