/* Lines of JSON, built in a fixed space and written at once.
 * Must not know what an event means, nor allocate: it also speaks when
 * memory is what is missing.
 * One byte is always kept for the closing brace and one for the newline. */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"

/* TAIL_SIZE: brace and newline. NUMBER_SIZE: of any number, and an escape. */
enum { TAIL_SIZE = 2, NUMBER_SIZE = 32 };

/* The one shared state: set at the start, read by each thread. */
static atomic_int lowest_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error",
                                          "off"};

/* Atomic, so that a test may change it while threads log. */
void log_set_level(enum log_level level)
{
    sil_assert(level <= LOG_OFF);
    atomic_store(&lowest_level, (int)level);
}

/* Five names: a search is as good as anything. */
bool log_level_from_name(enum log_level *out, const char *name)
{
    sil_assert(name != NULL);
    for (int i = LOG_DEBUG; i <= LOG_OFF; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Append one character; false if the line is full. */
static bool put(struct log_line *line, char c)
{
    sil_assert(line->size < sizeof line->text);
    if (line->size + TAIL_SIZE >= sizeof line->text)
        return false;
    line->text[line->size++] = c;
    return true;
}

/* Append text of our own, as it is. */
static bool put_all(struct log_line *line, const char *text)
{
    sil_assert(text != NULL);
    for (; *text != '\0'; text++)
        if (!put(line, *text))
            return false;
    return true;
}

/* Append one ASCII character of foreign text so that it can't leave its
 * quotes. */
static bool put_escaped(struct log_line *line, char c)
{
    char code[NUMBER_SIZE];

    sil_assert((unsigned char)c < 0x80);
    if (c == '"' || c == '\\')
        return put(line, '\\') && put(line, c);
    if ((unsigned char)c >= 0x20 && c != 0x7F)
        return put(line, c);
    (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)(unsigned char)c);
    return put_all(line, code);
}

/* Append one character of foreign text; a byte that belongs to none becomes
 * U+FFFD. Returns how many bytes of text it was, 0 if the line is full. */
static size_t put_character(struct log_line *line, const char *text)
{
    size_t length = utf8_length((const uint8_t *)text, strnlen(text, UTF8_MAX));
    bool fits = true;

    sil_assert(length <= UTF8_MAX);
    if (length == 0)
        return put_all(line, "\\ufffd") ? 1 : 0;
    if (length == 1)
        return put_escaped(line, *text) ? 1 : 0;
    for (size_t i = 0; i < length && fits; i++)
        fits = put(line, text[i]);
    return fits ? length : 0;
}

/* Append foreign text as a JSON string. */
static bool put_quoted(struct log_line *line, const char *text)
{
    sil_assert(text != NULL);
    if (!put(line, '"'))
        return false;
    while (*text != '\0') {
        size_t length = put_character(line, text);
        if (length == 0)
            return false;
        text += length;
    }
    return put(line, '"');
}

/* Append ,"key": and then the value, or nothing at all. */
static void put_field(struct log_line *line, const char *key, const char *value,
                      bool is_quoted)
{
    /* The first field follows the opening brace, the others a comma. */
    size_t before = line->size;
    bool fits = (before == 1 || put(line, ',')) && put_quoted(line, key) &&
                put(line, ':');

    sil_assert(before >= 1);
    if (fits)
        fits = is_quoted ? put_quoted(line, value) : put_all(line, value);
    /* As if it hadn't been tried: a later, shorter field may still fit. */
    if (!fits)
        line->size = before;
}

/* Every line has these three, in this order: readers can rely on them even
 * where a line was too long for the rest. */
void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    char now[CLOCK_TEXT_SIZE];

    sil_assert(level < LOG_OFF);
    sil_assert(event != NULL);
    line->level = level;
    line->size = 0;
    (void)put(line, '{');
    clock_text(now);
    put_field(line, "time", now, true);
    put_field(line, "level", level_names[level], true);
    put_field(line, "event", event, true);
}

/* The usual field: foreign text, so quoted and escaped. */
void log_text(struct log_line *line, const char *key, const char *value)
{
    sil_assert(key != NULL);
    if (value != NULL)
        put_field(line, key, value, true);
}

/* Digits need no quotes. */
void log_int(struct log_line *line, const char *key, int64_t value)
{
    char text[NUMBER_SIZE];

    int length = snprintf(text, sizeof text, "%lld", (long long)value);

    sil_assert(length > 0);
    sil_assert(length < NUMBER_SIZE);
    put_field(line, key, text, false);
}

/* Whole microseconds are kept, the rest is below what a clock is good for. */
void log_ms(struct log_line *line, const char *key, uint64_t value_ns)
{
    char text[NUMBER_SIZE];
    int length = snprintf(text, sizeof text, "%.3f",
                          (double)value_ns / (double)NS_PER_MS);

    sil_assert(length > 0);
    sil_assert(length < NUMBER_SIZE);
    put_field(line, key, text, false);
}

/* What didn't fit was left out whole: the line is good JSON either way. */
void log_end(struct log_line *line)
{
    ssize_t written;

    sil_assert(line->size + TAIL_SIZE <= sizeof line->text);
    sil_assert(line->text[0] == '{');
    if ((int)line->level < atomic_load(&lowest_level))
        return;
    line->text[line->size++] = '}';
    line->text[line->size++] = '\n';
    /* One call, so that lines of several threads don't mix. */
    written = write(STDERR_FILENO, line->text, line->size);
    (void)written; /* A log that can't be written can't be complained of. */
}

/* For what happens to the service, not to a request. */
void log_event(enum log_level level, const char *event, const char *detail)
{
    struct log_line line;

    sil_assert(event != NULL);
    log_begin(&line, level, event);
    log_text(&line, "detail", detail);
    log_end(&line);
}
