/* options.c: every word of the table, and how options go together.
 * Must not know requests or flags.
 * The table itself is held to what docs and enums rely on. */
#include "base/cmocka_all.h"

#include <string.h>

#include "base/options.h"

static enum sil_err set(struct sil_options *options, const char *name,
                        const char *word)
{
    const struct option_row *row = option_find(name, strlen(name));

    assert_non_null(row);
    return option_set(options, row, word, NULL);
}

static void each_default_is_offered_and_each_offer_a_word(void **state)
{
    size_t count;
    const struct option_row *rows = option_rows(&count);

    (void)state;
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        struct sil_options options = sil_options_default();
        const char *at = rows[i].offered;

        assert_int_equal(option_set(&options, &rows[i], rows[i].standard, NULL),
                         SIL_OK);
        while (*at != '\0') {
            char word[16] = "";
            size_t size = strcspn(at, " ");

            assert_true(size < sizeof word);
            memcpy(word, at, size);
            assert_int_equal(option_set(&options, &rows[i], word, NULL),
                             SIL_OK);
            at += size + (at[size] == ' ');
        }
    }
}

static void words_become_values(void **state)
{
    struct sil_options options = sil_options_default();

    (void)state;
    assert_int_equal(set(&options, "orientation", "stored"), SIL_OK);
    assert_int_equal(options.orientation, SIL_STORED);
    assert_int_equal(set(&options, "orientation", "upright"), SIL_OK);
    assert_int_equal(options.orientation, SIL_UPRIGHT);
    assert_int_equal(set(&options, "quality", "fast"), SIL_OK);
    assert_int_equal(options.quality, SIL_QUALITY_FAST);
    assert_int_equal(set(&options, "people", "all"), SIL_OK);
    assert_int_equal(options.people, SIL_PEOPLE_ALL);
    assert_int_equal(set(&options, "people", "each"), SIL_OK);
    assert_int_equal(options.people, SIL_PEOPLE_EACH);
    assert_int_equal(set(&options, "output", "boxes"), SIL_OK);
    assert_int_equal(options.output, SIL_OUTPUT_BOXES);
    assert_int_equal(set(&options, "output", "mask"), SIL_OK);
    assert_int_equal(options.output, SIL_OUTPUT_MASK);
}

static void other_words_are_refused(void **state)
{
    static const char *const words[] = {"", "Stored", "stored ", "store",
                                        "upright stored"};
    struct sil_options options = sil_options_default();

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(set(&options, "orientation", words[i]),
                         SIL_E_BAD_OPTION);
    assert_int_equal(options.orientation, SIL_UPRIGHT);
    assert_null(option_find("orientatio", 10));
    assert_null(option_find("", 0));
}

static void the_standard_is_the_tables(void **state)
{
    struct sil_options options = options_standard();

    (void)state;
    assert_int_equal(options.quality, SIL_QUALITY_BEST);
    assert_int_equal(options.people, SIL_PEOPLE_ALL);
    assert_int_equal(options.output, SIL_OUTPUT_MASK);
    assert_int_equal(options.orientation, SIL_UPRIGHT);
    assert_true(options.threshold == 0);
    assert_true(options.limits.image_bytes_max ==
                sil_limits_default().image_bytes_max);
}

static void thresholds_are_between_0_and_1(void **state)
{
    static const char *const wrong[] = {"",    ".",      "0",    "1",
                                        "-1",  "0x1p-1", "nan",  "1e-1",
                                        " .5", ".5 ",    "0.2.3"};
    struct sil_options options = sil_options_default();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(option_read_threshold(&options, wrong[i], NULL),
                         SIL_E_BAD_OPTION);
    /* Between 0 and 1 until it is a float. */
    assert_int_equal(option_set_threshold(&options, 1e-60, NULL),
                     SIL_E_BAD_OPTION);
    assert_true(options.threshold == 0);
    assert_int_equal(option_read_threshold(&options, ".25", NULL), SIL_OK);
    assert_true(options.threshold == 0.25f);
}

static void a_soft_edge_is_of_everybody(void **state)
{
    struct sil_options options = sil_options_default();

    (void)state;
    assert_int_equal(options_check(&options, NULL), SIL_OK);
    options.output = SIL_OUTPUT_ALPHA;
    assert_int_equal(options_check(&options, NULL), SIL_OK);
    options.people = SIL_PEOPLE_EACH;
    assert_int_equal(options_check(&options, NULL), SIL_E_BAD_OPTION);
    options.output = SIL_OUTPUT_CUTOUT;
    assert_int_equal(options_check(&options, NULL), SIL_E_BAD_OPTION);
    options.output = SIL_OUTPUT_BOXES;
    assert_int_equal(options_check(&options, NULL), SIL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_default_is_offered_and_each_offer_a_word),
        cmocka_unit_test(words_become_values),
        cmocka_unit_test(other_words_are_refused),
        cmocka_unit_test(the_standard_is_the_tables),
        cmocka_unit_test(thresholds_are_between_0_and_1),
        cmocka_unit_test(a_soft_edge_is_of_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
