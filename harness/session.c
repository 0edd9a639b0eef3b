/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include "aside.h"
#include "digest.h"
#include "driver_file.h"
#include "mdcts/cardmod.h"
#include "options.h"
#include "paths.h"
#include "readers.h"
#include "residue_log.h"
#include "surroundings.h"
#include "yaml_tree.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL_TIMEOUT_VIRTUAL_MS 5000
#define CALL_TIMEOUT_REAL_MS    60000
#define VIRTUAL_PIN             "123456"
#define SEED_BYTES              16
#define ENV_MAX                 64
#define SERVER_FD               3
#define HOST_WORDS_MAX          64

static int complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int complain(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("mdcts: error: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

/* ---- what to test, and on what ---- */

static bool wants_virtual_reader(const struct session *session,
                                 const struct session_options *options)
{
    const char *reader = options->reader != NULL ? options->reader : session->profile.reader;
    return reader == NULL || strcmp(reader, "virtual") == 0;
}

/* What a profile may say and this version does not heed: better told than found out.  How often a
 * card in a real reader asks for its PIN, probing finds. */
static void tell_unheeded(const struct profile *profile, bool virtual)
{
    bool policy = false, touch = false;
    for (size_t i = 0; i < profile->pin_count; i++) {
        policy = policy || (!virtual && profile->pins[i].policy != PIN_ONCE);
        touch = touch || profile->pins[i].touch;
    }
    const struct {
        const char *key;
        bool said;
    } rows[] = {
        {"pins: policy", policy},
        {"pins: touch", touch},
        {"hooks", profile->hooks != NULL},
        {"budgets", profile->max_time_s + profile->max_agreements + profile->max_pin_entries > 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].said)
            fprintf(stderr, "%s: warning: '%s' has no effect in this version\n", profile->file,
                    rows[i].key);
}

static int read_profile(struct session *session, const struct session_options *options)
{
    struct diags diags = {0};
    const char *path = options->profile;
    struct node *doc = path == NULL ? NULL : yaml_tree_read_file(&diags, &session->keep, path);
    if (doc != NULL && profile_read(&diags, &session->keep, doc, path, &session->profile) &&
        options->job == 0)
        tell_unheeded(&session->profile, wants_virtual_reader(session, options));
    diags_print(&diags, stderr);
    int code = diags.count > 0 ? EXIT_USAGE : 0;
    diags_free(&diags);
    session->abi = options->abi != NULL ? options->abi : session->profile.abi;
    if (session->abi == NULL)
        session->abi = "sysv";
    session->wrap = options->wrap;
    if (code == 0 && strcmp(session->abi, "sysv") != 0 && strcmp(session->abi, "ms") != 0)
        return complain(EXIT_USAGE, "--abi is sysv or ms, not '%s'", session->abi);
    return code;
}

static int find_driver(struct session *session, const struct session_options *options)
{
    const char *path = options->driver;
    if (path == NULL && session->profile.driver_path != NULL)
        path = profile_path(&session->keep, &session->profile, session->profile.driver_path);
    if (path == NULL)
        return complain(EXIT_USAGE, "which driver? Name it with --driver FILE or in a --profile");
    const char *problem = driver_file_problem(&session->keep, path);
    if (problem != NULL)
        return complain(EXIT_ENVIRONMENT, "%s", problem);
    char *real = realpath(path, NULL);
    session->env.driver = arena_strdup(&session->keep, real == NULL ? path : real);
    free(real);
    session->driver_sha256 = digest_file(&session->keep, session->env.driver);
    return 0;
}

static bool choose_seed(struct session *session)
{
    uint8_t *seed = arena_alloc(&session->keep, SEED_BYTES, 1);
    session->env.seed = (struct bytes){seed, SEED_BYTES};
    return getrandom(seed, SEED_BYTES, 0) == SEED_BYTES;
}

static void use_virtual_pin(struct session *session)
{
    pin_source_set(VIRTUAL_PIN, ROLE_USER, &session->pins, &session->secrets, &session->mask);
}

/* Our own card's PIN is ours whatever MDCTS_PIN is; another simulator may have another one. */
static int read_pins(struct session *session, const struct session_options *options)
{
    if (session->is_virtual && options->card == NULL)
        use_virtual_pin(session);
    const char *problem = pin_source_read(&session->keep, &session->profile, &session->pins,
                                          &session->secrets, &session->mask);
    const struct bytes virtual_pin = {(const uint8_t *)VIRTUAL_PIN, sizeof VIRTUAL_PIN - 1};
    session->secrets.ours = session->is_virtual && options->card == NULL &&
                            bytes_equal(session->secrets.pins[ROLE_USER], virtual_pin);
    bool unsaid = session->secrets.pins[ROLE_USER].data == NULL &&
                  profile_find_pin(&session->profile, "user") == NULL;
    if (problem == NULL && unsaid && session->is_virtual)
        use_virtual_pin(session);
    else if (problem == NULL && unsaid)
        problem = "which PIN? Set MDCTS_PIN, or name a source in a profile: 'source: none' there "
                  "judges what needs no PIN";
    return problem == NULL ? 0 : complain(EXIT_ENVIRONMENT, "%s", problem);
}

/* ---- processes ---- */

/* Runner, host, daemon and card take turns and never run at once: on one core their wake-ups cost
 * half. Only with the virtual reader; jobs side by side have a core each, and a runner alone leaves
 * the others to the hosts that come and go. */
static void stay_on_one_core(struct session *session, const struct session_options *options)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    if (options->jobs < 2) {
        CPU_SET((size_t)sched_getcpu(), &one);
    } else {
        unsigned wanted = options->job % (unsigned)CPU_COUNT(&allowed);
        for (size_t core = 0; core < CPU_SETSIZE; core++)
            if (CPU_ISSET(core, &allowed) && wanted-- == 0)
                CPU_SET(core, &one);
    }
    sched_setaffinity(0, sizeof one, &one);
    session->cores = (struct link_cores){.work = one};
    CPU_XOR(&session->cores.aside, &allowed, &one);
    session->has_cores = options->jobs < 2 && CPU_COUNT(&session->cores.aside) > 0;
}

static int start_supervisor(struct session *session)
{
    char why[SUPERVISOR_WHY_MAX];
    session->has_supervisor = supervisor_start(&session->supervisor, why);
    return session->has_supervisor ? 0 : complain(EXIT_ENVIRONMENT, "%s", why);
}

static const char *pin_policy(const struct profile *profile)
{
    static const char *const words[] = {
        [PIN_ONCE] = "once", [PIN_ALWAYS] = "always", [PIN_NEVER] = "never"};
    const struct profile_pin *pin = profile_find_pin(profile, "user");
    return words[pin == NULL ? PIN_ONCE : pin->policy];
}

static int start_reader(struct session *session, const struct session_options *options)
{
    const char *reader = options->reader;
    if (reader == NULL)
        reader = session->profile.reader != NULL ? session->profile.reader : "virtual";
    session->is_virtual = strcmp(reader, "virtual") == 0;
    if (!session->is_virtual) {
        session->wanted_reader = reader;
        session->pcsc_socket = getenv("PCSCLITE_CSOCK_NAME");
        return options->card == NULL
                   ? 0
                   : complain(EXIT_USAGE, "--card goes with the virtual reader, not with '%s'",
                              reader);
    }
    const char *const arguments[] = {"--pin-policy", pin_policy(&session->profile), NULL};
    struct virtual_reader_options wanted = {.program_dir = program_dir(),
                                            .card_command = options->card,
                                            .readers = 1,
                                            .card_arguments = arguments};
    /* Two processes of a stranger's simulator may well be the same card twice. */
    if (options->readers > 1 && options->card == NULL)
        wanted.readers = options->readers;
    char why[SUPERVISOR_WHY_MAX];
    struct virtual_reader *virtual = &session->virtual_reader;
    if (!virtual_reader_start(virtual, &session->supervisor, &wanted, why))
        return complain(EXIT_ENVIRONMENT, "%s", why);
    session->has_virtual_reader = true;
    for (unsigned i = 0; i < virtual->count; i++)
        session->readers[i] = virtual->cards[i].name;
    session->env.readers = session->readers;
    session->env.reader_count = virtual->count;
    for (unsigned i = 0; i < virtual->count; i++)
        if (virtual->cards[i].control.fd >= 0)
            session->env.cards[i] = &virtual->cards[i].control;
    session->pcsc_socket = session->virtual_reader.socket;
    return 0;
}

/* The host's whole environment: nothing of ours leaks into a driver's behaviour. */
static const char *const *host_environment(struct session *session)
{
    struct arena *keep = &session->keep;
    const char **env = arena_array(keep, const char *, ENV_MAX + 1);
    size_t count = 0;
    env[count++] = "TZ=UTC";
    env[count++] = "LC_ALL=C";
    env[count++] = "PATH=/usr/bin:/bin";
    env[count++] = arena_printf(keep, "LD_LIBRARY_PATH=%s", program_path("../lib/tap"));
    if (session->pcsc_socket != NULL)
        env[count++] = arena_printf(keep, "PCSCLITE_CSOCK_NAME=%s", session->pcsc_socket);
    const struct node *own = session->profile.driver_env;
    for (const struct node *item = own == NULL ? NULL : own->first; item != NULL && count < ENV_MAX;
         item = item->next)
        if (node_text(item) != NULL)
            env[count++] = arena_printf(keep, "%s=%s", item->key, node_text(item));
    return env;
}

static const char *host_program(struct session *session)
{
    return arena_printf(&session->keep, "mdcts-host%s%s",
                        strcmp(session->abi, "ms") == 0 ? "-ms" : "",
                        session->wrap == NULL ? "" : "-plain");
}

/* The command line of a server, in the folder of the profile and behind the words of --wrap; NULL
 * if those are too many. */
static const char *const *host_words(struct session *session, bool preload)
{
    struct arena *keep = &session->keep;
    const char *const words[] = {program_path(host_program(session)),
                                 "--server",
                                 "3",
                                 "--tap",
                                 program_path("../lib/tap/libpcsclite.so.1"),
                                 preload ? "--preload" : NULL,
                                 session->env.driver,
                                 NULL};
    const char **all = arena_array(keep, const char *, HOST_WORDS_MAX);
    const char *folder = surroundings_folder(keep, &session->profile);
    size_t count = 0;
    if (folder != NULL) {
        all[count++] = "/usr/bin/env";
        all[count++] = "--chdir";
        all[count++] = folder;
    }
    char *rest = arena_strdup(keep, session->wrap == NULL ? "" : session->wrap), *state = NULL;
    for (char *word = strtok_r(rest, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
        if (count++ < HOST_WORDS_MAX)
            all[count - 1] = word;
    if (count > HOST_WORDS_MAX - sizeof words / sizeof words[0])
        return NULL;
    memcpy(all + count, words, sizeof words);
    return all;
}

/* A server of hosts, from then on session->server; NULL with *code. A preloading one has the driver
 * already and keeps its words to itself. */
static struct link *start_host_server(struct session *session, bool preload, int *code)
{
    char why[SUPERVISOR_WHY_MAX];
    const char *error = "no socket pair could be made";
    const char *const *argv = host_words(session, preload);
    int pair[2];
    *code = EXIT_OUR_FAULT;
    if (argv == NULL) {
        *code = complain(EXIT_USAGE, "--wrap has more words than HOST_WORDS_MAX allows");
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        complain(*code, "%s", error);
        return NULL;
    }
    struct spawn_request request = {.kind = SPAWN_SERVER,
                                    .argv = argv,
                                    .env = host_environment(session),
                                    .fd_count = preload ? 1 : 3,
                                    .fds = {pair[1], STDOUT_FILENO, STDERR_FILENO},
                                    .targets = {SERVER_FD, STDOUT_FILENO, STDERR_FILENO}};
    pid_t pid = supervisor_spawn(&session->supervisor, &request, NULL, why);
    close(pair[1]);
    struct link_config config = {.server_fd = pair[0]};
    if (preload && session->has_cores) {
        config.cores = &session->cores;
        sched_setaffinity(pid, sizeof session->cores.aside, &session->cores.aside);
    }
    struct link *link = pid < 0 ? NULL : link_open(&config, &session->keep, &error);
    if (link != NULL) {
        *code = 0;
        session->server = pid;
        return link;
    }
    close(pair[0]);
    *code = pid < 0 ? EXIT_ENVIRONMENT : EXIT_OUR_FAULT;
    complain(*code, "%s", pid < 0 ? why : error);
    return NULL;
}

/* The new one has not loaded the driver: if that is what ended the old one, it is a host's end from
 * now on, and charged to the driver. */
static bool renew_link(void *data)
{
    struct session *session = data;
    int code;
    pid_t old = session->server;
    struct link *link = start_host_server(session, false, &code);
    if (link == NULL)
        return false;
    supervisor_kill(&session->supervisor, old);
    link_close(session->env.hosts->link);
    session->env.hosts->link = link;
    session->env.hosts->preloaded = false;
    return true;
}

/* What is prepared may be the settings. */
static int prepare_surroundings(struct session *session)
{
    struct arena *keep = &session->keep;
    const char *problem = surroundings_set_up(keep, &session->profile, &session->supervisor,
                                              host_environment(session));
    if (problem == NULL)
        problem = surroundings_problem(keep, &session->profile);
    return problem == NULL ? 0 : complain(EXIT_ENVIRONMENT, "%s", problem);
}

static int start_link(struct session *session)
{
    int code;
    session->env.hosts = &session->hosts;
    session->env.hosts->link = start_host_server(session, false, &code);
    session->env.renew_link = renew_link;
    session->env.renew_data = session;
    return code;
}

/* Why a host could not load the driver, in keep. */
struct load_note {
    struct arena *keep;
    const char *why;
};

static void note_load(void *data, struct node *event, struct bytes content)
{
    struct load_note *note = data;
    const char *kind = node_get_text(event, "e"), *error = node_get_text(event, "error");
    (void)content;
    if (kind == NULL || strcmp(kind, "load") != 0)
        return;
    if (error != NULL)
        note->why = arena_strdup(note->keep, error);
    else if (!node_get_bool(event, "export", true))
        note->why = "it does not export CardAcquireContext";
}

/* One host of the server loads it and ends; NULL if all is as it should be. */
static const char *try_to_load(struct session *session, struct link *link, const char *driver)
{
    struct arena arena = {0};
    struct load_note note = {&session->keep, NULL};
    struct host_sink sink = {&arena, note_load, &note};
    struct host *host = host_start(link, &sink);
    bool loaded = false;
    if (host != NULL) {
        host_load(host, driver, session->env.call_timeout_ms, &loaded);
        loaded = host_end(host, false, session->env.call_timeout_ms).clean && loaded;
    }
    arena_free(&arena);
    return loaded ? NULL : note.why != NULL ? note.why : "it crashes or hangs when it is loaded";
}

const char *session_try_driver(struct session *session, const char *driver)
{
    return try_to_load(session, session->env.hosts->link, driver);
}

void session_preload(struct session *session)
{
    int code;
    pid_t plain = session->server;
    struct link *link = start_host_server(session, true, &code);
    if (link == NULL)
        return;
    if (try_to_load(session, link, session->env.driver) == NULL) {
        session->plain_link = session->env.hosts->link;
        session->env.hosts->link = link;
        session->env.hosts->preloaded = true;
    } else {
        link_close(link);
        session->server = plain;
    }
}

/* The one reader of the system's daemon that the user meant. */
static int find_reader(struct session *session)
{
    const char *why = NULL;
    const char *name =
        reader_find(&session->keep, session->pcsc_socket, session->wanted_reader, &why);
    if (name == NULL)
        return complain(EXIT_ENVIRONMENT, "%s", why);
    session->card_name = reader_atr(&session->keep, session->pcsc_socket, name);
    if (session->card_name[0] == '\0')
        return complain(EXIT_ENVIRONMENT, "there is no card in the reader '%s'; put one in", name);
    session->readers[0] = name;
    session->env.readers = session->readers;
    session->env.reader_count = 1;
    return 0;
}

/* A try that is known to be lost is not made. */
static int check_pins(struct session *session)
{
    const char *why = pin_use_begin(&session->pin_use, session->card_name, &session->secrets);
    return why == NULL ? 0 : complain(EXIT_ENVIRONMENT, "%s", why);
}

static void set_timeouts(struct session *session, const struct session_options *options)
{
    uint64_t scale = options->timeout_scale == 0 ? 100 : options->timeout_scale;
    uint64_t base = session->is_virtual ? CALL_TIMEOUT_VIRTUAL_MS : CALL_TIMEOUT_REAL_MS;
    uint64_t scaled = base * scale / 100;
    session->env.call_timeout_ms = scaled > TIMEOUT_MS_MAX ? TIMEOUT_MS_MAX : (uint32_t)scaled;
}

const char *session_lost(struct session *session)
{
    const char *program = NULL;
    if (session->lost != NULL)
        return session->lost;
    if (supervisor_is_gone(&session->supervisor))
        program = "the supervisor";
    else if (session->has_virtual_reader)
        program = virtual_reader_lost(&session->virtual_reader);
    if (program != NULL)
        session->lost = arena_printf(&session->keep, "%s ended in the middle of the run", program);
    return session->lost;
}

static const char *lost_of(void *data)
{
    return session_lost(data);
}

/* Relative ones are relative to the profile, as all its paths are. */
static void find_logs(struct session *session)
{
    const struct profile *profile = &session->profile;
    const struct node *globs = profile->driver_logs;
    struct node *list = globs == NULL ? NULL : node_new_list(&session->keep);
    for (const struct node *one = globs == NULL ? NULL : globs->first; one != NULL; one = one->next)
        node_append(list, node_new_string(&session->keep,
                                          profile_path(&session->keep, profile, one->text)));
    session->env.logs = list;
    residue_log_start(list);
}

static void session_init(struct session *session)
{
    memset(session, 0, sizeof *session);
    session->env.lost = lost_of;
    session->env.lost_data = session;
    session->env.secrets = &session->secrets;
    session->env.peers = &session->peers;
}

int session_open_reader(struct session *session, const struct session_options *options)
{
    session_init(session);
    int code = read_profile(session, options);
    if (code == 0)
        code = start_supervisor(session);
    if (code == 0)
        code = start_reader(session, options);
    if (code == 0)
        code = start_link(session);
    set_timeouts(session, options);
    return code;
}

int session_open(struct session *session, const struct session_options *options)
{
    session_init(session);
    int code = read_profile(session, options);
    if (code == 0)
        code = find_driver(session, options);
    if (code == 0 && !choose_seed(session))
        code = complain(EXIT_OUR_FAULT, "the system gave no random bytes");
    if (code == 0 && wants_virtual_reader(session, options))
        stay_on_one_core(session, options);
    if (code == 0)
        code = start_supervisor(session);
    if (code == 0)
        code = start_reader(session, options);
    if (code == 0 && !session->is_virtual)
        code = find_reader(session);
    if (code == 0)
        code = read_pins(session, options);
    if (code == 0)
        code = prepare_surroundings(session);
    if (code == 0)
        code = start_link(session);
    if (code == 0 && !session->is_virtual)
        code = check_pins(session);
    set_timeouts(session, options);
    session->env.card_name = session->profile.card_name;
    /* Behind every fork of ours. */
    session->env.aside = session->has_cores ? aside_new(&session->cores.aside) : NULL;
    find_logs(session);
    return code;
}

const char *session_pin_refused(const struct session *session)
{
    return session->secrets.refused ? pin_use_refused(&session->pin_use) : NULL;
}

bool session_driver_lost_pin(const struct session *session)
{
    return session->secrets.refused && session->secrets.ours &&
           session->secrets.refused_role == ROLE_USER;
}

void session_sweep(struct session *session)
{
    pid_t known[LINK_PARTING_MAX + 1];
    size_t count = link_own_children(session->env.hosts->link, known);
    if (supervisor_is_clean(&session->supervisor, known, count))
        return;
    supervisor_sweep(&session->supervisor, NULL);
    link_swept(session->env.hosts->link);
}

void session_close(struct session *session)
{
    aside_free(session->env.aside);
    if (session->hosts.link != NULL)
        link_close(session->hosts.link);
    if (session->plain_link != NULL)
        link_close(session->plain_link);
    if (session->has_virtual_reader)
        virtual_reader_stop(&session->virtual_reader, &session->supervisor);
    if (session->has_supervisor)
        supervisor_stop(&session->supervisor);
    pin_source_wipe(&session->pins, &session->secrets);
    secret_mask_free(&session->mask);
    arena_free(&session->keep);
}
