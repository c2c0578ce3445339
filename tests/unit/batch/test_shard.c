/* Parts: which one a key is in, and what engines say.
 * Must not know the environment it runs in: variables are the test's own.
 * The keys' parts were computed with Python's hashlib. */
#include "batch/shard.h"

#include "base/limits.h"
#include "batch_tools.h"

/* "NAME=value" each, NULL at the end. */
struct row {
    const char *text;
    const char *variables[5];
    uint64_t index, count; /* count 0: refused */
};

static const struct row rows[] = {
    {"0/1", {NULL}, 0, 1},
    {"7/8", {NULL}, 7, 8},
    {"0/1000000", {NULL}, 0, 1000000},
    {"8/8", {NULL}, 0, 0},       /* counted from 0 */
    {"0/0", {NULL}, 0, 0},       /* none */
    {"0/1000001", {NULL}, 0, 0}, /* too many */
    {"1", {NULL}, 0, 0},         /* of how many? */
    {"1/", {NULL}, 0, 0},        /* the same */
    {"/2", {NULL}, 0, 0},        /* which? */
    {"-1/2", {NULL}, 0, 0},      /* a sign */
    {"+1/2", {NULL}, 0, 0},      /* a sign */
    {" 1/2", {NULL}, 0, 0},      /* a blank */
    {"1/2 ", {NULL}, 0, 0},      /* a blank */
    {"1/2/3", {NULL}, 0, 0},     /* too much */
    {"0x1/2", {NULL}, 0, 0},     /* hexadecimal */
    {"99999999999999999999/2", {NULL}, 0, 0},
    {"", {NULL}, 0, 0},
    {"auto", {NULL}, 0, 0}, /* no engine */
    {"automatic", {"JOB_COMPLETION_INDEX=0"}, 0, 0},
    {"auto/0", {"JOB_COMPLETION_INDEX=0"}, 0, 0},
    {"auto/x", {"JOB_COMPLETION_INDEX=0"}, 0, 0},
    /* Slurm: --array=0-7, 1-8, 10-30:10, and 3,7. */
    {"auto",
     {"SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_COUNT=8",
      "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_STEP=1"},
     7,
     8},
    {"auto",
     {"SLURM_ARRAY_TASK_ID=8", "SLURM_ARRAY_TASK_COUNT=8",
      "SLURM_ARRAY_TASK_MIN=1"},
     7,
     8},
    {"auto",
     {"SLURM_ARRAY_TASK_ID=30", "SLURM_ARRAY_TASK_COUNT=3",
      "SLURM_ARRAY_TASK_MIN=10", "SLURM_ARRAY_TASK_STEP=10"},
     2,
     3},
    {"auto",
     {"SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_COUNT=2",
      "SLURM_ARRAY_TASK_MIN=3", "SLURM_ARRAY_TASK_STEP=1"},
     0,
     0},
    {"auto", /* of a step that the number doesn't have */
     {"SLURM_ARRAY_TASK_ID=11", "SLURM_ARRAY_TASK_COUNT=3",
      "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_STEP=10"},
     0,
     0},
    {"auto", {"SLURM_ARRAY_TASK_ID=x", "SLURM_ARRAY_TASK_COUNT=8"}, 0, 0},
    {"auto",
     {"SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT=8",
      "SLURM_ARRAY_TASK_MIN=2"},
     0,
     0},
    {"auto",
     {"AWS_BATCH_JOB_ARRAY_INDEX=3", "AWS_BATCH_JOB_ARRAY_SIZE=4"},
     3,
     4},
    {"auto", {"BATCH_TASK_INDEX=3", "BATCH_TASK_COUNT=4"}, 3, 4},
    {"auto", {"CLOUD_RUN_TASK_INDEX=3", "CLOUD_RUN_TASK_COUNT=4"}, 3, 4},
    /* Kubernetes says which, not of how many. */
    {"auto", {"JOB_COMPLETION_INDEX=3"}, 0, 0},
    {"auto/4", {"JOB_COMPLETION_INDEX=3"}, 3, 4},
    {"auto/3", {"JOB_COMPLETION_INDEX=3"}, 0, 0},
    /* What the engine says holds against what was written. */
    {"auto/9",
     {"AWS_BATCH_JOB_ARRAY_INDEX=3", "AWS_BATCH_JOB_ARRAY_SIZE=4"},
     3,
     4},
};

/* The row whose variables are looked up. A test has one thread. */
static const struct row *current;

static char *variable(const char *name)
{
    size_t size = strlen(name);

    for (int i = 0; i < 5 && current->variables[i] != NULL; i++) {
        const char *text = current->variables[i];
        char *value;

        if (strncmp(text, name, size) != 0 || text[size] != '=')
            continue;
        text += size + 1;
        memcpy(&value, &text, sizeof value); /* as getenv() has no const */
        return value;
    }
    return NULL;
}

static void words_and_engines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sil_error error = {0};
        struct shard shard = {77, 99};
        enum sil_err err;

        current = &rows[i];
        err = shard_read(&shard, rows[i].text, variable, &error);
        if (rows[i].count == 0) {
            if (err != SIL_E_ARGUMENT || error.detail[0] == '\0')
                fail_msg("row %zu, \"%s\", was taken", i, rows[i].text);
            continue;
        }
        if (err || shard.index != rows[i].index || shard.count != rows[i].count)
            fail_msg("row %zu, \"%s\": %s, %llu of %llu", i, rows[i].text,
                     error.detail, (unsigned long long)shard.index,
                     (unsigned long long)shard.count);
    }
}

/* int.from_bytes(sha256(key).digest()[:8], "big") % 8 and % 1000 */
static void parts_of_keys_are_a_promise(void **state)
{
    static const struct {
        const char *key;
        uint64_t of_8, of_1000;
    } keys[] = {
        {"a.jpg", 2, 26},
        {"deep/er/a.jpg", 5, 677},
        {"\xEC\x82\xAC\xEC\xA7\x84.jpg", 6, 102},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct shard of_8 = {keys[i].of_8, 8};
        struct shard of_1000 = {keys[i].of_1000, 1000};
        struct shard all = {0, 1};

        assert_true(shard_has(&of_8, keys[i].key));
        assert_true(shard_has(&of_1000, keys[i].key));
        assert_true(shard_has(&all, keys[i].key));
    }
}

static void each_key_is_in_one_part(void **state)
{
    unsigned sizes[7] = {0};
    char key[32];

    (void)state;
    for (int i = 0; i < 7000; i++) {
        int found = 0;

        (void)snprintf(key, sizeof key, "%d.jpg", i);
        for (uint64_t part = 0; part < 7; part++) {
            struct shard shard = {part, 7};

            if (shard_has(&shard, key)) {
                found++;
                sizes[part]++;
            }
        }
        assert_int_equal(found, 1);
    }
    /* 1000 each, but for chance: four standard deviations are 117. */
    for (int part = 0; part < 7; part++)
        assert_in_range(sizes[part], 883, 1117);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_engines),
        cmocka_unit_test(parts_of_keys_are_a_promise),
        cmocka_unit_test(each_key_is_in_one_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
