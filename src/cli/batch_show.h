/* How far a run is, for people and for programs.
 * Threads: batch_show_event() from the run's threads, one at a time; all else
 * main only.
 * Must not know how a run is run. */
#ifndef SIL_CLI_BATCH_SHOW_H
#define SIL_CLI_BATCH_SHOW_H

#include <stdio.h>

#include "base/buf.h"
#include "batch/batch.h"

enum batch_show_mode {
    BATCH_SHOW_BAR,   /* one line that is drawn again and again */
    BATCH_SHOW_LINES, /* a line from time to time */
    BATCH_SHOW_JSON   /* an object a line, of every picture too */
};

enum { SHOW_SAMPLES = 16 };

/** What is shown where. */
struct batch_show {
    enum batch_show_mode mode;
    FILE *to;                       /* lent */
    int columns;                    /* of the terminal, with BATCH_SHOW_BAR */
    uint64_t shown_ns;              /* of the run, when it was shown last */
    uint64_t ended[SHOW_SAMPLES];   /* pictures that had ended, a ring */
    uint64_t time_ns[SHOW_SAMPLES]; /* of the run, when they had */
    uint32_t sample_count;          /* ever taken */
};

/** Begin. to: lent until the end. */
void batch_show_init(struct batch_show *show, enum batch_show_mode mode,
                     FILE *to);

/** A picture ended: a batch_told_fn; payload: the struct batch_show. */
void batch_show_event(void *payload, const struct batch_event *event);

/** Show how far it is, if it is time to. */
void batch_show_state(struct batch_show *show, const struct batch_state *state);

/** The last word; exit_code: what the command will end with. */
void batch_show_end(struct batch_show *show, const struct batch_state *state,
                    int exit_code);

/** Pictures a second over the last samples; 0: not known yet. */
double batch_show_rate(const struct batch_show *show);

/** Append the line for people, in at most columns characters (0: any number).
 *  Pure. */
void batch_show_line(struct buf *to, const struct batch_state *state,
                     double per_s, int columns);

#endif
