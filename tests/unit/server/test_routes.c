/* Routes and methods, allowed and not.
 * Must not know what a route does.
 * Paths are compared byte by byte: near misses are misses. */
#include "server/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ANALYZE "/analyze/segmentation-v2"

/** A request line and where it leads. */
struct route_case {
    const char *method, *path;
    enum route route;
    enum sil_err err;
};

static const struct route_case cases[] = {
    {"POST", ANALYZE, ROUTE_ANALYZE, SIL_OK},
    {"GET", "/healthz", ROUTE_HEALTHZ, SIL_OK},
    {"HEAD", "/healthz", ROUTE_HEALTHZ, SIL_OK},
    {"GET", "/readyz", ROUTE_READYZ, SIL_OK},
    {"GET", "/metrics", ROUTE_METRICS, SIL_OK},
    {"GET", "/openapi.json", ROUTE_OPENAPI, SIL_OK},
    {"GET", "/", ROUTE_HOME, SIL_OK},
    {"GET", "/docs", ROUTE_DOCS, SIL_OK},
    {"GET", "/web/page.js", ROUTE_WEB, SIL_OK},
    {"GET", "/web/", ROUTE_WEB, SIL_OK}, /* the page says that it has none */
    {"GET", "/web", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"GET", "/webs/", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"POST", "/web/page.js", ROUTE_WEB, SIL_E_METHOD_NOT_ALLOWED},
    {"GET", ANALYZE, ROUTE_ANALYZE, SIL_E_METHOD_NOT_ALLOWED},
    {"HEAD", ANALYZE, ROUTE_ANALYZE, SIL_E_METHOD_NOT_ALLOWED},
    {"post", ANALYZE, ROUTE_ANALYZE, SIL_E_METHOD_NOT_ALLOWED},
    {"POST", "/healthz", ROUTE_HEALTHZ, SIL_E_METHOD_NOT_ALLOWED},
    {"DELETE", "/", ROUTE_HOME, SIL_E_METHOD_NOT_ALLOWED},
    {"POST", ANALYZE "/", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"POST", "/Analyze/segmentation-v2", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"POST", "/analyze/segmentation", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"POST", "/analyze%2Fsegmentation-v2", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"GET", "", ROUTE_NONE, SIL_E_NO_SUCH_ROUTE},
    {"GET", NULL, ROUTE_NONE, SIL_E_NO_SUCH_ROUTE}, /* a head refused */
};

static void each_request_line_has_its_route(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_text method = {cases[i].method, strlen(cases[i].method)};
        struct http_text path = {cases[i].path,
                                 cases[i].path ? strlen(cases[i].path) : 0};
        enum route route = ROUTE_NONE;
        struct sil_error error = {0};

        assert_int_equal(route_find(&route, method, path, &error),
                         cases[i].err);
        assert_int_equal(route, cases[i].route);
        assert_int_equal(error.code, cases[i].err);
    }
}

static void allow_names_the_right_methods(void **state)
{
    (void)state;
    assert_string_equal(route_row(ROUTE_ANALYZE)->allow, "POST");
    assert_string_equal(route_row(ROUTE_METRICS)->allow, "GET, HEAD");
    assert_string_equal(route_row(ROUTE_NONE)->label, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_line_has_its_route),
        cmocka_unit_test(allow_names_the_right_methods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
