/* Forms: where the picture is found and where it is not.
 * Must not know pictures.
 * A line break that belongs to a boundary is not the content's. */
#include "server/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=xyz"
#define HEAD                                                                   \
    "Content-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n"

/** A form and its picture. */
struct form_case {
    const char *type;
    const char *body;
    const char *image; /* NULL: the error */
    enum sil_err err;
};

static const struct form_case cases[] = {
    {TYPE, "--xyz\r\n" HEAD "\r\nJPEG\r\n--xyz--\r\n", "JPEG", SIL_OK},
    {TYPE, "--xyz\r\n" HEAD "Content-Type: image/jpeg\r\n\r\n\r\n--xyz--", "",
     SIL_OK},
    /* The content may hold line breaks and dashes. */
    {TYPE, "--xyz\r\n" HEAD "\r\n\r\na\r\n--xy\r\n\r\n--xyz--",
     "\r\na\r\n--xy\r\n", SIL_OK},
    /* A preamble, another part first, lower-case field, no quotes. */
    {TYPE,
     "hello\r\n--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
     "--xyz\r\nX: y\r\ncontent-disposition: form-data; name=image\r\n\r\n2\r\n"
     "--xyz--",
     "2", SIL_OK},
    {"multipart/form-data; charset=x; boundary=\"x y\"",
     "--x y\r\n" HEAD "\r\n3\r\n--x y--", "3", SIL_OK},
    /* Blanks behind a boundary are allowed. */
    {TYPE, "--xyz  \r\n" HEAD "\r\n4\r\n--xyz--", "4", SIL_OK},
    {TYPE, "", NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE, "--xyz--\r\n", NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE, "--xyz\r\n" HEAD "\r\ncut off", NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE, "--xyz\r\n" HEAD, NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE, "--xyz", NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE, "--abc\r\n" HEAD "\r\n5\r\n--abc--", NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE,
     "--xyz\r\nContent-Disposition: form-data; filename=\"image\"\r\n\r\n6\r\n"
     "--xyz--",
     NULL, SIL_E_MISSING_IMG_SRC},
    {TYPE,
     "--xyz\r\nContent-Disposition: form-data; name=\"imagery\"\r\n\r\n7\r\n"
     "--xyz--",
     NULL, SIL_E_MISSING_IMG_SRC},
    {"multipart/form-data", "--\r\n", NULL, SIL_E_BAD_CONTENT_TYPE},
    {"multipart/form-data; boundary=", "", NULL, SIL_E_BAD_CONTENT_TYPE},
    {"multipart/form-data; boundary=\"x", "", NULL, SIL_E_BAD_CONTENT_TYPE},
    {"multipart/form-data; boundary="
     "12345678901234567890123456789012345678901234567890123456789012345678901",
     "", NULL, SIL_E_BAD_CONTENT_TYPE},
};

static void the_part_named_image_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct form_case *row = &cases[i];
        /* Exactly as large as the form: an over-read is seen. */
        size_t size = strlen(row->body);
        char *copy = malloc(size > 0 ? size : 1);
        struct http_text out = {NULL, 0};
        struct http_text body = {copy, size};
        struct http_text type = {row->type, strlen(row->type)};

        assert_non_null(copy);
        memcpy(copy, row->body, size);
        assert_int_equal(multipart_image(&out, body, type, NULL), row->err);
        if (row->image == NULL)
            assert_null(out.bytes);
        else
            assert_int_equal(out.size, strlen(row->image));
        if (row->image != NULL)
            assert_memory_equal(out.bytes, row->image, out.size);
        free(copy);
    }
}

static void parts_are_limited(void **state)
{
    static const char part[] = "--xyz\r\nX: y\r\n\r\n1\r\n";
    static const char last[] = "--xyz\r\n" HEAD "\r\n2\r\n--xyz--";
    char form[4096];
    size_t size = 0;
    struct http_text type = {TYPE, strlen(TYPE)};
    struct http_text out = {NULL, 0};

    (void)state;
    for (int i = 0; i < 16; i++) {
        memcpy(form + size, part, sizeof part - 1);
        size += sizeof part - 1;
    }
    memcpy(form + size, last, sizeof last - 1);
    size += sizeof last - 1;
    assert_int_equal(
        multipart_image(&out, (struct http_text){form, size}, type, NULL),
        SIL_E_MISSING_IMG_SRC);
    /* One part fewer, and it is found. */
    assert_int_equal(multipart_image(&out,
                                     (struct http_text){form + sizeof part - 1,
                                                        size - sizeof part + 1},
                                     type, NULL),
                     SIL_OK);
    assert_memory_equal(out.bytes, "2", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_part_named_image_is_found),
        cmocka_unit_test(parts_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
