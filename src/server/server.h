/* The service's two entries, for the command.
 * Threads: called once, from main.
 * Everything else of the server stays inside this folder. */
#ifndef SIL_SERVER_SERVER_H
#define SIL_SERVER_SERVER_H

/** Run `silhouette serve` until SIGTERM or SIGINT. argv: the words after
 *  "serve". Returns the exit code: 0 drained, 1 failed, 2 wrong usage. */
int server_main(int argc, char **argv);

/** Run `silhouette check`: the settings of serve, shown and tried. Returns the
 *  exit code: 0 all is well, 1 a check failed, 2 wrong usage. */
int server_check(int argc, char **argv);

#endif
