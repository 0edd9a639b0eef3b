/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "options.h"
#include "readers.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command_line command = {
    "readers",
    "",
    "Lists the readers of the PC/SC daemon: number, name, and the ATR of the card in it.\n"
    "--reader of other commands takes the number, the name, or a part of the name.",
    "Exit codes: 0, 3 if no daemon answers.  The virtual reader is always there and not listed.",
    NULL,
    0,
};

int cmd_readers(int argc, char **argv)
{
    struct arena arena = {0};
    struct readers readers;
    const char *why = NULL;
    size_t words;
    int code = options_read(&command, argc, argv, &words);
    if (code >= 0)
        return code;
    if (words > 0)
        return options_complain(&command, "'%s' is no option", argv[0]);
    if (!readers_list(&arena, getenv("PCSCLITE_CSOCK_NAME"), &readers, &why)) {
        fprintf(stderr, "mdcts: error: %s\n", why);
        arena_free(&arena);
        return EXIT_ENVIRONMENT;
    }
    if (readers.count == 0)
        puts("The PC/SC daemon knows no reader.");
    for (size_t i = 0; i < readers.count; i++)
        printf("%2zu  %-40s  %s\n", i, readers.items[i].name,
               readers.items[i].has_card ? readers.items[i].atr : "no card");
    arena_free(&arena);
    return 0;
}
