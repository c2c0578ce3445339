/* The address of an object, in both forms, with every odd key.
 * Must not know the network.
 * What is expected was written by hand from RFC 3986 and AWS's documents. */
#include "fetch_tools.h"

#include "base/limits.h"
#include "fetch/s3_sign_path.h"

static const char *endpoint_text(const struct s3_endpoint *endpoint)
{
    return endpoint->is_https ? "https" : "http";
}

static void endpoints_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        const char *scheme;
        const char *authority;
        const char *base;
        bool is_aws;
    } rows[] = {
        {"http://localhost:7070", "http", "localhost:7070", "", false},
        {"HTTPS://Host/", "https", "Host", "", false},
        {"https://h/a/b//", "https", "h", "/a/b", false},
        {"http://[::1]:80/x", "http", "[::1]:80", "/x", false},
        {"https://s3.eu-west-1.amazonaws.com", "https",
         "s3.eu-west-1.amazonaws.com", "", true},
        {"https://s3.cn-north-1.amazonaws.com.cn:443", "https",
         "s3.cn-north-1.amazonaws.com.cn:443", "", true},
        {"https://amazonaws.com.evil.org", "https", "amazonaws.com.evil.org",
         "", false},
        {"https://notamazonaws.com", "https", "notamazonaws.com", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct s3_endpoint endpoint = {0};
        struct sil_error error = {0};

        if (s3_endpoint_parse(&endpoint, rows[i].text, &error))
            fail_msg("%s: %s", rows[i].text, error.detail);
        assert_string_equal(endpoint_text(&endpoint), rows[i].scheme);
        assert_int_equal(endpoint.authority_size, strlen(rows[i].authority));
        assert_memory_equal(endpoint.authority, rows[i].authority,
                            endpoint.authority_size);
        assert_int_equal(endpoint.base_size, strlen(rows[i].base));
        assert_memory_equal(endpoint.base, rows[i].base, endpoint.base_size);
        assert_int_equal(endpoint.is_aws, rows[i].is_aws);
    }
}

static void bad_endpoints_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "localhost:7070",
                                        "ftp://h",
                                        "http://",
                                        "http:///x",
                                        "http://user:pw@h",
                                        "http://h?x",
                                        "http://h#x",
                                        "http://h/a?b",
                                        "http://h/a%20b",
                                        "http://h h",
                                        "http://h\r\nX: y",
                                        "http://:80",
                                        "file:///etc/passwd",
                                        "https:/h"};
    char long_text[LIMIT_ENDPOINT_BYTES_MAX + 2] = "http://";

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct s3_endpoint endpoint = {.authority_size = 99};
        struct sil_error error = {0};

        if (s3_endpoint_parse(&endpoint, texts[i], &error) != SIL_E_ARGUMENT)
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(endpoint.authority_size, 99);
        assert_null(strstr(error.detail, "pw@"));
    }
    memset(long_text + 7, 'h', sizeof long_text - 8);
    long_text[sizeof long_text - 1] = '\0';
    {
        struct s3_endpoint endpoint;

        assert_int_equal(s3_endpoint_parse(&endpoint, long_text, NULL),
                         SIL_E_ARGUMENT);
        long_text[sizeof long_text - 2] = '\0';
        assert_int_equal(s3_endpoint_parse(&endpoint, long_text, NULL), SIL_OK);
    }
}

