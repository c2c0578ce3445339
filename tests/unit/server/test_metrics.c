/* Counting, and the text that comes of it.
 * Must not know who counts.
 * The text is read back line by line: every sample belongs to a family that
 * was announced just above it. */
#include "server/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

enum { LINE_SIZE = 512 };

static struct metrics *make(void)
{
    struct metrics *metrics = mem_zalloc(1, sizeof *metrics);

    assert_non_null(metrics);
    return metrics;
}

static void text_of(struct buf *text, const struct metrics *metrics)
{
    buf_init(text, LIMIT_PAGE_BYTES_MAX);
    metrics_text(text, metrics, "person \"1\"");
    assert_int_equal(buf_err(text), SIL_OK);
}

static void assert_has(struct buf *text, const char *line)
{
    assert_non_null(strstr(buf_text(text), line));
}

static void values_are_told_with_their_labels(void **state)
{
    struct metrics *metrics = make();
    struct buf text;

    (void)state;
    metrics_add(metrics, METRIC_HTTP_REQUESTS, metric_code(422), ROUTE_ANALYZE,
                3);
    metrics_add(metrics, METRIC_HTTP_REQUESTS, metric_code(299), ROUTE_NONE, 1);
    metrics_add(metrics, METRIC_CANCELLED, SIL_STAGE_FETCH, 0, 2);
    metrics_add(metrics, METRIC_STORE_REQUESTS,
                metric_result(SIL_E_IMAGE_NOT_FOUND), 0, 5);
    metrics_set(metrics, METRIC_QUEUE_CAPACITY, 0, 64);
    text_of(&text, metrics);
    assert_has(&text, "silhouette_http_requests_total{code=\"422\",route="
                      "\"analyze\"} 3\n");
    assert_has(&text, "silhouette_http_requests_total{code=\"other\",route="
                      "\"none\"} 1\n");
    assert_has(&text, "silhouette_cancelled_total{stage=\"fetch\"} 2\n");
    assert_has(&text, "silhouette_store_requests_total{result="
                      "\"image_not_found\"} 5\n");
    assert_has(&text, "silhouette_queue_capacity 64\n");
    assert_has(&text, "silhouette_rejected_total{reason=\"queue\"} 0\n");
    assert_has(&text, "model=\"person \\\"1\\\"\"} 1\n");
    assert_int_equal(
        metrics_value(metrics, METRIC_CANCELLED, SIL_STAGE_FETCH, 0), 2);
    buf_finish(&text);
    mem_free(metrics);
}

static void histograms_are_cumulative(void **state)
{
    struct metrics *metrics = make();
    struct buf text;

    (void)state;
    metrics_observe(metrics, METRIC_HTTP_DURATION, 0, 1 * NS_PER_MS);
    metrics_observe(metrics, METRIC_HTTP_DURATION, 0, 30 * NS_PER_MS);
    metrics_observe(metrics, METRIC_HTTP_DURATION, 0, 60 * NS_PER_S);
    metrics_observe(metrics, METRIC_IMAGE_PIXELS, 0, 12000000);
    text_of(&text, metrics);
#define DURATION "silhouette_http_request_duration_seconds"
    assert_has(&text, DURATION "_bucket{le=\"0.001\"} 1\n");
    assert_has(&text, DURATION "_bucket{le=\"0.02\"} 1\n");
    assert_has(&text, DURATION "_bucket{le=\"0.05\"} 2\n");
    assert_has(&text, DURATION "_bucket{le=\"10\"} 2\n");
    assert_has(&text, DURATION "_bucket{le=\"+Inf\"} 3\n");
    assert_has(&text, DURATION "_sum 60.031\n");
    assert_has(&text, DURATION "_count 3\n");
#undef DURATION
    assert_has(&text, "silhouette_image_pixels_bucket{le=\"10000000\"} 0\n");
    assert_has(&text, "silhouette_image_pixels_bucket{le=\"30000000\"} 1\n");
    assert_int_equal(metrics_value(metrics, METRIC_HTTP_DURATION, 0, 0), 3);
    buf_finish(&text);
    mem_free(metrics);
}

static void every_sample_follows_its_family(void **state)
{
    struct metrics *metrics = make();
    struct buf text;
    char family[LINE_SIZE] = "";
    size_t sample_count = 0;

    (void)state;
    text_of(&text, metrics);
    for (const char *line = buf_text(&text); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t size = strcspn(line + 7, " ");
            assert_true(size < sizeof family);
            memcpy(family, line + 7, size);
            family[size] = '\0';
        } else if (*line != '#') {
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            sample_count++;
        }
        assert_int_equal(line[length], '\n');
        line += length + 1;
    }
    assert_true(sample_count > METRIC_COUNT);
    buf_finish(&text);
    mem_free(metrics);
}

static void every_status_of_the_error_table_has_its_place(void **state)
{
    uint32_t other = metric_code(0);

    (void)state;
    for (int i = 1; i <= err_count(); i++)
        assert_int_not_equal(metric_code(err_row((enum sil_err)i)->status),
                             other);
    assert_int_not_equal(metric_code(200), other);
    assert_int_equal(metric_code(999), other);
}

static void the_process_is_sampled(void **state)
{
    struct metrics *metrics = make();

    (void)state;
    metrics_sample_process(metrics);
    assert_true(metrics_value(metrics, METRIC_RESIDENT, 0, 0) > 100000);
    assert_true(metrics_value(metrics, METRIC_OPEN_FDS, 0, 0) >= 3);
    mem_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_told_with_their_labels),
        cmocka_unit_test(histograms_are_cumulative),
        cmocka_unit_test(every_sample_follows_its_family),
        cmocka_unit_test(every_status_of_the_error_table_has_its_place),
        cmocka_unit_test(the_process_is_sampled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
