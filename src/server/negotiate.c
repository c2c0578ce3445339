/* Lists of names with q-values, read strictly and without copies.
 * Must not know what is answered, only its forms' names.
 * Quality is counted in thousandths, as precise as the RFC lets it be; what
 * a more specific range says beats what a wider one says. */
#include "server/negotiate.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

/* Q_UNSAID: the list doesn't say, which is not the same as 0, "never". */
enum { Q_FULL = 1000, Q_UNSAID = -1 };

/** One item of a list: "image/png;q=0.5". */
struct item {
    struct http_text name; /* "image/png", without parameters */
    int q;                 /* 0..1000 */
};

/* What RFC 9110 calls optional white space; a line break is none. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The text without blanks at its ends. */
static struct http_text trim(const char *bytes, size_t size)
{
    sil_assert(bytes != NULL || size == 0);
    while (size > 0 && is_blank(bytes[0])) {
        bytes++;
        size--;
    }
    while (size > 0 && is_blank(bytes[size - 1]))
        size--;
    return (struct http_text){bytes, size};
}

/* Types and codings are compared in any case, as the RFC says. */
static bool is_name(struct http_text text, const char *name)
{
    sil_assert(name != NULL);
    return text.size == strlen(name) &&
           strncasecmp(text.bytes, name, text.size) == 0;
}

/* How far it is to mark, outside of quotes; size if there is none. */
static size_t span_to(const char *bytes, size_t size, char mark)
{
    bool is_quoted = false;
    size_t at = 0;

    sil_assert(bytes != NULL || size == 0);
    for (; at < size; at++) {
        if (bytes[at] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && bytes[at] == '\\')
            at++;
        else if (!is_quoted && bytes[at] == mark)
            break;
    }
    /* A backslash at the very end would have gone one too far. */
    return at < size ? at : size;
}

/* "0.75" to 750; ".2", as old Java sends it, too. -1: not a q-value. */
static int parse_q(struct http_text text)
{
    int q = 0;
    int weight = Q_FULL;
    size_t at = 0;

    sil_assert(text.bytes != NULL);
    if (text.size > 0 && (text.bytes[0] == '0' || text.bytes[0] == '1'))
        q = (text.bytes[at++] - '0') * Q_FULL;
    if (at < text.size && text.bytes[at] != '.')
        return Q_UNSAID;
    for (at++; at < text.size; at++) {
        if (text.bytes[at] < '0' || text.bytes[at] > '9')
            return Q_UNSAID;
        /* From the fourth digit on it adds nothing: the RFC has three. */
        weight /= 10;
        q += (text.bytes[at] - '0') * weight;
    }
    return text.size > 0 && q <= Q_FULL ? q : Q_UNSAID;
}

/* The q among the parameters ";a=b;q=0.5"; other parameters don't matter. */
static int q_of(const char *bytes, size_t size)
{
    int q = Q_FULL;

    while (size > 0) {
        size_t length;
        struct http_text part;

        sil_assert(*bytes == ';');
        length = span_to(bytes + 1, size - 1, ';');
        part = trim(bytes + 1, length);
        if (part.size > 1 && (part.bytes[0] | ' ') == 'q' &&
            part.bytes[1] == '=')
            q = parse_q((struct http_text){part.bytes + 2, part.size - 2});
        bytes += length + 1;
        size -= length + 1;
    }
    return q;
}

/* Take the next item off the list; false at its end. Items that can't be
 * read have q 0 and an empty name. */
static bool next_item(struct item *out, struct http_text *rest)
{
    size_t length = span_to(rest->bytes, rest->size, ',');
    size_t name_size = span_to(rest->bytes, length, ';');

    if (rest->size == 0)
        return false;
    out->name = trim(rest->bytes, name_size);
    out->q = q_of(rest->bytes + name_size, length - name_size);
    /* A q that can't be read: the item is as if it weren't there. */
    if (out->q == Q_UNSAID)
        *out = (struct item){{"", 0}, 0};
    length += length < rest->size;
    rest->bytes += length;
    rest->size -= length;
    sil_assert(out->q >= 0);
    return true;
}

/** A form that can be asked for. */
struct form {
    const char *name;
    const char *family; /* the range that holds it */
    enum sil_format format;
};

/* In the order of preference where a client has none. */
static const struct form forms[] = {
    {"application/json", "application/*", SIL_FORMAT_JSON},
    {"image/png", "image/*", SIL_FORMAT_PNG},
    {"application/vnd.coco.rle+json", "application/*", SIL_FORMAT_RLE},
};

enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

/* What the list thinks of a form, 0..1000. */
static int q_of_form(struct http_text list, const struct form *form)
{
    struct item item;
    int best_rank = 0;
    int q = 0;

    sil_assert(form != NULL);
    while (next_item(&item, &list)) {
        int rank = is_name(item.name, form->name)     ? 3
                   : is_name(item.name, form->family) ? 2
                   : is_name(item.name, "*/*")        ? 1
                   : is_name(item.name, "*")          ? 1
                                                      : 0;
        /* A range may allow what an exact name forbids: the name counts. */
        if (rank == 0 || rank < best_rank)
            continue;
        q = rank > best_rank || item.q > q ? item.q : q;
        best_rank = rank;
    }
    return q;
}

