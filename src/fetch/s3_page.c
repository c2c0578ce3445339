/* The one file that knows expat: elements of a list, by their path.
 * Must not know curl, or trust that the other side is an S3.
 * A document type is refused: lists have none, and what one could declare
 * (entities that grow, files to be read in) has no place here. */
#include "fetch/s3_page.h"

#include <expat.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

/* What is read of a page; all else in it is passed over:
 *
 *     <ListBucketResult xmlns="…">
 *       <IsTruncated>true</IsTruncated>
 *       <NextContinuationToken>1ueGcxLPRx1Tr</NextContinuationToken>
 *       <Contents><Key>a&amp;b.jpg</Key>…</Contents>
 *       <Contents>…
 *     </ListBucketResult>
 *
 * The elements come in any order. Keys are asked for as they are, not encoded
 * for URLs: what XML can't hold, control characters, no key of ours may have
 * either. */
static const char path_key[] = "/ListBucketResult/Contents/Key";
static const char path_truncated[] = "/ListBucketResult/IsTruncated";
static const char path_token[] = "/ListBucketResult/NextContinuationToken";
static const char path_root[] = "/ListBucketResult";

/* A reading under way. Invariant: path names the elements that are open. */
struct reading {
    struct s3_page *page; /* lent */
    XML_Parser parser;    /* owned */
    struct buf path;      /* "/ListBucketResult/Contents" */
    struct buf text;      /* of the element that is read */
    bool is_list;         /* the root was the right one */
    bool is_bad;          /* the page is none */
};

/* The caps are those of a page as it comes: what is read of it is less. */
void s3_page_init(struct s3_page *page)
{
    sil_assert(page != NULL);
    *page = (struct s3_page){0};
    buf_init(&page->keys, LIMIT_LIST_PAGE_BYTES_MAX);
    buf_init(&page->token, LIMIT_LIST_TOKEN_BYTES_MAX);
}

/* Twice is fine. */
void s3_page_finish(struct s3_page *page)
{
    sil_assert(page->keys.cap > 0);
    buf_finish(&page->keys);
    buf_finish(&page->token);
}

/* No more is read: the callbacks that are still to come do nothing. */
static void give_up(struct reading *reading)
{
    sil_assert(reading->parser != NULL);
    reading->is_bad = true;
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

/* Is it this element that is open? */
static bool is_at(struct reading *reading, const char *path)
{
    sil_assert(path[0] == '/');
    return strcmp(buf_text(&reading->path), path) == 0;
}

/* The name's space, if it has one, is not compared: stores differ there. */
static void XMLCALL begin(void *payload, const XML_Char *name,
                          const XML_Char **attributes)
{
    struct reading *reading = payload;

    sil_assert(attributes != NULL);
    if (reading->is_bad)
        return;
    buf_add_text(&reading->path, "/");
    buf_add_text(&reading->path, name);
    buf_clear(&reading->text);
    if (buf_err(&reading->path))
        give_up(reading); /* deeper than any list */
    else if (is_at(reading, path_root))
        reading->is_list = true;
    else if (!reading->is_list)
        give_up(reading);
}

/* Text between an element's tags comes in pieces. Its cap is generous: a key
 * that is too long for our rule is told with its name, not as a bad list. */
static void XMLCALL take(void *payload, const XML_Char *text, int size)
{
    struct reading *reading = payload;

    sil_assert(size >= 0);
    if (reading->is_bad)
        return;
    buf_add(&reading->text, text, (size_t)size);
    if (buf_err(&reading->text))
        give_up(reading);
}

/* A key and its NUL. */
static void add_key(struct reading *reading)
{
    struct s3_page *page = reading->page;
    const struct buf *text = &reading->text;

    if (text->size == 0 || memchr(text->bytes, '\0', text->size) != NULL) {
        give_up(reading);
        return;
    }
    buf_add(&page->keys, text->bytes, text->size);
    buf_add(&page->keys, "", 1);
    page->key_count++;
    sil_assert(page->key_count > 0);
    if (buf_err(&page->keys))
        give_up(reading);
}

/* An element is whole. */
static void XMLCALL end(void *payload, const XML_Char *name)
{
    struct reading *reading = payload;
    size_t length = strlen(name) + 1;

    /* Of an empty element this comes though its beginning was refused. */
    if (reading->is_bad)
        return;
    sil_assert(reading->path.size >= length);
    if (is_at(reading, path_key))
        add_key(reading);
    else if (is_at(reading, path_truncated))
        reading->page->is_truncated =
            strcmp(buf_text(&reading->text), "true") == 0;
    else if (is_at(reading, path_token))
        buf_add_text(&reading->page->token, buf_text(&reading->text));
    reading->path.size -= length;
    buf_clear(&reading->text);
}

/* Refused, see above. */
static void XMLCALL refuse(void *payload, const XML_Char *name,
                           const XML_Char *system, const XML_Char *public,
                           int has_internal)
{
    (void)name;
    (void)system;
    (void)public;
    sil_assert(has_internal == 0 || has_internal == 1);
    give_up(payload);
}

/* The whole of it is in memory already: one call of the parser. */
static enum XML_Status parse(struct reading *reading, const void *bytes,
                             size_t size)
{
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, begin, end);
    XML_SetCharacterDataHandler(reading->parser, take);
    XML_SetStartDoctypeDeclHandler(reading->parser, refuse);
    sil_assert(size <= LIMIT_LIST_PAGE_BYTES_MAX);
    return XML_Parse(reading->parser, bytes, (int)size, XML_TRUE);
}

/* What came may be anything: a page of HTML, half of a list, a list whose end
 * is said not to be one. */
enum sil_err s3_page_read(struct s3_page *page, const void *bytes, size_t size,
                          struct sil_error *error)
{
    struct reading reading = {.page = page};
    bool is_good;

    buf_clear(&page->keys);
    buf_clear(&page->token);
    page->key_count = 0;
    page->is_truncated = false;
    buf_init(&reading.path, LIMIT_LIST_PATH_BYTES_MAX);
    buf_init(&reading.text, LIMIT_LIST_TEXT_BYTES_MAX);
    reading.parser = XML_ParserCreate(NULL);
    if (reading.parser == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    is_good = size <= LIMIT_LIST_PAGE_BYTES_MAX &&
              parse(&reading, bytes, size) == XML_STATUS_OK &&
              !reading.is_bad && reading.is_list && !buf_err(&page->token) &&
              (!page->is_truncated || page->token.size > 0);
    sil_assert(!is_good || reading.path.size == 0);
    XML_ParserFree(reading.parser);
    buf_finish(&reading.path);
    buf_finish(&reading.text);
    return is_good ? SIL_OK
                   : err_set(error, SIL_E_STORE_ERROR,
                             "the store's list can't be read");
}
