/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "base/node.h"
#include "options.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    {"run", cmd_run, "judge a driver with the cases"},
    {"derive", cmd_derive, "one CardDeriveKey at the prompt"},
    {"probe", cmd_probe, "find out what a driver and its card can do"},
    {"list", cmd_list, "the cases, and which requirements they cover"},
    {"explain", cmd_explain, "a requirement or a case in words"},
    {"lint", cmd_lint, "check case files"},
    {"readers", cmd_readers, "the PC/SC readers and what is in them"},
    {"doctor", cmd_doctor, "what is missing for a run, and how to get it"},
    {"pin", cmd_pin, "forget which PINs real cards have refused"},
    {"judge", cmd_judge, "judge a stored trace again"},
    {"virtual", cmd_virtual, "run any command with the private PC/SC daemon and virtual cards"},
    {"bench", cmd_bench, "measure the harness on the virtual reader"},
};

static void print_usage(FILE *to)
{
    fputs("usage: mdcts COMMAND [OPTIONS] ...\n"
          "\n"
          "Conformance tests for smart-card minidrivers.\n"
          "\n"
          "Commands:\n",
          to);
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].about);
    fputs("\n"
          "  mdcts COMMAND --help   what a command takes\n"
          "  mdcts --version        the version\n"
          "\n"
          "Exit codes: 0 everything held; 1 something is FAIL, CRASH, HANG or BLOCKED by one; 2 "
          "wrong\n"
          "usage or a wrong input file; 3 something is missing (driver, reader, card, PIN); 4 a "
          "fault of\n"
          "our own, or a report that could not be written; 5 nothing was selected; 6 something is\n"
          "BROKEN, or the run was cut short.\n"
          "\n"
          "Try: mdcts run --driver ./your-driver.so\n",
          to);
}

static int unknown_command(const char *word)
{
    const char *names[COUNT(commands)];
    for (size_t i = 0; i < COUNT(commands); i++)
        names[i] = commands[i].name;
    const char *near = nearest_name(word, names, COUNT(commands));
    fprintf(stderr, "mdcts: error: there is no command '%s'", word);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputs("\nTry: mdcts --help\n", stderr);
    return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("mdcts " MDCTS_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write that fails: exit code 4, not death */
    int code = run_command(argc, argv);
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code == EXIT_OUR_FAULT)
        return code;
    fputs("mdcts: error: the answer could not be written\n", stderr);
    return EXIT_OUR_FAULT;
}
