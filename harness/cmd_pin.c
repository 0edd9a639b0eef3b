/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "options.h"
#include "pin_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool forget;

static const struct option_row rows[] = {
    {"forget", 0, OPTION_FLAG, NULL, "forget which PINs were refused", &forget},
};

static const struct command_line command = {
    "pin",
    "",
    "A PIN that a real card has refused is not sent to it again, in no later run, until it is "
    "forgotten\n"
    "here.  PINs themselves are stored nowhere, only a slow hash of card, role and PIN.",
    "Exit codes: 0, 2 usage, 4 the memory can't be removed.",
    rows,
    sizeof rows / sizeof rows[0],
};

int cmd_pin(int argc, char **argv)
{
    size_t words;
    int code = options_read(&command, argc, argv, &words);
    if (code >= 0)
        return code;
    if (words > 0 || !forget)
        return options_complain(&command, "say --forget");
    if (pin_memory_forget())
        return 0;
    fprintf(stderr, "mdcts: error: the memory of refused PINs can't be removed: %s\n",
            strerror(errno));
    return EXIT_OUR_FAULT;
}
