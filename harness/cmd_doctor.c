/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "driver_file.h"
#include "options.h"
#include "oracle.h"
#include "paths.h"
#include "readers.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct session_options options;

static const struct option_row rows[] = {SESSION_OPTION_ROWS(options)};

static const struct command_line command = {
    "doctor",
    "",
    "Looks at everything a run with this driver and reader needs, and says how to get what is "
    "missing.",
    "Exit codes: 0 nothing is missing, 2 usage, 3 something is.",
    rows,
    sizeof rows / sizeof rows[0],
};

static int missing;

static void tell(bool ok, const char *what, const char *remedy)
{
    printf("%-8s %s\n", ok ? "ok" : "MISSING", what);
    if (!ok && remedy != NULL)
        printf("         %s\n", remedy);
    missing += !ok;
}

static bool in_path(const char *program)
{
    static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/sbin"};
    char path[256];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static void check_programs(void)
{
    static const struct {
        const char *path, *what;
    } own[] = {
        {"mdcts-host", "mdcts-host, the process that loads drivers"},
        {"../lib/tap/libpcsclite.so.1", "the PC/SC tap"},
        {"mdcts-card", "mdcts-card, the virtual card"},
        {"../lib/ifd-mdcts.so", "the virtual reader's handler for pcscd"},
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        tell(access(program_path(own[i].path), R_OK) == 0, own[i].what,
             "build it: cmake --build --preset release");
    tell(access(program_path("../lib/tap/libpcsclite.so.1"), R_OK) == 0 &&
             (access("/usr/lib/x86_64-linux-gnu/libpcsclite.so.1", R_OK) == 0 ||
              access("/usr/lib64/libpcsclite.so.1", R_OK) == 0 ||
              access("/usr/lib/libpcsclite.so.1", R_OK) == 0),
         "the system's PC/SC library", "install it: apt-get install libpcsclite1");
}

static void check_oracle(void)
{
    struct oracle *oracle = oracle_new();
    const char *wrong = oracle_self_check(oracle);
    char what[128];
    snprintf(what, sizeof what, "the oracle's known answers%s%s",
             wrong == NULL ? "" : ": wrong at ", wrong == NULL ? "" : wrong);
    tell(wrong == NULL, what, "this OpenSSL can't be relied on; a FIPS policy may forbid MD5");
    oracle_free(oracle);
}

static void check_driver(struct arena *arena)
{
    if (options.driver == NULL)
        return;
    const char *problem = driver_file_problem(arena, options.driver);
    tell(problem == NULL, problem == NULL ? options.driver : problem, NULL);
}

static void check_reader(struct arena *arena)
{
    const char *why = NULL;
    bool is_virtual = options.reader == NULL || strcmp(options.reader, "virtual") == 0;
    if (!is_virtual) {
        const char *name = reader_find(arena, getenv("PCSCLITE_CSOCK_NAME"), options.reader, &why);
        tell(name != NULL, name != NULL ? name : why, "mdcts readers lists what is there");
        tell(getenv(PIN_VARIABLE) != NULL || options.profile != NULL, "a PIN for the card",
             "set " PIN_VARIABLE " for the run, or name a source in the profile");
        return;
    }
    tell(in_path("pcscd"), "pcscd, the PC/SC daemon", "install it: apt-get install pcscd");
    struct session *session = arena_new(arena, struct session);
    bool started = session_open_reader(session, &options) == 0;
    tell(started, "the virtual reader starts", "see the sentence above");
    session_close(session);
}

int cmd_doctor(int argc, char **argv)
{
    struct arena arena = {0};
    size_t words;
    int code = options_read(&command, argc, argv, &words);
    if (code >= 0)
        return code;
    if (words > 0)
        return options_complain(&command, "'%s' is no option", argv[0]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    check_programs();
    check_oracle();
    check_driver(&arena);
    check_reader(&arena);
    arena_free(&arena);
    if (missing == 0)
        puts("Nothing is missing.");
    return missing == 0 ? 0 : EXIT_ENVIRONMENT;
}
