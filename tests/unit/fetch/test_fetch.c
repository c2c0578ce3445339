/* The store's own part: numbers, many at once, cancelling, closing.
 * Must not know a kind's inside: a folder serves, as the simplest.
 * Run under ThreadSanitizer too; no row depends on who is faster. */
#include "fetch_tools.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"

enum { BYTES_MAX = 1 << 20, ASKER_COUNT = 4, ROUNDS = 200 };

static const struct fetch_options source_folder = {
    .store = "dir:" SIL_SOURCE_DIR, .bytes_max = BYTES_MAX};

static struct fetch_store *open_store(void)
{
    struct fetch_store *store = NULL;
    struct sil_error error = {0};

    if (fetch_store_open(&store, &source_folder, &error))
        fail_msg("%s", error.detail);
    return store;
}

static void only_known_stores_open(void **state)
{
    static const char *const texts[] = {"",         "dir",    "/tmp",
                                        "http://x", "S3://b", "gs://b"};
    struct fetch_store *store = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fetch_options options = source_folder;
        struct sil_error error = {0};

        options.store = texts[i];
        assert_int_equal(fetch_store_open(&store, &options, &error),
                         SIL_E_ARGUMENT);
        assert_non_null(strstr(error.detail, "s3://bucket/prefix"));
    }
    assert_null(store);
    fetch_store_close(NULL);
}

static void a_past_deadline_is_told(void **state)
{
    struct fetch_store *store = open_store();
    struct answer answer;

    (void)state;
    assert_int_equal(fetch_and_wait(&answer, store, "CMakeLists.txt", 1),
                     SIL_E_DEADLINE_EXCEEDED);
    assert_int_equal(answer.error.code, SIL_E_DEADLINE_EXCEEDED);
    answer_finish(&answer);
    fetch_store_close(store);
}

/* Holds the store's thread inside a callback until it is let go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_entered;
    bool is_open;
};

static void gate_done(void *payload, enum sil_err err, struct buf *bytes,
                      const struct fetch_stats *stats,
                      const struct sil_error *error)
{
    struct gate *gate = payload;

    assert_int_equal(err, error->code);
    assert_non_null(bytes);
    assert_non_null(stats);
    (void)pthread_mutex_lock(&gate->lock);
    gate->is_entered = true;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        (void)pthread_cond_wait(&gate->changed, &gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void gate_enter(struct gate *gate, struct fetch_store *store)
{
    struct fetch_wish wish = {
        .img_src = "CMakeLists.txt", .done = gate_done, .payload = gate};
    uint64_t number;

    *gate = (struct gate){.lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    assert_int_equal(fetch_submit(&number, store, &wish, NULL), SIL_OK);
    (void)pthread_mutex_lock(&gate->lock);
    while (!gate->is_entered)
        (void)pthread_cond_wait(&gate->changed, &gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void no_more_than_the_limit_at_once(void **state)
{
    struct fetch_store *store = open_store();
    struct answer *answers = calloc(LIMIT_FETCH_CONCURRENCY, sizeof *answers);
    struct gate gate;
    uint64_t last = 0;
    struct sil_error error = {0};

    (void)state;
    gate_enter(&gate, store);
    for (int i = 0; i <= LIMIT_FETCH_CONCURRENCY; i++) {
        bool is_over = i == LIMIT_FETCH_CONCURRENCY;
        struct fetch_wish wish = {.img_src = "CMakeLists.txt",
                                  .done = answer_done,
                                  .payload = &answers[is_over ? 0 : i]};
        uint64_t number = 0;
        enum sil_err err;

        if (!is_over)
            answer_init(&answers[i]);
        err = fetch_submit(&number, store, &wish, &error);
        assert_int_equal(err, is_over ? SIL_E_OVERLOADED : SIL_OK);
        assert_true(is_over || number > last);
        last = number;
    }
    gate_open(&gate);
    for (int i = 0; i < LIMIT_FETCH_CONCURRENCY; i++) {
        answer_wait(&answers[i]);
        assert_int_equal(answers[i].err, SIL_OK);
    }
    fetch_store_close(store);
    for (int i = 0; i < LIMIT_FETCH_CONCURRENCY; i++)
        answer_finish(&answers[i]);
    free(answers);
}

static void a_cancelled_wish_is_told(void **state)
{
    struct fetch_store *store = open_store();
    struct answer answers[2];
    uint64_t numbers[2];
    struct gate gate;

    (void)state;
    gate_enter(&gate, store);
    for (int i = 0; i < 2; i++) {
        struct fetch_wish wish = {.img_src = "CMakeLists.txt",
                                  .done = answer_done,
                                  .payload = &answers[i]};

        answer_init(&answers[i]);
        assert_int_equal(fetch_submit(&numbers[i], store, &wish, NULL), SIL_OK);
    }
    fetch_cancel(store, numbers[1]);
    fetch_cancel(store, numbers[1]); /* twice is once */
    fetch_cancel(store, 0);          /* never given */
    fetch_cancel(store, numbers[1] + 1);
    gate_open(&gate);
    answer_wait(&answers[0]);
    answer_wait(&answers[1]);
    assert_int_equal(answers[0].err, SIL_OK);
    assert_int_equal(answers[1].err, SIL_E_DEADLINE_EXCEEDED);
    fetch_cancel(store, numbers[0]); /* done already */
    fetch_store_close(store);
    answer_finish(&answers[0]);
    answer_finish(&answers[1]);
}

