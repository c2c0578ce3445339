/* The commands, one file each, and the exit codes they share.
 * Threads: main only.
 * Sees the public header and the server's one entry, nothing inside. */
#ifndef SIL_CLI_CLI_H
#define SIL_CLI_CLI_H

/** What scripts can rely on. */
enum cli_exit {
    CLI_DONE = 0,   /* all of it */
    CLI_PART = 1,   /* some picture failed; the others are done */
    CLI_USAGE = 2,  /* wrong words on the command line */
    CLI_BROKEN = 3, /* no usable model, or the machine refuses */
    CLI_STOPPED = 4 /* a signal came; what is done is done */
};

/** Run `silhouette bench`. argv: argc words after "bench", then NULL.
 *  Returns an enum cli_exit. */
int cli_bench(int argc, char **argv);

/** Run `silhouette eval`; as above. */
int cli_eval(int argc, char **argv);

/** Run `silhouette models`; as above. */
int cli_models(int argc, char **argv);

/** Run `silhouette segment`; as above. */
int cli_segment(int argc, char **argv);

/** Run `silhouette batch`; as above. */
int cli_batch(int argc, char **argv);

/** Run `silhouette check`; as above. Returns what server_check() does. */
int cli_check(int argc, char **argv);

/** Run `silhouette serve`; as above. Returns what server_main() does. */
int cli_serve(int argc, char **argv);

#endif
