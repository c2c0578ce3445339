/* A sink of whichever kind its text names.
 * Must not know folders or S3.
 * Keys were checked by whoever made them: a name that leaves the sink can't
 * come this far. */
#include "fetch/fetch_sink.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

static const struct sink_kind *const sink_kinds[] = {&sink_dir, &sink_s3};

/* Invariant: both are set. */
struct fetch_sink {
    const struct sink_kind *kind; /* static */
    void *state;                  /* the kind's; owned */
};

/* NULL: none of them. */
static const struct sink_kind *kind_of(const char *store)
{
    sil_assert(store != NULL);
    for (size_t i = 0; i < sizeof sink_kinds / sizeof sink_kinds[0]; i++)
        if (strncmp(store, sink_kinds[i]->scheme,
                    strlen(sink_kinds[i]->scheme)) == 0)
            return sink_kinds[i];
    return NULL;
}

/* The kind checks its own part of the text. */
enum sil_err fetch_sink_open(struct fetch_sink **out,
                             const struct fetch_options *options,
                             struct sil_error *error)
{
    const struct sink_kind *kind = kind_of(options->store);
    struct fetch_sink *sink;
    enum sil_err err;

    sil_assert(out != NULL);
    if (kind == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "results go to dir:PATH or s3://bucket/prefix");
    sink = mem_zalloc(1, sizeof *sink);
    if (sink == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the results");
    sink->kind = kind;
    err = kind->open(&sink->state, options, error);
    if (err)
        mem_free(sink);
    else
        *out = sink;
    return err;
}

/* Nothing is there unless the kind says so. */
enum sil_err fetch_sink_has(bool *out, struct fetch_sink *sink, const char *key,
                            struct sil_error *error)
{
    sil_assert(out != NULL);
    sil_assert(fetch_key_check(key, NULL) == SIL_OK);
    *out = false;
    return sink->kind->has(out, sink->state, key, error);
}

/* An empty result would be none: there is no such thing. */
enum sil_err fetch_sink_put(struct fetch_sink *sink,
                            const struct fetch_parcel *parcel,
                            struct sil_error *error)
{
    sil_assert(parcel->size > 0);
    sil_assert(fetch_key_check(parcel->key, NULL) == SIL_OK);
    return sink->kind->put(sink->state, parcel, error);
}

/* No call is under way. */
void fetch_sink_close(struct fetch_sink *sink)
{
    if (sink == NULL)
        return;
    sil_assert(sink->kind != NULL);
    sink->kind->close(sink->state);
    mem_free(sink);
}
