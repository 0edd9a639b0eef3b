/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "driver_file.h"
#include "options.h"
#include "oracle.h"
#include "paths.h"
#include "readers.h"
#include "session.h"
#include "yaml_tree.h"

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

static bool has_daemon(const char *named)
{
    static const char *const places[] = {"/usr/sbin/pcscd", "/usr/bin/pcscd",
                                         "/usr/local/sbin/pcscd", "/sbin/pcscd"};
    if (named != NULL)
        return access(named, X_OK) == 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], X_OK) == 0)
            return true;
    return false;
}

static void check_daemon(void)
{
    const char *named = getenv("MDCTS_PCSCD");
    char what[256];
    snprintf(what, sizeof what, "pcscd, the PC/SC daemon%s%s",
             named == NULL ? "" : ": MDCTS_PCSCD is ", named == NULL ? "" : named);
    tell(has_daemon(named), what,
         named == NULL ? "install it: apt-get install pcscd"
                       : "unset MDCTS_PCSCD, or name a program that is there");
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

/* What the options leave open, the profile says. */
static void read_profile(struct arena *arena, struct profile *profile)
{
    struct diags diags = {0};
    if (options.profile == NULL)
        return;
    struct node *doc = yaml_tree_read_file(&diags, arena, options.profile);
    bool ok = doc != NULL && profile_read(&diags, arena, doc, options.profile, profile);
    tell(ok, "the profile", "mdcts lint shows what is wrong with it");
    if (options.driver == NULL && profile->driver_path != NULL)
        options.driver = profile_path(arena, profile, profile->driver_path);
    if (options.reader == NULL)
        options.reader = profile->reader;
    diags_free(&diags);
}

/* The file, then what its loader says; the latter needs a host. */
static void check_driver(struct arena *arena, struct session *session)
{
    const char *problem = driver_file_problem(arena, options.driver);
    tell(problem == NULL, problem == NULL ? options.driver : problem,
         "name a shared object for x86-64 with --driver or in the profile");
    if (problem != NULL || session == NULL)
        return;
    char *path = realpath(options.driver, NULL);
    problem = session_try_driver(session, path == NULL ? options.driver : path);
    free(path);
    tell(problem == NULL,
         problem == NULL ? "the driver loads"
                         : arena_printf(arena, "the driver does not load: %s", problem),
         "ldd on the driver shows which libraries are missing, nm -D what it exports");
}

static void check_real_reader(struct arena *arena, const struct profile *profile)
{
    const char *why = NULL;
    const struct profile_pin *pin = profile_find_pin(profile, "user");
    const char *variable =
        pin != NULL && pin->source == PIN_FROM_ENV ? pin->variable : PIN_VARIABLE;
    bool elsewhere = pin != NULL && pin->source != PIN_FROM_ENV;
    const char *name = reader_find(arena, getenv("PCSCLITE_CSOCK_NAME"), options.reader, &why);
    tell(name != NULL, name != NULL ? name : why, "mdcts readers lists what is there");
    if (name != NULL)
        tell(reader_atr(arena, getenv("PCSCLITE_CSOCK_NAME"), name)[0] != '\0',
             "a card in that reader", "put the card in; some readers want it the other way round");
    tell(elsewhere || getenv(variable) != NULL, "a PIN for the card",
         arena_printf(arena, "set %s for the run, or name another source in a profile", variable));
}

/* Daemon, card and a server of hosts, as a run starts them. */
static void check_session(struct arena *arena, const struct profile *profile)
{
    bool real = options.reader != NULL && strcmp(options.reader, "virtual") != 0;
    struct session *session = arena_new(arena, struct session);
    if (!real)
        check_daemon();
    bool started = session_open_reader(session, &options) == 0;
    if (real)
        check_real_reader(arena, profile);
    tell(started, real ? "hosts start" : "the virtual reader starts", "see the sentence above");
    if (options.driver != NULL)
        check_driver(arena, started ? session : NULL);
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
    struct profile profile = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_profile(&arena, &profile);
    check_programs();
    check_oracle();
    check_session(&arena, &profile);
    arena_free(&arena);
    if (missing == 0)
        puts("Nothing is missing.");
    return missing == 0 ? 0 : EXIT_ENVIRONMENT;
}
