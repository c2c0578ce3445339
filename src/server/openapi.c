/* OpenAPI 3.1, a text of web/ with the tables filled in.
 * Must not know how requests are served.
 * The text holds marks, @@words quality@@: a name and what it is about. What
 * stands between @@if …@@ and @@end@@ is left out where it isn't offered. */
#include "server/openapi.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/options.h"
#include "server/answers.h"
#include "server/negotiate.h"
#include "server/routes.h"
#include "server/web_files.h"

/* Two of them, for one alone may stand in a text. It begins and it ends a
 * mark, so that what comes between two marks is text. */
static const char mark[] = "@@";

enum { MARK_SIZE = sizeof mark - 1 };

/** A document being written. */
struct writer {
    struct buf *to;
    const struct config *config;
};

/** A piece of a text: not terminated, and lent from it. */
struct span {
    const char *bytes;
    size_t size;
};

/* The Korean column, which nothing else of the program reads. */
static const char *const in_korean[] = {
#define SIL_ERROR(name, code, stage, status, state, message, when, ko) ko,
#define SIL_ERROR_ALIAS(name, ...) NULL,
#include "base/errors.tbl"
#undef SIL_ERROR
#undef SIL_ERROR_ALIAS
};

/* To the byte: the names in the text are ours. */
static bool is_same(struct span text, const char *word)
{
    sil_assert(word != NULL);
    return text.size == strlen(word) &&
           memcmp(text.bytes, word, text.size) == 0;
}

/* As JSON, with its quotes: the tables' texts may hold any letter. */
static void add_text(struct buf *to, const char *text)
{
    sil_assert(text != NULL);
    json_add_text(to, text, strlen(text));
}

/* Is this among the words "a b c"? Whole words: "png" is not found in
 * "pngx". */
static bool has_word(const char *words, struct span word)
{
    sil_assert(word.size > 0);
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        if (size == word.size && memcmp(words, word.bytes, size) == 0)
            return true;
        words += size + (words[size] == ' ');
    }
    return false;
}

/* The options' rows are named in the text; a name without a row is a mistake
 * in the text, found by the first test. */
static const struct option_row *row_of(struct span name)
{
    const struct option_row *row = option_find(name.bytes, name.size);

    sil_assert(row != NULL);
    return row;
}

/* "@@words quality@@": the offered ones, as an array. */
static void add_words(struct writer *writer, struct span name)
{
    const char *words = row_of(name)->offered;
    const char *comma = "";

    sil_assert(*words != '\0');
    buf_add_text(writer->to, "[");
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        buf_addf(writer->to, "%s\"%.*s\"", comma, (int)size, words);
        words += size + (words[size] == ' ');
        comma = ", ";
    }
    buf_add_text(writer->to, "]");
}

/* What a request gets that says nothing; the quality is a setting. */
static void add_default(struct writer *writer, struct span name)
{
    const struct option_row *row = row_of(name);

    sil_assert(writer->config != NULL);
    add_text(writer->to, is_same(name, "quality") ? writer->config->quality
                                                  : row->standard);
}

/* The limits that a client may run into, as this service has them. A name that
 * isn't here leaves 0, which the assertion finds. */
static void add_limit(struct writer *writer, struct span name)
{
    const struct config *config = writer->config;
    uint64_t value = 0;

    if (is_same(name, "image_bytes"))
        value = config->image_bytes_max;
    else if (is_same(name, "image_pixels"))
        value = config->image_pixels_max;
    else if (is_same(name, "key_bytes"))
        value = LIMIT_KEY_BYTES_MAX;
    else if (is_same(name, "request_id"))
        value = LIMIT_REQUEST_ID_MAX;
    sil_assert(value > 0);
    buf_addf(writer->to, "%" PRIu64, value);
}

/* The summary of the route with that label. */
static void add_summary(struct writer *writer, struct span label)
{
    const struct route_row *row = NULL;

    for (int i = 0; i < ROUTE_NONE && row == NULL; i++)
        if (is_same(label, route_row((enum route)i)->label))
            row = route_row((enum route)i);
    sil_assert(row != NULL);
    buf_add_text(writer->to, row->summary);
}

/* The one mark that stands inside a string of the text, as the summaries do:
 * without quotes. */
static void add_version(struct writer *writer, struct span about)
{
    sil_assert(about.size == 0);
    buf_add_text(writer->to, SIL_VERSION);
}

