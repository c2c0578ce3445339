/* Plays socket, clock and handler for one connection.
 * Must not know what a test wants to see.
 * It asserts by itself what must hold in any order of events: one answer per
 * exchange, one end each, nothing after the close. */
#include "http/fake_wire.h"

#include <string.h>

#include "base/check.h"

enum { SENT_BYTES_MAX = 1 << 27 };

/* --- the wire ----------------------------------------------------------- */

static enum wire_result on_write(void *payload, const void *bytes, size_t size,
                                 bool is_yielding)
{
    struct fake_wire *wire = payload;

    sil_assert(!wire->is_closing && !wire->is_shut);
    sil_assert(wire->pending == 0);
    sil_assert(size > 0 && size <= LIMIT_HTTP_WRITE_BYTES);
    if (wire->is_failing)
        return WIRE_FAILED;
    buf_add(&wire->sent, bytes, size);
    if (size <= wire->room && !is_yielding)
        return WIRE_TAKEN;
    wire->pending = size;
    return WIRE_LATER;
}

static void on_read(void *payload, bool is_on)
{
    struct fake_wire *wire = payload;

    sil_assert(!wire->is_closing);
    sil_assert(wire->is_reading != is_on);
    wire->is_reading = is_on;
}

static void on_deadline(void *payload, uint64_t deadline_ns)
{
    struct fake_wire *wire = payload;

    sil_assert(!wire->is_closing);
    wire->deadline_ns = deadline_ns;
}

static void on_shut(void *payload)
{
    struct fake_wire *wire = payload;

    sil_assert(!wire->is_shut && !wire->is_closing);
    sil_assert(wire->pending == 0);
    wire->is_shut = true;
}

static void on_close(void *payload, bool is_reset)
{
    struct fake_wire *wire = payload;

    sil_assert(!wire->is_closing);
    sil_assert(wire->deadline_ns == 0);
    wire->is_closing = true;
    wire->is_reset = is_reset;
}

static const struct wire_ops ops = {on_write, on_read, on_deadline, on_shut,
                                    on_close};

/* --- the handler -------------------------------------------------------- */

static size_t make_body(void *payload, uint8_t *bytes, size_t capacity)
{
    struct fake_wire *wire = payload;
    uint64_t size = wire->reply_bytes;
    size_t left;

    if (size == HTTP_SIZE_UNKNOWN)
        size = wire->reply_chunked;
    if (wire->is_short)
        size--;
    left = (size_t)size - wire->made_bytes;
    if (left > capacity)
        left = capacity;
    memset(bytes, '0', left);
    wire->made_bytes += left;
    return left;
}

static void on_finish(void *payload)
{
    struct fake_wire *wire = payload;

    wire->finish_count++;
    sil_assert(wire->finish_count == wire->reply_count);
}

static void give_answer(struct fake_wire *wire, struct http_exchange *exchange,
                        int status)
{
    static const struct http_field fields[FAKE_FIELD_COUNT] = {
        {"X-Test", "a\r\nForged: b"}};
    struct http_reply reply = {
        .status = status,
        .fields = fields,
        .field_count = FAKE_FIELD_COUNT,
        .body = {wire->reply_bytes, make_body, on_finish, wire},
        .is_last = wire->is_last};

    wire->open = NULL;
    wire->made_bytes = 0;
    wire->reply_count++;
    http_reply(exchange, &reply);
}

static size_t on_head(void *payload, struct http_exchange *exchange)
{
    struct fake_wire *wire = payload;

    sil_assert(http_method(exchange).size > 0);
    sil_assert(http_path(exchange).size > 0);
    sil_assert(http_arrival_ns(exchange) > 0);
    sil_assert(http_user(exchange) == NULL);
    http_set_user(exchange, wire);
    wire->head_count++;
    if (wire->look != NULL)
        wire->look(exchange);
    if (wire->answer == FAKE_AT_HEAD)
        give_answer(wire, exchange, 200);
    return wire->body_max;
}

