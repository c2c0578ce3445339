/* The contract's rule for imgSrc, row by row.
 * Each input ends at a page that can't be read.
 * A refused key must be refused for the reason that its message gives. */
#include "fetch_tools.h"

#include "base/limits.h"
#include "fetch/fetch_key.h"

/* A string literal with its size, so that a NUL may be inside. */
#define TEXT(literal) (literal), sizeof(literal) - 1

static void check_refused(const char *text, size_t size, const char *why)
{
    struct guard guard;
    struct fetch_place place = {.key = "untouched"};
    struct sil_error error = {0};

    guard_init(&guard, text, size);
    if (fetch_key_split(&place, guard.bytes, size, &error) != SIL_E_BAD_IMG_SRC)
        fail_msg("accepted: %s", text);
    if (strstr(error.detail, why) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", text, why, error.detail);
    assert_int_equal(error.code, SIL_E_BAD_IMG_SRC);
    assert_string_equal(place.key, "untouched");
    guard_finish(&guard);
}

static void keys_are_taken_literally(void **state)
{
    static const char *const keys[] = {
        "a",
        "path/to/image.jpg",
        "with space/and + plus.jpg",
        "100%/%2e%2e/%41.jpg",        /* no decoding: no segment ".." */
        "q?versionId=3#part&x=1.jpg", /* no query, no fragment */
        "\xED\x95\x9C\xEA\xB8\x80/\xEC\x82\xAC\xEC\xA7\x84.png", /* Hangul */
        "\xF0\x9F\x93\xB7.jpg", /* four bytes: a camera */
        "...",
        "..a/.b/c..",
        ".hidden",
        "12:30:00.jpg",   /* a colon is no scheme */
        "cam1:front.jpg", /* nor is it after a word */
        "_http:x",        /* a scheme begins with a letter */
        "folder/",        /* names nothing in a folder; legal in S3 */
        "~user/$HOME/`id`.jpg",
        "\xC2\xA0.jpg", /* U+00A0 is the first behind C1 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct guard guard;
        struct fetch_place place = {0};
        struct sil_error error = {0};
        size_t size = strlen(keys[i]);
        enum sil_err err;

        guard_init(&guard, keys[i], size);
        err = fetch_key_split(&place, guard.bytes, size, &error);
        if (err)
            fail_msg("refused: %s: %s", keys[i], error.detail);
        assert_ptr_equal(place.key, guard.bytes);
        assert_null(place.bucket);
        guard_finish(&guard);
    }
}

static void locations_are_refused(void **state)
{
    static const char location[] = "looks like a location";

    (void)state;
    check_refused(TEXT("http://example.org/a.jpg"), location);
    check_refused(TEXT("https://example.org/a.jpg"), location);
    check_refused(TEXT("HTTP://169.254.169.254/latest"), location);
    check_refused(TEXT("file:///etc/passwd"), location);
    check_refused(TEXT("file:etc/passwd"), location);
    check_refused(TEXT("gopher:x"), location);
    check_refused(TEXT("data:image/png;base64,AAAA"), location);
    check_refused(TEXT("svn+ssh://h/x"), location);
    check_refused(TEXT("C:/pictures/a.jpg"), location);
    check_refused(TEXT("S3://bucket/key"), location);
    check_refused(TEXT("s3:/bucket/key"), location);
    check_refused(TEXT("http:"), location);
    check_refused(TEXT("s3:"), location);
    check_refused(TEXT("s3://bucket/http://x"), location);
}

static void slashes_and_dots_are_refused(void **state)
{
    (void)state;
    check_refused(TEXT("/a.jpg"), "begins with /");
    check_refused(TEXT("//host/a.jpg"), "begins with /");
    check_refused(TEXT("/"), "begins with /");
    check_refused(TEXT("a//b"), "empty segment");
    check_refused(TEXT("a//"), "empty segment");
    check_refused(TEXT("a/http://x"), "empty segment");
    check_refused(TEXT("../a"), "\"..\"");
    check_refused(TEXT("a/../b"), "\"..\"");
    check_refused(TEXT("a/.."), "\"..\"");
    check_refused(TEXT(".."), "\"..\"");
    check_refused(TEXT("./a"), "\".\"");
    check_refused(TEXT("a/./b"), "\".\"");
    check_refused(TEXT("."), "\".\"");
    check_refused(TEXT("a\\b"), "backslash at byte 1");
    check_refused(TEXT("..\\..\\x"), "backslash");
}

static void broken_text_is_refused(void **state)
{
    (void)state;
    check_refused(TEXT(""), "no key");
    check_refused(TEXT("a\0b"), "U+0000 at byte 1");
    check_refused(TEXT("a\r\nHost: x"), "U+000D at byte 1");
    check_refused(TEXT("\x1B[0m"), "U+001B");
    check_refused(TEXT("a\x7F"), "U+007F");
    check_refused(TEXT("a\xC2\x85z"), "U+0085");        /* C1: next line */
    check_refused(TEXT("a\xFFz"), "UTF-8 at byte 1");   /* leads nothing */
    check_refused(TEXT("\x80"), "UTF-8 at byte 0");     /* only continues */
    check_refused(TEXT("\xC0\xAE\xC0\xAE/x"), "UTF-8"); /* overlong dots */
    check_refused(TEXT("\xE0\x80\xAF"), "UTF-8");       /* overlong slash */
    check_refused(TEXT("\xED\xA0\x80"), "UTF-8");       /* a surrogate */
    check_refused(TEXT("\xF4\x90\x80\x80"), "UTF-8");   /* above U+10FFFF */
    check_refused(TEXT("\xF5\x80\x80\x80"), "UTF-8");
    check_refused(TEXT("a\xE2\x82"), "UTF-8 at byte 1"); /* cut off */
    check_refused(TEXT("\xE2\x28\xA1"), "UTF-8");
}

static void length_is_limited(void **state)
{
    char key[LIMIT_KEY_BYTES_MAX + 16];
    struct fetch_place place;
    struct sil_error error = {0};

    (void)state;
    memset(key, 'k', sizeof key);
    assert_int_equal(fetch_key_split(&place, key, LIMIT_KEY_BYTES_MAX, &error),
                     SIL_OK);
    check_refused(key, LIMIT_KEY_BYTES_MAX + 1,
                  "1025 bytes; at most 1024 are taken");
    /* The limit is the key's; a bucket in front doesn't count. */
    memcpy(key, "s3://abc/", 9);
    assert_int_equal(
        fetch_key_split(&place, key, LIMIT_KEY_BYTES_MAX + 9, &error), SIL_OK);
    check_refused(key, LIMIT_KEY_BYTES_MAX + 10, "1025 bytes");
}

static void a_bucket_is_split_off(void **state)
{
    static const char text[] = "s3://other-bucket.x/a b/c.jpg";
    struct fetch_place place = {0};
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(fetch_key_split(&place, text, sizeof text - 1, &error),
                     SIL_OK);
    assert_int_equal(place.bucket_size, strlen("other-bucket.x"));
    assert_memory_equal(place.bucket, "other-bucket.x", place.bucket_size);
    assert_string_equal(place.key, "a b/c.jpg");
    check_refused(TEXT("s3://"), "looks like a location");
    check_refused(TEXT("s3://b"), "not s3://bucket/key");
    check_refused(TEXT("s3:///key"), "not s3://bucket/key");
    check_refused(TEXT("s3://b/"), "no key");
    check_refused(TEXT("s3://b//key"), "begins with /");
    check_refused(TEXT("s3://b/../x"), "\"..\"");
    check_refused(TEXT("s3://b\n/x"), "U+000A");
}

static void the_public_check_agrees(void **state)
{
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(fetch_key_check("a/b.jpg", &error), SIL_OK);
    assert_int_equal(fetch_key_check("s3://b/k", NULL), SIL_OK);
    assert_int_equal(fetch_key_check("/a", &error), SIL_E_BAD_IMG_SRC);
    assert_int_equal(fetch_key_check("/a", NULL), SIL_E_BAD_IMG_SRC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_taken_literally),
        cmocka_unit_test(locations_are_refused),
        cmocka_unit_test(slashes_and_dots_are_refused),
        cmocka_unit_test(broken_text_is_refused),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(a_bucket_is_split_off),
        cmocka_unit_test(the_public_check_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