/* A thread that opens the gate a little after closing has begun. */
static void *open_later(void *payload)
{
    (void)usleep(20000);
    gate_open(payload);
    return NULL;
}

static void closing_cancels_what_waits(void **state)
{
    struct fetch_store *store = open_store();
    struct answer answer;
    struct fetch_wish wish = {
        .img_src = "CMakeLists.txt", .done = answer_done, .payload = &answer};
    struct gate gate;
    pthread_t opener;
    uint64_t number;

    (void)state;
    answer_init(&answer);
    gate_enter(&gate, store);
    assert_int_equal(fetch_submit(&number, store, &wish, NULL), SIL_OK);
    assert_int_equal(pthread_create(&opener, NULL, open_later, &gate), 0);
    fetch_store_close(store);
    (void)pthread_join(opener, NULL);
    assert_int_equal(answer.told_count, 1);
    assert_int_equal(answer.err, SIL_E_DEADLINE_EXCEEDED);
    answer_finish(&answer);
}

/* Asks again from within a callback, as often as it was told to. */
struct chain {
    struct fetch_store *store;
    struct answer last;
    int left;
};

static void chain_done(void *payload, enum sil_err err, struct buf *bytes,
                       const struct fetch_stats *stats,
                       const struct sil_error *error)
{
    struct chain *chain = payload;
    struct fetch_wish wish = {
        .img_src = "CMakeLists.txt", .done = chain_done, .payload = chain};
    uint64_t number;

    if (chain->left-- == 0)
        answer_done(&chain->last, err, bytes, stats, error);
    else
        assert_int_equal(fetch_submit(&number, chain->store, &wish, NULL),
                         SIL_OK);
}

static void a_callback_may_ask_again(void **state)
{
    struct chain chain = {.store = open_store(), .left = 3};
    struct fetch_wish wish = {
        .img_src = "CMakeLists.txt", .done = chain_done, .payload = &chain};
    uint64_t number;

    (void)state;
    answer_init(&chain.last);
    assert_int_equal(fetch_submit(&number, chain.store, &wish, NULL), SIL_OK);
    answer_wait(&chain.last);
    assert_int_equal(chain.last.err, SIL_OK);
    fetch_store_close(chain.store);
    answer_finish(&chain.last);
}

/* Asks and cancels, many times; every wish must be told once. */
static void *ask_often(void *payload)
{
    struct fetch_store *store = payload;

    for (int i = 0; i < ROUNDS; i++) {
        struct answer answer;
        struct fetch_wish wish = {.img_src = "CMakeLists.txt",
                                  .done = answer_done,
                                  .payload = &answer};
        uint64_t number;

        answer_init(&answer);
        assert_int_equal(fetch_submit(&number, store, &wish, NULL), SIL_OK);
        if (i % 2 == 0)
            fetch_cancel(store, number);
        answer_wait(&answer);
        assert_true(answer.err == SIL_OK ||
                    answer.err == SIL_E_DEADLINE_EXCEEDED);
        answer_finish(&answer);
    }
    return NULL;
}

static void many_threads_may_ask(void **state)
{
    struct fetch_store *store = open_store();
    pthread_t askers[ASKER_COUNT];

    (void)state;
    for (int i = 0; i < ASKER_COUNT; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_often, store), 0);
    for (int i = 0; i < ASKER_COUNT; i++)
        (void)pthread_join(askers[i], NULL);
    assert_int_equal(fetch_store_probe(store, 0, NULL), SIL_OK);
    fetch_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_stores_open),
        cmocka_unit_test(a_past_deadline_is_told),
        cmocka_unit_test(no_more_than_the_limit_at_once),
        cmocka_unit_test(a_cancelled_wish_is_told),
        cmocka_unit_test(closing_cancels_what_waits),
        cmocka_unit_test(a_callback_may_ask_again),
        cmocka_unit_test(many_threads_may_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
