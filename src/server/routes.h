/* Which route a request is for, from the table routes.tbl.
 * Threads: pure functions.
 * Paths are compared as sent: no decoding, no trailing slash. */
#ifndef SIL_SERVER_ROUTES_H
#define SIL_SERVER_ROUTES_H

#include "base/err.h"
#include "http/http.h"

/** The routes in the order of the table; ROUTE_NONE: none of them. */
enum route {
#define SIL_ROUTE(id, method, path, label, summary) ROUTE_##id,
#include "server/routes.tbl"
#undef SIL_ROUTE
    ROUTE_NONE
};

/** One row of routes.tbl; all texts are static. */
struct route_row {
    const char *method;  /* "GET" stands for HEAD too */
    const char *path;    /* "/healthz" */
    const char *label;   /* bounded vocabulary of metrics and log */
    const char *allow;   /* the Allow field of a 405 */
    const char *summary; /* a phrase for documentation */
};

/** The row of a route; that of ROUTE_NONE has the label "none" and is NULL
 *  otherwise. A loan of static memory. */
const struct route_row *route_row(enum route route);

/** Find the route. *out is set as soon as the path is known, also where the
 *  method is refused. Errors: SIL_E_NO_SUCH_ROUTE,
 *  SIL_E_METHOD_NOT_ALLOWED. */
SIL_MUST_USE enum sil_err route_find(enum route *out, struct http_text method,
                                     struct http_text path,
                                     struct sil_error *error);

#endif