/* The media types of a picture as the body. */
static void add_pictures(struct writer *writer, struct span about)
{
    size_t count;
    const char *const *types = negotiate_image_types(&count);

    sil_assert(about.size == 0);
    for (size_t i = 0; i < count; i++)
        buf_addf(writer->to,
                 "\"%s\": {\"schema\": {\"type\": \"string\", "
                 "\"contentMediaType\": \"%s\"}},",
                 types[i], types[i]);
}

/* Is there no row with this status above row i? Several errors share one, and
 * OpenAPI has one response for each. */
static bool is_first_of_status(int i)
{
    int status = err_row((enum sil_err)i)->status;

    sil_assert(i >= 1);
    for (int above = 1; above < i; above++)
        if (err_row((enum sil_err)above)->status == status)
            return false;
    return true;
}

/* Fields that answers of this status have beside the usual ones. */
static void add_failure_headers(struct buf *to, int status)
{
    buf_add_text(to, "\"headers\": {\"X-Request-Id\": {\"$ref\": "
                     "\"#/components/headers/RequestId\"}");
    if (status == 429 || status == 503)
        buf_add_text(to, ", \"Retry-After\": {\"$ref\": "
                         "\"#/components/headers/RetryAfter\"}");
    if (status == 405)
        buf_add_text(to, ", \"Allow\": {\"schema\": {\"type\": \"string\"}, "
                         "\"example\": \"POST\"}");
    if (status == 401)
        buf_add_text(to, ", \"WWW-Authenticate\": {\"schema\": {\"type\": "
                         "\"string\"}, \"example\": \"Bearer\"}");
    sil_assert(status >= 400);
    buf_add_text(to, "}");
}

/* Every error of a status as an example: the body that is really sent. */
static void add_failure_examples(struct buf *to, int first)
{
    int status = err_row((enum sil_err)first)->status;
    const char *comma = "";

    sil_assert(is_first_of_status(first));
    for (int i = first; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        if (row->status != status || row->is_alias)
            continue;
        buf_addf(to, "%s\"%s\": {\"summary\": ", comma, row->code);
        add_text(to, row->when);
        buf_add_text(to, ", \"x-ko\": ");
        add_text(to, in_korean[i - 1]);
        buf_add_text(to, ", \"value\": ");
        answer_error_body(to, (enum sil_err)i, "", row->stage);
        buf_add_text(to, "}");
        comma = ", ";
    }
}

/* The codes of a status, for the one line that a response has. */
static void add_failure_codes(struct buf *to, int first)
{
    int status = err_row((enum sil_err)first)->status;
    const char *comma = "";

    sil_assert(status >= 400);
    for (int i = first; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        if (row->status != status || row->is_alias)
            continue;
        buf_addf(to, "%s`%s`", comma, row->code);
        comma = ", ";
    }
}

/* One response per status, with an example of each of its errors. */
static void add_failures(struct writer *writer, struct span about)
{
    struct buf *to = writer->to;
    const char *comma = "";

    sil_assert(about.size == 0);
    for (int i = 1; i <= err_count(); i++) {
        int status = err_row((enum sil_err)i)->status;

        /* A status stands where its first row does. */
        if (!is_first_of_status(i))
            continue;
        buf_addf(to, "%s\n    \"%d\": {\"description\": \"", comma, status);
        add_failure_codes(to, i);
        buf_add_text(to, "\", ");
        add_failure_headers(to, status);
        buf_add_text(to, ", \"content\": {\"application/json\": {\"schema\": "
                         "{\"$ref\": \"#/components/schemas/Failure\"}, "
                         "\"examples\": {");
        add_failure_examples(to, i);
        buf_add_text(to, "}}}}");
        comma = ",";
    }
}

/* The enum of all codes. An alias never leaves the process under its own
 * name. */
static void add_codes(struct writer *writer, struct span about)
{
    const char *comma = "[";

    sil_assert(about.size == 0);
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        if (row->is_alias)
            continue;
        buf_addf(writer->to, "%s\"%s\"", comma, row->code);
        comma = ", ";
    }
    buf_add_text(writer->to, "]");
}

