/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "options.h"
#include "probe.h"
#include "probe_report.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct {
    struct session_options session;
    const char *out;
} options;

static const struct option_row rows[] = {
    SESSION_OPTION_ROWS(options.session),
    {"out", 'o', OPTION_TEXT, "FILE", "write the profile to a file [standard output]",
     &options.out},
};

static const struct command_line command = {
    "probe",
    "",
    "Finds out what a driver and its card can do, and writes it as a profile: versions, "
    "containers,\n"
    "curves, KDFs, hashes, flags, secret handles, who allocates the derived key, PINs.\n"
    "Changes nothing on the card; enters the PINs that it has where agreements need them.",
    "Exit codes: 0, 2 usage, 3 something is missing or the PIN was refused.",
    rows,
    sizeof rows / sizeof rows[0],
};

/* Probing keeps no trace. */
static void ignore_event(void *data, struct arena *arena, struct node *event)
{
    (void)data;
    (void)arena;
    (void)event;
}

static int write_profile(const struct session *session, const struct node *capabilities)
{
    FILE *to = options.out == NULL ? stdout : fopen(options.out, "w");
    bool ok = to != NULL && probe_report_write(to, session, capabilities);
    if (to != NULL && to != stdout)
        ok = fclose(to) == 0 && ok;
    if (ok)
        return 0;
    fprintf(stderr, "mdcts: error: %s cannot be written: %s\n",
            options.out == NULL ? "the profile" : options.out, strerror(errno));
    return EXIT_OUR_FAULT;
}

int cmd_probe(int argc, char **argv)
{
    static struct session session;
    struct arena arena = {0};
    size_t words;
    int code = options_read(&command, argc, argv, &words);
    if (code >= 0)
        return code;
    if (words > 0)
        return options_complain(&command, "'%s' is no option", argv[0]);
    code = session_open(&session, &options.session);
    if (code == 0) {
        session.env.emit = ignore_event;
        const struct node *capabilities = probe_capabilities(&session.env, &arena);
        const char *refused = session_pin_refused(&session);
        code = refused != NULL ? EXIT_ENVIRONMENT : write_profile(&session, capabilities);
        if (refused != NULL)
            fprintf(stderr, "mdcts: error: %s\n", refused);
    }
    session_close(&session);
    arena_free(&arena);
    return code;
}
