/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_reader.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 1000, CARD_ARGUMENTS_MAX = 64, PROGRAM_PATH_MAX = 4096 };

struct start {
    struct virtual_reader *v;
    struct supervisor *s;
    const struct virtual_reader_options *options;
    uint64_t deadline_ms;
    char program_dir[PROGRAM_PATH_MAX - 64];
    char *why;
};

static bool fail(struct start *st, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct start *st, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(st->why, SUPERVISOR_WHY_MAX, format, arguments);
    va_end(arguments);
    return false;
}

static int left_ms(const struct start *st)
{
    uint64_t now = clock_ms();
    return now >= st->deadline_ms ? 0 : (int)(st->deadline_ms - now);
}

static bool find_programs(struct start *st)
{
    if (st->options->program_dir != NULL) {
        snprintf(st->program_dir, sizeof st->program_dir, "%s", st->options->program_dir);
        return true;
    }
    ssize_t n = readlink("/proc/self/exe", st->program_dir, sizeof st->program_dir - 1);
    if (n <= 0)
        return fail(st, "cannot find out where this program lies: %s", strerror(errno));
    st->program_dir[n] = '\0';
    *strrchr(st->program_dir, '/') = '\0';
    return true;
}

/* The last words that a program left in its log, for the error message. */
static const char *log_tail(const struct start *st, const char *name)
{
    static char text[200];
    char path[VIRTUAL_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", st->s->folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof text - 1 ? size - (off_t)sizeof text + 1 : 0;
    ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, from);
    if (fd >= 0)
        close(fd);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? text : "it said nothing";
}

