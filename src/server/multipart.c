/* Cuts a form at its boundaries and reads the parts' heads.
 * Must not know HTTP beyond the texts it is given.
 * A boundary counts only at the start of a line; the line break before it
 * belongs to it, not to the content. */
#include "server/multipart.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/limits.h"

/* RFC 2046: a boundary has 1..70 characters. */
enum { BOUNDARY_MAX = 70, MARK_SIZE = BOUNDARY_MAX + 4 };

/** What separates parts: CRLF, two dashes, the boundary. */
struct mark {
    char text[MARK_SIZE];
    size_t size;
};

/* The value of a parameter "; name=value" of a field, quotes taken off;
 * bytes NULL: there is none. A quoted value ends at the next quote. */
static struct http_text parameter(struct http_text field, const char *name)
{
    size_t name_size = strlen(name);

    sil_assert(name_size > 0);
    for (size_t at = 0; at + name_size + 2 <= field.size; at++) {
        const char *text = field.bytes + at + 1;
        size_t size = field.size - at - 1;
        const char *end;

        if (field.bytes[at] != ';' && field.bytes[at] != ' ')
            continue;
        if (strncasecmp(text, name, name_size) != 0 || text[name_size] != '=')
            continue;
        /* From here on it is the value, quoted or up to the next ";". */
        text += name_size + 1;
        size -= name_size + 1;
        if (size > 0 && text[0] == '"') {
            end = memchr(text + 1, '"', size - 1);
            if (end == NULL)
                return (struct http_text){NULL, 0};
            return (struct http_text){text + 1, (size_t)(end - text) - 1};
        }
        end = memchr(text, ';', size);
        return (struct http_text){text, end ? (size_t)(end - text) : size};
    }
    return (struct http_text){NULL, 0};
}

/* The line break belongs to the boundary: pictures may end in one. */
static bool make_mark(struct mark *mark, struct http_text type)
{
    struct http_text boundary = parameter(type, "boundary");

    sil_assert(mark != NULL);
    if (boundary.bytes == NULL || boundary.size == 0 ||
        boundary.size > BOUNDARY_MAX)
        return false;
    /* MARK_SIZE has room for the longest boundary and these four. */
    memcpy(mark->text, "\r\n--", 4);
    memcpy(mark->text + 4, boundary.bytes, boundary.size);
    mark->size = boundary.size + 4;
    return true;
}

/* Cut off and return what stands before the pattern; bytes NULL, rest
 * untouched, if it isn't there. */
static struct http_text cut(struct http_text *rest, const char *pattern,
                            size_t size)
{
    const char *found = memmem(rest->bytes, rest->size, pattern, size);
    struct http_text before = {NULL, 0};

    sil_assert(size > 0);
    if (found == NULL)
        return before;
    before = (struct http_text){rest->bytes, (size_t)(found - rest->bytes)};
    rest->size -= before.size + size;
    rest->bytes = found + size;
    return before;
}

/* Does this head, lines without the last line break, name the part so? The
 * name's case counts, that of the field's doesn't. */
static bool is_part(struct http_text head, const char *name)
{
    static const char field[] = "content-disposition:";
    struct http_text line;

    sil_assert(head.bytes != NULL);
    /* The first such line decides: a part has one. */
    for (bool is_last = false; !is_last;) {
        line = cut(&head, "\r\n", 2);
        is_last = line.bytes == NULL;
        if (is_last)
            line = head;
        if (line.size > sizeof field &&
            strncasecmp(line.bytes, field, sizeof field - 1) == 0) {
            struct http_text value = parameter(line, "name");
            return value.size == strlen(name) &&
                   memcmp(value.bytes, name, value.size) == 0;
        }
    }
    return false;
}

/* Go behind the first boundary, which may stand at the very start, without a
 * line break before it. */
static bool enter(struct http_text *rest, const struct mark *mark)
{
    const char *first = mark->text + 2; /* without the line break */
    size_t size = mark->size - 2;

    sil_assert(mark->size > 4);
    if (rest->size < size)
        return false;
    if (memcmp(rest->bytes, first, size) != 0)
        return cut(rest, mark->text, mark->size).bytes != NULL;
    rest->bytes += size;
    rest->size -= size;
    return true;
}

/* Behind a boundary: the part's head and content; false if there is none, or
 * no whole one. */
static bool next_part(struct http_text *head, struct http_text *content,
                      struct http_text *rest, const struct mark *mark)
{
    struct http_text line = cut(rest, "\r\n", 2);

    sil_assert(mark->size > 4);
    /* "--" behind the boundary: it was the last. */
    if (line.bytes == NULL || (line.size > 0 && line.bytes[0] == '-'))
        return false;
    /* An empty line ends the head, the next boundary the content. */
    *head = cut(rest, "\r\n\r\n", 4);
    if (head->bytes == NULL)
        return false;
    *content = cut(rest, mark->text, mark->size);
    return content->bytes != NULL;
}

/* Parts before the picture are passed over, but not without end. */
enum sil_err multipart_image(struct http_text *out, struct http_text body,
                             struct http_text type, struct sil_error *error)
{
    struct mark mark;
    struct http_text rest = body;
    struct http_text head;
    struct http_text content;
    bool has_part;

    sil_assert(out != NULL);
    if (type.bytes == NULL || !make_mark(&mark, type))
        return err_set(error, SIL_E_BAD_CONTENT_TYPE,
                       "multipart/form-data has no boundary of 1 to 70 "
                       "characters");
    /* What stands before the first boundary is for old mail programs. */
    has_part = enter(&rest, &mark);
    for (int i = 0; has_part && i < LIMIT_FORM_PARTS_MAX; i++) {
        has_part = next_part(&head, &content, &rest, &mark);
        if (!has_part || !is_part(head, "image"))
            continue;
        *out = content;
        return SIL_OK;
    }
    return err_set(error, SIL_E_MISSING_IMG_SRC,
                   "the form has no whole part named image");
}
