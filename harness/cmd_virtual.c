/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "options.h"
#include "paths.h"
#include "virtual_reader.h"

#include <stdio.h>

static struct {
    const char *card;
    unsigned long readers;
} options = {.readers = 1};

static const struct option_row rows[] = {
    {"card", 0, OPTION_TEXT, "COMMAND", "a card simulator of your own; {socket} is replaced",
     &options.card},
    {"readers", 0, OPTION_NUMBER, "N", "1 or 2 readers with a card each [1]", &options.readers},
};

static const struct command_line command = {
    "virtual",
    "-- COMMAND [ARGUMENTS]",
    "Runs any smart-card program with a private PC/SC daemon and virtual PIV cards.\n"
    "PIN 123456, PUK 12345678.  Daemon and cards end with the command.",
    "The exit code is the command's; 128 + n if signal n ended it; 3 if daemon or card did not "
    "start.\n\n"
    "  mdcts virtual -- opensc-tool -l\n"
    "  mdcts virtual -- yubico-piv-tool -a status -r MDCTS\n",
    rows,
    sizeof rows / sizeof rows[0],
};

int cmd_virtual(int argc, char **argv)
{
    const char *words[256];
    size_t count, used = 0;
    char why[SUPERVISOR_WHY_MAX];
    int code = options_read(&command, argc, argv, &count);
    if (code >= 0)
        return code;
    if (count == 0)
        return options_complain(&command, "which command?");
    if (options.readers < 1 || options.readers > VIRTUAL_READERS_MAX)
        return options_complain(&command, "--readers is 1 or 2, not %lu", options.readers);
    while (used < count && used + 1 < sizeof words / sizeof words[0]) {
        words[used] = argv[used];
        used++;
    }
    words[used] = NULL;
    struct virtual_reader_options wanted = {.program_dir = program_dir(),
                                            .card_command = options.card,
                                            .readers = (unsigned)options.readers};
    why[0] = '\0';
    code = virtual_reader_exec(&wanted, words, why);
    if (code == EXIT_ENVIRONMENT && why[0] != '\0')
        fprintf(stderr, "mdcts: error: %s\n", why);
    return code;
}