static void urls_are_built(void **state)
{
    static const char own[] = "http://h:1/base";
    static const char aws[] = "https://s3.eu.amazonaws.com";
    static const struct {
        const char *endpoint;
        enum s3_addressing addressing;
        const char *bucket;
        const char *prefix;
        const char *key;
        const char *url;
    } rows[] = {
        {own, S3_AUTO, "b", "", "k", "http://h:1/base/b/k"},
        {own, S3_PATH, "b", "p/q", "k", "http://h:1/base/b/p/q/k"},
        {own, S3_VIRTUAL, "b", "p", "k", "http://b.h:1/base/p/k"},
        {aws, S3_AUTO, "b-1", "", "k", "https://b-1.s3.eu.amazonaws.com/k"},
        {aws, S3_AUTO, "b.1", "", "k", "https://s3.eu.amazonaws.com/b.1/k"},
        {aws, S3_AUTO, "B_1", "", "k", "https://s3.eu.amazonaws.com/B_1/k"},
        {aws, S3_PATH, "b", "", "k", "https://s3.eu.amazonaws.com/b/k"},
        {own, S3_AUTO, "b", "", "a b+c", "http://h:1/base/b/a%20b%2Bc"},
        {own, S3_AUTO, "b", "", "%2e%2E/x", "http://h:1/base/b/%252e%252E/x"},
        {own, S3_AUTO, "b", "", "q?v=1#f", "http://h:1/base/b/q%3Fv%3D1%23f"},
        {own, S3_AUTO, "b", "", "-_.~/z", "http://h:1/base/b/-_.~/z"},
        {own, S3_AUTO, "b", "", "!*'();:@&=$,[]",
         "http://h:1/base/b/"
         "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%5B%5D"},
        {own, S3_AUTO, "b", "", "\xED\x95\x9C\xEA\xB8\x80/f/",
         "http://h:1/base/b/%ED%95%9C%EA%B8%80/f/"},
        {own, S3_AUTO, "b", "p q", "k", "http://h:1/base/b/p%20q/k"},
        /* Lists: the query sorted, the slash in it encoded. */
        {own, S3_PATH, "b", "", NULL,
         "http://h:1/base/b?list-type=2&max-keys=1"},
        {own, S3_VIRTUAL, "b", "p/\xED\x95\x9C", NULL,
         "http://b.h:1/base/?list-type=2&max-keys=1"
         "&prefix=p%2F%ED%95%9C"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct s3_endpoint endpoint;
        struct s3_object object = {&endpoint, rows[i].addressing,
                                   rows[i].bucket, rows[i].prefix, rows[i].key};
        struct buf url;

        buf_init(&url, LIMIT_FETCH_URL_BYTES_MAX);
        assert_int_equal(s3_endpoint_parse(&endpoint, rows[i].endpoint, NULL),
                         SIL_OK);
        if (rows[i].key != NULL)
            s3_add_object_url(&url, &object);
        else
            s3_add_list_url(&url, &object);
        assert_string_equal(buf_text(&url), rows[i].url);
        buf_finish(&url);
    }
}

static void the_longest_url_fits(void **state)
{
    char text[LIMIT_ENDPOINT_BYTES_MAX + 1] = "http://";
    char bucket[256];
    char key[LIMIT_KEY_BYTES_MAX + 1];
    struct s3_endpoint endpoint;
    struct s3_object object = {&endpoint, S3_PATH, bucket, "", key};
    struct buf url;

    (void)state;
    memset(text + 7, 'h', sizeof text - 8);
    text[sizeof text - 1] = '\0';
    memset(bucket, 'b', sizeof bucket - 1);
    bucket[sizeof bucket - 1] = '\0';
    memset(key, ' ', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    buf_init(&url, LIMIT_FETCH_URL_BYTES_MAX);
    assert_int_equal(s3_endpoint_parse(&endpoint, text, NULL), SIL_OK);
    s3_add_object_url(&url, &object);
    assert_int_equal(buf_err(&url), SIL_OK);
    assert_int_equal(url.size, LIMIT_ENDPOINT_BYTES_MAX + 1 + 255 + 1 +
                                   3 * LIMIT_KEY_BYTES_MAX);
    buf_finish(&url);
}

static void addressing_has_names(void **state)
{
    enum s3_addressing addressing = S3_VIRTUAL;

    (void)state;
    assert_true(s3_addressing_from_name(&addressing, NULL));
    assert_int_equal(addressing, S3_AUTO);
    assert_true(s3_addressing_from_name(&addressing, "path"));
    assert_int_equal(addressing, S3_PATH);
    assert_true(s3_addressing_from_name(&addressing, "virtual"));
    assert_int_equal(addressing, S3_VIRTUAL);
    assert_true(s3_addressing_from_name(&addressing, "auto"));
    assert_int_equal(addressing, S3_AUTO);
    assert_false(s3_addressing_from_name(&addressing, "host"));
    assert_false(s3_addressing_from_name(&addressing, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_taken_apart),
        cmocka_unit_test(bad_endpoints_are_refused),
        cmocka_unit_test(urls_are_built),
        cmocka_unit_test(the_longest_url_fits),
        cmocka_unit_test(addressing_has_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
