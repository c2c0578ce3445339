/* sha256.c: the standard's own examples (FIPS 180-2, appendix B).
 * Must not know what is hashed elsewhere.
 * The arithmetic is OpenSSL's: only the call and the hex are ours. */
#include "base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"

struct vector {
    const char *text, *hash;
};

static const struct vector vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb924"
         "27ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039"
     "a33ce45964ff2167f6ecedd419db06c1"},
};

static void known_texts_have_known_hashes(void **state)
{
    char hash[SHA256_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const char *text = vectors[i].text;
        assert_int_equal(sha256_text(hash, text, strlen(text)), SIL_OK);
        assert_string_equal(hash, vectors[i].hash);
    }
}

static void a_million_times_the_letter_a(void **state)
{
    char hash[SHA256_TEXT_SIZE];
    char *text = malloc(1000000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 1000000);
    assert_int_equal(sha256_text(hash, text, 1000000), SIL_OK);
    assert_string_equal(hash, "cdc76e5c9914fb9281a1c7e284d73e67"
                              "f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_hashes),
        cmocka_unit_test(a_million_times_the_letter_a),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