static void on_request(void *payload, struct http_exchange *exchange)
{
    struct fake_wire *wire = payload;

    sil_assert(http_user(exchange) == wire);
    wire->request_count++;
    wire->last_body_bytes = http_body(exchange).size;
    if (wire->answer == FAKE_NOW)
        give_answer(wire, exchange, 200);
    else if (wire->answer == FAKE_LATER)
        wire->open = exchange;
    else
        conn_close(wire->conn);
}

static void on_refuse(void *payload, struct http_exchange *exchange,
                      const struct sil_error *error)
{
    struct fake_wire *wire = payload;

    sil_assert(error->code != SIL_OK);
    sil_assert(error->detail[0] != '\0');
    wire->refuse_count++;
    wire->error = *error;
    if (wire->look != NULL)
        wire->look(exchange);
    give_answer(wire, exchange, err_row(error->code)->status);
}

static void on_end(void *payload, struct http_exchange *exchange,
                   const struct http_ending *ending)
{
    struct fake_wire *wire = payload;

    sil_assert(strcmp(http_peer(exchange), "::1") == 0);
    sil_assert(wire->finish_count == wire->reply_count);
    wire->open = NULL;
    wire->end_count++;
    wire->complete_count += ending->is_complete;
    wire->ending = *ending;
}

/* --- the test's side ---------------------------------------------------- */

enum sil_err fake_wire_open(struct fake_wire *wire)
{
    enum sil_err err;

    *wire = (struct fake_wire){
        .body_max = 65536, .reply_bytes = 5, .room = SIZE_MAX};
    wire->shared = (struct conn_shared){
        .handler = {wire, on_head, on_request, on_refuse, on_end},
        .header_ms = LIMIT_HTTP_HEADER_MS,
        .body_ms = LIMIT_HTTP_BODY_MS,
        .idle_ms = LIMIT_HTTP_IDLE_MS,
        .write_stall_ms = LIMIT_HTTP_WRITE_STALL_MS,
        .body_bytes_max = LIMIT_HTTP_BODIES_BYTES_MAX};
    buf_init(&wire->sent, SENT_BYTES_MAX);
    err = conn_create(&wire->conn, &wire->shared, &ops, wire, "::1");
    if (!err)
        conn_open(wire->conn);
    return err;
}

void fake_wire_finish(struct fake_wire *wire)
{
    if (wire->conn != NULL && !wire->is_closing)
        conn_close(wire->conn);
    sil_assert(wire->conn == NULL || wire->is_closing);
    conn_destroy(wire->conn);
    wire->conn = NULL;
    sil_assert(wire->shared.busy_count == 0);
    sil_assert(wire->shared.body_bytes == 0);
    sil_assert(wire->shared.counts.connections_open == 0);
    sil_assert(wire->finish_count == wire->reply_count);
    sil_assert(wire->end_count >= wire->head_count);
    sil_assert(wire->end_count <= wire->head_count + wire->refuse_count);
    buf_finish(&wire->sent);
}

size_t fake_wire_send(struct fake_wire *wire, const void *bytes, size_t size)
{
    size_t room = conn_room(wire->conn);

    sil_assert(wire->is_closing || wire->is_reading == (room > 0));
    if (size > room)
        size = room;
    if (size > 0)
        conn_on_bytes(wire->conn, bytes, size);
    return size;
}

void fake_wire_say(struct fake_wire *wire, const char *text)
{
    size_t taken = fake_wire_send(wire, text, strlen(text));

    sil_assert(taken == strlen(text));
}

bool fake_wire_take(struct fake_wire *wire)
{
    if (wire->pending == 0)
        return false;
    wire->pending = 0;
    conn_on_written(wire->conn, !wire->is_failing);
    return true;
}

bool fake_wire_answer(struct fake_wire *wire)
{
    if (wire->open == NULL)
        return false;
    give_answer(wire, wire->open, 200);
    return true;
}

bool fake_wire_late(struct fake_wire *wire)
{
    if (wire->deadline_ns == 0)
        return false;
    wire->deadline_ns = 0;
    conn_on_deadline(wire->conn);
    return true;
}

const char *fake_wire_heard(struct fake_wire *wire)
{
    const char *text = buf_text(&wire->sent);

    sil_assert(strlen(text) == wire->sent.size);
    buf_clear(&wire->sent);
    return text;
}
