/* Pages of a list: as stores write them, cut at each byte, and nonsense.
 * Must not know who asked.
 * Inputs end at a page that can't be read. */
#include "fetch_tools.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fetch/s3_page.h"

#define HEAD                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "           \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define TAIL "</ListBucketResult>"
#define LAST "<IsTruncated>false</IsTruncated>"

static const struct {
    const char *text;
    const char *keys[4]; /* NULL at the end */
    const char *token;   /* NULL: refused */
} rows[] = {
    {HEAD LAST TAIL, {NULL}, ""},
    {HEAD TAIL, {NULL}, ""}, /* says nothing of more: there is none */
    {HEAD "<Name>b</Name><KeyCount>2</KeyCount>" LAST
          "<Contents><Key>a.jpg</Key><Size>1</Size><ETag>&quot;1&quot;</ETag>"
          "</Contents><Contents><Key>b/c.jpg</Key></Contents>" TAIL,
     {"a.jpg", "b/c.jpg"},
     ""},
    /* What XML writes otherwise, and what it doesn't. */
    {HEAD "<Contents><Key>a&amp;b&lt;&gt;&quot;&apos; +%20\xEC\x82\xAC"
          "</Key></Contents>" TAIL,
     {"a&b<>\"' +%20\xEC\x82\xAC"},
     ""},
    {HEAD "<Contents><Key>a&#13;b&#x41;</Key></Contents>" TAIL, {"a\rbA"}, ""},
    {HEAD "<Contents><Key><![CDATA[a<b]]></Key></Contents>" TAIL, {"a<b"}, ""},
    {HEAD "<Contents><Key> a </Key></Contents>" TAIL, {" a "}, ""},
    /* The next page, in front of the keys or behind them. */
    {HEAD "<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=&amp;"
          "</NextContinuationToken><Contents><Key>a</Key></Contents>" TAIL,
     {"a"},
     "t+/=&"},
    {HEAD "<Contents><Key>a</Key></Contents><NextContinuationToken>t"
          "</NextContinuationToken><IsTruncated>true</IsTruncated>" TAIL,
     {"a"},
     "t"},
    /* Only the right place counts. */
    {HEAD
     "<Key>no</Key><Contents><Owner><Key>no</Key></Owner><Key>a</Key>"
     "</Contents><CommonPrefixes><Prefix>no</Prefix></CommonPrefixes>" TAIL,
     {"a"},
     ""},
    {"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
     {"a"},
     ""},
    /* Refused. */
    {"", {NULL}, NULL},
    {" ", {NULL}, NULL},
    {"{}", {NULL}, NULL},
    {"<html><body>It works!</body></html>", {NULL}, NULL},
    {"<Error><Code>NoSuchBucket</Code></Error>", {NULL}, NULL},
    {HEAD LAST, {NULL}, NULL},                                    /* cut */
    {HEAD LAST TAIL TAIL, {NULL}, NULL},                          /* too much */
    {HEAD LAST TAIL "x", {NULL}, NULL},                           /* the same */
    {HEAD "<Contents><Key></Key></Contents>" TAIL, {NULL}, NULL}, /* no key */
    {HEAD "<Contents><Key/></Contents>" TAIL, {NULL}, NULL},
    {HEAD "<Contents><Key>a&#0;b</Key></Contents>" TAIL, {NULL}, NULL},
    {HEAD "<Contents><Key>\xFF</Key></Contents>" TAIL, {NULL}, NULL},
    {HEAD "<IsTruncated>true</IsTruncated>" TAIL, {NULL}, NULL}, /* no token */
    {"<!DOCTYPE x>" HEAD TAIL, {NULL}, NULL},
    {"<!DOCTYPE x [<!ENTITY e \"eeeeeeee\">]><ListBucketResult><Contents><Key>"
     "&e;</Key></Contents></ListBucketResult>",
     {NULL},
     NULL},
    {"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
     "<ListBucketResult><Contents><Key>&e;</Key></Contents>"
     "</ListBucketResult>",
     {NULL},
     NULL},
    {HEAD "<Contents><Key>&unknown;</Key></Contents>" TAIL, {NULL}, NULL},
};

static void pages(void **state)
{
    struct s3_page page;

    (void)state;
    s3_page_init(&page);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guard guard;
        size_t size = strlen(rows[i].text);
        const char *at;
        enum sil_err err;

        guard_init(&guard, rows[i].text, size);
        err = s3_page_read(&page, guard.bytes, size, NULL);
        guard_finish(&guard);
        if (rows[i].token == NULL) {
            if (err != SIL_E_STORE_ERROR)
                fail_msg("row %zu was taken", i);
            continue;
        }
        if (err)
            fail_msg("row %zu was refused", i);
        at = (const char *)page.keys.bytes;
        for (size_t k = 0; rows[i].keys[k] != NULL; k++) {
            assert_true(k < page.key_count);
            assert_string_equal(at, rows[i].keys[k]);
            at += strlen(at) + 1;
        }
        assert_ptr_equal(at, page.keys.bytes + page.keys.size);
        if (page.is_truncated)
            assert_string_equal(buf_text(&page.token), rows[i].token);
        else
            assert_string_equal(rows[i].token, "");
    }
    s3_page_finish(&page);
}

static void cut_anywhere_is_no_page(void **state)
{
    const char *text = rows[2].text;
    struct s3_page page;

    (void)state;
    s3_page_init(&page);
    for (size_t size = 0; size < strlen(text); size++) {
        struct guard guard;

        guard_init(&guard, text, size);
        assert_int_equal(s3_page_read(&page, guard.bytes, size, NULL),
                         SIL_E_STORE_ERROR);
        guard_finish(&guard);
    }
    s3_page_finish(&page);
}

/* Elements in elements, and a text without end: both stop at their limits. */
static void deep_and_long(void **state)
{
    enum { SIZE = 200000 };
    char *text = malloc(SIZE);
    struct s3_page page;
    size_t size;

    (void)state;
    assert_non_null(text);
    s3_page_init(&page);
    size = (size_t)snprintf(text, SIZE, "<ListBucketResult>");
    for (int i = 0; i < 40000; i++)
        size += (size_t)snprintf(text + size, SIZE - size, "<a>");
    assert_int_equal(s3_page_read(&page, text, size, NULL), SIL_E_STORE_ERROR);
    size = (size_t)snprintf(text, SIZE, "<ListBucketResult><Contents><Key>");
    memset(text + size, 'k', LIMIT_LIST_TEXT_BYTES_MAX + 1);
    size += LIMIT_LIST_TEXT_BYTES_MAX + 1;
    size += (size_t)snprintf(text + size, SIZE - size,
                             "</Key></Contents></ListBucketResult>");
    assert_int_equal(s3_page_read(&page, text, size, NULL), SIL_E_STORE_ERROR);
    s3_page_finish(&page);
    free(text);
}

/* expat's memory isn't ours to fail; all of our own is failed once. */
static void memory_that_is_not_there(void **state)
{
    const char *text = rows[7].text;
    struct s3_page page;
    enum sil_err err = SIL_E_STORE_ERROR;

    (void)state;
    for (size_t n = 1; err != SIL_OK; n++) {
        assert_true(n < 100);
        s3_page_init(&page);
        mem_fail_at(n);
        err = s3_page_read(&page, text, strlen(text), NULL);
        mem_fail_at(0);
        s3_page_finish(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(cut_anywhere_is_no_page),
        cmocka_unit_test(deep_and_long),
        cmocka_unit_test(memory_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
