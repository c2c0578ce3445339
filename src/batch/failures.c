/* Failures as lines that any tool can read, and a list for another run.
 * Must not know stores or pictures.
 * Each line is flushed: a run that is killed has told all that it knew. */
#include "batch/failures.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

/* Removed, not emptied: no file at all says that nothing failed. */
enum sil_err failures_open(struct failures *failures, const char *path,
                           struct sil_error *error)
{
    sil_assert(path != NULL);
    *failures = (struct failures){.path = path};
    if (unlink(path) == 0 || errno == ENOENT)
        return SIL_OK;
    return err_set(error, SIL_E_ARGUMENT,
                   "the file of failures, %.120s, can't be replaced: %s", path,
                   strerror(errno));
}

/* One member, with the comma or brace in front of it. */
static void add_member(struct buf *line, const char *before, const char *name,
                       const char *value)
{
    sil_assert(value != NULL);
    buf_addf(line, "%s\"%s\":", before, name);
    json_add_text(line, value, strlen(value));
}

/* Keys may be any bytes, and the reason may hold a part of one: both are
 * escaped. What a key can be at most has room in the line several times. The
 * file is made by the first one; "e": not for programs that we might start. */
enum sil_err failures_add(struct failures *failures, const char *key,
                          const struct sil_error *why, struct sil_error *error)
{
    const struct err_row *row = err_row(why->code);
    struct buf line;
    bool is_good;

    sil_assert(failures->path != NULL);
    if (failures->stream == NULL)
        failures->stream = fopen(failures->path, "we");
    if (failures->stream == NULL)
        return err_set(error, SIL_E_INTERNAL,
                       "the file of failures, %.120s, can't be written: %s",
                       failures->path, strerror(errno));
    buf_init(&line, (size_t)LIMIT_LOG_LINE_BYTES * 4);
    add_member(&line, "{", "key", key);
    add_member(&line, ",", "code", sil_err_code(why->code));
    add_member(&line, ",", "stage", stage_name(row->stage));
    add_member(&line, ",", "reason",
               why->detail[0] != '\0' ? why->detail : row->message);
    buf_add_text(&line, "}\n");
    is_good = !buf_err(&line) &&
              fwrite(line.bytes, 1, line.size, failures->stream) == line.size &&
              fflush(failures->stream) == 0;
    buf_finish(&line);
    return is_good ? SIL_OK
                   : err_set(error, SIL_E_INTERNAL,
                             "the file of failures, %.120s, can't be written",
                             failures->path);
}

/* Each line was flushed when it was written. */
void failures_close(struct failures *failures)
{
    sil_assert(failures != NULL);
    if (failures->stream != NULL)
        (void)fclose(failures->stream);
    failures->stream = NULL;
}
