/* A job's memory: made of a wish, freed when it was told.
 * Must not know kinds, lists or threads.
 * A wish without an imgSrc is a probe: a job without a key. */
#include "fetch/fetch_job.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fetch/fetch_key.h"

/* Cancelling comes from other threads, hence the atomic. */
bool fetch_job_is_over(const struct fetch_job *job)
{
    sil_assert(job != NULL);
    return atomic_load(&job->is_cancelled) || clock_is_past(job->deadline_ns);
}

/* What is left of the picture goes with it: who wanted it has taken it. */
void fetch_job_destroy(struct fetch_job *job)
{
    if (job == NULL)
        return;
    buf_finish(&job->bytes);
    mem_free(job->bucket);
    mem_free(job->key);
    mem_free(job);
}

/* A copy of size bytes with a NUL behind; NULL if out of memory. */
static char *copy_text(const char *text, size_t size)
{
    char *copy = mem_zalloc(size + 1, 1);

    sil_assert(text != NULL);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* Bucket and key of an imgSrc. Copied, since the wish is lent for one call, and
 * the place is split inside of its text. Without a bucket the store has its
 * own. */
static enum sil_err copy_place(struct fetch_job *job, const char *img_src,
                               struct sil_error *error)
{
    struct fetch_place place = {0};
    enum sil_err err = fetch_key_split(&place, img_src, strlen(img_src), error);

    sil_assert(img_src != NULL);
    sil_assert(job->key == NULL);
    sil_assert(job->bucket == NULL);
    if (err)
        return err;
    job->key = mem_strdup(place.key);
    if (job->key == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the key");
    if (place.bucket == NULL)
        return SIL_OK;
    job->bucket = copy_text(place.bucket, place.bucket_size);
    if (job->bucket == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the key");
    return SIL_OK;
}

/* Made on the asker's thread, so that a bad wish costs the store nothing. The
 * time starts here: waiting for a turn is a part of fetching. */
enum sil_err fetch_job_create(struct fetch_job **out,
                              const struct fetch_wish *wish, size_t bytes_max,
                              struct sil_error *error)
{
    struct fetch_job *job = mem_zalloc(1, sizeof *job);
    enum sil_err err = SIL_OK;

    sil_assert(out != NULL);
    sil_assert(wish->done != NULL);
    if (job == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the image");
    job->started_ns = clock_ns();
    job->deadline_ns = wish->deadline_ns;
    job->done = wish->done;
    job->payload = wish->payload;
    atomic_init(&job->is_cancelled, false);
    buf_init(&job->bytes, bytes_max);
    if (wish->img_src != NULL)
        err = copy_place(job, wish->img_src, error);
    if (err)
        fetch_job_destroy(job);
    else
        *out = job;
    return err;
}
