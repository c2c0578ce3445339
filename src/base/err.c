/* The error table as data, and the one way to fill a struct sil_error.
 * Must not know stages' internals, HTTP or the log.
 * The public enum is written out by hand, so that silhouette.h stands alone:
 * the static asserts below hold it to the table's order. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"

static const char *const stage_names[SIL_STAGE_COUNT] = {
    "request", "fetch", "decode", "infer", "mask", "encode"};

/* The table's own numbering: 0 is success, then its rows from above. */
enum err_index {
    INDEX_OK,
#define SIL_ERROR(name, ...) INDEX_##name,
#define SIL_ERROR_ALIAS(name, ...) INDEX_##name,
#include "base/errors.tbl"
#undef SIL_ERROR
#undef SIL_ERROR_ALIAS
    INDEX_END
};

#define SIL_ERROR(name, ...)                                                   \
    static_assert((int)INDEX_##name == (int)SIL_E_##name,                      \
                  "errors.tbl and enum sil_err differ at " #name);
#define SIL_ERROR_ALIAS(name, ...) SIL_ERROR(name)
#include "base/errors.tbl"
#undef SIL_ERROR
#undef SIL_ERROR_ALIAS

/* What an alias row borrows from another row needs a name per column. */
#define SIL_ERROR(name, code, stage, status, state, message, when, ko)         \
    static const char code_##name[] = code;                                    \
    static const char message_##name[] = message;                              \
    enum { STATUS_##name = status, STATE_##name = state };
#define SIL_ERROR_ALIAS(name, ...)
#include "base/errors.tbl"
#undef SIL_ERROR
#undef SIL_ERROR_ALIAS

static const struct err_row rows[INDEX_END] = {
#define SIL_ROW(name, source, stage_, when_, is_alias_)                        \
    [INDEX_##name] = {                                                         \
        .code = code_##source,                                                 \
        .message = message_##source,                                           \
        .when = when_,                                                         \
        .stage = SIL_STAGE_##stage_,                                           \
        .status = STATUS_##source,                                             \
        .state = STATE_##source,                                               \
        .is_alias = is_alias_,                                                 \
    },
#define SIL_ERROR(name, code, stage, status, state, message, when, ko)         \
    SIL_ROW(name, name, stage, when, false)
#define SIL_ERROR_ALIAS(name, other, stage, when)                              \
    SIL_ROW(name, other, stage, when, true)
#include "base/errors.tbl"
#undef SIL_ERROR
#undef SIL_ERROR_ALIAS
#undef SIL_ROW
};

/* The one place where a stage has a name: metrics, log and answers ask here. */
const char *stage_name(enum sil_stage stage)
{
    sil_assert(stage >= 0 && stage < SIL_STAGE_COUNT);
    return stage_names[stage];
}

/* An unknown code is a bug of ours, and told to the client as what it is: an
 * internal error. */
const struct err_row *err_row(enum sil_err err)
{
    bool is_known = (int)err > INDEX_OK && (int)err < INDEX_END;
    const struct err_row *row = &rows[is_known ? (int)err : INDEX_INTERNAL];

    /* No row of the table was left out between two others. */
    sil_assert(row->code != NULL);
    return row;
}

/* For who documents or tests all of them. */
int err_count(void)
{
    /* The end is one past the last, and the first is 1. */
    return INDEX_END - 1;
}

/* The last error wins: the one nearest to the caller knows best what to say. */
enum sil_err err_set(struct sil_error *error, enum sil_err code,
                     const char *format, ...)
{
    va_list args;

    sil_assert(code != SIL_OK);
    sil_assert(format != NULL);
    if (error == NULL)
        return code; /* The caller doesn't want to know. */
    error->code = code;
    va_start(args, format);
    /* What is too long is cut: half a sentence is better than none. */
    (void)vsnprintf(error->detail, sizeof error->detail, format, args);
    va_end(args);
    return code;
}

/* Success is no row of the table, as it has neither a stage nor a status. */
const char *sil_err_code(enum sil_err err)
{
    return err == SIL_OK ? "ok" : err_row(err)->code;
}

/* As above. */
const char *sil_err_message(enum sil_err err)
{
    return err == SIL_OK ? "ok" : err_row(err)->message;
}

/* Of the library that is linked, which may be newer than the header. */
const char *sil_version(void)
{
    return SIL_VERSION;
}
