/* The route table as data and the search in it.
 * Must not know what a route does: steps.c and pages.c do.
 * A few rows: a linear search is the fastest there is. */
#include "server/routes.h"

#include <string.h>

#include "base/check.h"

/* HEAD comes with GET: the HTTP layer leaves the body out by itself. */
#define ALLOW_GET "GET, HEAD"
#define ALLOW_POST "POST"

static const struct route_row rows[ROUTE_NONE + 1] = {
#define SIL_ROUTE(id, method, path, label, summary)                            \
    [ROUTE_##id] = {method, path, label,                                       \
                    method[0] == 'G' ? ALLOW_GET : ALLOW_POST, summary},
#include "server/routes.tbl"
#undef SIL_ROUTE
    [ROUTE_NONE] = {NULL, NULL, "none", NULL, NULL},
};

/* To the byte: methods and paths have a case. */
static bool is_same(struct http_text text, const char *word)
{
    sil_assert(word != NULL);
    return text.bytes != NULL && text.size == strlen(word) &&
           memcmp(text.bytes, word, text.size) == 0;
}

/* A path of the table: the same, or its beginning where it ends in *. */
static bool is_path(struct http_text text, const char *path)
{
    size_t size = strlen(path);

    sil_assert(size > 0);
    if (path[size - 1] != '*')
        return is_same(text, path);
    return text.bytes != NULL && text.size >= size - 1 &&
           memcmp(text.bytes, path, size - 1) == 0;
}

/* ROUTE_NONE has a row too, for the metrics and the log. */
const struct route_row *route_row(enum route route)
{
    sil_assert(route <= ROUTE_NONE);
    return &rows[route];
}

/* The path decides first, so that a wrong method on a known path is told as
 * that. */
enum sil_err route_find(enum route *out, struct http_text method,
                        struct http_text path, struct sil_error *error)
{
    const struct route_row *row = NULL;

    sil_assert(out != NULL);
    *out = ROUTE_NONE;
    for (int i = 0; i < ROUTE_NONE && row == NULL; i++) {
        if (!is_path(path, rows[i].path))
            continue;
        *out = (enum route)i;
        row = &rows[i];
    }
    if (row == NULL)
        return err_set(error, SIL_E_NO_SUCH_ROUTE,
                       "there is nothing at this path; POST "
                       "/analyze/segmentation-v2 finds the people in a "
                       "picture");
    if (is_same(method, row->method))
        return SIL_OK;
    if (is_same(method, "HEAD") && strcmp(row->method, "GET") == 0)
        return SIL_OK;
    return err_set(error, SIL_E_METHOD_NOT_ALLOWED, "%s takes %s only",
                   row->path, row->allow);
}
