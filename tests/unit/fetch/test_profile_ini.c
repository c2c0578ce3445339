/* The form of the AWS files: each oddity of it a row.
 * Texts end at a page that can't be read.
 * The rows follow what botocore and the AWS SDKs make of such files. */
#include "fetch_tools.h"

#include "fetch/profile_ini.h"

static const struct {
    const char *text;
    struct ini_query query;
    const char *value; /* NULL: nothing is found */
} rows[] = {
    {"[default]\nregion = eu-west-1\n",
     {NULL, "default", NULL, "region"},
     "eu-west-1"},
    {"[default]\nregion=eu-west-1",
     {NULL, "default", NULL, "region"},
     "eu-west-1"}, /* no blanks, no line end */
    {"\xEF\xBB\xBF[default]\r\nregion = eu\r\n",
     {NULL, "default", NULL, "region"},
     "eu"}, /* as Windows writes it */
    {"[ default ]\n\tRegion\t=\teu\t\n",
     {NULL, "default", NULL, "region"},
     "eu"}, /* blanks anywhere, keys in any case */
    {"[a]\nk=1\n[b]\nk=2\n[a]\nk=3\n",
     {NULL, "a", NULL, "k"},
     "3"}, /* sections add up; the last line holds */
    {"[a]\nk=1\n[b]\nk=2\n", {NULL, "b", NULL, "k"}, "2"},
    {"[a]\nk=1\n", {NULL, "A", NULL, "k"}, NULL}, /* names have case */
    {"k=1\n[a]\n", {NULL, "a", NULL, "k"}, NULL}, /* before any section */
    {"[a]\n# k=1\n; k=2\n  # k=3\n", {NULL, "a", NULL, "k"}, NULL},
    {"[a]\nk = v # why\n", {NULL, "a", NULL, "k"}, "v"},
    {"[a]\nk = v ; why\n", {NULL, "a", NULL, "k"}, "v"},
    {"[a]\nk = v#1;2\n", {NULL, "a", NULL, "k"}, "v#1;2"}, /* no blank */
    {"[a]\nk = a=b==\n", {NULL, "a", NULL, "k"}, "a=b=="}, /* of a token */
    {"[a]\nk\n", {NULL, "a", NULL, "k"}, NULL},
    {"[a]\n= v\n", {NULL, "a", NULL, ""}, NULL},
    {"[a]\nk =\n", {NULL, "a", NULL, "k"}, ""},
    {"[a]\nk=", {NULL, "a", NULL, "k"}, ""},
    {"[a\nk=1\n", {NULL, "a", NULL, "k"}, NULL}, /* never closed */
    {"[", {NULL, "a", NULL, "k"}, NULL},
    {"[]\nk=1", {NULL, "", NULL, "k"}, "1"},
    {"[profile dev]\nk=1\n", {"profile", "dev", NULL, "k"}, "1"},
    {"[profile\tdev]\nk=1\n", {"profile", "dev", NULL, "k"}, "1"},
    {"[profile \"my dev\"]\nk=1\n", {"profile", "my dev", NULL, "k"}, "1"},
    {"[profile 'my dev']\nk=1\n", {"profile", "my dev", NULL, "k"}, "1"},
    {"[profiledev]\nk=1\n", {"profile", "dev", NULL, "k"}, NULL},
    {"[dev]\nk=1\n", {"profile", "dev", NULL, "k"}, NULL},
    {"[profile dev]\nk=1\n", {NULL, "dev", NULL, "k"}, NULL},
    {"[profile]\nk=1\n", {"profile", "", NULL, "k"}, NULL},
    /* Blocks. */
    {"[a]\ns3 =\n  k = 1\nk = 2\n", {NULL, "a", "s3", "k"}, "1"},
    {"[a]\ns3 =\n  k = 1\nk = 2\n", {NULL, "a", NULL, "k"}, "2"},
    {"[a]\ns3 =\n  k = 1\n", {NULL, "a", NULL, "k"}, NULL},
    {"[a]\ndb =\n  k = 1\ns3 =\n  j = 2\n", {NULL, "a", "s3", "k"}, NULL},
    {"[a]\ns3 = x\n  k = 1\n",
     {NULL, "a", "s3", "k"},
     NULL}, /* that continues the value x */
    {"[a]\ns3 =\n[b]\n  k = 1\n", {NULL, "a", "s3", "k"}, NULL},
    {"[a]\n  s3 =\n    k = 1\n  j = 2\n", {NULL, "a", "s3", "k"}, "1"},
    {"[a]\n  s3 =\n    k = 1\n  j = 2\n",
     {NULL, "a", NULL, "j"},
     "2"}, /* indented throughout */
    {"", {NULL, "a", NULL, "k"}, NULL},
    {"\n\n\n", {NULL, "a", NULL, "k"}, NULL},
};

static void values_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guard guard;
        struct ini_slice slice = {.text = "untouched", .size = 9};
        size_t size = strlen(rows[i].text);
        bool is_found;

        guard_init(&guard, rows[i].text, size);
        is_found = ini_find(&slice, guard.bytes, size, &rows[i].query);
        if (is_found != (rows[i].value != NULL))
            fail_msg("row %zu: %s", i, rows[i].text);
        if (!is_found) {
            assert_string_equal(slice.text, "untouched");
        } else {
            assert_int_equal(slice.size, strlen(rows[i].value));
            assert_memory_equal(slice.text, rows[i].value, slice.size);
        }
        guard_finish(&guard);
    }
}

/* Every prefix of every text: none may be read past its end. */
static void any_text_may_be_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t size = 0; size <= strlen(rows[i].text); size++) {
            struct guard guard;
            struct ini_slice slice = {0};

            guard_init(&guard, rows[i].text, size);
            if (ini_find(&slice, guard.bytes, size, &rows[i].query))
                assert_true(slice.text >= guard.bytes &&
                            slice.text + slice.size <= guard.bytes + size);
            guard_finish(&guard);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(any_text_may_be_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
