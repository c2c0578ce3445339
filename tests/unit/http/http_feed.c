/* Drives parser_feed() the way a connection does.
 * Must not know what a stream should come to: the tests do.
 * Each piece is copied to the end of a page; the next one is forbidden. */
#include "http/http_feed.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

enum { ROOM_BYTES = 1 << 20 }; /* the largest piece, whole pages */

/* ROOM_BYTES of memory with a forbidden page behind them. */
static uint8_t *guarded_room(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *room = mmap(NULL, ROOM_BYTES + page, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    sil_assert(room != MAP_FAILED);
    sil_assert(mprotect(room + ROOM_BYTES, page, PROT_NONE) == 0);
    return room;
}

static void note_request(struct feed_result *result,
                         const struct parser *parser)
{
    struct http_text path = parser_text(parser, parser_head(parser)->path);
    struct http_text body = parser_body(parser);

    sil_assert(path.size < sizeof result->last_path);
    sil_assert(body.size < sizeof result->last_body);
    memcpy(result->last_path, path.bytes, path.size);
    result->last_path[path.size] = '\0';
    if (body.size > 0)
        memcpy(result->last_body, body.bytes, body.size);
    result->last_body[body.size] = '\0';
    result->request_count++;
}

/* Feed one piece, going on behind each head and each request. */
static void feed_piece(struct feed_result *result, struct parser *parser,
                       const uint8_t *bytes, size_t size)
{
    size_t used = 0;
    size_t at = 0;

    while (at < size && result->err == SIL_OK) {
        result->err =
            parser_feed(&used, parser, bytes + at, size - at, &result->error);
        at += used;
        result->used += used;
        if (parser_state(parser) == PARSE_HEAD_END)
            result->err =
                parser_expect_body(parser, FEED_BODY_MAX, &result->error);
        if (parser_state(parser) != PARSE_DONE)
            continue;
        note_request(result, parser);
        parser_reset(parser);
    }
}

void feed(struct feed_result *result, const char *bytes, size_t size,
          enum feed_cut cut, size_t at)
{
    uint8_t *room = guarded_room();
    uint8_t *end = room + ROOM_BYTES;
    struct parser *parser = NULL;
    size_t done = 0;

    sil_assert(size <= ROOM_BYTES);
    *result = (struct feed_result){0};
    sil_assert(parser_create(&parser) == SIL_OK);
    while (done < size && result->err == SIL_OK) {
        size_t piece = size - done;

        if (cut == FEED_BYTES)
            piece = 1;
        else if (cut == FEED_AT && done == 0 && at > 0)
            piece = at;
        memcpy(end - piece, bytes + done, piece);
        feed_piece(result, parser, end - piece, piece);
        done += piece;
    }
    parser_destroy(parser);
    (void)munmap(room, ROOM_BYTES + (size_t)sysconf(_SC_PAGESIZE));
}
