/* A client's bytes, and everything that can happen between them.
 * Must not know sockets: fake_wire.c plays them and asserts what must always
 * hold.
 * Input: a byte n, n % 32 bytes of script, then the stream. Each script byte
 * sends a piece of the stream and lets one event follow; what is left of the
 * stream then goes in as fast as the connection takes it. */
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "http/fake_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    SCRIPT_MAX = 32,
    EVENT_COUNT = 8, /* in the low bits of a script byte */
    BODY_MAX = 4096,
    REPLY_BYTES = 100000
};

/* The stream and how much of it is sent. */
struct stream {
    const uint8_t *bytes;
    size_t size;
};

/* --- the parser --------------------------------------------------------- */

/* What must not depend on how the network cuts a stream. */
struct outcome {
    enum sil_err err;
    uint32_t request_count;
    size_t used;
    size_t body_bytes;
};

static void parse(struct outcome *out, const struct stream *stream,
                  size_t piece_bytes)
{
    struct parser *parser = NULL;
    struct sil_error error = {0};
    size_t used = 0;

    *out = (struct outcome){0};
    sil_assert(parser_create(&parser) == SIL_OK);
    while (out->used < stream->size && out->err == SIL_OK) {
        size_t left = stream->size - out->used;
        size_t piece = left < piece_bytes ? left : piece_bytes;

        out->err = parser_feed(&used, parser, stream->bytes + out->used, piece,
                               &error);
        sil_assert(used <= piece);
        sil_assert(used == piece || out->err != SIL_OK ||
                   parser_state(parser) == PARSE_HEAD_END ||
                   parser_state(parser) == PARSE_DONE);
        out->used += out->err ? 0 : used;
        if (parser_state(parser) == PARSE_HEAD_END)
            out->err = parser_expect_body(parser, BODY_MAX, &error);
        if (parser_state(parser) != PARSE_DONE)
            continue;
        out->request_count++;
        out->body_bytes += parser_body(parser).size;
        sil_assert(parser_body(parser).size <= BODY_MAX);
        parser_reset(parser);
    }
    sil_assert(out->err == error.code);
    parser_destroy(parser);
}

static void compare_cuts(const struct stream *stream)
{
    struct outcome whole;
    struct outcome bytes;

    parse(&whole, stream, SIZE_MAX);
    parse(&bytes, stream, 1);
    sil_assert(whole.err == bytes.err);
    sil_assert(whole.request_count == bytes.request_count);
    sil_assert(whole.body_bytes == bytes.body_bytes);
    sil_assert(whole.err != SIL_OK || whole.used == bytes.used);
}

/* --- the connection ----------------------------------------------------- */

static void send_piece(struct fake_wire *wire, struct stream *stream,
                       size_t size)
{
    size_t taken;

    if (size > stream->size)
        size = stream->size;
    taken = fake_wire_send(wire, stream->bytes, size);
    stream->bytes += taken;
    stream->size -= taken;
}

/* Rarer events and changes of the handler's mind. */
static void change(struct fake_wire *wire, unsigned choice)
{
    static const uint64_t sizes[] = {0, 5, REPLY_BYTES, HTTP_SIZE_UNKNOWN};

    switch (choice % 8) {
    case 0:
        wire->answer = (enum fake_answer)((wire->answer + 1) % 4);
        break;
    case 1:
        wire->room = wire->room == 0 ? SIZE_MAX : 0;
        break;
    case 2: /* not while a body is being made */
        if (wire->reply_count == wire->finish_count)
            wire->reply_bytes = sizes[choice / 8 % 4];
        wire->reply_chunked = REPLY_BYTES;
        break;
    case 3:
        wire->is_last = !wire->is_last;
        break;
    case 4:
        wire->shared.is_draining = true;
        conn_drain(wire->conn);
        break;
    case 5:
        conn_close(wire->conn);
        break;
    case 6:
        wire->is_failing = true;
        break;
    default:
        mem_fail_at(1 + choice / 8);
        break;
    }
}

static void happen(struct fake_wire *wire, uint8_t event)
{
    switch (event % EVENT_COUNT) {
    case 0:
        break;
    case 1:
        (void)fake_wire_take(wire);
        break;
    case 2:
        (void)fake_wire_answer(wire);
        break;
    case 3:
        (void)fake_wire_late(wire);
        break;
    case 4:
        conn_on_eof(wire->conn, event >= 128);
        break;
    default:
        change(wire, event / EVENT_COUNT);
        break;
    }
}

/* One answer per exchange that was told of, none behind a refusal. */
static void check_sent(const struct fake_wire *wire)
{
    static const char start[] = "HTTP/1.1 ";
    static const char interim[] = "HTTP/1.1 100 ";
    const char *text = (const char *)wire->sent.bytes;
    size_t left = wire->sent.size;
    uint32_t answer_count = 0;

    sil_assert(wire->refuse_count <= 1);
    if (buf_err(&wire->sent))
        return; /* the memory that was made to fail was ours */
    while (left >= sizeof interim - 1) {
        const char *found = memmem(text, left, start, sizeof start - 1);

        if (found == NULL)
            break;
        left -= (size_t)(found - text) + 1;
        text = found + 1;
        answer_count += memcmp(found, interim, sizeof interim - 1) != 0;
    }
    sil_assert(answer_count <= wire->end_count);
    sil_assert(answer_count >= wire->complete_count);
}

static void play(const uint8_t *script, size_t script_size,
                 struct stream *stream)
{
    struct fake_wire wire;
    bool is_going_on = true;

    if (fake_wire_open(&wire) != SIL_OK)
        return;
    wire.body_max = BODY_MAX;
    for (size_t i = 0; i < script_size; i++) {
        size_t root = script[i] / EVENT_COUNT;

        send_piece(&wire, stream, root * root);
        happen(&wire, script[i]);
    }
    while (is_going_on) {
        size_t before = stream->size;

        send_piece(&wire, stream, SIZE_MAX);
        is_going_on = fake_wire_take(&wire);
        is_going_on |= fake_wire_answer(&wire);
        is_going_on |= stream->size < before;
    }
    mem_fail_at(0);
    check_sent(&wire);
    fake_wire_finish(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t script_size = size > 0 ? data[0] % SCRIPT_MAX : 0;
    struct stream stream;

    if (size < 1 + script_size)
        return 0;
    stream.bytes = data + 1 + script_size;
    stream.size = size - 1 - script_size;
    if (stream.size > 0)
        compare_cuts(&stream);
    play(data + 1, script_size, &stream);
    return 0;
}
