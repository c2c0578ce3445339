/* `silhouette COMMAND …`: finds the command in a table and runs it.
 * Must not know what a command does.
 * --help and --version are told on standard output, mistakes on standard
 * error: pipes see only what was asked for. */
#include <silhouette.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/cli.h"

/** One command. */
struct cmd {
    const char *name;                  /* the first word */
    int (*run)(int argc, char **argv); /* gets the words behind it */
    const char *summary;               /* a phrase for --help */
};

/* In the order in which --help tells them. */
static const struct cmd cli_cmds[] = {
    {"bench", cli_bench, "time pictures on this machine"},
    {"eval", cli_eval, "compare masks with true ones"},
    {"models", cli_models, "list the networks that can be used"},
    {"segment", cli_segment, "find the people in picture files"},
    {"batch", cli_batch, "a whole folder or bucket of pictures"},
    {"check", cli_check, "try the settings of serve, and show them"},
    {"serve", cli_serve, "answer HTTP requests: a key in, a mask out"},
};

enum { CMD_COUNT = sizeof cli_cmds / sizeof cli_cmds[0] };

/* The table's rows, so that no command is without its line. */
static void print_help(FILE *to)
{
    sil_assert(to != NULL);
    fputs("usage: silhouette COMMAND [WORD…]\n\n", to);
    for (int i = 0; i < CMD_COUNT; i++)
        fprintf(to, "  %-10s %s\n", cli_cmds[i].name, cli_cmds[i].summary);
    fputs("\n`silhouette COMMAND --help` says more; --version tells the "
          "version.\n",
          to);
}

/* Both spellings: people type the one that they know from elsewhere. */
static bool is_either(const char *word, const char *a, const char *b)
{
    sil_assert(word != NULL);
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* The first word is the command; it gets the rest. */
int main(int argc, char **argv)
{
    sil_assert(argv != NULL);
    /* Nothing was asked for, so this is a mistake: told where those are. */
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (is_either(argv[1], "--help", "help")) {
        print_help(stdout);
        return CLI_DONE;
    }
    if (is_either(argv[1], "--version", "version")) {
        printf("silhouette %s\n", sil_version());
        return CLI_DONE;
    }
    for (int i = 0; i < CMD_COUNT; i++)
        if (strcmp(argv[1], cli_cmds[i].name) == 0)
            return cli_cmds[i].run(argc - 2, argv + 2);
    /* Cut, since it may be anything: a whole file that was pasted, say. */
    fprintf(stderr, "silhouette: \"%.60s\" is no command\n\n", argv[1]);
    print_help(stderr);
    return CLI_USAGE;
}
