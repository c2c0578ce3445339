/* inih reads the lines; here they are numbered and given on.
 * Must not know what a setting is.
 * inih cuts lines that are too long and goes on with the rest as if it were a
 * line of its own: they are found before it sees them. */
#include "server/config_file.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/file.h"

enum {
    FILE_BYTES_MAX = 1 << 16,
    LINE_BYTES_MAX = 190, /* inih's own limit is 200, with its end */
    PLACE_SIZE = 96,
    NAME_BYTES_SHOWN = 64 /* of the file's name */
};

/** What one reading keeps. */
struct reading {
    const char *at;   /* of the text, the next line */
    const char *name; /* of the file, without its folder */
    int line;         /* the last one handed to inih, from 1 */
    bool is_too_long; /* that line is */
    config_line_fn take;
    void *payload;
    struct sil_error *error;
    enum sil_err err; /* what take() said; SIL_OK: all was taken */
};

/* For inih, as fgets(3): the next line, or NULL at the end. A line that is too
 * long ends the reading. */
static char *next_line(char *to, int size, void *stream)
{
    struct reading *reading = stream;
    size_t length = strcspn(reading->at, "\n");

    sil_assert(size > LINE_BYTES_MAX + 1);
    if (*reading->at == '\0')
        return NULL;
    reading->line++;
    if (length > LINE_BYTES_MAX) {
        reading->is_too_long = true;
        return NULL;
    }
    memcpy(to, reading->at, length);
    to[length] = '\n';
    to[length + 1] = '\0';
    reading->at += length + (reading->at[length] == '\n');
    return to;
}

/* For inih: 0 ends with an error. */
static int take_line(void *user, const char *section, const char *name,
                     const char *value)
{
    struct reading *reading = user;
    char place[PLACE_SIZE];

    sil_assert(name != NULL && value != NULL);
    if (reading->err)
        return 0;
    (void)snprintf(place, sizeof place, "%.*s:%d", NAME_BYTES_SHOWN,
                   reading->name, reading->line);
    if (*section != '\0')
        reading->err = err_set(reading->error, SIL_E_ARGUMENT,
                               "%s: sections such as [%.40s] are not used",
                               place, section);
    else
        reading->err =
            reading->take(reading->payload, name, value, place, reading->error);
    return reading->err == SIL_OK;
}

/* What went wrong: our own reasons before inih's. */
static enum sil_err judge(const struct reading *reading, int status)
{
    sil_assert(reading->name != NULL);
    if (reading->err)
        return reading->err;
    if (reading->is_too_long)
        return err_set(reading->error, SIL_E_ARGUMENT,
                       "%.64s:%d: the line is longer than %d bytes",
                       reading->name, reading->line, LINE_BYTES_MAX);
    if (status != 0)
        return err_set(reading->error, SIL_E_ARGUMENT,
                       "%.64s:%d: neither \"name = value\" nor a comment",
                       reading->name, status > 0 ? status : reading->line);
    return SIL_OK;
}

/* Read whole first: a file is small, and its errors are those of any file. */
enum sil_err config_file_read(const char *path, config_line_fn take,
                              void *payload, struct sil_error *error)
{
    const char *slash = strrchr(path, '/');
    struct reading reading = {.name = slash != NULL ? slash + 1 : path,
                              .take = take,
                              .payload = payload,
                              .error = error};
    struct buf text;
    enum sil_err err;

    sil_assert(take != NULL);
    buf_init(&text, FILE_BYTES_MAX);
    err = file_read(&text, path);
    /* An empty file has no bytes to look at, not even a place of them. */
    if (!err && text.size > 0 && memchr(text.bytes, '\0', text.size) != NULL)
        err = SIL_E_STATE;
    if (err) {
        err =
            err == SIL_E_NO_MEMORY
                ? err_set(error, err, "no memory for the configuration")
                : err_set(error, SIL_E_ARGUMENT,
                          "%.160s can't be read as a configuration file", path);
    } else {
        reading.at = buf_text(&text);
        err = judge(&reading,
                    ini_parse_stream(next_line, &reading, take_line, &reading));
    }
    buf_finish(&text);
    return err;
}
