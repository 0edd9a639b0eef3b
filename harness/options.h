/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: one table per command reads the options and prints the help.
 *
 * GNU habits: --name VALUE, --name=VALUE, -x VALUE, options and words in any order, -- ends
 * options.  Wrong usage is one sentence on stderr and a pointer to --help; nothing is allocated. */
#ifndef MDCTS_OPTIONS_H
#define MDCTS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LIST };

#define OPTION_LIST_MAX 64

/* An option that may stand several times. */
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option_row {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    const char *argument; /* what the help calls the value; NULL for flags */
    const char *help;
    void *target; /* bool *, const char **, unsigned long *, struct option_list * */
};

struct command_line {
    const char *name;  /* "run" */
    const char *words; /* what the help calls the words behind the options */
    const char *about; /* lines of the help in front of the options */
    const char *notes; /* lines behind them; NULL: none */
    const struct option_row *rows;
    size_t row_count;
};

#define EXIT_USAGE       2
#define EXIT_ENVIRONMENT 3
#define EXIT_OUR_FAULT   4
#define EXIT_NOTHING     5

/* Reads argv[1..].  Words are moved to the front: argv[0 .. *word_count - 1].  Returns -1 to go on,
 * or the exit code with which the command ends: 0 after --help, EXIT_USAGE after a complaint. */
int options_read(const struct command_line *command, int argc, char **argv, size_t *word_count);

/* "mdcts run: error: sentence" on stderr; returns EXIT_USAGE. */
int options_complain(const struct command_line *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