/* Where an error may come from: "request", then the stages in their order. */
static void add_stages(struct writer *writer, struct span about)
{
    sil_assert(about.size == 0);
    for (int i = 0; i < SIL_STAGE_COUNT; i++)
        buf_addf(writer->to, "%s\"%s\"", i > 0 ? ", " : "[",
                 stage_name((enum sil_stage)i));
    buf_add_text(writer->to, "]");
}

/* The whole table, for the pages: what a code means, in both languages. */
static void add_errors(struct writer *writer, struct span about)
{
    struct buf *to = writer->to;
    const char *comma = "[";

    sil_assert(about.size == 0);
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        if (row->is_alias)
            continue;
        buf_addf(to,
                 "%s\n  {\"code\": \"%s\", \"status\": %d, \"state\": %d, "
                 "\"stage\": \"%s\", \"message\": ",
                 comma, row->code, row->status, row->state,
                 stage_name(row->stage));
        add_text(to, row->message);
        buf_add_text(to, ", \"when\": ");
        add_text(to, row->when);
        buf_add_text(to, ", \"when_ko\": ");
        add_text(to, in_korean[i - 1]);
        buf_add_text(to, "}");
        comma = ",";
    }
    buf_add_text(to, "]");
}

/** A mark and what is written in its place. */
struct filler {
    const char *name;
    /** about: what follows the name, "quality"; empty for most. */
    void (*add)(struct writer *writer, struct span about);
};

/* All marks but "if" and "end", which write nothing. A name that isn't here
 * is a mistake in the text: an assertion of the first test finds it. */
static const struct filler fillers[] = {
    {"version", add_version},   {"summary", add_summary},
    {"pictures", add_pictures}, {"words", add_words},
    {"default", add_default},   {"limit", add_limit},
    {"failures", add_failures}, {"codes", add_codes},
    {"stages", add_stages},     {"errors", add_errors},
};

/* "if people each", "if type image/png": is it offered? */
static bool is_offered(struct span about)
{
    size_t size = 0;
    struct span name, word;

    while (size < about.size && about.bytes[size] != ' ')
        size++;
    sil_assert(size < about.size);
    name = (struct span){about.bytes, size};
    word = (struct span){about.bytes + size + 1, about.size - size - 1};
    if (is_same(name, "type"))
        return negotiate_answers(word.bytes, word.size);
    return has_word(row_of(name)->offered, word);
}

/* Write one mark; false from an "if" that isn't so until its "end". */
static bool fill(struct writer *writer, struct span text)
{
    size_t size = 0;
    struct span name, about;

    while (size < text.size && text.bytes[size] != ' ')
        size++;
    name = (struct span){text.bytes, size};
    size += size < text.size;
    about = (struct span){text.bytes + size, text.size - size};
    if (is_same(name, "if"))
        return is_offered(about);
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        if (!is_same(name, fillers[i].name))
            continue;
        fillers[i].add(writer, about);
        return true;
    }
    sil_assert(is_same(name, "end"));
    return true;
}

/* The text that is embedded beside the pages, under no path of theirs. */
static struct span template(void)
{
    const struct web_file *file = NULL;

    for (size_t i = 0; i < web_file_count && file == NULL; i++)
        if (strcmp(web_files[i].path, "openapi") == 0)
            file = &web_files[i];
    sil_assert(file != NULL);
    sil_assert(file->bytes != NULL);
    return (struct span){(const char *)file->bytes, file->size};
}

/* Made anew for each reader: it is asked for rarely, and a copy would be one
 * more thing to free. Text and marks take turns: what stands before the first
 * @@ is text, then comes a mark, and so on. */
void openapi_text(struct buf *to, const struct config *config)
{
    struct writer writer = {to, config};
    struct span rest = template();
    bool is_mark = false;
    bool is_on = true;

    sil_assert(to != NULL);
    while (rest.size > 0) {
        const char *end = memmem(rest.bytes, rest.size, mark, MARK_SIZE);
        struct span part = {rest.bytes, end != NULL ? (size_t)(end - rest.bytes)
                                                    : rest.size};
        size_t used = part.size + (end != NULL ? MARK_SIZE : 0);

        /* Within what is left out only the "end" is read. */
        if (is_mark && (is_on || is_same(part, "end")))
            is_on = fill(&writer, part);
        else if (!is_mark && is_on)
            buf_add(to, part.bytes, part.size);
        is_mark = !is_mark;
        rest.bytes += used;
        rest.size -= used;
    }
    sil_assert(is_on);
}
