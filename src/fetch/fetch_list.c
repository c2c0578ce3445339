/* A list of whichever kind the store's text names.
 * Must not know folders or S3.
 * After an error it is poisoned: half of a list must not pass for a whole
 * one. */
#include "fetch/fetch_list.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"

static const struct list_kind *const list_kinds[] = {&list_dir, &list_s3};

/* Invariant: once err is set, nothing is asked of the kind any more. */
struct fetch_list {
    const struct list_kind *kind; /* static */
    void *state;                  /* the kind's; owned */
    enum sil_err err;             /* the first there was */
};

/* NULL: none of them. */
static const struct list_kind *kind_of(const char *store)
{
    sil_assert(store != NULL);
    for (size_t i = 0; i < sizeof list_kinds / sizeof list_kinds[0]; i++)
        if (strncmp(store, list_kinds[i]->scheme,
                    strlen(list_kinds[i]->scheme)) == 0)
            return list_kinds[i];
    return NULL;
}

/* The kind checks its own part of the text. */
enum sil_err fetch_list_open(struct fetch_list **out,
                             const struct fetch_options *options,
                             struct sil_error *error)
{
    const struct list_kind *kind = kind_of(options->store);
    struct fetch_list *list;
    enum sil_err err;

    sil_assert(out != NULL);
    if (kind == NULL)
        return err_set(error, SIL_E_ARGUMENT,
                       "the store must be dir:PATH or s3://bucket/prefix");
    list = mem_zalloc(1, sizeof *list);
    if (list == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the list");
    list->kind = kind;
    err = kind->open(&list->state, options, error);
    if (err)
        mem_free(list);
    else
        *out = list;
    return err;
}

/* The first error ends it. */
enum sil_err fetch_list_next(const char **key, struct fetch_list *list,
                             struct sil_error *error)
{
    sil_assert(key != NULL);
    *key = NULL;
    if (list->err)
        return err_set(error, SIL_E_STATE, "the list has failed before");
    list->err = list->kind->next(key, list->state, error);
    sil_assert(!list->err || *key == NULL);
    return list->err;
}

/* At any time, also in the middle. */
void fetch_list_close(struct fetch_list *list)
{
    if (list == NULL)
        return;
    sil_assert(list->kind != NULL);
    list->kind->close(list->state);
    mem_free(list);
}
