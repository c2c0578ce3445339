/* Printing figures.
 * Must not know which ones there are: their names say all.
 * Fractions have four digits in a table, where a tenth of a per cent counts,
 * and all of them in JSON. */
#include "cli/eval_show.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"

/* Bytes with a NUL: any count of 64 bits, or a fraction, with room to spare. */
enum { CELL_SIZE = 32 };

/* A figure as text. Only of figures that are there: what has no value has no
 * column. */
static void write_cell(char *cell, const struct figures *figures, int i)
{
    bool is_count = figure_names()[i].is_count;

    sil_assert(figures->has[i]);
    (void)snprintf(cell, CELL_SIZE, is_count ? "%.0f" : "%.4f",
                   figures->values[i]);
}

/* As wide as the wider of the two. Headings are plain ASCII, so bytes are
 * columns. */
static int width_of(const struct figures *figures, int i)
{
    char cell[CELL_SIZE];
    size_t heading = strlen(figure_names()[i].heading);
    size_t width;

    write_cell(cell, figures, i);
    width = strlen(cell);
    sil_assert(width < CELL_SIZE && heading < CELL_SIZE);
    return (int)(width > heading ? width : heading);
}

/* One row, so that tables of several runs can be put under each other. */
void eval_show_table(const struct eval_shown *shown)
{
    const struct figures *figures = shown->figures;
    int label_width = (int)strlen(shown->label);
    char cell[CELL_SIZE];

    /* The first column has no heading. */
    sil_assert(label_width > 0);
    printf("%*s", label_width, "");
    for (int i = 0; i < FIGURE_COUNT; i++)
        if (figures->has[i])
            printf("  %*s", width_of(figures, i), figure_names()[i].heading);
    printf("\n%s", shown->label);
    for (int i = 0; i < FIGURE_COUNT; i++)
        if (figures->has[i]) {
            write_cell(cell, figures, i);
            printf("  %*s", width_of(figures, i), cell);
        }
    puts("");
    if (shown->worst_count > 0)
        puts("\nThe worst, as on the sheet:");
    for (size_t i = 0; i < shown->worst_count; i++) {
        const struct score *score = &shown->evaluation->scores[shown->worst[i]];
        if (score->is_empty)
            printf("  %-40s nobody is there, area %.4f\n", score->stem,
                   score->false_area);
        else
            printf("  %-40s IoU %.4f, BF3 %.4f\n", score->stem, score->iou,
                   score->bf);
    }
}

/* A text as JSON. */
static void print_text(const char *text)
{
    struct buf line;

    sil_assert(text != NULL);
    buf_init(&line, LIMIT_LOG_LINE_BYTES);
    json_add_text(&line, text, strlen(text));
    fputs(buf_text(&line), stdout);
    buf_finish(&line);
}

/* What is known of a picture: only what was compared. Nine digits: an IoU is a
 * quotient of pixel counts, and no picture has more pixels than those can tell
 * apart. */
static void print_score(const struct score *score)
{
    print_text(score->stem);
    sil_assert(score->iou >= 0 && score->false_area >= 0);
    if (score->is_empty)
        printf(":{\"false_area\":%.9g", score->false_area);
    else
        printf(":{\"iou\":%.9g,\"bf\":%.9g", score->iou, score->bf);
    if (score->has_ignore)
        printf(",\"iou_ignore\":%.9g,\"bf_ignore\":%.9g", score->iou_ignore,
               score->bf_ignore);
    if (score->has_people)
        printf(",\"people\":%u,\"covered\":%u", score->people_count,
               score->covered_count);
    if (score->has_persons)
        printf(",\"predicted_people\":%u,\"person_iou\":[",
               score->predicted_count);
    for (uint32_t i = 0; score->has_persons && i < score->people_count; i++)
        printf("%s%.9g", i > 0 ? "," : "", score->person_ious[i]);
    fputs(score->has_persons ? "]}" : "}", stdout);
}

/* Written as it goes: a run over a million pictures has a million rows. */
void eval_show_json(const struct eval_shown *shown)
{
    const struct evaluation *evaluation = shown->evaluation;
    const char *comma = "";

    sil_assert(shown->worst_count <= evaluation->count);
    fputs("{\"label\":", stdout);
    print_text(shown->label);
    fputs(",\"total\":{", stdout);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        if (!shown->figures->has[i])
            continue;
        printf("%s\"%s\":%.9g", comma, figure_names()[i].key,
               shown->figures->values[i]);
        comma = ",";
    }
    printf("},\"left_out\":%zu,\"worst\":[", evaluation->left_out);
    for (size_t i = 0; i < shown->worst_count; i++) {
        fputs(i > 0 ? "," : "", stdout);
        print_text(evaluation->scores[shown->worst[i]].stem);
    }
    fputs("],\"pictures\":{", stdout);
    for (size_t i = 0; i < evaluation->count; i++) {
        fputs(i > 0 ? "," : "", stdout);
        print_score(&evaluation->scores[i]);
    }
    puts("}}");
}