static int open_log(const struct start *st, const char *name)
{
    char path[VIRTUAL_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", st->s->folder, name);
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Start a program of the reader's, its output in a log; fd 3 is passed if it isn't -1. */
static pid_t spawn(struct start *st, const char *const *argv, const char *const *env, int third,
                   int *pidfd)
{
    char log[16];
    snprintf(log, sizeof log, "%s", third >= 0 ? "pcscd.log" : "card.log");
    int out = open_log(st, log);
    struct spawn_request request = {.kind = SPAWN_TREE,
                                    .argv = argv,
                                    .env = env,
                                    .fd_count = third >= 0 ? 3 : 2,
                                    .fds = {out, out, third},
                                    .targets = {1, 2, 3},
                                    .drop_user = true};
    pid_t pid = -1;
    if (out < 0)
        fail(st, "cannot write in %s: %s", st->s->folder, strerror(errno));
    else
        pid = supervisor_spawn(st->s, &request, pidfd, st->why);
    if (out >= 0)
        close(out);
    return pid;
}

static const struct virtual_reader nothing = {
    .pcscd_pidfd = -1,
    .cards = {{.control = {.fd = -1}, .pidfd = -1}, {.control = {.fd = -1}, .pidfd = -1}},
};

/* ---- cards ---- */

/* As root we drop to another user, who may not be able to enter the build folder: a copy serves. */
static bool reachable_copy(struct start *st, const char *path, char out[PROGRAM_PATH_MAX])
{
    char buffer[65536];
    snprintf(out, PROGRAM_PATH_MAX, "%s", path);
    if (geteuid() != 0)
        return access(path, R_OK) == 0 || fail(st, "%s is missing: build it first", path);
    snprintf(out, PROGRAM_PATH_MAX, "%s/%s", st->s->folder, strrchr(path, '/') + 1);
    if (access(out, F_OK) == 0)
        return true; /* for the first card */
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return fail(st, "cannot read %s: %s", path, strerror(errno));
    int to = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    ssize_t n = to < 0 ? -1 : 1;
    int error = to < 0 ? errno : 0;
    while (n > 0 && (n = read(from, buffer, sizeof buffer)) > 0) {
        ssize_t written = write(to, buffer, (size_t)n);
        if (written != n)
            error = written < 0 ? errno : ENOSPC;
        n = written == n ? n : -1;
    }
    if (to >= 0 && (fchmod(to, 0755) != 0 || close(to) != 0) && error == 0)
        error = errno;
    close(from);
    return (n == 0 && error == 0) ||
           fail(st, "cannot copy %s to %s: %s", path, out, strerror(error != 0 ? error : EIO));
}

static void card_paths(const struct start *st, unsigned i, char socket_path[VIRTUAL_PATH_MAX],
                       char control_path[VIRTUAL_PATH_MAX])
{
    snprintf(socket_path, VIRTUAL_PATH_MAX, "%s/%u", st->s->workplace, i);
    snprintf(control_path, VIRTUAL_PATH_MAX, "%s/%u.ctl", st->s->workplace, i);
}

/* command with each {name} replaced by a path; false when it doesn't fit. */
static bool fill_in(const char *command, const char *socket_path, const char *control_path,
                    char *out, size_t room)
{
    size_t len = (size_t)snprintf(out, room, "exec ");
    while (*command != '\0') {
        const char *add = NULL;
        if (strncmp(command, "{socket}", 8) == 0)
            add = socket_path;
        else if (strncmp(command, "{control}", 9) == 0)
            add = control_path;
        size_t add_len = add == NULL ? 1 : strlen(add);
        if (len + add_len >= room)
            return false;
        memcpy(out + len, add == NULL ? command : add, add_len);
        len += add_len;
        command += add == NULL ? 1 : add == socket_path ? 8 : 9;
    }
    out[len] = '\0';
    return true;
}

static pid_t spawn_card_command(struct start *st, const char *socket_path, const char *control_path,
                                int *pidfd)
{
    static char text[PROGRAM_PATH_MAX];
    const char *argv[] = {"/bin/sh", "-c", text, NULL};
    if (strstr(st->options->card_command, "{socket}") == NULL) {
        fail(st, "--card '%s' has no {socket}: the card's command needs it to know where to listen",
             st->options->card_command);
        return -1;
    }
    if (!fill_in(st->options->card_command, socket_path, control_path, text, sizeof text)) {
        fail(st, "--card is longer than %d bytes", PROGRAM_PATH_MAX);
        return -1;
    }
    return spawn(st, argv, (const char *const *)environ, -1, pidfd);
}

static pid_t spawn_own_card(struct start *st, unsigned i, const char *socket_path,
                            const char *control_path, int *pidfd)
{
    char program[PROGRAM_PATH_MAX], copy[PROGRAM_PATH_MAX];
    const char *env[] = {NULL};
    const char *argv[CARD_ARGUMENTS_MAX + 8];
    size_t n = 0;
    snprintf(program, sizeof program, "%s/mdcts-card", st->program_dir);
    if (!reachable_copy(st, program, copy))
        return -1;
    argv[n++] = copy;
    argv[n++] = "--control";
    argv[n++] = control_path;
    if (i > 0) { /* another card, with other keys */
        argv[n++] = "--seed";
        argv[n++] = "mdcts second virtual card";
    }
    for (const char *const *a = st->options->card_arguments; a != NULL && *a != NULL; a++) {
        if (n == CARD_ARGUMENTS_MAX + 5)
            break;
        argv[n++] = *a;
    }
    argv[n++] = socket_path;
    argv[n] = NULL;
    return spawn(st, argv, env, -1, pidfd);
}

/* Wait until path exists, watching its folder from before the look. */
static bool wait_for_file(struct start *st, const char *path, int pidfd)
{
    struct stat file;
    char events[4096];
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    bool ended = false, ok = watch >= 0 && inotify_add_watch(watch, st->s->workplace,
                                                             IN_CREATE | IN_MOVED_TO) >= 0;
    while (ok && stat(path, &file) != 0 && !ended && left_ms(st) > 0) {
        struct pollfd fds[] = {{watch, POLLIN, 0}, {pidfd, POLLIN, 0}};
        poll(fds, 2, left_ms(st));
        while (read(watch, events, sizeof events) > 0)
            ;
        ended = fds[1].revents != 0;
    }
    if (watch >= 0)
        close(watch);
    if (ok && stat(path, &file) == 0)
        return true;
    return fail(st,
                ended ? "the card's program ended at once: %s"
                      : "the card's program did not listen at its socket in time: %s",
                log_tail(st, "card.log"));
}

static bool start_card(struct start *st, unsigned i)
{
    struct virtual_card *card = &st->v->cards[i];
    const char *command = st->options->card_command;
    char socket_path[VIRTUAL_PATH_MAX], control_path[VIRTUAL_PATH_MAX];
    bool controlled = command == NULL || strstr(command, "{control}") != NULL;
    card_paths(st, i, socket_path, control_path);
    card->at.sun_family = AF_UNIX;
    strcpy(card->at.sun_path, socket_path);
    card->pid = command == NULL ? spawn_own_card(st, i, socket_path, control_path, &card->pidfd)
                                : spawn_card_command(st, socket_path, control_path, &card->pidfd);
    bool ok = card->pid > 0 && wait_for_file(st, socket_path, card->pidfd) &&
              (!controlled || wait_for_file(st, control_path, card->pidfd));
    if (ok && controlled && !card_control_open(&card->control, control_path))
        ok = fail(st, "cannot reach the card's control socket: %s", strerror(errno));
    if (ok && command == NULL && !card_control_save(&card->control))
        ok = fail(st, "the virtual card does not answer on its control socket");
    return ok;
}

/* ---- the daemon ---- */

static const char *pcscd_path(void)
{
    static const char *const places[] = {"/usr/sbin/pcscd", "/usr/local/sbin/pcscd", "/sbin/pcscd"};
    const char *wished = getenv("MDCTS_PCSCD");
    if (wished != NULL)
        return wished;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

/* pcsc-lite 2 asks polkit unless told not to, and older ones don't know the option. */
static bool knows_disable_polkit(const char *pcscd)
{
    char command[PROGRAM_PATH_MAX], line[256];
    bool found = false;
    snprintf(command, sizeof command, "'%s' --help 2>/dev/null </dev/null", pcscd);
    FILE *help = strchr(pcscd, '\'') != NULL ? NULL : popen(command, "re");
    while (help != NULL && fgets(line, sizeof line, help) != NULL)
        found = found || strstr(line, "--disable-polkit") != NULL;
    if (help != NULL)
        pclose(help);
    return found;
}

static bool write_config(struct start *st)
{
    char path[PROGRAM_PATH_MAX], handler[PROGRAM_PATH_MAX];
    snprintf(path, sizeof path, "%s/../lib/ifd-mdcts.so", st->program_dir);
    if (!reachable_copy(st, path, handler))
        return false;
    snprintf(path, sizeof path, "%s/conf", st->s->folder);
    char drop[VIRTUAL_PATH_MAX];
    snprintf(drop, sizeof drop, "%s/none", st->s->folder);
    if (mkdir(path, 0755) != 0 || mkdir(drop, 0755) != 0 || chmod(path, 0755) != 0)
        return fail(st, "cannot make %s: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%s/conf/readers", st->s->folder);
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return fail(st, "cannot write %s: %s", path, strerror(errno));
    for (unsigned i = 0; i < st->v->count; i++) {
        char socket_path[VIRTUAL_PATH_MAX], control_path[VIRTUAL_PATH_MAX];
        card_paths(st, i, socket_path, control_path);
        /* No lower-case vowel in the name: the filter hides readers that have one. */
        fprintf(f, "FRIENDLYNAME \"MDCTS V%u\"\nDEVICENAME %s\nLIBPATH %s\n\n", i, socket_path,
                handler);
        snprintf(st->v->cards[i].name, sizeof st->v->cards[i].name, "MDCTS V%u %02X 00", i,
                 i); /* pcscd numbers the readers of one library */
    }
    bool ok = fchmod(fileno(f), 0644) == 0;
    return (fclose(f) == 0 && ok) || fail(st, "cannot write %s: %s", path, strerror(errno));
}

/* Listening before pcscd lives: clients that come early wait in the queue. */
static int listen_for_clients(struct start *st)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat place;
    snprintf(st->v->socket, sizeof st->v->socket, "%s/pcscd", st->s->folder);
    strcpy(at.sun_path, st->v->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0 &&
        stat(st->s->workplace, &place) == 0 &&
        (geteuid() != 0 || chown(st->v->socket, place.st_uid, place.st_gid) == 0) &&
        chmod(st->v->socket, 0600) == 0)
        return fd;
    fail(st, "cannot listen at %s: %s", st->v->socket, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* fixtures/card/pcscd_shim.c says why. */
static bool find_shim(struct start *st, char preload[PROGRAM_PATH_MAX + 16])
{
    char path[PROGRAM_PATH_MAX], shim[PROGRAM_PATH_MAX];
    if (access("/run/pcscd", F_OK) == 0)
        return true;
    snprintf(path, sizeof path, "%s/../lib/pcscd-shim.so", st->program_dir);
    if (!reachable_copy(st, path, shim))
        return false;
    snprintf(preload, PROGRAM_PATH_MAX + 16, "LD_PRELOAD=%s", shim);
    return true;
}

static bool start_pcscd(struct start *st)
{
    const char *pcscd = pcscd_path();
    char conf[VIRTUAL_PATH_MAX], drop[VIRTUAL_PATH_MAX + 32];
    char preload[PROGRAM_PATH_MAX + 16] = "LC_ALL=C";
    if (pcscd == NULL)
        return fail(st, "pcscd is not installed: install it (Debian: apt-get install pcscd) or say "
                        "where it is in MDCTS_PCSCD");
    if (!write_config(st))
        return false;
    int fd = listen_for_clients(st);
    if (fd < 0)
        return false;
    if (!find_shim(st, preload)) {
        close(fd);
        return false;
    }
    snprintf(conf, sizeof conf, "%s/conf", st->s->folder);
    snprintf(drop, sizeof drop, "PCSCLITE_HP_DROPDIR=%s/none", st->s->folder);
    const char *env[] = {
        "LISTEN_FDS=1",       "LISTEN_PID=", drop, "PCSCLITE_FILTER_IGNORE_READER_NAMES=a:e:i:o:u",
        "PATH=/usr/bin:/bin", preload,       NULL};
    const char *argv[] = {pcscd, "-f", "-c", conf, NULL, NULL};
    if (knows_disable_polkit(pcscd))
        argv[4] = "--disable-polkit";
    st->v->pcscd = spawn(st, argv, env, fd, &st->v->pcscd_pidfd);
    close(fd);
    return st->v->pcscd > 0;
}

/* A real client looks, in a process of its own: no pcsc-lite in the runner. */
static bool wait_for_readers(struct start *st)
{
    char program[PROGRAM_PATH_MAX], csock[VIRTUAL_PATH_MAX + 32], limit[16];
    const char *argv[] = {program, limit, st->v->cards[0].name,
                          st->v->count > 1 ? st->v->cards[1].name : NULL, NULL};
    const char *env[] = {csock, NULL};
    int status;
    snprintf(program, sizeof program, "%s/mdcts-reader-wait", st->program_dir);
    snprintf(csock, sizeof csock, "PCSCLITE_CSOCK_NAME=%s", st->v->socket);
    snprintf(limit, sizeof limit, "%d", left_ms(st));
    int out = open_log(st, "wait.log");
    struct spawn_request request = {.kind = SPAWN_TREE,
                                    .argv = argv,
                                    .env = env,
                                    .fd_count = 2,
                                    .fds = {out, out},
                                    .targets = {1, 2}};
    pid_t pid = out < 0 ? -1 : supervisor_spawn(st->s, &request, NULL, st->why);
    if (out >= 0)
        close(out);
    if (pid < 0)
        return false;
    if (!supervisor_wait(st->s, pid, left_ms(st) + 1000, &status))
        return fail(st, "the virtual reader was not ready in time: %s", log_tail(st, "pcscd.log"));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    char client[200];
    snprintf(client, sizeof client, "%s", log_tail(st, "wait.log"));
    return fail(st, "the virtual reader did not come up: %s (pcscd: %s)", client,
                log_tail(st, "pcscd.log"));
}

bool virtual_reader_start(struct virtual_reader *v, struct supervisor *s,
                          const struct virtual_reader_options *options,
                          char why[SUPERVISOR_WHY_MAX])
{
    static struct start st;
    unsigned limit = options->deadline_ms == 0 ? VIRTUAL_START_MS : options->deadline_ms;
    st = (struct start){
        .v = v, .s = s, .options = options, .why = why, .deadline_ms = clock_ms() + limit};
    *v = nothing;
    v->count = options->readers;
    if (v->count < 1 || v->count > VIRTUAL_READERS_MAX)
        return fail(&st, "there can be 1 to %d virtual readers, not %u", VIRTUAL_READERS_MAX,
                    v->count);
    bool ok = find_programs(&st);
    for (unsigned i = 0; ok && i < v->count; i++)
        ok = start_card(&st, i);
    ok = ok && start_pcscd(&st) && wait_for_readers(&st);
    if (!ok)
        virtual_reader_stop(v, s);
    return ok;
}

/* ---- the end ---- */

static bool has_ended(int pidfd)
{
    struct pollfd end = {pidfd, POLLIN, 0};
    return pidfd >= 0 && poll(&end, 1, 0) == 1;
}

static void close_pidfd(int *pidfd)
{
    if (*pidfd >= 0)
        close(*pidfd);
    *pidfd = -1;
}

/* A stranger's command may have put its simulator into the background and ended: then it is the
 * socket that counts, and nobody watches any more. */
static bool card_is_lost(struct virtual_card *card)
{
    /* Its oldest connection is ours, and a dying process closes that before the reader's. */
    struct pollfd talk = {card->control.fd, 0, 0};
    if (card->control.fd >= 0 && poll(&talk, 1, 0) == 1 && (talk.revents & POLLHUP) != 0)
        return true;
    if (!has_ended(card->pidfd))
        return false;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&card->at, sizeof card->at) == 0;
    if (fd >= 0)
        close(fd);
    if (answers)
        close_pidfd(&card->pidfd);
    return !answers;
}

const char *virtual_reader_lost(struct virtual_reader *v)
{
    if (has_ended(v->pcscd_pidfd))
        return "pcscd";
    for (unsigned i = 0; i < v->count; i++)
        if (card_is_lost(&v->cards[i]))
            return "the card's program";
    return NULL;
}

void virtual_reader_stop(struct virtual_reader *v, struct supervisor *s)
{
    close_pidfd(&v->pcscd_pidfd);
    if (v->pcscd > 0)
        supervisor_kill(s, v->pcscd);
    for (unsigned i = 0; i < VIRTUAL_READERS_MAX; i++) {
        card_control_close(&v->cards[i].control);
        close_pidfd(&v->cards[i].pidfd);
        if (v->cards[i].pid > 0)
            supervisor_kill(s, v->cards[i].pid);
    }
    *v = nothing;
}

static int run_beside(struct supervisor *s, const struct virtual_reader *v, const char *const *argv,
                      char why[SUPERVISOR_WHY_MAX])
{
    const char *env[ENVIRONMENT_MAX + 3];
    char csock[VIRTUAL_PATH_MAX + 32], control[VIRTUAL_PATH_MAX + 32];
    size_t n = 0;
    int status;
    snprintf(csock, sizeof csock, "PCSCLITE_CSOCK_NAME=%s", v->socket);
    snprintf(control, sizeof control, "MDCTS_CARD_CONTROL=%s/0.ctl", s->workplace);
    env[n++] = csock;
    env[n++] = control;
    for (char **e = environ; *e != NULL && n < ENVIRONMENT_MAX; e++) {
        if (strncmp(*e, "PCSCLITE_CSOCK_NAME=", 20) != 0)
            env[n++] = *e;
    }
    env[n] = NULL;
    struct spawn_request request = {.kind = SPAWN_CASE,
                                    .argv = argv,
                                    .env = env,
                                    .fd_count = 3,
                                    .fds = {0, 1, 2},
                                    .targets = {0, 1, 2}};
    pid_t pid = supervisor_spawn(s, &request, NULL, why);
    if (pid < 0)
        return 3;
    if (!supervisor_wait(s, pid, -1, &status)) {
        snprintf(why, SUPERVISOR_WHY_MAX, "the supervisor is gone");
        return 3;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int virtual_reader_exec(const struct virtual_reader_options *options, const char *const *argv,
                        char why[SUPERVISOR_WHY_MAX])
{
    struct supervisor s;
    struct virtual_reader v;
    int code = 3;
    why[0] = '\0';
    if (!supervisor_start(&s, why))
        return code;
    if (virtual_reader_start(&v, &s, options, why)) {
        code = run_beside(&s, &v, argv, why);
        virtual_reader_stop(&v, &s);
    }
    supervisor_stop(&s);
    return code;
}
