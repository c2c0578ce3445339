/* What an answer of S3 means: deliver, fail, or try once more and how.
 * Threads: pure functions, callable from anywhere.
 * Must not know curl, or how often was tried already. */
#ifndef SIL_FETCH_S3_ERROR_H
#define SIL_FETCH_S3_ERROR_H

#include "base/err.h"

enum { S3_CODE_SIZE = 64 };

/** How a transfer ended. */
enum s3_outcome {
    S3_ANSWERED,    /* a whole answer, of whichever status */
    S3_TOO_LARGE,   /* the object is above the cap, or says so */
    S3_NO_MEMORY,   /* ours */
    S3_UNREACHABLE, /* no connection, or it broke */
    S3_UNTRUSTED,   /* the other side's certificate is not good */
    S3_STALLED,     /* too slow */
    S3_CUT,         /* fewer or more bytes than announced */
    S3_GARBAGE      /* not HTTP */
};

/** "answered", "too_large" and so on, for the log. Static. */
const char *s3_outcome_name(enum s3_outcome outcome);

/** What to do next. All but S3_DELIVER and S3_FAIL may be overruled by there
 *  being no time or no try left. */
enum s3_action {
    S3_DELIVER, /* the bytes are the object */
    S3_FAIL,    /* asking again would not help */
    S3_RETRY,   /* the store has a moment of weakness */
    S3_RENEW,   /* the keys were refused: look for others */
    S3_RESIGN   /* our clock is wrong: sign with the store's */
};

/** A judgement, and how it is told if nothing helps. */
struct s3_verdict {
    enum s3_action action;
    enum sil_err err;   /* SIL_OK for S3_DELIVER */
    const char *detail; /* for the caller; static; NULL for S3_DELIVER */
    const char *advice; /* for the operator's log; static; NULL: none */
};

/** The text of <Code> in an error answer: letters and digits, cut at its
 *  room, "" if there is none. code: [S3_CODE_SIZE]. */
void s3_error_code(char *code, const void *bytes, size_t size);

/** Judge an HTTP status and the code that came with it. */
struct s3_verdict s3_judge_answer(int status, const char *code);

/** Judge an outcome that is no answer. */
struct s3_verdict s3_judge_outcome(enum s3_outcome outcome);

#endif
