/* What the tests of this folder share: bytes that end at a forbidden page,
 * and a wish that is waited for.
 * Must not know any store's inside.
 * All functions are static inline: each test is its own program. */
#ifndef TESTS_FETCH_TOOLS_H
#define TESTS_FETCH_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "fetch/fetch.h"

enum { GUARD_PAGES = 17 };

/* A copy of size bytes whose end touches a page that can't be read, so that
 * reading one byte too far ends the test. */
struct guard {
    uint8_t *map;
    size_t map_size;
    const char *bytes;
};

static inline void guard_init(struct guard *guard, const void *bytes,
                              size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = page * (GUARD_PAGES - 1);

    assert_true(size <= room);
    guard->map_size = page * GUARD_PAGES;
    guard->map = mmap(NULL, guard->map_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guard->map != MAP_FAILED);
    assert_int_equal(mprotect(guard->map + room, page, PROT_NONE), 0);
    if (size > 0)
        memcpy(guard->map + room - size, bytes, size);
    guard->bytes = (const char *)guard->map + room - size;
}

static inline void guard_finish(struct guard *guard)
{
    (void)munmap(guard->map, guard->map_size);
}

/* How a wish ended, and somebody who can wait for it. */
struct answer {
    pthread_mutex_t lock;
    pthread_cond_t told;
    int told_count;
    enum sil_err err;
    struct buf bytes; /* owned */
    struct fetch_stats stats;
    struct sil_error error;
};

static inline void answer_init(struct answer *answer)
{
    *answer = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER,
                              .told = PTHREAD_COND_INITIALIZER};
    buf_init(&answer->bytes, 1);
}

static inline void answer_done(void *payload, enum sil_err err,
                               struct buf *bytes,
                               const struct fetch_stats *stats,
                               const struct sil_error *error)
{
    struct answer *answer = payload;

    (void)pthread_mutex_lock(&answer->lock);
    answer->told_count++;
    answer->err = err;
    answer->stats = *stats;
    answer->error = *error;
    buf_take(&answer->bytes, bytes);
    (void)pthread_cond_broadcast(&answer->told);
    (void)pthread_mutex_unlock(&answer->lock);
}

static inline void answer_wait(struct answer *answer)
{
    (void)pthread_mutex_lock(&answer->lock);
    while (answer->told_count == 0)
        (void)pthread_cond_wait(&answer->told, &answer->lock);
    (void)pthread_mutex_unlock(&answer->lock);
}

static inline void answer_finish(struct answer *answer)
{
    assert_int_equal(answer->told_count, 1);
    buf_finish(&answer->bytes);
}

/* Ask for one key and wait; whether it failed at once or later is one. */
static inline enum sil_err fetch_and_wait(struct answer *answer,
                                          struct fetch_store *store,
                                          const char *img_src,
                                          uint64_t deadline_ns)
{
    struct fetch_wish wish = {.img_src = img_src,
                              .deadline_ns = deadline_ns,
                              .done = answer_done,
                              .payload = answer};
    uint64_t number = 0;
    enum sil_err err;

    answer_init(answer);
    err = fetch_submit(&number, store, &wish, &answer->error);
    if (err) {
        answer->told_count = 1;
        answer->err = err;
        return err;
    }
    assert_true(number > 0);
    answer_wait(answer);
    return answer->err;
}

#endif