/* Strictly better beats what was found before: among equals the first form
 * of the table wins, which is JSON. */
enum sil_err negotiate_format(enum sil_format *out, struct http_text value,
                              const struct sil_options *options,
                              struct sil_error *error)
{
    bool is_any =
        value.bytes == NULL || trim(value.bytes, value.size).size == 0;
    int best_q = 0;

    sil_assert(out != NULL);
    for (int i = 0; i < FORM_COUNT; i++) {
        int q = is_any ? Q_FULL : q_of_form(value, &forms[i]);
        if (q <= best_q || !encode_offers(options, forms[i].format))
            continue;
        best_q = q;
        *out = forms[i].format;
    }
    if (best_q == 0)
        return err_set(error, SIL_E_NOT_ACCEPTABLE,
                       "Accept matches no form in which this output can be "
                       "answered");
    return SIL_OK;
}

/* Identity is always allowed here, even to who forbids it: an answer that
 * can be read beats a 406 that nobody expects. */
enum encode_coding negotiate_coding(struct http_text value)
{
    struct item item;
    int gzip_q = Q_UNSAID;
    int identity_q = Q_UNSAID;
    int any_q = Q_UNSAID;

    if (value.bytes == NULL)
        return ENCODE_IDENTITY;
    while (next_item(&item, &value)) {
        sil_assert(item.q <= Q_FULL);
        if (is_name(item.name, "gzip") || is_name(item.name, "x-gzip"))
            gzip_q = item.q;
        else if (is_name(item.name, "identity"))
            identity_q = item.q;
        else if (is_name(item.name, "*"))
            any_q = item.q;
    }
    /* "*" speaks for what the list doesn't name. */
    if (gzip_q == Q_UNSAID)
        gzip_q = any_q;
    return gzip_q > 0 && gzip_q >= identity_q ? ENCODE_GZIP : ENCODE_IDENTITY;
}

/* For the documentation: the forms of the table above. */
bool negotiate_answers(const char *type, size_t size)
{
    sil_assert(type != NULL);
    for (int i = 0; i < FORM_COUNT; i++)
        if (is_name((struct http_text){type, size}, forms[i].name))
            return true;
    return false;
}

/* Is it that language, or one of its kinds: "ko", "ko-KR"? */
static bool is_language(struct http_text text, const char *language)
{
    size_t size = strlen(language);

    sil_assert(size > 0);
    return text.size >= size && strncasecmp(text.bytes, language, size) == 0 &&
           (text.size == size || text.bytes[size] == '-');
}

/* Of what is liked alike the first of the list wins: people write the list
 * in that order, and browsers write q-values besides. */
const char *negotiate_language(struct http_text value)
{
    static const char *const languages[] = {"en", "ko"};
    const char *best = languages[0];
    struct item item;
    int best_q = 0;

    if (value.bytes == NULL)
        return best;
    while (next_item(&item, &value)) {
        sil_assert(item.q <= Q_FULL);
        for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
            if (item.q <= best_q || !is_language(item.name, languages[i]))
                continue;
            best = languages[i];
            best_q = item.q;
        }
    }
    return best;
}

/* HEIF under both of its names; AVIF is told from it by its bytes. */
static const char *const image_types[] = {"image/jpeg", "image/png",
                                          "image/webp", "image/heic",
                                          "image/heif", "image/avif"};

enum { IMAGE_TYPE_COUNT = sizeof image_types / sizeof image_types[0] };

/* For the documentation: what is let in below is what is told. */
const char *const *negotiate_image_types(size_t *count)
{
    sil_assert(count != NULL);
    *count = IMAGE_TYPE_COUNT;
    return image_types;
}

/* The types of pictures are only a door: the bytes decide what they are. */
enum sil_err negotiate_content(enum content *out, struct http_text value,
                               struct sil_error *error)
{
    struct http_text name = {"", 0};

    sil_assert(out != NULL);
    /* Parameters, such as charset, change nothing: JSON is UTF-8. */
    if (value.bytes != NULL)
        name = trim(value.bytes, span_to(value.bytes, value.size, ';'));
    if (is_name(name, "application/json")) {
        *out = CONTENT_JSON;
        return SIL_OK;
    }
    if (is_name(name, "multipart/form-data")) {
        *out = CONTENT_FORM;
        return SIL_OK;
    }
    for (int i = 0; i < IMAGE_TYPE_COUNT; i++) {
        if (is_name(name, image_types[i])) {
            *out = CONTENT_IMAGE;
            return SIL_OK;
        }
    }
    if (name.size == 0)
        return err_set(error, SIL_E_BAD_CONTENT_TYPE,
                       "Content-Type is missing: application/json is needed");
    return err_set(
        error, SIL_E_BAD_CONTENT_TYPE,
        "Content-Type is not taken: application/json is, or the "
        "picture itself as image/jpeg, png, webp, heic or avif, or as "
        "the part image of multipart/form-data");
}
