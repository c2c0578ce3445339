/* The line to paste: where it asks, and for which picture.
 * Must not know whether it is right about the service: a flow pastes it.
 * A name that would need escaping in a shell or in JSON is never proposed. */
#include "server/hint.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/capture.h"

enum { PATH_SIZE = 256, PORT = 8081 };

static struct service service;
static struct capture printed;

/* What is printed for an address and a store. */
static const char *hint_of(const char *address, const char *store)
{
    service.config.store = store;
    (void)snprintf(service.config.address, sizeof service.config.address, "%s",
                   address);
    (void)fflush(stdout);
    capture_begin(&printed, STDOUT_FILENO);
    hint_print(&service, PORT);
    capture_end(&printed);
    return printed.text;
}

static void addresses_can_be_asked(void **state)
{
    static const struct {
        const char *address;
        const char *url;
    } rows[] = {
        {"127.0.0.1", "http://127.0.0.1:8081/analyze/"},
        {"192.0.2.7", "http://192.0.2.7:8081/analyze/"},
        {"0.0.0.0", "http://127.0.0.1:8081/analyze/"}, /* any is none */
        {"::", "http://127.0.0.1:8081/analyze/"},
        {"::1", "http://[::1]:8081/analyze/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_non_null(
            strstr(hint_of(rows[i].address, "s3://bucket"), rows[i].url));
}

static void the_pages_addresses_are_told(void **state)
{
    (void)state;
    assert_non_null(
        strstr(hint_of("0.0.0.0", "s3://bucket"), "http://127.0.0.1:8081/\n"));
    assert_non_null(
        strstr(hint_of("::1", "s3://bucket"), "http://[::1]:8081/docs\n"));
}

static void a_remote_store_is_not_looked_into(void **state)
{
    (void)state;
    assert_non_null(strstr(hint_of("::1", "s3://bucket"),
                           "{\"imgSrc\":\"path/to/your/image.jpg\"}"));
    assert_non_null(strstr(hint_of("::1", "dir:/no/such/folder"),
                           "{\"imgSrc\":\"path/to/your/image.jpg\"}"));
}

static void the_first_plain_picture_is_proposed(void **state)
{
    static const char *const names[] = {
        "c.jpg",    "b.png",    "notes.txt", /* no picture */
        ".jpg",     "a b.jpg",               /* a blank */
        "a'b.jpg",  "a\"b.jpg", "a$b.jpg",   /* the shell's, and JSON's */
        "a\\b.jpg", "a.jpg.bak"};
    char folder[] = "/tmp/sil-hint-XXXXXX";
    char store[PATH_SIZE];
    char path[PATH_SIZE];

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int fd;
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
    (void)snprintf(store, sizeof store, "dir:%s", folder);
    assert_non_null(strstr(hint_of("::1", store), "{\"imgSrc\":\"b.png\"}"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_can_be_asked),
        cmocka_unit_test(the_pages_addresses_are_told),
        cmocka_unit_test(a_remote_store_is_not_looked_into),
        cmocka_unit_test(the_first_plain_picture_is_proposed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
