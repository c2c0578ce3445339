/* mem.c: sizes that wrap, and failure on demand.
 * Must not know the system's allocator.
 * What is allocated is written to the last byte, for the sanitizers. */
#include "base/death.h"

#include "base/mem.h"

static void memory_can_be_used(void **state)
{
    uint8_t *bytes = mem_alloc(10, 100);
    uint8_t *zeroed = mem_zalloc(10, 100);
    char *text = mem_strdup("text");

    (void)state;
    assert_non_null(bytes);
    assert_non_null(zeroed);
    memset(bytes, 1, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeroed[i], 0);
    bytes = mem_realloc(bytes, 20, 100);
    assert_non_null(bytes);
    assert_int_equal(bytes[999], 1);
    memset(bytes, 2, 2000);
    assert_string_equal(text, "text");
    mem_free(bytes);
    mem_free(zeroed);
    mem_free(text);
    mem_free(NULL);
}

static void sizes_do_not_wrap(void **state)
{
    size_t half = SIZE_MAX / 2 + 1;
    void *memory = mem_alloc(1, 1);

    (void)state;
    assert_null(mem_alloc(half, 2));
    assert_null(mem_zalloc(half, 2));
    assert_null(mem_realloc(memory, half, 2));
    /* Untouched, and still ours. */
    mem_free(memory);
}

static void the_chosen_one_fails(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 8; n++) {
        void *memory[8] = {0};
        mem_fail_at(n);
        for (size_t i = 0; i < 8; i++) {
            if (i % 4 == 0)
                memory[i] = mem_alloc(1, 1);
            else if (i % 4 == 1)
                memory[i] = mem_zalloc(1, 1);
            else if (i % 4 == 2)
                memory[i] = mem_realloc(NULL, 1, 1);
            else
                memory[i] = mem_strdup("");
            assert_int_equal(memory[i] == NULL, i + 1 == n);
        }
        for (size_t i = 0; i < 8; i++)
            mem_free(memory[i]);
    }
}

static void zero_turns_failing_off(void **state)
{
    void *memory;

    (void)state;
    mem_fail_at(1);
    mem_fail_at(0);
    memory = mem_alloc(1, 1);
    assert_non_null(memory);
    mem_free(memory);
}

static void ask_for_nothing(void)
{
    mem_free(mem_alloc(0, 1));
}

static void ask_for_sizeless_things(void)
{
    mem_free(mem_zalloc(1, 0));
}

static void asking_for_nothing_is_a_mistake(void **state)
{
    (void)state;
    assert_dies(ask_for_nothing, "count > 0");
    assert_dies(ask_for_sizeless_things, "size > 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_can_be_used),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(the_chosen_one_fails),
        cmocka_unit_test(zero_turns_failing_off),
        cmocka_unit_test(asking_for_nothing_is_a_mistake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
